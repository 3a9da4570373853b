import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Pool, PoolClient } from 'pg'
import { VouchsafeError } from '#core/errors'
import { isGone } from './failure.ts'
import type { Credentials } from './server.ts'

/** No tables: a room names its own with `db.app.withTables<PolicyTables>()`, so that a misspelt column does not compile. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- an interface without members is exactly what is meant
export interface NoTables {}

/**
 * How long taking a connection waits for a server that is away, before the caller hears of it.
 * An embedded server that fell is back within this time; see restartAfterMs in embedded.ts.
 */
const waitForServerMs = 5000

export interface PoolOptions {
  database: string
  /** At most this many connections. Organisations share the server's limit, so these are small. */
  max: number
  /** Shows in pg_stat_activity. */
  name: string
}

/** Opens a pool whose broken connections never reach the process as an uncaught error: they are dropped and made anew. */
export function openPool(credentials: Credentials, options: PoolOptions): Pool {
  const pool = new pg.Pool({
    ...credentials,
    database: options.database,
    max: options.max,
    application_name: options.name,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    types: { getTypeParser: readAs as typeof pg.types.getTypeParser },
  })
  // A connection that breaks while idle is reported here, and an 'error' without a listener would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** Takes a connection, waiting a few seconds for a server that is just coming back. */
export async function connectPatiently(pool: Pool, waitMs = waitForServerMs): Promise<PoolClient> {
  const giveUpAt = performance.now() + waitMs
  for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
    try {
      return await pool.connect()
    } catch (error) {
      if (pool.ended || !isGone(error) || performance.now() + pause > giveUpAt) throw error
      await sleep(pause)
    }
  }
}

export function openKysely(pool: Pool): Kysely<NoTables> {
  return new Kysely<NoTables>({
    dialect: new PostgresDialect({
      pool: { options: pool.options, connect: () => connectPatiently(pool), end: () => pool.end() },
    }),
  })
}

/**
 * How values come back. int8 as a number (counts and log sizes stay far below 2^53, and anything above is refused
 * rather than rounded); `date` and `timestamp` as text, because a day has no time zone and pg would give it ours.
 */
function readAs(oid: number, format?: 'text' | 'binary') {
  if (format !== 'binary') {
    if (oid === pg.types.builtins.INT8) return wholeNumber
    if (oid === pg.types.builtins.DATE || oid === pg.types.builtins.TIMESTAMP) return (text: string) => text
  }
  return pg.types.getTypeParser(oid, format)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new VouchsafeError('internal', `The database holds ${text}, which is too large to be read as a number.`)
  return value
}
