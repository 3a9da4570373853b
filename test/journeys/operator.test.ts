import { createConnection } from 'node:net'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ManualClock } from '#core/clock'
import { OPEN_WRITES } from './open-writes.ts'
import { call, makePlace, openHere, type Answer, type Call, type Place, type RunningHere } from './installation.ts'

interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  schema: Schema
}
type Schema = Record<string, unknown>
interface Operation {
  method: string
  template: string
  permission: string
  parameters: Parameter[]
  body?: { schema: Schema; bytes: boolean }
}

let place: Place
let here: RunningHere
let operations: Operation[]
let socketPath: string

beforeAll(async () => {
  place = await makePlace('operator')
  // A clock that stands still: no slot comes due, so that every row that appears is some request's doing.
  here = await openHere(place, { clock: new ManualClock(new Date()) })
  socketPath = `${place.data}/operator/socket`
  const document = (await here.public('/api/openapi.json')).json<{ paths: Record<string, Record<string, Schema>> }>()
  operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const content = (operation['requestBody'] as { content: Record<string, { schema: Schema }> } | undefined)?.content
      const [type, body] = Object.entries(content ?? {})[0] ?? []
      return { method: method.toUpperCase(), template, permission: operation['x-permission'] as string, parameters: operation['parameters'] as Parameter[], ...(body ? { body: { schema: body.schema, bytes: type === '*/*' } } : {}) }
    }),
  )
})
afterAll(async () => {
  await here?.installation.stop()
  place?.remove()
})

/** An address of the operation with the parameters given; path members that are left out get something plausible. */
function addressOf({ template, parameters }: Operation, given: Record<string, string> = {}): string {
  const plausible: Record<string, string> = { slug: 'starter', number: '1', id: '0123456789abcdef', digest: 'a'.repeat(64), keyId: 'b'.repeat(64), run: '019c0000-0000-7000-8000-000000000000', check: 'installation/disk' }
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given[name] ?? plausible[name] ?? 'x'))
  const query = new URLSearchParams(parameters.filter((parameter) => parameter.in === 'query' && given[parameter.name] !== undefined).map((parameter) => [parameter.name, given[parameter.name]!]))
  return query.size === 0 ? path : `${path}?${query}`
}

function expectProblem(answer: Answer, about: string): void {
  expect(answer.status, `${about} → ${answer.text.slice(0, 500)}`).toBeGreaterThanOrEqual(400)
  expect(answer.status, `${about} → ${answer.text.slice(0, 500)}`).toBeLessThan(500)
  expect(String(answer.headers['content-type']), about).toContain('application/problem+json')
  const problem = answer.json()
  expect(problem, about).toMatchObject({ type: expect.stringMatching(/^urn:vouchsafe:problem:/), title: expect.any(String), status: answer.status, detail: expect.any(String) })
  expect(answer.text, about).not.toMatch(/ {4}at |node_modules|select |insert into|pg_/)
}

/** Rows of every table that a change of state writes to; runs are left out: one that was rightly asked for may still be under way. */
async function rowCounts(): Promise<Record<string, number>> {
  const { database } = here.installation.organisation
  const tables = await sql<{ name: string }>`select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('page', 'check', 'statement', 'audit', 'obligation') and (schemaname, tablename) not in (('check', 'run'), ('check', 'slot'), ('audit', 'event')) order by 1`.execute(database.app)
  const counts = await Promise.all(tables.rows.map(async ({ name }) => [name, Number((await sql<{ n: number }>`select count(*) as n from ${sql.raw(name)}`.execute(database.app)).rows[0]!.n)] as const))
  return Object.fromEntries(counts)
}

