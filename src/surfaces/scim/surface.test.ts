import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TemporaryServer } from '#core/database'
import type { Shown } from '#core/module'
import { OPERATOR } from '../../modules/identity/people.fixture.ts'
import { EVERYTHING, removeFolders, standForProvisioning, startTemporaryServer, type ProvisioningStand } from '../../modules/provisioning/provisioning.fixture.ts'
import { BASE, surfaceOf, type Caller } from './client.fixture.ts'

let server: TemporaryServer
let stand: ProvisioningStand
let surface: ReturnType<typeof surfaceOf>
let call: Caller
let token: string
let directory: Awaited<ReturnType<ProvisioningStand['connect']>>['directory']
beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standForProvisioning(server)
  surface = surfaceOf(stand)
  ;({ token, directory } = await stand.connect())
  call = surface.as(token)
  for (const [index, title] of [undefined, 'Zebra', 'ape', 'Ape', 'Ärzte'].entries()) await call('POST', '/Users', { userName: `list${index}@example.com`, externalId: `l${index}`, ...(title === undefined ? {} : { title }), name: { givenName: 'A', familyName: `F${index}` } })
})
afterAll(async () => {
  await server?.stop()
  removeFolders()
})

describe('who calls', () => {
  const paths = [['GET', '/Users'], ['POST', '/Users'], ['GET', '/ServiceProviderConfig'], ['DELETE', '/Groups/x'], ['GET', '/nothing'], ['POST', '/Bulk']] as const

  test('without a token nothing is told, not even what there is', async () => {
    for (const [index, [method, path]] of paths.entries()) {
      const answer = await surface.as(undefined)(method, path, undefined, { 'x-test-address': `198.51.100.${index}` })
      expect(answer).toMatchObject({ status: 401, body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '401' } })
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    }
  })

  test.each([['Basic dXNlcjpwYXNz'], ['Bearer'], ['Bearer vs_x'], [`Bearer vs_${'a'.repeat(49)}`], [`Bearer ${'x'.repeat(5000)}`]])('%s is no token', async (authorization) => {
    expect((await surface.as(undefined)('GET', '/Users', undefined, { authorization, 'x-test-address': '198.51.100.30' })).status).toBe(401)
  })

  test('the token of a person, and that of a service account with another scope or without a directory, are refused', async () => {
    const at = stand.clock.now()
    const life = { networks: [], expiresAt: new Date(at.getTime() + 86_400_000) }
    const person = await stand.add()
    const account = await stand.add({ kind: 'service' })
    const issued = [
      await stand.tokens.issue(person.id, { name: 'x', scopes: ['scim.provision'], ...life }, OPERATOR, EVERYTHING, at),
      await stand.tokens.issue(account.id, { name: 'x', scopes: ['scim.provision'], ...life }, OPERATOR, EVERYTHING, at),
      await stand.tokens.issue(directory.serviceAccount, { name: 'x', scopes: ['person.read'], ...life }, OPERATOR, EVERYTHING, at),
    ]
    for (const { secret } of issued) expect((await surface.as(secret)('GET', '/Users')).status).toBe(403)
  })

  test('a session never speaks here, with a token or without', async () => {
    const cookie = { cookie: '__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'x-test-address': '198.51.100.40' }
    expect((await surface.as(undefined)('GET', '/Users', undefined, cookie)).status).toBe(401)
    expect((await surface.as(token)('GET', '/Users', undefined, cookie)).status).toBe(200)
    const shown: Shown[] = []
    const watched = surfaceOf({ ...stand, recognition: { recognise: (one) => (shown.push(one), stand.recognition.recognise(one)) } })
    await watched.as(undefined)('GET', '/Users', undefined, cookie)
    expect(shown).toEqual([])
    await watched.as(token)('GET', '/Users', undefined, cookie)
    expect(shown.map(({ client }) => client.cookies)).toEqual([{}])
  })

  test('a revoked or expired token is dead with the next request', async () => {
    const { directory: other, token: first } = await stand.connect()
    const caller = surface.as(first)
    expect((await caller('GET', '/Users')).status).toBe(200)
    const [known] = await stand.directories.tokensOf(other)
    await stand.directories.revokeToken(other, known?.id ?? '', OPERATOR)
    expect((await caller('GET', '/Users')).status).toBe(401)
  })

  test('guessing is slowed down, one address at a time', async () => {
    const guess = () => surface.as('vs_guess')('GET', '/Users', undefined, { 'x-test-address': '198.51.100.66' })
    const answers = []
    for (let number = 0; number < 25; number++) answers.push((await guess()).status)
    expect(answers.slice(0, 15)).toEqual(Array.from({ length: 15 }, () => 401))
    expect(answers.at(-1)).toBe(429)
    // Whoever has a token is not locked out by who guesses from the same address.
    expect((await call('GET', '/Users?count=0', undefined, { 'x-test-address': '198.51.100.66' })).status).toBe(200)
  })
})

