import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { VouchsafeError, messageOf } from '#core/errors'
import { isGone } from './failure.ts'
import { lockFolder } from './folder-lock.ts'
import { withClient } from './roles.ts'
import type { Credentials, DatabaseServer } from './server.ts'

/** The oldest PostgreSQL whose SQL ours keeps to. */
const oldestMajor = 15

export interface ExternalAddress {
  credentials: Credentials
  database: string
  /** Host and port, for messages; never a password. */
  shown: string
}

/**
 * Reads `postgresql://user:password@host:port/database?sslmode=…&sslrootcert=FILE`, or a Unix socket as
 * `postgresql://user@localhost/database?host=/run/postgresql`.
 *
 * Unlike libpq we require a verified certificate from every host but this machine unless the address says otherwise:
 * its own default takes whatever the network offers. `sslmode` is `verify-full`, `verify-ca`, `require` (encrypted, not
 * verified) or `disable`.
 * @throws VouchsafeError `bad-input`; the message never holds the password
 */
export function parseDatabaseUrl(address: string, environment: Record<string, string | undefined> = process.env): ExternalAddress {
  let url: URL
  try {
    url = new URL(address)
  } catch {
    throw badAddress('it cannot be read') // without the cause, which quotes the address
  }
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') throw badAddress(`it begins with ${url.protocol}`)
  for (const name of url.searchParams.keys()) {
    if (!['host', 'sslmode', 'sslrootcert'].includes(name)) throw badAddress(`"${name}" is not a setting that we know`)
  }
  const socket = url.searchParams.get('host')
  const host = socket ?? url.hostname.replace(/^\[|\]$/g, '')
  if (host === '') throw badAddress('it names no host')
  const user = decodeURIComponent(url.username) || environment['PGUSER']
  if (!user) throw badAddress('it names no user')
  const password = decodeURIComponent(url.password) || environment['PGPASSWORD']
  const port = url.port === '' ? 5432 : Number(url.port)
  const ssl = sslOf(url.searchParams.get('sslmode'), url.searchParams.get('sslrootcert'), host)
  return {
    credentials: { host, port, user, ...(password ? { password } : {}), ssl },
    database: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
    shown: host.startsWith('/') ? host : `${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
  }
}

function sslOf(mode: string | null, rootFile: string | null, host: string): NonNullable<Credentials['ssl']> {
  const here = host.startsWith('/') || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  let ca: string | undefined
  if (rootFile !== null) {
    try {
      ca = readFileSync(rootFile, 'utf8')
    } catch (error) {
      throw badAddress(`the certificate file of sslrootcert cannot be read (${messageOf(error)})`)
    }
  }
  const trust = ca === undefined ? {} : { ca }
  switch (mode ?? (here && rootFile === null ? 'disable' : 'verify-full')) {
    case 'disable':
      return false
    case 'require':
      return { rejectUnauthorized: false }
    case 'verify-ca':
      return { ...trust, checkServerIdentity: () => undefined }
    case 'verify-full':
      return trust
    default:
      throw badAddress(`sslmode "${mode}" is not one of verify-full, verify-ca, require, disable`)
  }
}

export interface ExternalOptions {
  url: string
  /** Our data folder (keys, objects), held for this process alone until `stop`; absent: none is held. */
  dataFolder?: string
}

/**
 * Uses a PostgreSQL of the operator's own. Checks what we need of it before anything is made there: version, encoding,
 * that it is no read-only replica, and that the role may create roles and databases.
 * @throws VouchsafeError `bad-input` (the address), `unreachable`, `refused` (the server or the role will not do)
 */
export async function connectExternal(options: ExternalOptions): Promise<DatabaseServer> {
  const { credentials, database, shown } = parseDatabaseUrl(options.url)
  const found = await withClient(credentials, database, async (client) => {
    const { rows } = await client.query<Found>(
      `select current_setting('server_version_num')::int / 10000 as major, current_setting('server_encoding') as encoding,
              pg_catalog.pg_is_in_recovery() as replica, current_setting('fsync') as fsync, current_user as role,
              rolsuper as super, rolcreatedb as "createDb", rolcreaterole as "createRole"
         from pg_catalog.pg_roles where rolname = current_user`,
    )
    return rows[0]
  }).catch((error: unknown) => {
    throw connectFailure(error, shown, credentials.user ?? '')
  })
  if (found === undefined) throw new VouchsafeError('refused', `The database at ${shown} does not show its roles.`, { mend: 'Use a PostgreSQL role of the usual kind.' })
  requireFit(found, shown)
  const lock = options.dataFolder === undefined ? undefined : await lockFolder(options.dataFolder)
  return {
    kind: 'external',
    major: found.major,
    description: `PostgreSQL ${found.major} at ${shown}`,
    admin: credentials,
    maintenanceDatabase: database,
    ownServer: false,
    stop: async () => lock?.release(),
  }
}

interface Found {
  major: number
  encoding: string
  replica: boolean
  fsync: string
  role: string
  super: boolean
  createDb: boolean
  createRole: boolean
}

/** Pure: refuses a server or role that will not do. */
export function requireFit(found: Found, shown: string): void {
  const refuse = (why: string, mend: string) => new VouchsafeError('refused', `The database at ${shown} cannot be used: ${why}.`, { mend })
  if (found.major < oldestMajor) throw refuse(`it is PostgreSQL ${found.major}`, `Upgrade it to PostgreSQL ${oldestMajor} or later.`)
  if (found.replica) throw refuse('it is a read-only replica', 'Give the address of the primary.')
  if (found.fsync !== 'on') throw refuse('fsync is off, so that a power cut could lose what was confirmed', 'Set fsync = on in its configuration.')
  if (found.encoding !== 'UTF8') throw refuse(`its encoding is ${found.encoding}`, 'Make the cluster with UTF8 (initdb -E UTF8).')
  if (!found.super && !(found.createDb && found.createRole)) {
    throw refuse(`role "${found.role}" may not create ${found.createDb ? 'roles' : found.createRole ? 'databases' : 'databases and roles'}`, `As its administrator run: ALTER ROLE "${found.role.replaceAll('"', '""')}" CREATEDB CREATEROLE;`)
  }
}

function connectFailure(error: unknown, shown: string, user: string): VouchsafeError {
  const code = (error as { code?: string }).code ?? ''
  if (code === '28P01' || code === '28000') return new VouchsafeError('refused', `The database at ${shown} refuses role "${user}": ${messageOf(error)}.`, { mend: 'Check the password in --database-url (or PGPASSWORD) and the pg_hba.conf of that server.', cause: error })
  if (code === '3D000') return new VouchsafeError('refused', `The database at ${shown} has no database of that name.`, { mend: 'End the address with the name of one that exists, such as /postgres.', cause: error })
  if (/CERT|SSL|certificate/i.test(code + messageOf(error))) return new VouchsafeError('unreachable', `The database at ${shown} has no certificate that can be verified: ${messageOf(error)}.`, { mend: 'Name its authority with sslrootcert=FILE. sslmode=disable gives up encryption; use it on a network of your own only.', cause: error })
  return new VouchsafeError('unreachable', `The database at ${shown} cannot be reached: ${messageOf(error) || code}.`, { mend: isGone(error) ? 'Check that it runs and that the address is right.' : 'Check the address in --database-url.', cause: error })
}

function badAddress(why: string): VouchsafeError {
  return new VouchsafeError('bad-input', `The address of the database cannot be used: ${why}.`, { mend: 'Write postgresql://user:password@host:5432/postgres.' })
}
