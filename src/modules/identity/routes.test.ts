import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ManualClock } from '#core/clock'
import type { TemporaryServer } from '#core/database'
import { recordTypesOf, type Actor, type Route } from '#core/module'
import { accessOf, fullAccess, type Access, type Rule } from '#core/permission'
import { identity } from './contract.ts'
import { OPERATOR, standOn, startTemporaryServer, type Stand } from './people.fixture.ts'
import type { Group, Person } from './people.ts'

let server: TemporaryServer
let stand: Stand
const clock = new ManualClock('2026-03-01T09:00:00Z')
const types = recordTypesOf([identity])
const FULL = fullAccess({ kind: 'operator' }, types)
const OPERATOR_ACTOR: Actor = { kind: 'operator', name: 'test' }

beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standOn(server, { clock })
})
afterAll(() => server?.stop())

interface Asked {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  access?: Access
  actor?: Actor
  ifMatch?: string
}

/** Calls a route as the HTTP surface does once it has permitted it: parsed on the way in, and held to its shape on the way out. */
async function ask(on: string, { params = {}, query = {}, body, access = FULL, actor = OPERATOR_ACTOR, ifMatch }: Asked = {}) {
  const route = stand.module.routes.find((known) => known.on === on) as Route
  const request = {
    params: route.params?.parse(params) ?? {},
    query: route.query?.parse(query) ?? {},
    body: route.body === undefined || route.body === 'bytes' ? undefined : route.body.parse(body),
    access,
    actor,
    at: clock.now(),
    client: { address: '127.0.0.1', cookies: {}, origin: 'http://localhost' },
    requestId: 'test',
    signal: new AbortController().signal,
    ...(ifMatch === undefined ? {} : { ifMatch }),
  }
  const reply = await route.handle(request as never)
  return { ...reply, body: (route.status === 204 ? undefined : route.reply.parse(reply.body)) as never as Shown & { items: Shown[]; next: string | null } }
}
type Shown = Record<string, unknown> & { id: string }

const role = { id: 'role', title: 'Role' }
const through = { kind: 'person', id: 'me', title: 'Me' } as const
const accessBy = (rules: Rule[], subject: Record<string, string> = { id: 'me' }): Access => accessOf(rules.map((rule) => ({ rule, role, through })), subject, types)
const allow = (verb: Rule['verb'], record: string, over: Partial<Rule> = {}): Rule => ({ effect: 'allow', verb, record, ...over })
const deny = (verb: Rule['verb'], record: string, over: Partial<Rule> = {}): Rule => ({ effect: 'deny', verb, record, ...over })
const see = (...records: string[]): Rule[] => records.flatMap((record) => [allow('find', record), allow('read', record)])

async function all(on: string, asked: Asked): Promise<Shown[]> {
  const items: Shown[] = []
  for (let cursor: string | null = null; ; ) {
    const { body } = await ask(on, { ...asked, query: { ...asked.query, ...(cursor === null ? {} : { cursor }) } })
    items.push(...body.items)
    if (body.next === null) return items
    cursor = body.next
  }
}

