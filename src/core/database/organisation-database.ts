import type { Kysely } from 'kysely'
import type { Pool } from 'pg'
import { systemClock } from '#core/clock'
import type { Clock } from '#core/clock'
import { change } from './change.ts'
import type { Change, ChangeRecord } from './change.ts'
import { migrateJobSchema } from './job-schema.ts'
import { migrate, migrationsBeside, withMigrationLock } from './migrate.ts'
import type { MigrationSet } from './migrate.ts'
import { openKysely, openPool } from './pool.ts'
import type { NoTables } from './pool.ts'
import { credentialsOf, withClient } from './roles.ts'
import type { RolePasswords } from './roles.ts'
import type { Credentials, DatabaseServer } from './server.ts'
import { Turnstile } from './turnstile.ts'

/** The tables of this room: what every database has. */
export const auditMigrations: MigrationSet = { schema: 'audit', folder: migrationsBeside(import.meta.url) }

/**
 * The open database of one organisation. Reading goes through `app` or `reader`
 * (`db.app.withTables<PolicyTables>()`), changing through `change` alone.
 */
export interface OrganisationDatabase {
  /** The database's name on the server. */
  readonly name: string
  readonly clock: Clock
  /** As the application role: no DDL, append-only tables INSERT and SELECT. */
  readonly app: Kysely<NoTables>
  /** As the reader role: read-only transactions. */
  readonly reader: Kysely<NoTables>
  /** The pool under `app`, for parts that bring their own SQL (the job worker, the sequencer's advisory lock). */
  readonly appPool: Pool
  /** How the application role connects: for a connection outside the pool, such as LISTEN. */
  readonly appCredentials: Credentials
  /** See change.ts. Write the tables' type at the parameter: `db.change(record, async (tx: Change<PolicyTables>) => …)`. */
  change<Tables, Result>(record: ChangeRecord, work: (tx: Change<Tables>) => Promise<Result>): Promise<Result>
  /** Waits for running queries and closes every connection. */
  close(): Promise<void>
}

/** Connections one organisation may hold. Twelve organisations fit the embedded server's 120 with room for owners. */
const appConnections = 8
const readerConnections = 2
/**
 * Changes at the same time. INVARIANT: fewer than there are connections. Work inside a change may read through `app` as well,
 * on a second connection: if changes held all of them, each would wait for another. One is the sequencer's, for its lock.
 */
const changesAtOnce = appConnections - 3

/** Runs the migrations as the owner and opens the pools. */
export async function openDatabase(options: {
  server: DatabaseServer
  name: string
  passwords: RolePasswords
  /** Besides the audit, which always comes first. */
  migrations: readonly MigrationSet[]
  clock?: Clock
}): Promise<OrganisationDatabase> {
  const { server, name, passwords } = options
  const ownerCredentials = credentialsOf(server, name, 'owner', passwords)
  await withClient(ownerCredentials, name, (owner) =>
    withMigrationLock(owner, async () => {
      await migrateJobSchema(owner, ownerCredentials, name) // first: migrations may queue jobs
      await migrate(owner, name, [auditMigrations, ...options.migrations])
    }),
  )
  const appCredentials = credentialsOf(server, name, 'application', passwords)
  const appPool = openPool(appCredentials, { database: name, max: appConnections, name: 'vouchsafe' })
  const readerPool = openPool(credentialsOf(server, name, 'reader', passwords), { database: name, max: readerConnections, name: 'vouchsafe reader' })
  const app = openKysely(appPool)
  const reader = openKysely(readerPool)
  const clock = options.clock ?? systemClock
  const changes = new Turnstile(changesAtOnce)
  return {
    name,
    clock,
    app,
    reader,
    appPool,
    appCredentials,
    change: (record, work) => changes.pass(() => change(app, clock, record, work)),
    async close() {
      await Promise.all([appPool.end(), readerPool.end()])
    },
  }
}