describe('who may', () => {
  test('every route that needs a permission is refused to everyone but the operator at the socket with the token', async () => {
    const guarded = operations.filter((operation) => operation.permission !== 'anyone')
    expect(guarded.length).toBeGreaterThan(15)
    const { token } = (await import('../../src/surfaces/http/operator.ts')).findOperatorDoor(place.data)
    const before = await rowCounts()
    for (const operation of guarded) {
      const about = `${operation.method} ${operation.template}`
      const given: Call = { method: operation.method, ...(operation.body ? { body: {} } : {}) }
      const refused: [string, Promise<Answer>][] = [
        ['over TCP without a token', here.public(addressOf(operation), given)],
        ['over TCP with the right token', here.public(addressOf(operation), { ...given, headers: { authorization: `Bearer ${token}` } })],
        ['over TCP with claims about itself', here.public(addressOf(operation), { ...given, headers: { authorization: `Bearer ${token}`, door: 'operator', 'x-forwarded-for': '127.0.0.1', 'vouchsafe-as': 'operator', forwarded: 'for=127.0.0.1' } })],
        ['at the socket without a token', call({ socketPath }, addressOf(operation), given)],
        ['at the socket with a wrong token', call({ socketPath }, addressOf(operation), { ...given, headers: { authorization: `Bearer ${'A'.repeat(token.length)}` } })],
        ['at the socket with half a token', call({ socketPath }, addressOf(operation), { ...given, headers: { authorization: `Bearer ${token.slice(0, -1)}` } })],
        ['at the socket with the token as Basic', call({ socketPath }, addressOf(operation), { ...given, headers: { authorization: `Basic ${Buffer.from(`operator:${token}`).toString('base64')}` } })],
      ]
      for (const [how, answering] of refused) {
        const answer = await answering
        expectProblem(answer, `${about} ${how}`)
        expect(answer.status, `${about} ${how}`).toBe(401)
        expect(answer.json()['mend'], `${about} ${how}`).toEqual(expect.any(String))
      }
    }
    expect(await rowCounts(), 'a refusal leaves nothing behind').toEqual(before)
  })

  test('the operator gets through to every route: what is refused then is refused for another reason', async () => {
    // What belongs to a person who has signed in is nobody's here: the operator has no passkeys.
    for (const operation of operations.filter(({ permission }) => permission !== 'signed-in')) {
      // What would take long or change the page for the tests below is asked for what is not there.
      const given = { slug: 'nowhere', check: 'no/such-check' }
      const answer = await here.operator(addressOf(operation, given), { method: operation.method, ...(operation.body ? { body: {} } : {}) })
      const signed = operation.template.endsWith('/runner/schedule') || operation.template.endsWith('/observations')
      if (!signed) expect(answer.status, `${operation.method} ${operation.template} → ${answer.text.slice(0, 300)}`).not.toBe(403)
      expect(answer.status, `${operation.method} ${operation.template} → ${answer.text.slice(0, 300)}`).toBeLessThan(500)
    }
  })

  test('open routes write nothing, but for those that a signature permits', () => {
    const open = operations.filter((operation) => operation.permission === 'anyone' && operation.method !== 'GET')
    expect(open.map((operation) => `${operation.method} ${operation.template}`).filter((name) => !(name in OPEN_WRITES))).toEqual([])
  })

  test('what is not declared is not there, whatever its method', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) expectProblem(await here.operator('/api/v1/nothing', { method }), method)
    for (const method of ['POST', 'PUT', 'DELETE']) expectProblem(await here.operator('/api/v1/claims', { method }), `${method} /claims`)
    expect((await here.public('/metrics')).status).toBe(403)
    expect((await here.operator('/metrics')).status).toBe(200)
  })

  test('the name to act as is checked before anything is done', async () => {
    for (const name of ['a\tb', 'x'.repeat(81), '<script>', '-- drop', '.']) expectProblem(await here.operator('/api/v1/settings', { headers: { 'vouchsafe-as': name } }), name)
  })
})