describe('the list of people', () => {
  let names: string[]
  beforeAll(async () => {
    const people = [['Zoë', 'z1'], ['adam', 'a1'], ['Ädam', 'a2'], ['Bea', 'b1'], ['bea', 'b2'], ['Émile', 'e1']] as const
    for (const [displayName, local] of people) {
      clock.advance(1000)
      await stand.add({ displayName, email: `${local}@list.example` })
    }
    await stand.add({ kind: 'service', displayName: 'list robot' })
    names = (await all('GET /people', { query: { q: '@list.example' } })).map(({ displayName }) => String(displayName))
  })

  test.each(['displayName', '-displayName', 'email', '-email', 'createdAt', '-createdAt', 'changedAt', 'state'])('sorted by %s, pages of any size hold everybody once, in one order', async (sort) => {
    const whole = await all('GET /people', { query: { sort, limit: 200 } })
    for (const limit of [1, 2, 3]) expect(await all('GET /people', { query: { sort, limit } }), `pages of ${limit}`).toEqual(whole)
    expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length)
    if (sort.startsWith('-')) expect(whole.map(({ id }) => id)).toEqual((await all('GET /people', { query: { sort: sort.slice(1), limit: 200 } })).map(({ id }) => id).toReversed())
  })

  test('names sort and are searched without regard to case and accents', async () => {
    expect(names.map((name) => name.toLowerCase()).toSorted()).toEqual(['adam', 'bea', 'bea', 'zoë', 'ädam', 'émile'])
    expect(names.map((name) => name.normalize('NFD').replaceAll(/\p{Mn}/gu, '').toLowerCase())).toEqual(['adam', 'adam', 'bea', 'bea', 'emile', 'zoe'])
    expect(await all('GET /people', { query: { q: 'EMILE' } })).toMatchObject([{ displayName: 'Émile' }])
  })

  test('filters hold together', async () => {
    expect(await all('GET /people', { query: { kind: 'service', q: 'ROBOT' } })).toMatchObject([{ displayName: 'list robot', kind: 'service' }])
    expect(await all('GET /people', { query: { email: 'B1@LIST.example' } })).toMatchObject([{ displayName: 'Bea' }])
    expect(await all('GET /people', { query: { email: 'nothing' } })).toEqual([])
    expect(await all('GET /people', { query: { q: '100%' } })).toEqual([])
    expect(await all('GET /people', { query: { q: '_' } })).toEqual([])
    expect(await all('GET /people', { query: { group: 'none' } })).toEqual([])
  })

  test.each(['x', 'e30', Buffer.from('["displayName",null,"x"]').toString('base64url'), Buffer.from('["email","a","00000000-0000-4000-8000-000000000000"]').toString('base64url')])('the cursor %j of another list is refused', async (cursor) => {
    await expect(ask('GET /people', { query: { cursor } })).rejects.toMatchObject({ code: 'bad-input' })
  })

  test('shows whom the asker may find and what they may read, and refuses to sort, filter or search by the rest', async () => {
    const onlyActive = { equal: [{ field: 'kind' }, { value: 'service' }] } as const
    const access = accessBy([allow('find', 'person', { when: onlyActive }), allow('read', 'person', { names: ['kind', 'title'] })])
    const found = await all('GET /people', { access })
    expect(found.length).toBeGreaterThan(0)
    for (const one of found) expect(Object.keys(one).toSorted()).toEqual(['id', 'kind'])
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['service']))
    for (const query of [{ sort: 'displayName' }, { sort: '-email' }, { q: 'a' }, { email: 'a1@list.example' }, { state: 'active' }]) {
      await expect(ask('GET /people', { access, query }), JSON.stringify(query)).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining('no field') })
    }
  })

  test('a name that is hidden on some records neither sorts them nor finds them', async () => {
    const hidden = deny('read', 'person', { names: ['displayName', 'email'], when: { equal: [{ field: 'displayName' }, { value: 'Bea' }] } })
    const access = accessBy([...see('person'), hidden])
    const found = await all('GET /people', { access, query: { limit: 2 } })
    expect(found[0]).not.toHaveProperty('displayName')
    expect(found.filter(({ displayName }) => displayName === undefined)).toHaveLength(1)
    expect(await all('GET /people', { access, query: { q: 'bea' } })).toMatchObject([{ displayName: 'bea' }])
    expect(await all('GET /people', { access, query: { q: 'b1@list' } })).toEqual([])
    expect(await all('GET /people', { access, query: { email: 'b1@list.example' } })).toEqual([])
  })

  test('whoever may not even read ids sees an empty list, not an error', async () => {
    const access = accessBy([...see('person', 'group', 'membership', 'invitation'), deny('read', 'person', { names: ['id'] }), deny('read', 'group', { names: ['id'] }), deny('read', 'invitation', { names: ['id'] })])
    for (const on of ['GET /people', 'GET /groups', 'GET /invitations']) expect(await all(on, { access }), on).toEqual([])
  })
})

