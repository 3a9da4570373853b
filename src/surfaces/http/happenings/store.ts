import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { sql } from 'kysely'
import type { Change, OrganisationDatabase } from '#core/database'

const CHANNEL = 'vouchsafe_happening'
// PostgreSQL takes 8,000 bytes; what is longer is told by its name alone.
const MOST_BYTES = 7_000
/** How long until a connection that was cut is tried again; longer each time. */
const PAUSES_MS = [200, 500, 1_000, 2_000, 5_000]

/** What is told to other nodes and to open consoles: a name and, where it is short, whom it is about. Ids only. */
export interface Told {
  name: string
  about: readonly string[]
}

const noted = (told: Told): string => {
  const whole = JSON.stringify(told)
  return Buffer.byteLength(whole) <= MOST_BYTES ? whole : JSON.stringify({ name: told.name, about: [] })
}

/** With the transaction: nobody is told of what did not happen, and everybody only once it has. */
export const tellWith = async (tx: Change<never>, told: Told): Promise<void> => void (await sql`select pg_notify(${CHANNEL}, ${noted(told)})`.execute(tx.db))

/** By itself, after what it tells of. */
export const tellNow = async (db: OrganisationDatabase, told: Told): Promise<void> => void (await sql`select pg_notify(${CHANNEL}, ${noted(told)})`.execute(db.app))

/**
 * Listens on a connection of its own, which is made anew when it is cut. What was told meanwhile is lost: `missed` says so.
 * @returns what ends it
 */
export function hear(db: OrganisationDatabase, { heard, missed, report }: { heard(told: Told): void; missed(): void; report(problem: string): void }): () => Promise<void> {
  const stopping = new AbortController()
  let client: pg.Client | undefined
  const listen = async (): Promise<void> => {
    for (let failures = 0, first = true; !stopping.signal.aborted; ) {
      const own = new pg.Client({ ...db.appCredentials, database: db.name, application_name: 'vouchsafe happenings', keepAlive: true })
      client = own
      const ended = new Promise<void>((resolve) => own.once('end', resolve))
      own.on('error', () => {}) // 'end' follows
      own.on('notification', ({ payload }) => {
        const told = read(payload ?? '')
        if (told) heard(told)
      })
      try {
        await own.connect()
        await own.query(`listen ${CHANNEL}`)
        failures = 0
        if (!first) missed()
        first = false
        await ended
      } catch (error) {
        if (failures === 0 && !stopping.signal.aborted) report(`happenings: ${error instanceof Error ? error.message : String(error)}`)
        await own.end().catch(() => {})
      }
      await sleep(PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)], undefined, { signal: stopping.signal }).catch(() => {})
    }
  }
  const done = listen()
  return async () => {
    stopping.abort()
    await client?.end().catch(() => {})
    await done
  }
}

function read(text: string): Told | undefined {
  try {
    const told = JSON.parse(text) as Partial<Told>
    return typeof told.name === 'string' && Array.isArray(told.about) ? { name: told.name, about: told.about.filter((id) => typeof id === 'string') } : undefined
  } catch {
    return undefined // whoever may write to the database may write anything here; it only makes consoles look again
  }
}
