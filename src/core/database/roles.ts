import pg from 'pg'
import type { Client } from 'pg'
import { scramVerifier } from './scram.ts'
import type { Credentials, DatabaseServer } from './server.ts'

/** The three roles of one database, by what they may do. */
export type RoleKind = 'owner' | 'application' | 'reader'
export const roleKinds: readonly RoleKind[] = ['owner', 'application', 'reader']

/** Passwords of the three roles, plain. They live in the key ring, and on the server as SCRAM verifiers only. */
export type RolePasswords = Record<RoleKind, string>

/** Names are cluster-wide in PostgreSQL, so they carry the database's own name, which carries a random id. */
export function roleName(database: string, kind: RoleKind): string {
  return `${database}_${kind}`
}

export function credentialsOf(server: DatabaseServer, database: string, kind: RoleKind, passwords: RolePasswords): Credentials {
  return { ...server.admin, user: roleName(database, kind), password: passwords[kind] }
}

/** How many connections one role may hold: a runaway pool of one organisation must not starve the others. */
const connectionLimit: Record<RoleKind, number> = { owner: 4, application: 40, reader: 10 }

/** Settings every session of a role begins with. */
const roleSettings: Record<RoleKind, Record<string, string>> = {
  // INVARIANT: no search path, so that every name in our SQL says its schema and none can be shadowed.
  owner: { search_path: 'pg_catalog', timezone: 'UTC', lock_timeout: '60s' },
  application: { search_path: 'pg_catalog', timezone: 'UTC', statement_timeout: '30s', lock_timeout: '10s', idle_in_transaction_session_timeout: '60s' },
  reader: { search_path: 'pg_catalog', timezone: 'UTC', statement_timeout: '60s', default_transaction_read_only: 'on', idle_in_transaction_session_timeout: '60s' },
}

/**
 * Makes a database with its three roles, or brings one that a cut-short start left half made to the same end:
 * every step can be repeated. Nobody but its own roles (and the administrator) may connect to it.
 */
export async function createDatabaseWithRoles(server: DatabaseServer, database: string, passwords: RolePasswords): Promise<void> {
  await asAdmin(server, server.maintenanceDatabase, async (admin) => {
    // Roles are cluster-wide and their making is not atomic: one start at a time. Let go with the connection.
    await admin.query('select pg_catalog.pg_advisory_lock(74430002)')
    const id = pg.escapeIdentifier
    const one = async (sql: string, values: unknown[]) => (await admin.query(sql, values)).rows.length > 0
    const { rows } = await admin.query<{ su: boolean; major: number }>(
      `select rolsuper as su, current_setting('server_version_num')::int / 10000 as major from pg_catalog.pg_roles where rolname = current_user`,
    )
    const { su, major } = rows[0] ?? { su: false, major: server.major }

    for (const kind of roleKinds) {
      const name = roleName(database, kind)
      if (!(await one('select 1 from pg_catalog.pg_roles where rolname = $1', [name]))) await admin.query(`create role ${id(name)} nologin`)
      // `nosuperuser` and `noreplication` stand by default; saying them would need a superuser.
      await admin.query(
        `alter role ${id(name)} login nocreatedb nocreaterole noinherit connection limit ${connectionLimit[kind]} password ${pg.escapeLiteral(scramVerifier(passwords[kind]))}`,
      )
    }
    const owner = roleName(database, 'owner')
    // To give a database to a role one must be able to become it, which from PostgreSQL 16 on creating it does not grant.
    if (!su) await admin.query(`grant ${id(owner)} to current_user${major >= 16 ? ' with inherit true, set true' : ''}`)

    if (!(await one('select 1 from pg_catalog.pg_database where datname = $1', [database]))) {
      // Byte order, as the embedded server has it; so lists come in the same order on every server.
      const order = server.kind === 'external' ? ` lc_collate 'C'` : ''
      await admin.query(`create database ${id(database)} owner ${id(owner)} template template0 encoding 'UTF8'${order}`)
    }
    await admin.query(`revoke all on database ${id(database)} from public`)
    for (const kind of ['application', 'reader'] as const) await admin.query(`grant connect on database ${id(database)} to ${id(roleName(database, kind))}`)
    for (const kind of roleKinds) {
      for (const [setting, value] of Object.entries(roleSettings[kind])) {
        await admin.query(`alter role ${id(roleName(database, kind))} in database ${id(database)} set ${setting} = ${pg.escapeLiteral(value)}`)
      }
    }
    if (!su) await admin.query(`revoke ${id(owner)} from current_user`)
  })
}

/**
 * Closes the standing databases of a server that is ours alone: `postgres` and `template1` are open to every role by default.
 * On a server of somebody else that is for its owner to decide.
 */
export async function closeStandingDatabases(server: DatabaseServer): Promise<void> {
  if (!server.ownServer) return
  await asAdmin(server, server.maintenanceDatabase, async (admin) => {
    for (const name of ['postgres', 'template1']) await admin.query(`revoke all on database ${name} from public`)
  })
}

/** Runs `work` on one connection of the administrator. */
export async function asAdmin<T>(server: DatabaseServer, database: string, work: (admin: Client) => Promise<T>): Promise<T> {
  return withClient({ ...server.admin }, database, work)
}

/** Runs `work` on one connection of its own, and closes it. */
export async function withClient<T>(credentials: Credentials, database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...credentials, database, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {}) // the query that was running reports it
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
