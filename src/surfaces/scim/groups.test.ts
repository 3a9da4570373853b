import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TemporaryServer } from '#core/database'
import type { GroupId, PersonId } from '#modules/identity'
import { EVERYTHING, removeFolders, standForProvisioning, startTemporaryServer, type ProvisioningStand } from '../../modules/provisioning/provisioning.fixture.ts'
import { OPERATOR } from '../../modules/identity/people.fixture.ts'
import { surfaceOf, type Answer, type Caller } from './client.fixture.ts'

let server: TemporaryServer
let stand: ProvisioningStand
let call: Caller
let managedBy: string
let people: string[]
beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standForProvisioning(server)
  const { token, directory } = await stand.connect()
  managedBy = directory.managedBy
  call = surfaceOf(stand).as(token)
  people = []
  for (let number = 0; number < 6; number++) people.push((await call('POST', '/Users', { userName: `member${number}@example.com`, displayName: `Member ${number}` })).body.id)
})
afterAll(async () => {
  await server?.stop()
  removeFolders()
})

let count = 0
const made = async (members: readonly string[] = [], more: object = {}): Promise<Answer['body']> =>
  (await call('POST', '/Groups', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: `Group ${++count}`, ...(members.length === 0 ? {} : { members: members.map((value) => ({ value })) }), ...more })).body
const patch = (id: string, ...Operations: object[]) => call('PATCH', `/Groups/${id}`, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations })
/** By the directory's word, and in effect. */
const shown = async (id: string): Promise<string[]> => ((await call('GET', `/Groups/${id}`)).body.members ?? []).map((member: { value: string }) => member.value).sort()
const inEffect = async (id: string): Promise<string[]> => (await stand.people.membersOf(id, { limit: 1000 })).map(({ person }) => String(person)).sort()
const both = async (id: string, expected: readonly string[]): Promise<void> => {
  expect(await shown(id)).toEqual([...expected].sort())
  expect(await inEffect(id)).toEqual([...expected].sort())
}

test('a created group holds who it was created with, and each of them shows it', async () => {
  const group = await made(people.slice(0, 2), { externalId: 'g-1' })
  await both(group.id, people.slice(0, 2))
  expect(group.members[0]).toMatchObject({ type: 'User', $ref: expect.stringContaining('/scim/v2/Users/') })
  expect((await call('GET', `/Users/${people[0]}`)).body.groups).toEqual([{ value: group.id, display: group.displayName, type: 'direct', $ref: `https://security.example.com/scim/v2/Groups/${group.id}` }])
  expect(await stand.people.findGroup(group.id)).toMatchObject({ managedBy, externalId: 'g-1' })
  expect((await call('GET', `/Groups?filter=members[value eq "${people[1]}"] and displayName eq "${group.displayName.toUpperCase()}"`)).body.totalResults).toBe(1)
  expect((await call('GET', `/Users?filter=groups.value eq "${group.id}"`)).body.totalResults).toBe(2)
})

