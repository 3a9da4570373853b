import { readdir, readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { checkMigrations, type Check } from '#core/check'
import { auditMigrations, roleName, type MigrationSet } from '#core/database'
import { logMigrations } from '#core/log'
import { pageMigrations } from '#core/page'
import { statementMigrations } from '#core/statement'
import { attempt } from './attempt.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

/** The rooms that promise append-only tables. */
const ROOMS: readonly MigrationSet[] = [auditMigrations, checkMigrations, logMigrations, pageMigrations, statementMigrations]

/**
 * Tables that the release's own migrations declare append-only, as `schema.table`, sorted. From the files and not from
 * the catalogue: a table whose guard was taken away must stay on the list.
 */
export async function promisedTables(rooms: readonly MigrationSet[] = ROOMS): Promise<string[]> {
  const tables = new Set<string>()
  for (const { folder } of rooms) {
    for (const file of (await readdir(folder)).filter((name) => name.endsWith('.sql'))) {
      const text = await readFile(new URL(file, folder), 'utf8')
      for (const [, name] of text.matchAll(/migration\.append_only\('([^']+)'/g)) tables.add(name!.replaceAll('"', ''))
    }
  }
  return [...tables].sort()
}

/** What is tried on each table, as the application's own role. `where false`: should it be let through, no row is touched. */
const ATTEMPTS: readonly { what: string; statement: (table: string, column: string) => string }[] = [
  { what: 'UPDATE', statement: (table, column) => `update ${table} set ${column} = default where false` },
  { what: 'DELETE', statement: (table) => `delete from ${table} where false` },
  { what: 'TRUNCATE', statement: (table) => `truncate ${table}` },
  { what: 'disabling the trigger', statement: (table) => `alter table ${table} disable trigger append_only` },
  { what: 'DROP TRIGGER', statement: (table) => `drop trigger append_only on ${table}` },
  { what: 'ALTER TABLE', statement: (table) => `alter table ${table} add column probe integer` },
  { what: 'DROP TABLE', statement: (table) => `drop table ${table} cascade` },
]

export function appendOnlyCheck({ organisation }: InstallationParts): Check {
  const { app, name } = organisation.database
  return selfCheck(
    {
      noun: 'append-only',
      title: 'Records can be added but not changed or removed',
      controls: ['audit-log-archived', 'policy-versioned', 'access-least-privilege'],
      method:
        "As the application's own database role, tries UPDATE, DELETE, TRUNCATE, ALTER, DROP and switching off the guard on every append-only table, in transactions that are rolled back; and looks whether both guards stand, the missing grant and the trigger.",
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: (tables) => `${ATTEMPTS.length} ways to change or remove rows were refused on each of ${tables} append-only tables`,
    },
    {
      targets: () => promisedTables(),
      look: async (table) => {
        const quoted = table.split('.').map((part) => `"${part}"`).join('.')
        const column = await firstColumn(table)
        if (column === undefined) return fails('the table is gone; restore the database from a backup')
        const refused: string[] = []
        for (const { what, statement } of ATTEMPTS) {
          const tried = await attempt(app, statement(quoted, `"${column}"`))
          if (tried.outcome === 'done') return fails(`${what} was let through; put back the grants and the trigger of this table`)
          if (tried.outcome === 'unclear' && !(what === 'DROP TRIGGER' && tried.why.startsWith('42704'))) return unknown(`${what} ended in neither refusal nor success: ${tried.why}`)
          refused.push(what)
        }
        return (await missingGuard(table)) ?? holds(`${refused.length} attempts refused`, refused)
      },
    },
  )

  async function firstColumn(table: string): Promise<string | undefined> {
    const { rows } = await sql<{ name: string }>`select attname as name from pg_catalog.pg_attribute where attrelid = to_regclass(${quotedText(table)}) and attnum = 1`.execute(app)
    return rows[0]?.name
  }

  /** Either guard refuses alone; where one is gone, the next slip is let through. */
  async function missingGuard(table: string): Promise<Sight | undefined> {
    const { rows } = await sql<{ granted: boolean; guarded: boolean }>`
      select has_table_privilege(${roleName(name, 'application')}, t.oid, 'update, delete, truncate, trigger')
          or has_any_column_privilege(${roleName(name, 'application')}, t.oid, 'update') as granted,
        exists (select from pg_catalog.pg_trigger g where g.tgrelid = t.oid and g.tgname = 'append_only' and g.tgenabled = 'A' and g.tgtype = ${2 + 8 + 16 + 32}) as guarded
      from pg_catalog.pg_class t where t.oid = to_regclass(${quotedText(table)})`.execute(app)
    if (rows[0]?.granted !== false) return fails('the application role was granted more than SELECT and INSERT; revoke it (the trigger still refuses)')
    if (!rows[0].guarded) return fails('the trigger that refuses changes is gone or switched off; put it back (the missing grant still refuses)')
    return undefined
  }
}

const quotedText = (table: string): string => table.split('.').map((part) => `"${part}"`).join('.')