describe('one person', () => {
  test('is shown without what may not be read', async () => {
    const person = await stand.add({ title: 'Cook' })
    const { body, etag } = await ask('GET /people/{person}', { params: { person: person.id }, access: accessBy([allow('find', 'person'), allow('read', 'person', { names: ['title'] })]) })
    expect(body).toEqual({ id: person.id, title: 'Cook' })
    expect(etag).toBe('1')
  })

  test('a change to an older version is refused with what it is now, as far as it may be read', async () => {
    const person = await stand.add({ title: 'Cook' })
    const params = { person: person.id }
    expect(await ask('PATCH /people/{person}', { params, body: { title: 'Baker' }, ifMatch: '1' })).toMatchObject({ body: { title: 'Baker' }, etag: '2' })
    const late = ask('PATCH /people/{person}', { params, body: { title: 'Brewer' }, ifMatch: '1', access: accessBy([allow('find', 'person'), allow('read', 'person', { names: ['title'] }), allow('write', 'person')]) })
    await expect(late).rejects.toMatchObject({ code: 'precondition-failed', current: { id: person.id, title: 'Baker' } })
    await expect(ask('PATCH /people/{person}', { params, body: { title: null }, ifMatch: 'W/"x"' })).rejects.toMatchObject({ code: 'precondition-failed' })
  })

  test('what may not be written is named; nothing is changed', async () => {
    const person = await stand.add({ title: 'Cook' })
    const access = accessBy([...see('person'), allow('write', 'person', { names: ['title'] })])
    await expect(ask('PATCH /people/{person}', { params: { person: person.id }, body: { title: 'X', email: 'new@example.com' }, access })).rejects.toMatchObject({ code: 'bad-input', fields: [{ pointer: '/email' }] })
    expect(await stand.people.find(person.id)).toEqual(person)
  })

  test('who is provisioned elsewhere is not changed here', async () => {
    const person = await stand.add({ managedBy: 'okta', externalId: '1' })
    await expect(ask('PATCH /people/{person}', { params: { person: person.id }, body: { title: 'X' } })).rejects.toMatchObject({ code: 'conflict' })
  })

  test('deactivation answers with what is left, says how, and the audit names nobody', async () => {
    const person = await stand.add({ displayName: 'Uniquely Named' })
    const { body } = await ask('POST /people/{person}/deactivate', { params: { person: person.id }, body: { why: 'left for Uniquely Better' } })
    expect(body).toMatchObject({ state: 'deactivated', deactivatedWhy: 'left for Uniquely Better' })
    const { rows } = await sql<{ text: string; action: string; detail: unknown }>`select e::text as text, action, detail from audit.event e where subject_id = ${person.id}`.execute(stand.db.app)
    expect(rows).toMatchObject([{ action: 'person.deactivate', detail: { way: 'cli' } }])
    for (const { text } of rows) expect(text).not.toMatch(/unique/i)
    expect(await ask('POST /people/{person}/reactivate', { params: { person: person.id } })).toMatchObject({ body: { state: 'active' } })
  })

  test('deactivation and reactivation need the second factor again, and no other route forgets it', () => {
    const strong = stand.module.routes.filter(({ stepUp }) => stepUp).map(({ on }) => on)
    expect(strong).toEqual(['POST /people/{person}/deactivate', 'POST /people/{person}/reactivate'])
  })

  test('another address needs the second factor again, and no token suffices; a name needs neither', async () => {
    const person = await stand.add({ email: 'before@example.com' })
    const by = (strongUntil?: Date): Actor => ({ kind: 'person', id: person.id, by: { kind: 'session', sessionId: 's', ...(strongUntil === undefined ? {} : { strongUntil }) } })
    const change = (body: unknown, actor: Actor) => ask('PATCH /people/{person}', { params: { person: person.id }, body, actor })
    const now = clock.now().getTime()
    for (const email of ['after@example.com', null]) {
      for (const late of [by(), by(new Date(now))]) await expect(change({ email }, late)).rejects.toMatchObject({ code: 'step-up-needed' })
      await expect(change({ email }, { kind: 'person', id: person.id, by: { kind: 'token', tokenId: 't' } })).rejects.toMatchObject({ code: 'not-allowed' })
    }
    expect((await stand.people.find(person.id))?.email).toBe('before@example.com')
    expect((await change({ displayName: 'Another Name', email: 'before@example.com' }, by())).body).toMatchObject({ displayName: 'Another Name' })
    expect((await change({ email: 'after@example.com' }, by(new Date(now + 1000)))).body).toMatchObject({ email: 'after@example.com' })
  })

  test('"me" is whoever asks', async () => {
    const person = await stand.add()
    const me: Actor = { kind: 'person', id: person.id, by: { kind: 'session', sessionId: 's' } }
    const own = { equal: [{ field: 'id' }, { subject: 'id' }] } as const
    const access = accessBy([allow('find', 'person', { when: own }), allow('read', 'person', { names: ['displayName'], when: own })], { id: person.id })
    expect((await ask('GET /me', { actor: me, access })).body).toEqual({ id: person.id, displayName: person.displayName })
  })
})