describe('a browser that was sent here by another site', () => {
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json'])('cannot write with %s', async (type) => {
    const answer = await here.public('/api/v1/settings', { method: 'PATCH', body: '{"name":"Evil"}', headers: { 'content-type': type, origin: 'https://evil.example', referer: 'https://evil.example/', cookie: 'session=1' } })
    expectProblem(answer, type)
    expect(answer.status).toBe(401)
    expect((await here.operator('/api/v1/settings')).json()).not.toHaveProperty('name')
  })

  test('gets no leave from a preflight, and may not read the API from elsewhere', async () => {
    const preflight = await here.public('/api/v1/settings', { method: 'OPTIONS', headers: { origin: 'https://evil.example', 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization' } })
    expect(preflight.status).toBe(405)
    for (const answer of [preflight, await here.public('/api/v1/claims', { headers: { origin: 'https://evil.example' } })]) expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test.each(['evil.example', '127.0.0.1@evil.example', 'localhost:1', 'a'.repeat(300), '[::1', '../..', 'evil.example/api/v1/settings?', ''])('no Host header opens or moves anything: %j', async (host) => {
    for (const path of ['/', '/api/v1/settings', '/api/v1/claims']) {
      const answer = await here.public(path, { headers: { host, 'x-forwarded-host': 'evil.example', 'x-original-url': '/api/v1/audit', 'x-rewrite-url': '/api/v1/audit' } })
      expect(answer.status, `${host} ${path} → ${answer.text.slice(0, 200)}`).toBeLessThan(500)
      if (path === '/api/v1/settings') expect(answer.status, host).toSatisfy((status: number) => [400, 401, 421].includes(status))
      expect(answer.text, 'a page never repeats the Host header').not.toContain('evil.example')
      expect(String(answer.headers['location'] ?? '')).not.toContain('evil.example')
    }
  })
})

/** Bytes as they are, and whatever comes back until the other side closes or the wait is over. */
function raw(port: number, bytes: string, waitMs = 1_500): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    let got = ''
    const timer = setTimeout(() => socket.destroy(), waitMs)
    socket.on('data', (chunk) => void (got += chunk.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(got)
    })
    socket.write(bytes, 'latin1')
  })
}
const statusLines = (text: string): string[] => text.match(/^HTTP\/1\.1 \d{3}/gm) ?? []