describe('members, in the forms that directories send', () => {
  test.each<[string, object[], number[]]>([
    ['Entra adds', [{ op: 'Add', path: 'members', value: [{ $ref: null, value: '@2' }, { value: '@3' }] }], [0, 1, 2, 3]],
    ['Entra removes by a list', [{ op: 'Remove', path: 'members', value: [{ $ref: null, value: '@0' }] }], [1]],
    ['Entra removes by a filter', [{ op: 'Remove', path: 'members[value eq "@0"]' }], [1]],
    ['Okta adds', [{ op: 'add', path: 'members', value: [{ value: '@4', display: 'member4@example.com' }] }], [0, 1, 4]],
    ['Okta replaces everybody', [{ op: 'replace', path: 'members', value: [{ value: '@2' }, { value: '@1' }] }], [1, 2]],
    ['Okta renames, with the id along', [{ op: 'replace', value: { id: 'whatever', displayName: 'Renamed @' } }], [0, 1]],
    ['one alone, not in a list', [{ op: 'add', path: 'members', value: { value: '@5' } }], [0, 1, 5]],
    ['one as a plain text', [{ op: 'add', path: 'members', value: ['@5'] }], [0, 1, 5]],
    ['without a path', [{ op: 'add', value: { members: [{ value: '@3' }] } }], [0, 1, 3]],
    ['somebody who is in it already', [{ op: 'add', path: 'members', value: [{ value: '@0' }] }], [0, 1]],
    ['somebody who is not', [{ op: 'remove', path: 'members', value: [{ value: '@5' }] }], [0, 1]],
    ['everybody leaves', [{ op: 'remove', path: 'members' }], []],
    ['several after each other', [{ op: 'remove', path: 'members' }, { op: 'add', path: 'members', value: [{ value: '@2' }, { value: '@3' }] }, { op: 'remove', path: 'members[value eq "@2"]' }, { op: 'add', path: 'members', value: [{ value: '@0' }] }], [0, 3]],
    ['by another filter', [{ op: 'remove', path: 'members[value co "@1" or value eq "@5"]' }], [0]],
    ['with the schema before it', [{ op: 'add', path: 'urn:ietf:params:scim:schemas:core:2.0:Group:members', value: [{ value: '@2' }] }], [0, 1, 2]],
  ])('%s', async (_name, operations, expected) => {
    const group = await made(people.slice(0, 2))
    const written = JSON.parse(JSON.stringify(operations).replaceAll(/@(\d)/g, (_all, number: string) => people[Number(number)] ?? '').replaceAll('@', String(count))) as object[]
    expect((await patch(group.id, ...written)).status).toBe(204)
    await both(group.id, expected.map((number) => people[number] as string))
  })

  test.each<[string, object, number, string]>([
    ['nobody of this directory', { op: 'add', path: 'members', value: [{ value: '00000000-0000-4000-8000-000000000000' }] }, 400, 'invalidValue'],
    ['no id at all', { op: 'add', path: 'members', value: [{ value: 'x' }] }, 400, 'invalidValue'],
    ['a group in a group', { op: 'add', path: 'members', value: [{ value: 'x', type: 'Group' }] }, 400, 'invalidValue'],
    ['a member changed', { op: 'replace', path: 'members[value eq "x"].value', value: 'y' }, 400, 'mutability'],
    ['no name', { op: 'remove', path: 'displayName' }, 400, 'mutability'],
    ['the id', { op: 'replace', path: 'id', value: 'x' }, 400, 'mutability'],
    ['an unknown attribute', { op: 'replace', path: 'colour', value: 'x' }, 400, 'invalidPath'],
    ['a remove of nothing', { op: 'remove' }, 400, 'noTarget'],
  ])('%s is refused, and nothing has changed', async (_name, operation, status, scimType) => {
    const group = await made(people.slice(0, 2))
    expect(await patch(group.id, { op: 'add', path: 'members', value: [{ value: people[3] }] }, operation)).toMatchObject({ status, body: { scimType } })
    await both(group.id, people.slice(0, 2))
  })
})