describe('lists', () => {
  const list = (query: Record<string, string>) => call('GET', `/Users?${new URLSearchParams(query).toString()}`)
  const names = async (query: Record<string, string>): Promise<string[]> => (await list({ attributes: 'userName', ...query })).body.Resources.map((one: { userName: string }) => one.userName.slice(0, 5))

  test('a page says how many there are in all', async () => {
    expect((await list({ startIndex: '2', count: '2' })).body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults: 5, startIndex: 2, itemsPerPage: 2 })
    expect((await list({ startIndex: '-3', count: '-1' })).body).toMatchObject({ totalResults: 5, startIndex: 1, itemsPerPage: 0, Resources: [] })
    expect((await list({ startIndex: '900' })).body).toMatchObject({ totalResults: 5, itemsPerPage: 0 })
    expect((await list({ count: '999999' })).body).toMatchObject({ itemsPerPage: 5 })
  })

  test('order is by what is compared: case does not matter', async () => {
    expect(await names({ sortBy: 'title' })).toEqual(['list2', 'list3', 'list1', 'list4', 'list0'])
    expect(await names({ sortBy: 'title', sortOrder: 'descending' })).toEqual(['list0', 'list4', 'list1', 'list2', 'list3'])
    expect(await names({ sortBy: 'nickName' })).toHaveLength(5)
  })

  test.each<[Record<string, string>, string]>([
    [{ filter: 'userName eq' }, 'invalidFilter'],
    [{ filter: 'userName eq "\\u0000"' }, 'invalidFilter'],
    [{ sortBy: 'unheardOf' }, 'invalidPath'],
    [{ sortBy: 'name' }, 'invalidPath'],
    [{ sortBy: 'title', sortOrder: 'sideways' }, 'invalidValue'],
    [{ startIndex: 'one' }, 'invalidValue'],
    [{ count: '1e9' }, 'invalidValue'],
    [{ attributes: 'title', excludedAttributes: 'name' }, 'invalidValue'],
  ])('%j is refused', async (query, scimType) => {
    expect(await list(query)).toMatchObject({ status: 400, body: { status: '400', scimType } })
  })

  test('a search by POST finds what the same query finds', async () => {
    const query = { filter: 'title sw "a" or userName ew "0@example.com"', sortBy: 'userName', sortOrder: 'descending', startIndex: 1, count: 2, attributes: ['userName', 'name.familyName'] }
    const { body } = await call('POST', '/Users/.search', { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], ...query })
    expect(body).toEqual((await list({ ...query, startIndex: '1', count: '2', attributes: query.attributes.join(',') })).body)
    expect(body).toMatchObject({ totalResults: 3, itemsPerPage: 2 })
    expect(Object.keys(body.Resources[0]).sort()).toEqual(['id', 'name', 'schemas', 'userName'])
    expect(body.Resources[0].name).toEqual({ familyName: 'F3' })
  })

  test('attributes that are excluded are left out; id and schemas never are', async () => {
    const [one] = (await list({ count: '1', excludedAttributes: 'name.givenName, META ,id,schemas,urn:ietf:params:scim:schemas:core:2.0:User:externalId' })).body.Resources
    expect(Object.keys(one).sort()).toEqual(['active', 'id', 'name', 'schemas', 'userName'])
    expect(one.name).toEqual({ familyName: expect.any(String) })
  })
})

