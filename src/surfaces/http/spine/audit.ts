import { sql, type RawBuilder } from 'kysely'
import { z } from 'zod'
import { visibleRelation, type Access } from '#core/permission'
import { routesOf } from '#core/module'
import { spine } from './contract.ts'
import { pageOf } from './cursor.ts'
import type { SpineParts } from './parts.ts'

const route = routesOf(spine)
const AuditOut = z.object({ id: z.string(), at: z.string(), actor: z.string(), actorName: z.string(), action: z.string(), subject: z.string(), detail: z.unknown(), requestId: z.string() })
const EQUAL = ['action', 'actorKind', 'actor', 'subjectKind', 'subject'] as const
const Asked = z.object({
  action: z.string().max(60).optional(),
  actorKind: z.string().max(60).optional().describe('person, service, operator, system or check.'),
  actor: z.string().max(100).optional().describe('Id or name of whoever acted.'),
  subjectKind: z.string().max(60).optional(),
  subject: z.string().max(200).optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
})
type Asked = z.infer<typeof Asked>

const BATCH = 500
const COLUMNS = ['id', 'at', 'actorKind', 'actor', 'action', 'subjectKind', 'subject', 'detail', 'requestId'] as const

/** What is masked for whoever asks is null, or not there at all. */
interface AuditRow {
  id: string
  at?: Date | null
  actorKind?: string | null
  actor?: string | null
  action?: string | null
  subjectKind?: string | null
  subject?: string | null
  detail?: unknown
  requestId?: string | null
}

export function auditRoutes({ db, people }: SpineParts) {
  /** Newest first, before an event. Everything that is asked is asked of what may be seen: a filter finds nothing in what is masked. */
  const read = async (access: Access, asked: Asked, before: string | undefined, most: number): Promise<AuditRow[]> => {
    const wanted: RawBuilder<unknown>[] = [
      ...EQUAL.flatMap((name) => (asked[name] === undefined ? [] : [sql`${sql.ref(name)} = ${asked[name]}`])),
      ...(asked.since === undefined ? [] : [sql`at >= ${asked.since}::timestamptz`]),
      ...(asked.until === undefined ? [] : [sql`at < ${asked.until}::timestamptz`]),
      ...(before === undefined ? [] : [sql`id < ${before}::uuid`]),
    ]
    const { rows } = await sql<AuditRow>`
      select * from ${visibleRelation(access, 'audit')} as seen
      where ${wanted.length === 0 ? sql`true` : sql.join(wanted, sql` and `)} order by id desc limit ${most}`.execute(db.reader)
    return rows
  }
  const require = (access: Access, asked: Asked): void => {
    access.requireSortable('audit', 'id')
    for (const name of EQUAL) if (asked[name] !== undefined) access.requireSortable('audit', name)
    if (asked.since !== undefined || asked.until !== undefined) access.requireSortable('audit', 'at')
  }
  /** How people are called now, for whoever may know; the event itself holds an id alone. */
  const namesOf = async (access: Access, rows: readonly AuditRow[]): Promise<Map<string, string>> => {
    const ids = [...new Set(rows.flatMap((row) => ((row.actorKind === 'person' || row.actorKind === 'service') && row.actor ? [row.actor] : [])))]
    const found = ids.length === 0 ? [] : await people.findAll(ids)
    return new Map(found.flatMap((person): [string, string][] => (access.allows({ verb: 'read', record: 'person', name: 'displayName', facts: { ...person } }) ? [[person.id, person.displayName]] : [])))
  }
  return [
    route({
      on: 'GET /audit',
      permit: 'audit.read',
      summary: 'Who did what, newest first',
      query: Asked.extend({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.uuid().optional() }),
      reply: pageOf(AuditOut.partial()),
      async handle({ query, access }) {
        require(access, query)
        const rows = await read(access, query, query.cursor, query.limit + 1)
        const page = rows.slice(0, query.limit)
        const names = await namesOf(access, page)
        return { body: { items: page.map((row) => presentEvent(row, names)), next: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null } }
      },
    }),
    route({
      on: 'GET /audit/export',
      permit: 'audit.read',
      summary: 'The audit trail as a file, newest first: all of it, or what fits a filter',
      query: Asked.extend({ format: z.enum(['csv', 'json']).default('csv') }),
      reply: z.unknown(),
      async handle({ query, access, signal }) {
        require(access, query)
        // Read as it is written, so that the length of the trail does not matter.
        async function* rows(): AsyncGenerator<AuditRow> {
          for (let before: string | undefined; !signal.aborted; ) {
            const batch = await read(access, query, before, BATCH)
            yield* batch
            if (batch.length < BATCH) return
            before = batch.at(-1)!.id
          }
        }
        const isJson = query.format === 'json'
        return { body: undefined, stream: { mediaType: isJson ? 'application/json' : 'text/csv; charset=utf-8', bytes: streamOf(isJson ? asJson(rows()) : asCsv(rows())), name: `audit.${query.format}` } }
      },
    }),
  ]
}

function presentEvent({ id, at, actorKind, actor, action, subjectKind, subject, detail, requestId }: AuditRow, names: ReadonlyMap<string, string>): Partial<z.infer<typeof AuditOut>> {
  return {
    id,
    ...(at ? { at: at.toISOString() } : {}),
    ...(actorKind && actor ? { actor: `${actorKind}:${actor}` } : {}),
    ...(actor && names.has(actor) ? { actorName: names.get(actor)! } : {}),
    ...(action ? { action } : {}),
    ...(subjectKind && subject ? { subject: `${subjectKind}:${subject}` } : {}),
    ...(detail === undefined || detail === null ? {} : { detail }),
    ...(requestId ? { requestId } : {}),
  }
}

const encoder = new TextEncoder()

/** Read on only as fast as somebody takes it, and not at all once they have gone. */
const streamOf = (parts: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    cancel: async () => void (await parts.return(undefined)),
  })

async function* asJson(rows: AsyncIterable<AuditRow>): AsyncGenerator<Uint8Array> {
  let first = true
  for await (const row of rows) {
    yield encoder.encode(`${first ? '[\n' : ',\n'}${JSON.stringify(plain(row))}`)
    first = false
  }
  yield encoder.encode(first ? '[]\n' : '\n]\n')
}

async function* asCsv(rows: AsyncIterable<AuditRow>): AsyncGenerator<Uint8Array> {
  yield encoder.encode(csvLine(COLUMNS))
  for await (const row of rows) {
    const told = plain(row)
    yield encoder.encode(csvLine(COLUMNS.map((name) => (told[name] === undefined ? '' : typeof told[name] === 'string' ? told[name] : JSON.stringify(told[name])))))
  }
}

const plain = (row: AuditRow): Partial<Record<(typeof COLUMNS)[number], unknown>> => Object.fromEntries(COLUMNS.flatMap((name) => (row[name] === undefined || row[name] === null ? [] : [[name, row[name] instanceof Date ? row[name].toISOString() : row[name]]])))

/** RFC 4180; what a spreadsheet would take for a formula gets an apostrophe before it. */
const csvLine = (cells: readonly string[]): string =>
  `${cells
    .map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell))
    .map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',')}\r\n`