describe('on the wire', () => {
  const hidden = 'GET /api/v1/audit HTTP/1.1\r\nHost: x\r\n\r\n'
  test.each([
    ['both a length and chunks', `POST /api/v1/observations HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['two lengths', `POST /api/v1/observations HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`],
    ['a masked transfer coding', `POST /api/v1/observations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['a folded header', `GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nTransfer-Encoding: chunked\r\n Content-Length: 3\r\n\r\n${hidden}`],
    ['a space before the colon', `GET / HTTP/1.1\r\nHost : x\r\n\r\n`],
    ['a bare line feed in a chunk', `POST /api/v1/observations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n${hidden}`],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['an unknown version', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n'],
    ['no HTTP at all', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001'],
  ])('a request with %s is refused whole, and nothing is read out of its tail', async (_what, bytes) => {
    const lines = statusLines(await raw(here.port, bytes))
    expect(lines.length).toBeLessThanOrEqual(1)
    for (const line of lines) expect(line).toMatch(/ 4\d\d$/)
  })

  test('a long line, and more headers than anyone needs, end in an answer below 500', async () => {
    expect(statusLines(await raw(here.port, `GET /${'a'.repeat(60_000)} HTTP/1.1\r\nHost: x\r\n\r\n`))).toEqual(['HTTP/1.1 431'])
    const many = await raw(here.port, `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${Array.from({ length: 400 }, (_, i) => `x-${i}: 1\r\n`).join('')}\r\n`)
    expect(statusLines(many).join()).toMatch(/ (200|4\d\d)$/)
  })

  test.each(['/%', '/%00', '/%ff', '/claims/%2e%2e%2f%2e%2e%2fetc%2fpasswd', '/assets/../../package.json', '/schemas/..%2f..%2fpackage.json', '/policies/%E0%A4%A', '//evil.example', '/\\evil.example', '/log/tile/0/%2e%2e/x', '/policies/starter/versions/1..2..3', '/policies/starter/versions/99999999999999999999', '/claims/\u0000.md'.replace('\u0000', '%00'), '/?scope=%00', '/policies/a%00b', `/claims/${'a'.repeat(5000)}`, '/log/entry/99999999999999999999', '/log/entries/5-1'])('the odd address %s gets a plain answer', async (path) => {
    const answer = await raw(here.port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 5_000)
    expect(statusLines(answer).join(), answer.slice(0, 600)).toMatch(/ (200|30\d|4\d\d)$/)
    expect(answer).not.toMatch(/location: (\/\/|\\|https?:)/i)
  })
})

describe('a body', () => {
  const draft = '/api/v1/policies/starter/versions/1/corrections'
  const settings = (body: unknown, headers: Record<string, string> = {}) => here.operator('/api/v1/settings', { method: 'PATCH', body, headers })

  test('that is too large is refused by its length, and while it arrives', async () => {
    const large = Buffer.alloc(300 * 1024, 0x20)
    for (const answer of [await here.operator(draft, { method: 'POST', body: large }), await here.operator(draft, { method: 'POST', body: large, headers: { 'content-length': '', 'transfer-encoding': 'chunked' } }).catch(() => undefined)]) {
      if (answer === undefined) continue
      expectProblem(answer, 'large')
      expect(answer.status).toBe(413)
    }
  })

  test('that never ends does not keep others waiting', async () => {
    const open = Array.from({ length: 50 }, () => {
      const socket = createConnection(socketPath)
      socket.on('error', () => {})
      socket.write('POST /api/v1/observations HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{')
      return socket
    })
    expect((await here.operator('/api/v1/settings')).status).toBe(200)
    for (const socket of open) socket.destroy()
  })

  test.each<[string, unknown]>([
    ['no JSON', 'name=x'],
    ['half of it', '{"name":'],
    ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)],
    ['a list', []],
    ['null', 'null'],
    ['a number', '1'],
    ['deep nesting', `{"calendar":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    ['deep objects', `{"calendar":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`],
    ['a member that nobody knows', { nmae: 'x' }],
    ['__proto__', '{"__proto__":{"name":"polluted"},"constructor":{"prototype":{"permit":"anyone"}}}'],
    ['a number where text belongs', { name: 7 }],
    ['text that PostgreSQL cannot hold', { name: 'a\u0000b' }],
    ['half a surrogate pair', '{"name":"\\ud800"}'],
    ['a member of a member', { calendar: { __proto__: null, timeZone: 'a\u0000b' } }],
    ['a URL that is none', { publicUrl: 'javascript:alert(1)' }],
    ['an empty name', { name: '   ' }],
  ])('of %s is refused in words, and nothing is written', async (what, body) => {
    const before = await rowCounts()
    const kept = (await here.operator('/api/v1/settings')).text
    expectProblem(await settings(body), what)
    expect(await rowCounts()).toEqual(before)
    expect((await here.operator('/api/v1/settings')).text).toBe(kept)
    expect(({} as Record<string, unknown>)['permit']).toBeUndefined()
  })

  test('that fits in type but not in sense says which member', async () => {
    const answer = await settings({ hosts: ['ok.example', 'not a host'] })
    expectProblem(answer, 'hosts')
    expect(answer.json()).toMatchObject({ errors: [{ pointer: '/hosts/1' }], mend: expect.any(String) })
  })
})

describe('lists, tags and keys', () => {
  test('a cursor leads through everything once; one that was made up is refused', async () => {
    const seen: string[] = []
    for (let next: string | null = ''; next !== null; ) {
      const page: { items: { id: string }[]; next: string | null } = (await here.public(`/api/v1/claims?limit=7${next === '' ? '' : `&cursor=${next}`}`)).json()
      seen.push(...page.items.map((item) => item.id))
      next = page.next
    }
    expect(seen.length).toBeGreaterThan(20)
    expect(new Set(seen).size).toBe(seen.length)
    for (const cursor of ['x', 'AAAA', '%00', Buffer.from('nope').toString('base64url'), 'a'.repeat(200)]) expectProblem(await here.public(`/api/v1/claims?cursor=${cursor}`), cursor)
    for (const limit of ['0', '-1', '201', '1e9', 'NaN', '1.5', '']) expectProblem(await here.public(`/api/v1/claims?limit=${limit}`), `limit=${limit}`)
  })

  test('a decision on a version that was decided on meanwhile is refused with 412', async () => {
    const imported = await here.operator('/api/v1/policies/import?save=true&slug=tagged&name=tagged.md', { method: 'POST', body: '# Tagged\n\nAll data is encrypted at rest.\nAccess is reviewed every quarter.\n' })
    const tag = String(imported.headers['etag'])
    const at = '/api/v1/policies/tagged/versions/1'
    expect((await here.operator(at)).headers['etag']).toBe(tag)
    const as = { 'vouchsafe-as': 'Ada Example' }
    expect((await here.operator(`${at}/approve`, { method: 'POST', body: {}, headers: { ...as, 'if-match': tag } })).status).toBe(200)
    const stale = await here.operator(`${at}/publish`, { method: 'POST', body: {}, headers: { ...as, 'if-match': tag } })
    expectProblem(stale, 'stale')
    expect(stale.status).toBe(412)
    expect((await here.operator(at)).json()).toMatchObject({ status: 'approved' })
  })

  test('the same key with the same request gives the first answer again; with another body it is refused', async () => {
    const headers = { 'idempotency-key': 'first-time-42' }
    const first = await here.operator('/api/v1/settings', { method: 'PATCH', body: { name: 'Once Ltd' }, headers })
    expect(first.status).toBe(200)
    const before = await rowCounts()
    const again = await here.operator('/api/v1/settings', { method: 'PATCH', body: { name: 'Once Ltd' }, headers })
    expect([again.status, again.text, again.headers['idempotent-replayed']]).toEqual([200, first.text, 'true'])
    expect(await rowCounts()).toEqual(before)
    const other = await here.operator('/api/v1/settings', { method: 'PATCH', body: { name: 'Twice Ltd' }, headers })
    expectProblem(other, 'another body')
    expect(other.status).toBe(422)
    const elsewhere = await here.operator('/api/v1/settings', { method: 'PATCH', body: { name: 'Once Ltd' }, headers: { ...headers, 'vouchsafe-as': 'Somebody Else' } })
    expect(elsewhere.headers['idempotent-replayed'], 'one person’s key is not another’s').toBeUndefined()
    for (const key of ['short', 'a'.repeat(129), 'with space inside']) expectProblem(await here.operator('/api/v1/settings', { method: 'PATCH', body: {}, headers: { 'idempotency-key': key } }), key)
    await here.operator('/api/v1/settings', { method: 'PATCH', body: { name: 'This installation' } })
  })

  test('two at once with one key do it once', async () => {
    const before = (await rowCounts())['check.run']!
    const headers = { 'idempotency-key': 'at-the-same-time' }
    const body = '# Twice\n\nAll traffic is encrypted with TLS.\n'
    const answers = await Promise.all(Array.from({ length: 6 }, () => here.operator('/api/v1/policies/import?save=true&slug=at-once', { method: 'POST', body, headers })))
    expect(answers.filter((answer) => answer.status === 200 && answer.headers['idempotent-replayed'] === undefined)).toHaveLength(1)
    for (const answer of answers) if (answer.status !== 200) expect(answer.status).toBe(409)
    expect((await here.run('policy', 'list', '--format', 'json')).out.match(/"at-once"/g)).toHaveLength(1)
    expect((await rowCounts())['check.run']).toBe(before)
  })

  test('many changes at once all end in an answer below 500, and leave one standing binding for each claim and check', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => [here.operator('/api/v1/settings', { method: 'PATCH', body: { hosts: [`h${i}.example`] } }), here.operator('/api/v1/runs', { method: 'POST', body: { check: 'installation/disk' } })]).flat())
    for (const answer of answers) expect(answer.status, answer.text.slice(0, 400)).toBeLessThan(500)
    const { rows } = await sql<{ n: number }>`select count(*) as n from "check".binding b where not exists (select 1 from "check".closing c where c.binding = b.digest) and not exists (select 1 from "check".binding s where s.predecessor = b.digest) group by b.claim_id, b.check_id having count(*) > 1`.execute(here.installation.organisation.database.app)
    expect(rows).toEqual([])
    await here.operator('/api/v1/settings', { method: 'PATCH', body: { hosts: [] } })
  })

  test('many drafts at once each get a number of their own', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => here.operator('/api/v1/policies/import?save=true&slug=crowd', { method: 'POST', body: `# Crowd\n\nWe encrypt all data at rest, take ${i}.\n` })))
    expect(answers.map((answer) => answer.status), answers.map((answer) => answer.text.slice(0, 200)).join('\n')).toEqual([200, 200, 200, 200, 200, 200])
    expect(JSON.parse((await here.run('policy', 'list', '--format', 'json')).out).filter((version: { slug: string }) => version.slug === 'crowd').map((version: { number: number }) => version.number)).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('one draft that several approve at once is approved once', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, (_, i) => here.operator('/api/v1/policies/crowd/versions/6/approve', { method: 'POST', body: {}, headers: { 'vouchsafe-as': `Person ${i}` } })))
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
    for (const answer of answers) if (answer.status !== 200) expect(answer.status, answer.text).toBe(409)
  })
})

/** Anything that a schema admits, now and then bent: the odd text, number, and member that it does not. */
function fromSchema(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const odd = fc.constantFrom<unknown>('\u0000', '\ud800', "'; drop table page.version; --", '../../etc/passwd', '😀'.repeat(50), 'x'.repeat(10_000), -1, 0, 2 ** 31, 2 ** 53, 1e308, -0, null, true, [], {}, [[]], { $ref: '#' }, '2026-13-40T99:99:99Z', '')
  const proper = properly(schema, depth)
  return fc.oneof({ arbitrary: proper, weight: 6 }, { arbitrary: odd, weight: 1 }, { arbitrary: fc.jsonValue({ maxDepth: 2 }), weight: 1 })
}

function properly(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]))
  if (Array.isArray(schema['anyOf'])) return fc.oneof(...(schema['anyOf'] as Schema[]).map((one) => properly(one, depth)))
  switch (schema['type']) {
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: 0, max: 10 }), fc.integer(), fc.constantFrom(2 ** 31, 2 ** 53, 1.5))
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(fromSchema((schema['items'] ?? {}) as Schema, depth + 1), { maxLength: 4 })
    case 'object': {
      const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)
      const required = new Set((schema['required'] ?? []) as string[])
      return fc.record(Object.fromEntries(properties.map(([name, member]) => [name, fromSchema(member, depth + 1)])), { requiredKeys: properties.map(([name]) => name).filter((name) => required.has(name)) })
    }
    default: {
      if (schema['format'] === 'uuid') return fc.uuid()
      if (schema['format'] === 'uri') return fc.webUrl()
      if (schema['format'] === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
      // Words that match a look-ahead cannot be made up; what does not match is sent instead, and refused.
      if (typeof schema['pattern'] === 'string' && !/\(\?<?[=!]/.test(schema['pattern'])) return fc.stringMatching(new RegExp(schema['pattern'], 'u'))
      return fc.string({ maxLength: 60, unit: 'binary' })
    }
  }
}