describe('who keeps a membership', () => {
  test('one that somebody made here is not shown, not taken by a sync, and not doubled', async () => {
    const group = await made([people[0] as string])
    const byHand = [people[1], people[2]] as PersonId[]
    await stand.change((tx) => stand.people.changeMembers(tx, group.id as GroupId, { add: byHand }, null))
    expect(await shown(group.id)).toEqual([people[0]])
    expect((await patch(group.id, { op: 'add', path: 'members', value: [{ value: people[1] }] })).status).toBe(204)
    expect(await shown(group.id)).toEqual([people[0], people[1]].toSorted((a, b) => String(a).localeCompare(String(b))))
    expect((await call('PUT', `/Groups/${group.id}`, { displayName: group.displayName, members: [] })).status).toBe(200)
    expect(await shown(group.id)).toEqual([])
    expect(await inEffect(group.id)).toEqual([...byHand].sort())
    expect((await stand.people.membersOf(group.id, { limit: 10 })).every((membership) => membership.managedBy === undefined)).toBe(true)
  })

  test('one of the directory is not taken by hand', async () => {
    const group = await made([people[0] as string])
    await expect(stand.change((tx) => stand.people.changeMembers(tx, group.id as GroupId, { remove: [people[0] as PersonId] }, null))).rejects.toMatchObject({ code: 'conflict' })
    await both(group.id, [people[0] as string])
  })

  test('a group that is removed stays, as theirs, with whom people here put into it', async () => {
    const group = await made(people.slice(0, 2))
    await stand.change((tx) => stand.people.changeMembers(tx, group.id as GroupId, { add: [people[2] as PersonId] }, null))
    expect((await call('DELETE', `/Groups/${group.id}`)).status).toBe(204)
    expect((await call('GET', `/Groups/${group.id}`)).status).toBe(404)
    expect(await inEffect(group.id)).toEqual([people[2]])
    expect(await stand.people.findGroup(group.id)).not.toHaveProperty('managedBy')
    const other = await made(people.slice(0, 2))
    expect((await call('DELETE', `/Groups/${other.id}`)).status).toBe(204)
    expect(await stand.people.findGroup(other.id)).toBeUndefined()
  })

  test('while somebody is deactivated they hold no membership; let in again by the directory, those that it kept', async () => {
    const { body } = await call('POST', '/Users', { userName: `away${++count}@example.com` })
    const group = await made([body.id])
    const byHand = await stand.change((tx) => stand.people.createGroup(tx, { name: `By hand ${count}` }))
    await stand.change((tx) => stand.people.changeMembers(tx, byHand.id, { add: [body.id] }, null))
    const active = (value: boolean) => call('PATCH', `/Users/${body.id}`, { Operations: [{ op: 'replace', path: 'active', value }] })
    await active(false)
    expect(await inEffect(group.id)).toEqual([])
    // The directory may also say so while they are away.
    const second = await made()
    expect((await patch(second.id, { op: 'add', path: 'members', value: [{ value: body.id }] })).status).toBe(204)
    expect(await inEffect(second.id)).toEqual([])
    await active(true)
    await both(group.id, [body.id])
    await both(second.id, [body.id])
    expect(await inEffect(byHand.id)).toEqual([])
  })

  test('another directory sees neither the groups nor the people, and cannot name them', async () => {
    const group = await made(people.slice(0, 1))
    const other = surfaceOf(stand).as((await stand.connect()).token)
    expect((await other('GET', '/Groups')).body.totalResults).toBe(0)
    for (const method of ['GET', 'DELETE'] as const) expect((await other(method, `/Groups/${group.id}`)).status).toBe(404)
    expect((await other('GET', `/Users/${people[0]}`)).status).toBe(404)
    expect((await other('POST', '/Groups', { displayName: `Others ${++count}`, members: [{ value: people[0] }] })).status).toBe(400)
    expect(await other('POST', '/Groups', { displayName: group.displayName.toUpperCase() })).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } })
  })
})

test('of changes of one group at the same time none is lost', async () => {
  const group = await made()
  const answers = await Promise.all(people.map((value) => patch(group.id, { op: 'add', path: 'members', value: [{ value }] })))
  expect(answers.map(({ status }) => status)).toEqual(people.map(() => 204))
  await both(group.id, people)
})

test('of changes that were all made from one version one happens', async () => {
  const group = await made()
  const etag = group.meta.version as string
  const answers = await Promise.all(people.map((value) => call('PATCH', `/Groups/${group.id}`, { Operations: [{ op: 'add', path: 'members', value: [{ value }] }] }, { 'if-match': etag })))
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, ...people.slice(1).map(() => 412)])
  expect(await shown(group.id)).toHaveLength(1)
})