test('what can be found out is found out: configuration, types, schemas, each by itself too', async () => {
  expect((await call('GET', '/ServiceProviderConfig')).body).toMatchObject({ patch: { supported: true }, bulk: { supported: false }, filter: { supported: true, maxResults: 200 }, sort: { supported: true }, etag: { supported: true }, changePassword: { supported: false } })
  const types = (await call('GET', '/ResourceTypes')).body
  expect(types.Resources.map(({ id }: { id: string }) => id)).toEqual(['User', 'Group'])
  expect((await call('GET', '/ResourceTypes/User')).body).toEqual(types.Resources[0])
  const schemas = (await call('GET', '/Schemas')).body
  expect(schemas.Resources).toHaveLength(3)
  for (const schema of schemas.Resources) expect((await call('GET', `/Schemas/${schema.id}`)).body).toEqual(schema)
  for (const { schema, schemaExtensions = [] } of types.Resources) for (const urn of [schema, ...schemaExtensions.map((one: { schema: string }) => one.schema)]) expect(schemas.Resources.some((one: { id: string }) => one.id === urn)).toBe(true)
  expect((await call('GET', '/Schemas?filter=id pr')).status).toBe(403)
  expect((await call('GET', '/Schemas/urn:other')).status).toBe(404)
})

test.each([['GET', '/Me', 501], ['POST', '/Bulk', 501], ['POST', '/.search', 501], ['PUT', '/Users', 405], ['POST', '/Users/x', 405], ['POST', '/Schemas', 405], ['GET', '/nothing', 404], ['GET', '/Users/x/y', 404], ['GET', '/Users/x', 404], ['PATCH', '/Groups/x', 400]])('%s %s → %i', async (method, path, status) => {
  const answer = await call(method, path, method === 'PATCH' ? {} : undefined)
  expect(answer).toMatchObject({ status, body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status) } })
  if (status === 405) expect(answer.headers.get('allow')).not.toBeNull()
})

describe('bad input', () => {
  test.each<[string, string, Record<string, string>, number]>([
    ['no JSON', '{', {}, 400],
    ['not UTF-8', '"\ud800"', {}, 400],
    ['a NUL', '{"userName":"nul@example.com","locale":"a\\u0000b"}', {}, 400],
    ['half a pair', '{"userName":"half@example.com","locale":"\\ud800"}', {}, 400],
    ['a name of a member with a NUL', '{"a\\u0000":1}', {}, 400],
    ['nested without end', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, {}, 400],
    ['nested without end where nobody looks', `{"userName":"deep@example.com","x":${'['.repeat(50)}${']'.repeat(50)}}`, {}, 400],
    ['a list', '[]', {}, 400],
    ['null', 'null', {}, 400],
    ['nobody', '{}', {}, 400],
    ['a user name that is no text', '{"userName":{"a":1}}', {}, 400],
    ['a person without an address', '{"userName":"nobody"}', {}, 400],
    ['an address that is none', '{"userName":"x","emails":[{"value":"nowhere"}]}', {}, 400],
    ['a name that shows nothing', '{"userName":"seen@example.com","displayName":"\\u202e\\u2066"}', {}, 400],
    ['a prototype', '{"userName":"proto@example.com","__proto__":{"active":false},"constructor":1,"name":{"__proto__":{"x":1}}}', {}, 201],
    ['another type of body', '{}', { 'content-type': 'text/xml' }, 415],
    ['a compressed body', '{}', { 'content-encoding': 'gzip' }, 415],
    ['a large body', JSON.stringify({ userName: 'x'.repeat(300_000) }), {}, 413],
  ])('%s', async (_name, body, headers, status) => {
    const answer = await call('POST', '/Users', body, headers)
    expect(answer.status).toBe(status)
    if (status >= 400) expect(answer.body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), detail: expect.any(String) })
  })

  test('whatever is sent to wherever, it is never a failure of ours', async () => {
    const { body: person } = await call('POST', '/Users', { userName: 'fuzzed@example.com' })
    const { body: group } = await call('POST', '/Groups', { displayName: 'Fuzzed' })
    const key = fc.constantFrom('schemas', 'userName', 'externalId', 'emails', 'name', 'active', 'members', 'displayName', 'Operations', 'op', 'path', 'value', 'title', 'filter', 'attributes', 'count', 'type', 'primary')
    const leaf = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('add', 'remove', 'replace', 'members', 'emails[type eq "work"].value', 'members[value eq "x"]', 'userName', 'a@example.com', 'True', person.id as string), fc.boolean(), fc.integer(), fc.double(), fc.constant(null))
    const { body } = fc.letrec<{ body: unknown }>((tie) => ({ body: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('body'), { maxLength: 3 }), fc.dictionary(key, tie('body'), { maxKeys: 5 })) }))
    const operations = fc.record({ Operations: fc.array(fc.record({ op: fc.constantFrom('add', 'remove', 'replace'), path: leaf, value: body }, { requiredKeys: ['op'] }), { minLength: 1, maxLength: 3 }) })
    const request = fc.tuple(fc.constantFrom('GET', 'POST', 'PUT', 'PATCH'), fc.constantFrom('/Users', '/Groups', '/Users/.search', '/Groups/.search', `/Users/${person.id}`, `/Groups/${group.id}`, '/Users/%E2%80%AE', '/Schemas/x'), fc.dictionary(fc.constantFrom('filter', 'sortBy', 'sortOrder', 'startIndex', 'count', 'attributes', 'excludedAttributes'), fc.string({ maxLength: 20 }), { maxKeys: 2 }), fc.oneof(body, operations))
    await fc.assert(
      fc.asyncProperty(request, async ([method, path, query, sent]) => {
        const answer = await call(method, `${path}?${new URLSearchParams(query).toString()}`, method === 'GET' ? undefined : JSON.stringify(sent) ?? 'null')
        expect(answer.status).toBeLessThan(500)
        if (answer.status >= 400) expect(answer.body).toMatchObject({ status: String(answer.status), detail: expect.any(String) })
      }),
      { numRuns: 400 },
    )
    expect(surface.reported).toEqual([])
  })
})

