import { createHash } from 'node:crypto'
import { VouchsafeError } from '#core/errors'
import { actorLabel, type Actor } from '#core/module'
import type { OrganisationDatabase } from '#core/database'
import { migrationsBeside, type MigrationSet } from '#core/database'
import { sql } from 'kysely'

export const httpMigrations: MigrationSet = { schema: 'http', folder: migrationsBeside(import.meta.url) }

export interface IdempotencyStore {
  once(request: { key: string; actor: Actor; address: string; body: Uint8Array | undefined }, answer: () => Promise<Response>): Promise<Response>
}

interface Row {
  request: string
  status: number | null
  headers: Record<string, string> | null
  body: string | null
}

/** Answers that hold a secret or a cookie. Only that they were given is kept. */
const secrets = new WeakSet<Response>()
export function unkept(response: Response): Response {
  secrets.add(response)
  return response
}

const KEEP_HOURS = 24
const ABANDONED_MINUTES = 10 // longer than any request of ours; its process died

/**
 * Idempotency-Key (IETF draft httpapi-idempotency-key-header): the first request with a key is carried out and its
 * answer kept; the same request again gets that answer, another request under the same key is refused. A failure is
 * not kept: what did not happen may be tried again.
 */
export function createIdempotency(db: OrganisationDatabase): IdempotencyStore {
  return {
    async once({ key, actor, address, body }, answer) {
      if (!/^[\x21-\x7e]{8,128}$/.test(key)) throw new VouchsafeError('bad-input', 'An Idempotency-Key has 8 to 128 printable characters without spaces.')
      const name = `${actorLabel(actor)} ${key}`
      const request = createHash('sha256').update(address).update('\n').update(body ?? '').digest('hex')
      await sql`delete from http.idempotency
        where at < now() - make_interval(hours => ${KEEP_HOURS}) or (status is null and at < now() - make_interval(mins => ${ABANDONED_MINUTES}))`.execute(db.app)
      const claimed = await sql`insert into http.idempotency (name, request, at) values (${name}, ${request}, now()) on conflict (name) do nothing`.execute(db.app)
      if (Number(claimed.numAffectedRows ?? 0) === 0) return earlier(db, name, request)
      try {
        const response = await answer()
        if (secrets.has(response)) {
          await sql`update http.idempotency set status = ${response.status}, headers = null, body = null where name = ${name}`.execute(db.app)
          return response
        }
        const kept = response.clone()
        const headers = Object.fromEntries(kept.headers)
        await sql`update http.idempotency set status = ${kept.status}, headers = ${JSON.stringify(headers)}::jsonb, body = ${await kept.text()} where name = ${name}`.execute(db.app)
        return response
      } catch (error) {
        await sql`delete from http.idempotency where name = ${name}`.execute(db.app)
        throw error
      }
    },
  }
}

async function earlier(db: OrganisationDatabase, name: string, request: string): Promise<Response> {
  const { rows } = await sql<Row>`select request, status, headers, body from http.idempotency where name = ${name}`.execute(db.app)
  const row = rows[0]
  if (row && row.request !== request) throw new VouchsafeError('bad-input', 'This Idempotency-Key was used for another request.', { mend: 'Use a new key for each new request.' })
  if (!row || row.status === null) throw new VouchsafeError('conflict', 'The first request with this Idempotency-Key is still under way.', { mend: 'Wait for it, then ask again.' })
  if (row.headers === null) throw new VouchsafeError('conflict', 'The first request with this Idempotency-Key was carried out; its answer held a secret and was not kept.', { mend: 'Look at what there is now, and make a new one if the secret was lost.' })
  return new Response(row.status === 204 ? null : row.body, { status: row.status, headers: { ...row.headers, 'idempotent-replayed': 'true' } })
}