test('a directory that is disconnected leaves people, groups and memberships behind, managed here', async () => {
  const { directory, token } = await stand.connect()
  const caller = surfaceOf(stand).as(token)
  const { body: person } = await caller('POST', '/Users', { userName: `left${++count}@example.com`, externalId: 'x' })
  const { body: group } = await caller('POST', '/Groups', { displayName: `Left ${count}`, members: [{ value: person.id }] })
  await stand.directories.disconnect(directory, OPERATOR)
  expect((await caller('GET', '/Users')).status).toBe(401)
  expect(await stand.people.find(person.id)).toMatchObject({ state: 'invited' })
  expect(await stand.people.find(person.id)).not.toHaveProperty('managedBy')
  expect(await stand.people.findGroup(group.id)).not.toHaveProperty('managedBy')
  expect(await stand.people.membersOf(group.id, { limit: 10 })).toEqual([expect.objectContaining({ person: person.id })])
  expect(await stand.directories.ofServiceAccount(directory.serviceAccount)).toBeUndefined()
  await expect(stand.directories.newToken(directory, { networks: [], expiresAt: new Date() }, { by: OPERATOR, access: EVERYTHING, at: stand.clock.now() })).rejects.toMatchObject({ code: 'conflict' })
})

test('a group of 50,000 is put, changed by one and emptied, each in one transaction', async () => {
  const { directory, token } = await stand.connect()
  const caller = surfaceOf(stand).as(token)
  // Grown in the database from one of them: making each by HTTP would take as long as it takes.
  const { body: first } = await caller('POST', '/Users', { userName: 'crowd0@example.com', displayName: 'Crowd' })
  for (let from = 1; from < 50_000; from += 10_000)
    await stand.db.appPool.query(
      `with made as (
         insert into identity.person
         select copy.* from identity.person p, generate_series($2::int, least($2::int + 9999, 49999)) n,
           lateral jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(), 'email', 'crowd' || n || '@example.com', 'email_folded', 'crowd' || n || '@example.com', 'email_skeleton', 'crowd' || n || '@example.com')) copy
         where p.id = $1 returning id, email)
       insert into provisioning.account
       select copy.* from provisioning.account a, made, lateral jsonb_populate_record(a, jsonb_build_object('person_id', made.id, 'user_name_folded', made.email)) copy where a.person_id = $1`,
      [first.id, from],
    )
  const { rows } = await stand.db.appPool.query<{ id: string }>('select person_id as id from provisioning.account where directory_id = $1', [directory.id])
  const members = rows.map(({ id }) => ({ value: id, type: 'User', display: 'somebody of the crowd' }))
  const { body: group } = await caller('POST', '/Groups', { displayName: 'Crowd' })
  const before = process.memoryUsage().rss
  const put = await caller('PUT', `/Groups/${group.id}?excludedAttributes=members`, { displayName: 'Crowd', members })
  expect(put.status).toBe(200)
  expect(put.body.members).toBeUndefined()
  expect(process.memoryUsage().rss - before).toBeLessThan(600 * 1024 * 1024)
  expect((await caller('GET', `/Groups/${group.id}`)).body.members).toHaveLength(50_000)
  const counted = async () => (await stand.db.appPool.query('select count(*) as members from identity.membership where group_id = $1 and managed_by = $2', [group.id, directory.managedBy])).rows[0].members
  expect(await counted()).toBe(50_000)
  expect((await caller('PATCH', `/Groups/${group.id}`, { Operations: [{ op: 'remove', path: `members[value eq "${members[7]?.value}"]` }] })).status).toBe(204)
  expect(await counted()).toBe(49_999)
  expect(await caller('PATCH', `/Groups/${group.id}`, { Operations: [{ op: 'add', path: 'members', value: [...members, { value: 'one more' }] }] })).toMatchObject({ status: 413, body: { scimType: 'tooMany' } })
  expect((await caller('PUT', `/Groups/${group.id}`, { displayName: 'Crowd', members: [] })).status).toBe(200)
  expect(await counted()).toBe(0)
}, 120_000)