test('a flood is answered with 429 and when to come back; other directories are not held up', async () => {
  const { token: flooding } = await stand.connect()
  const at = stand.clock.now()
  const statuses = new Map<number, number>()
  let retryAfter: string | null = null
  for (let number = 0; number < 520; number++) {
    stand.clock.set(at)
    const answer = await surface.app.request(`${BASE}/Users/x`, { headers: { authorization: `Bearer ${flooding}` } })
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    retryAfter ??= answer.headers.get('retry-after')
  }
  expect(statuses).toEqual(new Map([[404, 500], [429, 20]]))
  expect(Number(retryAfter)).toBeGreaterThanOrEqual(1)
  expect((await call('GET', '/Users?count=0')).status).toBe(200)
  stand.clock.advance(1000)
  expect((await surface.as(flooding)('GET', '/Users?count=0')).status).toBe(200)
})

test('over a real connection a body that does not say its length is stopped at the limit', async () => {
  const listener = getRequestListener(surface.app.fetch)
  const listening = createServer((incoming, outgoing) => void listener(incoming, outgoing))
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  try {
    const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/scim/v2/Users`
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024).fill(32)) })
    const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' }, body: endless, duplex: 'half' }).catch(() => undefined)
    // Either the answer comes through, or the connection is closed on whoever goes on sending.
    if (answer) expect(answer.status).toBe(413)
    expect((await fetch(`${url}?count=1`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
  } finally {
    listening.closeAllConnections()
    listening.close()
  }
})

test('refused requests are kept for whoever looks, without what they held', async () => {
  await call('POST', '/Users', { userName: 'secret-someone@example.com', active: 'perhaps' })
  const [last] = await stand.directories.refusalsOf(directory.id)
  expect(last).toMatchObject({ request: 'POST /Users', status: 400, scim_type: 'invalidValue', detail: 'active is true or false.' })
  expect(JSON.stringify(await stand.directories.refusalsOf(directory.id))).not.toContain('secret-someone')
  expect(await stand.audit()).not.toMatch(/secret-someone|list0@example\.com|vs_/)
  expect((await stand.directories.find(directory.id))?.lastChangeAt).toBeInstanceOf(Date)
})
