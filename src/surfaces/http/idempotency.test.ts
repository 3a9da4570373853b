import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startTemporaryServer, type OrganisationDatabase, type TemporaryServer } from '#core/database'
import type { Actor } from '#core/module'
import { createIdempotency, httpMigrations, type IdempotencyStore } from './idempotency.ts'

const ADA: Actor = { kind: 'operator', name: 'Ada' }
let server: TemporaryServer
let db: OrganisationDatabase
let store: IdempotencyStore
let times: number
beforeAll(async () => {
  server = await startTemporaryServer()
  db = await server.createDatabase({ migrations: [httpMigrations] })
  store = createIdempotency(db)
})
afterAll(() => server?.stop())
beforeEach(async () => {
  times = 0
  await sql`delete from http.idempotency`.execute(db.app)
})

const KEY = 'key-12345678'
const answer = (status = 201, body: string | null = '{"made":1}') => async () => (times++, new Response(body, { status, headers: { etag: '"1"', 'content-type': 'application/json' } }))
const ask = (more: { key?: string; actor?: Actor; address?: string; body?: string } = {}, from = answer()) =>
  store.once({ key: more.key ?? KEY, actor: more.actor ?? ADA, address: more.address ?? 'POST /x', body: more.body === undefined ? undefined : Buffer.from(more.body) }, from)

test('the same request again gets the first answer, and is not carried out again', async () => {
  const first = await ask({ body: '{}' })
  const again = await ask({ body: '{}', actor: { ...ADA } })
  expect([again.status, await again.text(), again.headers.get('etag'), again.headers.get('idempotent-replayed')]).toEqual([201, await first.text(), '"1"', 'true'])
  expect(first.headers.has('idempotent-replayed')).toBe(false)
  expect(times).toBe(1)
})

test('an answer without a body is given again without one', async () => {
  await ask({}, answer(204, null))
  const again = await ask({}, answer(204, null))
  expect([again.status, await again.text()]).toEqual([204, ''])
})

test('another body, address or method under the key is refused; another actor’s key is another key', async () => {
  await ask({ body: 'a' })
  for (const other of [{ body: 'b' }, { body: 'a', address: 'POST /y' }, { body: 'a', address: 'PUT /x' }, { address: 'POST /x\na' }, {}]) await expect(ask(other)).rejects.toMatchObject({ code: 'bad-input' })
  expect(times).toBe(1)
  await ask({ body: 'b', actor: { kind: 'operator', name: 'Bob' } })
  expect(times).toBe(2)
})

test('a failure is not kept: what did not happen may be tried again', async () => {
  await expect(ask({}, async () => { throw new Error('disk full') })).rejects.toThrow('disk full')
  expect((await ask()).status).toBe(201)
})

test('of many at the same time one is carried out, and the others are told to wait or get its answer', async () => {
  let open = () => {}
  const held = new Promise<void>((resolve) => (open = resolve))
  const first = ask({}, async () => (await held, answer()()))
  await new Promise((resolve) => setTimeout(resolve, 100))
  const others = await Promise.allSettled(Array.from({ length: 5 }, () => ask()))
  expect(others.every((other) => other.status === 'rejected' && (other.reason as { code: string }).code === 'conflict')).toBe(true)
  open()
  expect((await first).status).toBe(201)
  expect((await ask()).headers.get('idempotent-replayed')).toBe('true')
  expect(times).toBe(1)
})

test('one whose process died may be asked again, and nothing is kept longer than a day', async () => {
  void ask({}, () => new Promise(() => {}))
  await new Promise((resolve) => setTimeout(resolve, 100))
  await expect(ask()).rejects.toMatchObject({ code: 'conflict' })
  await sql`update http.idempotency set at = now() - interval '11 minutes'`.execute(db.app)
  expect((await ask()).status).toBe(201)
  await sql`update http.idempotency set at = now() - interval '25 hours'`.execute(db.app)
  await ask({ key: 'another-key' })
  expect((await sql<{ n: number }>`select count(*)::int as n from http.idempotency`.execute(db.app)).rows[0]?.n).toBe(1)
})

test('keys that are too short, too long or not printable are refused', async () => {
  for (const key of ['', 'short', 'x'.repeat(129), 'with a space', 'ümlaut-12', 'null\0-1234']) await expect(ask({ key })).rejects.toMatchObject({ code: 'bad-input' })
})