describe('inviting', () => {
  test('answers with where the link went, and the list shows it without any token', async () => {
    const { body, status: _status } = await ask('POST /invitations', { body: { displayName: 'Ivy', email: 'ivy@invite.example', days: 3 } })
    expect(body).toEqual({ id: expect.any(String), person: expect.any(String), expiresAt: new Date(clock.now().getTime() + 3 * 86_400_000).toISOString(), sentTo: 'ivy@invite.example' })
    const [first] = (await ask('GET /invitations', { query: { state: 'waiting' } })).body.items
    expect(first).toEqual({ id: body.id, person: body['person'], displayName: 'Ivy', email: 'ivy@invite.example', madeBy: 'operator:test', madeAt: clock.now().toISOString(), expiresAt: body['expiresAt'] })
    clock.advance(1000)
    await ask('POST /invitations/{invitation}/resend', { params: { invitation: body.id } })
    await ask('POST /invitations/{invitation}/revoke', { params: { invitation: body.id } }) // the old one: the new one stays
    expect((await all('GET /invitations', { query: { limit: 1 } })).filter(({ person }) => person === body['person']).map(({ endedHow }) => endedHow)).toEqual([undefined, 'replaced'])
  })

  test('somebody who is here tells the inviter who, if they may see them; else only that the address is taken', async () => {
    const person = await stand.add({ email: 'here@invite.example' })
    await stand.people.deactivate(person.id, { by: OPERATOR, way: 'api' })
    const body = { displayName: 'Her', email: 'HERE@invite.example' }
    await expect(ask('POST /invitations', { body })).rejects.toMatchObject({ code: 'conflict', message: 'Somebody with this address was deactivated here.', mend: 'Reactivate them instead.' })
    const blind = accessBy([allow('find', 'person'), allow('write', 'person')])
    await expect(ask('POST /invitations', { body, access: blind })).rejects.toMatchObject({ code: 'conflict', message: expect.not.stringContaining('deactivated') })
  })

  test('the link is handed to nobody who holds less than the invited will', async () => {
    const { body } = await ask('POST /invitations', { body: { displayName: 'Boss', email: 'boss@invite.example' } })
    stand.post.ready = false
    stand.above.add(String(body['person']))
    await expect(ask('POST /invitations/{invitation}/resend', { params: { invitation: body.id } })).rejects.toMatchObject({ code: 'not-allowed' })
    stand.above.clear()
    expect((await ask('POST /invitations/{invitation}/resend', { params: { invitation: body.id } })).body).toHaveProperty('link')
    stand.post.ready = true
  })
})

