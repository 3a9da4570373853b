import { sql } from 'kysely'
import { z } from 'zod'
import type { Access } from '#core/permission'
import { visibleRelation } from '#core/permission'
import { routesOf } from '#core/module'
import { spine } from './contract.ts'
import type { SpineParts } from './parts.ts'

const route = routesOf(spine)
const BATCH = 500
const COLUMNS = ['id', 'at', 'actorKind', 'actor', 'action', 'subjectKind', 'subject', 'detail', 'requestId'] as const
type Row = Partial<Record<(typeof COLUMNS)[number], unknown>> & { id: string }

/** The whole audit trail, or what fits a filter, as a file: written row by row, however long it is. */
export function auditExportRoutes({ db }: SpineParts) {
  return [
    route({
      on: 'GET /audit/export',
      permit: 'audit.read',
      summary: 'The audit trail as a file, newest first',
      query: z.object({ format: z.enum(['csv', 'json']).default('csv'), action: z.string().max(60).optional(), actor: z.string().max(100).optional(), subjectKind: z.string().max(60).optional(), subject: z.string().max(200).optional(), since: z.iso.datetime().optional(), until: z.iso.datetime().optional() }),
      reply: z.unknown(),
      async handle({ query, access, signal }) {
        access.requireSortable('audit', 'id')
        const filters = (['action', 'subjectKind', 'subject', 'actor'] as const).flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]] as const]))
        for (const [name] of filters) access.requireSortable('audit', name)
        if (query.since !== undefined || query.until !== undefined) access.requireSortable('audit', 'at')
        const wanted = [...filters.map(([name, value]) => sql`${sql.ref(name)} = ${value}`), ...(query.since === undefined ? [] : [sql`at >= ${query.since}::timestamptz`]), ...(query.until === undefined ? [] : [sql`at < ${query.until}::timestamptz`])]
        const rows = read(db, access, sql`${wanted.length === 0 ? sql`true` : sql.join(wanted, sql` and `)}`, signal)
        const bytes = query.format === 'json' ? asJson(rows) : asCsv(rows)
        return { body: undefined, stream: { mediaType: query.format === 'json' ? 'application/json' : 'text/csv; charset=utf-8', bytes: ReadableStream.from(bytes), name: `audit.${query.format}` } }
      },
    }),
  ]
}

async function* read(db: SpineParts['db'], access: Access, wanted: ReturnType<typeof sql>, signal: AbortSignal): AsyncGenerator<Row> {
  for (let before: string | undefined; !signal.aborted; ) {
    const { rows } = await sql<Row>`select * from ${visibleRelation(access, 'audit')} as seen where ${wanted} and (${before ?? null}::uuid is null or id < ${before ?? null}::uuid) order by id desc limit ${BATCH}`.execute(db.reader)
    yield* rows
    if (rows.length < BATCH) return
    before = rows.at(-1)!.id
  }
}

const encoder = new TextEncoder()

async function* asJson(rows: AsyncIterable<Row>): AsyncGenerator<Uint8Array> {
  let first = true
  for await (const row of rows) {
    yield encoder.encode(`${first ? '[\n' : ',\n'}${JSON.stringify(plain(row))}`)
    first = false
  }
  yield encoder.encode(first ? '[]\n' : '\n]\n')
}

async function* asCsv(rows: AsyncIterable<Row>): AsyncGenerator<Uint8Array> {
  yield encoder.encode(line([...COLUMNS]))
  for await (const row of rows) {
    const told = plain(row)
    yield encoder.encode(line(COLUMNS.map((name) => (told[name] === undefined ? '' : typeof told[name] === 'string' ? told[name] : JSON.stringify(told[name])))))
  }
}

const plain = (row: Row): Partial<Record<(typeof COLUMNS)[number], unknown>> => Object.fromEntries(COLUMNS.flatMap((name) => (row[name] === undefined || row[name] === null ? [] : [[name, row[name] instanceof Date ? row[name].toISOString() : row[name]]])))

/** RFC 4180; what a spreadsheet would take for a formula gets an apostrophe before it, behind white space too. */
const line = (cells: readonly string[]): string =>
  `${cells
    .map((cell) => (/^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠|%]/u.test(cell) ? `'${cell}` : cell))
    .map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',')}\r\n`
