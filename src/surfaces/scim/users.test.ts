import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TemporaryServer } from '#core/database'
import { removeFolders, standForProvisioning, startTemporaryServer, type ProvisioningStand } from '../../modules/provisioning/provisioning.fixture.ts'
import { BASE, surfaceOf, type Caller } from './client.fixture.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

let server: TemporaryServer
let stand: ProvisioningStand
let call: Caller
let reported: unknown[]
beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standForProvisioning(server)
  const surface = surfaceOf(stand)
  reported = surface.reported
  call = surface.as((await stand.connect()).token)
})
afterAll(async () => {
  await server?.stop()
  removeFolders()
})
beforeEach(() => void reported?.splice(0))

let count = 0
const user = (more: object = {}) => {
  const number = ++count
  return { schemas: [CORE], userName: `user${number}@example.com`, externalId: `ext-${number}`, name: { givenName: 'Given', familyName: `Family${number}` }, emails: [{ value: `user${number}@example.com`, type: 'work', primary: true }], active: true, ...more }
}
const patch = (...Operations: object[]) => ({ schemas: [PATCH], Operations })

describe('one person', () => {
  test('a created person has an address, a version and a place in identity, invited and kept by the directory', async () => {
    const sent = user({ displayName: 'Ada Example', title: 'Engineer', [ENTERPRISE]: { department: 'Harbour', manager: { value: '26118915-6090-4610-87e4-49d8ca9f808d' } } })
    const made = await call('POST', '/Users', sent)
    expect(made.status).toBe(201)
    expect(made.headers.get('content-type')).toBe('application/scim+json')
    expect(made.headers.get('location')).toBe(`${BASE}/Users/${made.body.id}`)
    expect(made.headers.get('etag')).toMatch(/^W\/"[\w-]+"$/)
    expect(made.body).toMatchObject({ ...sent, schemas: [CORE, ENTERPRISE], meta: { resourceType: 'User', location: `${BASE}/Users/${made.body.id}`, version: made.headers.get('etag') } })
    expect(await stand.people.find(made.body.id)).toMatchObject({ displayName: 'Ada Example', title: 'Engineer', state: 'invited', externalId: sent.externalId, email: sent.userName })
    const read = await call('GET', `/Users/${made.body.id}`)
    expect(read.body).toEqual(made.body)
    expect((await call('GET', `/Users/${made.body.id}`, undefined, { 'if-none-match': made.headers.get('etag') ?? '' })).status).toBe(304)
  })

  test('what nothing here needs is taken and not kept, and a password is never kept', async () => {
    const made = await call('POST', '/Users', user({ password: 'correct horse', phoneNumbers: [{ value: '+44 1' }], nickName: 'Babs', unheardOf: 1 }))
    expect(made.status).toBe(201)
    expect(Object.keys(made.body).sort()).toEqual(['active', 'emails', 'externalId', 'id', 'meta', 'name', 'schemas', 'userName'])
    const { rows } = await stand.db.appPool.query('select a::text as line from provisioning.account a')
    expect(JSON.stringify(rows)).not.toContain('correct horse')
  })

  test('a user name in other case, an address in other case and a look-alike are refused as taken', async () => {
    const first = user({ userName: 'Straße@example.com', emails: [{ value: 'strasse-1@example.com' }] })
    expect((await call('POST', '/Users', first)).status).toBe(201)
    for (const sent of [
      user({ userName: 'STRASSE@example.com' }),
      user({ emails: [{ value: 'STRASSE-1@EXAMPLE.com' }] }),
      user({ emails: [{ value: 'strаsse-1@example.com' }] }), // with a Cyrillic а
    ]) {
      const refused = await call('POST', '/Users', sent)
      if (refused.status === 400) expect(refused.body.scimType).toBe('invalidValue') // mixed alphabets are no address at all
      else expect(refused).toMatchObject({ status: 409, body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '409', scimType: 'uniqueness' } })
    }
  })

  test('the same POST twice, or many times at once, makes one person', async () => {
    const sent = user()
    const answers = await Promise.all(Array.from({ length: 6 }, () => call('POST', '/Users', sent)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409, 409, 409])
    expect((await call('GET', `/Users?filter=externalId eq "${sent.externalId}"`)).body.totalResults).toBe(1)
  })

  test('a PUT takes away what it leaves out, and neither lets in nor ends anybody by silence', async () => {
    const made = await call('POST', '/Users', user({ title: 'Engineer', displayName: 'One' }))
    const { active: _, ...sent } = user({ userName: made.body.userName, externalId: made.body.externalId, emails: made.body.emails })
    const put = await call('PUT', `/Users/${made.body.id}`, sent)
    expect(put.status).toBe(200)
    expect(put.body).toMatchObject({ active: true, name: sent.name })
    expect(put.body.title).toBeUndefined()
    expect(await stand.people.find(made.body.id)).not.toHaveProperty('title')
    expect(put.headers.get('etag')).not.toBe(made.headers.get('etag'))
  })

  test('a change that was made from an older version is refused with 412', async () => {
    const made = await call('POST', '/Users', user())
    const etag = made.headers.get('etag') ?? ''
    expect((await call('PATCH', `/Users/${made.body.id}`, patch({ op: 'replace', path: 'title', value: 'A' }), { 'if-match': etag })).status).toBe(200)
    expect((await call('PATCH', `/Users/${made.body.id}`, patch({ op: 'replace', path: 'title', value: 'B' }), { 'if-match': etag })).status).toBe(412)
    expect((await call('DELETE', `/Users/${made.body.id}`, undefined, { 'if-match': etag })).status).toBe(412)
    expect((await call('PATCH', `/Users/${made.body.id}`, patch({ op: 'replace', path: 'title', value: 'C' }), { 'if-match': '*' })).status).toBe(200)
  })

  test('of PATCHes at the same time none is lost', async () => {
    const { body } = await call('POST', '/Users', user())
    const paths = ['title', 'userType', 'locale', 'timezone', 'preferredLanguage', 'name.middleName', `${ENTERPRISE}:department`, `${ENTERPRISE}:division`]
    const answers = await Promise.all(paths.map((path) => call('PATCH', `/Users/${body.id}`, patch({ op: 'add', path, value: path }))))
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200))
    expect((await call('GET', `/Users/${body.id}`)).body).toMatchObject({ title: 'title', userType: 'userType', locale: 'locale', timezone: 'timezone', preferredLanguage: 'preferredLanguage', name: { middleName: 'name.middleName' }, [ENTERPRISE]: { department: paths[6], division: paths[7] } })
  })
})

