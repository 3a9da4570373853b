import { checkMigrations } from '#core/check'
import type { MigrationSet } from '#core/database'
import { logMigrations } from '#core/log'
import { obligationMigrations } from '#core/obligation'
import { pageMigrations } from '#core/page'
import { statementMigrations } from '#core/statement'
import { moduleMigrations } from '#modules'
import { httpMigrations } from './surfaces/http/idempotency.ts'

/** The tables of every room, surface and module, in the order of their needs; the audit and the jobs come before them by themselves. */
export const everyMigration: readonly MigrationSet[] = [logMigrations, statementMigrations, checkMigrations, obligationMigrations, pageMigrations, httpMigrations, ...moduleMigrations]