// Over all operations together; each gets its share, and not less than four.
const REQUESTS = 800

describe('whatever is sent', () => {
  test('ends below 500, as a problem that can be read when it is refused, and is never half written', { timeout: 600_000 }, async () => {
    const tables = async () => {
      const { audit, ...rest } = Object.fromEntries(Object.entries(await rowCounts()).map(([name, n]) => [name === 'audit.event' ? 'audit' : name, n])) as Record<string, number>
      return { audit: audit!, rest }
    }
    for (const operation of operations) {
      // A dry run takes seconds and writes nothing; it is asked for what is not there. No made-up address is called.
      const fixed: Record<string, string> = operation.template.endsWith('/dry-run') ? { slug: 'nowhere' } : {}
      const given = fc.record({
        parameters: fc.record(Object.fromEntries(operation.parameters.filter((parameter) => parameter.in !== 'header' && parameter.name !== 'url').map((parameter) => [parameter.name, fromSchema(parameter.schema).map((value) => (typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value)))])), { requiredKeys: [] }),
        body: operation.body === undefined ? fc.constant(undefined) : operation.body.bytes ? fc.oneof(fc.uint8Array({ maxLength: 500 }), fc.string({ unit: 'binary', maxLength: 200 })) : fromSchema(operation.body.schema),
      })
      await fc.assert(
        fc.asyncProperty(given, async ({ parameters, body }) => {
          const path = addressOf(operation, { ...(parameters as Record<string, string>), ...fixed })
          if (path.length > 8_000) return
          const before = await tables()
          const answer = await here.operator(path, { method: operation.method, ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : operation.body?.bytes && typeof body === 'string' ? body : JSON.stringify(body) }), headers: { 'vouchsafe-as': 'Fuzz Example' } })
          const about = `${operation.method} ${path} ${JSON.stringify(body)?.slice(0, 500)}`
          expect(answer.status, `${about} → ${answer.text.slice(0, 600)}`).toBeLessThan(500)
          if (answer.status < 400) return
          expectProblem(answer, about)
          expect((await tables()).rest, about).toEqual(before.rest)
        }),
        { numRuns: Math.max(4, Math.ceil(REQUESTS / operations.length)) },
      )
    }
  })
})
