import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { routesOf } from '#core/module'
import { spine } from './contract.ts'
import { pageOf } from './cursor.ts'
import type { SpineParts } from './parts.ts'

const route = routesOf(spine)
const EntryOut = z.object({ index: z.number(), class: z.enum(['public', 'private']), kind: z.string().nullable(), about: z.array(z.string()), says: z.string().nullable(), bytes: z.number() })

/** The log as somebody browses it, newest first. What is private of it shows its commitment and nothing else. */
export function entryRoutes({ log }: SpineParts) {
  return [
    route({
      on: 'GET /log/entries',
      permit: 'log.read',
      summary: 'Entries of the log, newest first',
      query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.coerce.number().int().min(0).optional().describe('Entries before this index.'), kind: z.string().max(40).optional() }),
      reply: pageOf(EntryOut),
      async handle({ query }) {
        const { items, next } = await log.entries({ before: query.cursor, limit: query.limit, kind: query.kind })
        return { body: { items, next: next === undefined ? null : String(next) } }
      },
    }),
    route({
      on: 'GET /log/entries/{index}',
      permit: 'log.read',
      summary: 'One entry, with its statement, the log’s receipt and the proof that it is there',
      params: z.object({ index: z.coerce.number().int().min(0) }),
      reply: EntryOut.extend({ leaf: z.string(), statement: z.unknown(), receipt: z.string(), proof: z.string().nullable() }),
      async handle({ params }) {
        const entry = await log.entry(params.index)
        if (entry) return { body: entry }
        throw new VouchsafeError('not-found', `The log has no entry ${params.index} yet.`)
      },
    }),
    route({
      on: 'POST /log/audit',
      permit: 'log.audit',
      summary: 'Audit the whole log now: every entry, tile and statement, as a stranger would',
      reply: z.object({ ok: z.boolean(), origin: z.string(), size: z.number(), root: z.string(), problems: z.array(z.string()), notes: z.array(z.string()), checked: z.object({ entries: z.number(), tiles: z.number(), statements: z.number() }) }),
      async handle({ at }) {
        return { body: await log.audit(at) }
      },
    }),
  ]
}