describe('coming and going', () => {
  test('active false, as Okta and as Entra write it, ends the person by way of scim; active true lets them in again', async () => {
    for (const operation of [
      { op: 'replace', value: { active: false } },
      { op: 'Replace', path: 'active', value: 'False' },
      { op: 'Replace', path: 'active', value: false },
      { op: 'Replace', value: { Active: 'False' } },
      { op: 'Add', path: 'active', value: [{ value: 'False' }] },
    ]) {
      const { body } = await call('POST', '/Users', user())
      const ended = await call('PATCH', `/Users/${body.id}`, patch(operation))
      expect(ended).toMatchObject({ status: 200, body: { active: false } })
      expect(await stand.people.find(body.id)).toMatchObject({ state: 'deactivated' })
      expect(stand.heard.findLast(({ name }) => name === 'person.deactivated')?.payload).toEqual({ person: body.id, way: 'scim' })
      expect(await call('PATCH', `/Users/${body.id}`, patch({ op: 'replace', path: 'active', value: true }))).toMatchObject({ status: 200, body: { active: true } })
      expect(await stand.people.find(body.id)).toMatchObject({ state: 'invited' })
    }
  })

  test('whoever was deactivated here is not let in by the directory', async () => {
    const { body } = await call('POST', '/Users', user())
    await stand.people.deactivate(body.id, { by: { kind: 'operator', name: 'test' }, way: 'console' })
    expect((await call('GET', `/Users/${body.id}`)).body.active).toBe(false)
    expect(await call('PATCH', `/Users/${body.id}`, patch({ op: 'replace', path: 'active', value: true }))).toMatchObject({ status: 409 })
    expect((await call('PUT', `/Users/${body.id}`, user({ userName: body.userName, externalId: body.externalId, emails: body.emails, active: true }))).status).toBe(409)
    expect(await stand.people.find(body.id)).toMatchObject({ state: 'deactivated' })
    await stand.people.reactivate(body.id, { kind: 'operator', name: 'test' })
    expect((await call('GET', `/Users/${body.id}`)).body.active).toBe(true)
  })

  test('a deleted person is gone for the directory and deactivated here; the same id of theirs brings the same person back', async () => {
    const sent = user()
    const { body } = await call('POST', '/Users', sent)
    expect((await call('DELETE', `/Users/${body.id}`)).status).toBe(204)
    for (const [method, more] of [['GET', undefined], ['DELETE', undefined], ['PUT', sent], ['PATCH', patch({ op: 'replace', path: 'title', value: 'x' })]] as const) expect((await call(method, `/Users/${body.id}`, more)).status).toBe(404)
    expect((await call('GET', `/Users?filter=userName eq "${sent.userName}"`)).body.totalResults).toBe(0)
    expect(await stand.people.find(body.id)).toMatchObject({ state: 'deactivated' })
    expect((await call('POST', '/Users', { ...sent, externalId: 'somebody else' })).status).toBe(409)
    const again = await call('POST', '/Users', sent)
    expect(again).toMatchObject({ status: 201, body: { id: body.id, active: true } })
    expect(again.headers.get('etag')).not.toBe(body.meta.version)
  })

  test('the last owner is not removed: 409, and nothing has changed', async () => {
    const { body } = await call('POST', '/Users', user())
    await stand.change((tx) => stand.people.activate(tx, body.id))
    stand.owners.add(body.id)
    for (const answer of [await call('DELETE', `/Users/${body.id}`), await call('PATCH', `/Users/${body.id}`, patch({ op: 'replace', value: { active: false, title: 'New' } }))]) {
      expect(answer).toMatchObject({ status: 409, body: { status: '409' } })
      expect(answer.body.detail).toMatch(/last owner/)
      expect(answer.body.scimType).toBeUndefined()
    }
    expect(await stand.people.find(body.id)).toMatchObject({ state: 'active' })
    expect((await call('GET', `/Users/${body.id}`)).body).toMatchObject({ active: true })
    expect((await call('GET', `/Users/${body.id}`)).body.title).toBeUndefined()
    stand.owners.delete(body.id)
  })

  test('an invited person is taken over only where the directory is set so; an active one never', async () => {
    const surface = surfaceOf(stand)
    const plain = surface.as((await stand.connect()).token)
    const adopting = surface.as((await stand.connect({ adoptsInvited: true })).token)
    const invited = await stand.add({ state: 'invited', email: 'Invited@example.com' })
    const active = await stand.add({ state: 'active', email: 'active@example.com' })
    const sent = user({ userName: 'invited@example.com', emails: undefined })
    expect((await plain('POST', '/Users', sent)).status).toBe(409)
    expect((await adopting('POST', '/Users', sent)).body.id).toBe(invited.id)
    expect((await adopting('POST', '/Users', user({ userName: 'active@example.com', emails: undefined }))).status).toBe(409)
    expect(await stand.people.find(active.id)).not.toHaveProperty('managedBy')
  })
})

test('a name that is changed in the console is what the directory reads', async () => {
  const { body } = await call('POST', '/Users', user({ displayName: 'Before' }))
  await stand.change((tx) => stand.people.update(tx, body.id, { displayName: 'After', title: 'Pilot' }))
  const read = await call('GET', `/Users/${body.id}`)
  expect(read.body).toMatchObject({ displayName: 'After', title: 'Pilot' })
  expect(read.body.meta.version).not.toBe(body.meta.version)
  expect((await call('GET', '/Users?filter=displayName eq "AFTER"')).body.totalResults).toBe(1)
})