describe('groups', () => {
  let group: Group
  let members: Person[]
  beforeAll(async () => {
    group = await stand.change((tx) => stand.people.createGroup(tx, { name: 'Cooks' }))
    members = [await stand.add({ displayName: 'Cook One' }), await stand.add({ displayName: 'Cook Two' }), await stand.add({ displayName: 'Cook Three' })]
    await ask('POST /groups/{group}/members', { params: { group: group.id }, body: { add: members.map(({ id }) => id) } })
  })

  test('members and their number are those whom the asker may see', async () => {
    const params = { group: group.id }
    expect((await all('GET /groups/{group}/members', { params, query: { limit: 2 } })).map(({ displayName }) => displayName)).toEqual(['Cook One', 'Cook Three', 'Cook Two'])
    const access = accessBy([...see('group', 'membership'), allow('find', 'person', { when: { equal: [{ field: 'displayName' }, { value: 'Cook Two' }] } }), allow('read', 'person', { names: ['displayName'] })])
    expect(await all('GET /groups/{group}/members', { params, access })).toEqual([{ person: members[1]?.id, displayName: 'Cook Two', since: expect.any(String) }])
    expect((await all('GET /groups', { access, query: { q: 'cooks' } }))[0]).toMatchObject({ name: 'Cooks', members: 1 })
    expect((await all('GET /groups', { query: { q: 'COOKS' } }))[0]).toMatchObject({ name: 'Cooks', members: 3 })
    expect((await all('GET /groups', { access: accessBy(see('group')), query: { q: 'cooks' } }))[0]).not.toHaveProperty('members')
    expect(await all('GET /people/{person}/groups', { params: { person: members[0]?.id ?? '' } })).toMatchObject([{ name: 'Cooks' }])
  })

  test('nobody lets others into a group that holds more than they do; letting go is always possible', async () => {
    stand.above.add(group.id)
    const joining = await stand.add()
    const params = { group: group.id }
    await expect(ask('POST /groups/{group}/members', { params, body: { add: [joining.id] } })).rejects.toMatchObject({ code: 'not-allowed' })
    await ask('POST /groups/{group}/members', { params, body: { remove: [members[0]?.id] } })
    stand.above.clear()
    expect(await all('GET /groups/{group}/members', { params })).toHaveLength(2)
  })

  test('change and deletion respect who keeps the group', async () => {
    const kept = await stand.change((tx) => stand.people.createGroup(tx, { name: 'Kept', managedBy: 'okta' }))
    const params = { group: kept.id }
    await expect(ask('PATCH /groups/{group}', { params, body: { name: 'Mine' } })).rejects.toMatchObject({ code: 'conflict' })
    await expect(ask('DELETE /groups/{group}', { params })).rejects.toMatchObject({ code: 'conflict' })
    const own = (await ask('POST /groups', { body: { name: 'Own' } })).body
    expect((await ask('PATCH /groups/{group}', { params: { group: own.id }, body: { description: 'Ours' }, ifMatch: '1' })).etag).toBe('2')
    await expect(ask('PATCH /groups/{group}', { params: { group: own.id }, body: { description: 'x' }, ifMatch: '1' })).rejects.toMatchObject({ code: 'precondition-failed', current: { description: 'Ours' } })
    await ask('DELETE /groups/{group}', { params: { group: own.id } })
    await expect(ask('GET /groups/{group}', { params: { group: own.id } })).rejects.toMatchObject({ code: 'not-found' })
  })
})

test('the set-up code is made for the operator, until there is an owner', async () => {
  const { body } = await ask('POST /set-up/code')
  expect(body['code']).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/)
})

test('a stranger’s text in any field never becomes SQL or a failure of ours', async () => {
  for (const text of ["'; drop table identity.person; --", '%', '\\', '"', '\u202e', '🙂'.repeat(20), 'ß'.repeat(100)]) {
    for (const query of [{ q: text }, { email: text }, { managedBy: text }, { group: text.slice(0, 60) }]) await ask('GET /people', { query })
    await ask('GET /groups', { query: { q: text } })
  }
})
