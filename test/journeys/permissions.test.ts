import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ManualClock } from '#core/clock'
import { makePlace, openHere, until, type Answer, type Call, type Place, type RunningHere } from './installation.ts'
import { listen } from './listening.ts'
import { becomeOwner, invite, type Member } from './members.ts'
import { OPEN_WRITES } from './open-writes.ts'

interface Operation {
  name: string
  method: string
  template: string
  permission: string
  stepUp: boolean
}

/** Routes that end the very session that the tests use; tried at the end of the session's own tests. */
const ENDS_THE_SESSION = ['DELETE /api/v1/session', 'DELETE /api/v1/sessions', 'POST /api/v1/session/sign-out']

const clock = new ManualClock(new Date())
const places: Place[] = []
let here: RunningHere
let elsewhere: RunningHere
let operations: Operation[]
let owner: Member
let employee: Member
let stranger: Member
let readingToken: (path: string, given?: Call) => Promise<Answer>
let fullToken: typeof readingToken
let foreignToken: typeof readingToken

beforeAll(async () => {
  places.push(await makePlace('perm'), await makePlace('perm2'))
  here = await openHere(places[0]!, { clock })
  elsewhere = await openHere(places[1]!, { clock })
  const document = (await here.public('/api/openapi.json')).json<{ paths: Record<string, Record<string, Record<string, unknown>>> }>()
  operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${template}`, method: method.toUpperCase(), template, permission: String(operation['x-permission']), stepUp: operation['x-step-up'] === true })),
  )
  owner = await becomeOwner(here, clock)
  stranger = await becomeOwner(elsewhere, clock)
  employee = await invite(here, clock, owner, 'Emil Employee')
  const permissions = [...new Set(operations.map(({ permission }) => permission).filter((permission) => permission.includes('.')))]
  readingToken = await owner.token(permissions.filter((permission) => /\.read(-|$)/.test(permission)))
  fullToken = await owner.token(permissions)
  foreignToken = await stranger.token(permissions, here)
}, 240_000)
afterAll(async () => {
  await Promise.all([here, elsewhere].map((running) => running?.installation.stop()))
  for (const place of places) place.remove()
}, 60_000)

/** Ids that name nothing, and bodies that no route takes: who may is past the guard then, and changes nothing. */
const addressOf = ({ template }: Operation): string => template.replaceAll(/\{(\w+)\}/g, (_, name: string) => ({ slug: 'nowhere', number: '1', digest: 'a'.repeat(64), keyId: 'b'.repeat(64), id: template.includes('/claims/') ? '0123456789abcdef' : UNKNOWN })[name] ?? UNKNOWN)
const UNKNOWN = '019c0000-0000-4000-8000-000000000000'
const givenFor = ({ method }: Operation): Call => ({ method, ...(method === 'GET' ? {} : { body: '[]' }) })
const guarded = (): Operation[] => operations.filter(({ permission }) => permission !== 'anyone')

type Expected = 'past the guard' | 'not-signed-in' | 'not-allowed' | 'step-up-needed'
/** What an answer says of the guard; what the record or the body got wrong comes after it. */
function outcome(answer: Answer): string {
  if (answer.status >= 500) return `broken: ${answer.status} ${answer.text.slice(0, 200)}`
  const problem = answer.status >= 400 ? answer.json<{ type: string }>().type.replace('urn:vouchsafe:problem:', '') : undefined
  return problem !== undefined && ['not-signed-in', 'not-allowed', 'step-up-needed'].includes(problem) ? problem : 'past the guard'
}
async function all(ask: (operation: Operation) => Promise<Answer>, expected: (operation: Operation) => Expected | undefined, of = guarded()): Promise<void> {
  const wrong: string[] = []
  for (const operation of of) {
    const wanted = expected(operation)
    if (wanted === undefined) continue
    const answer = await ask(operation)
    const got = outcome(answer)
    if (got !== wanted) wrong.push(`${operation.name}: ${wanted} was due, and it was ${got} (${answer.status} ${answer.text.slice(0, 160)})`)
  }
  expect(wrong).toEqual([])
}
const isReading = (permission: string): boolean => /\.read(-|$)/.test(permission)

describe('every route of the manifest', () => {
  test('is there: the guard has something to guard', () => expect(guarded().length).toBeGreaterThan(60))

  test('that writes and asks for no permission stands in the list, with what permits it instead', () => {
    const open = operations.filter(({ permission, method }) => permission === 'anyone' && method !== 'GET').map(({ name }) => name)
    expect(open.toSorted()).toEqual(Object.keys(OPEN_WRITES).toSorted())
  })

  test('takes nobody who shows nothing, or something that is dead', async () => {
    await all((operation) => here.public(addressOf(operation), givenFor(operation)), () => 'not-signed-in')
    await all((operation) => here.public(addressOf(operation), { ...givenFor(operation), headers: { cookie: `__Host-session=${'A'.repeat(43)}` } }), () => 'not-signed-in')
    await all((operation) => here.public(addressOf(operation), { ...givenFor(operation), headers: { authorization: 'Bearer vs_AAAA' } }), () => 'not-signed-in')
  })

  test('takes nobody of another organisation, by session or token', async () => {
    // What is theirs is shown here as it is: the same bytes, to the other host.
    const theirs = await stranger.call('/api/v1/session')
    expect(theirs.status).toBe(200)
    await all((operation) => foreignTokenHere(operation), () => 'not-signed-in')
    await all((operation) => strangerHere(operation), () => 'not-signed-in')
  })

  test('refuses a colleague who holds no role, and says so', async () => {
    await all((operation) => employee.call(addressOf(operation), givenFor(operation)), ({ permission, name }) => (permission === 'signed-in' ? (ENDS_THE_SESSION.includes(name) ? undefined : 'past the guard') : 'not-allowed'))
  })

  test('lets an owner through', async () => {
    await all((operation) => owner.call(addressOf(operation), givenFor(operation)), ({ name }) => (ENDS_THE_SESSION.includes(name) ? undefined : 'past the guard'))
  })

  test('changes nothing for a request that another site could have sent', async () => {
    await all((operation) => owner.bare(addressOf(operation), { ...givenFor(operation), headers: { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' } }), ({ method }) => (method === 'GET' ? undefined : 'not-allowed'))
    await all((operation) => owner.bare(addressOf(operation), { ...givenFor(operation), headers: { origin: here.installation.url, 'sec-fetch-site': 'same-origin' } }), ({ method }) => (method === 'GET' ? undefined : 'not-allowed'))
  })

  test('takes a token for what its scopes name, and never for what is dangerous or a person’s own', async () => {
    const due = (operation: Operation, inScope: boolean): Expected => (operation.permission === 'signed-in' || operation.stepUp || operation.permission === 'access.simulate' || !inScope ? 'not-allowed' : 'past the guard')
    await all((operation) => fullToken(addressOf(operation), givenFor(operation)), (operation) => due(operation, true))
    await all((operation) => readingToken(addressOf(operation), givenFor(operation)), (operation) => due(operation, isReading(operation.permission)))
  })

  test('that is dangerous wants the second factor again once it was shown long ago', async () => {
    clock.advance(11 * 60_000)
    expect(guarded().filter(({ stepUp }) => stepUp).length).toBeGreaterThan(8)
    await all((operation) => owner.call(addressOf(operation), givenFor(operation)), ({ stepUp }) => (stepUp ? 'step-up-needed' : undefined))
  })
})

describe('what somebody holds', () => {
  test('is refused with the next request after it was taken', async () => {
    const auditor = await invite(here, clock, await fresh(), 'Aron Auditor', 'auditor')
    expect((await auditor.call('/api/v1/audit')).status).toBe(200)
    const { items } = (await auditor.call(`/api/v1/assignments?person=${auditor.id}`)).json<{ items: { id: string; roleTitle: string; name: string }[] }>()
    expect(items).toMatchObject([{ roleTitle: 'Auditor', name: 'Aron Auditor' }])
    expect((await here.operator(`/api/v1/assignments/${items[0]!.id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await auditor.call('/api/v1/audit')).status).toBe(403)
  })
})

describe('what is seen and done by a person', () => {
  let administrator: Member
  beforeAll(async () => {
    administrator = await invite(here, clock, await fresh(), 'Ada Admin', 'administrator')
  }, 60_000)

  test('an approval names them and their role in its record, and their id in the audit', async () => {
    const imported = await administrator.call('/api/v1/policies/import?save=true&slug=harbour&name=harbour.md', { method: 'POST', body: '# Harbour\n\nData in transit is encrypted with TLS 1.2 or 1.3.\n' })
    const { version } = imported.json<{ version: { number: number } }>()
    const approved = await administrator.call(`/api/v1/policies/harbour/versions/${version.number}/approve`, { method: 'POST', body: {} })
    expect(approved.json()).toMatchObject({ createdBy: 'Ada Admin, Administrator', decisions: [{ kind: 'approved', by: 'Ada Admin, Administrator' }] })
    const { items } = (await administrator.call('/api/v1/audit?action=policy.approve&limit=1')).json<{ items: { actor: string; requestId: string }[] }>()
    expect(items).toMatchObject([{ actor: `person:${administrator.id}`, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) }])
  })

  test('a field that a role denies is gone from the record, the list, sorting and the export; an owner still sees it', async () => {
    const rules = [{ effect: 'allow', verb: 'find', record: 'person' }, { effect: 'allow', verb: 'read', record: 'person' }, { effect: 'deny', verb: 'read', record: 'person', names: ['email'] }, { effect: 'allow', verb: 'act', record: 'person', names: ['read'] }]
    const role = (await here.operator('/api/v1/roles', { method: 'POST', body: { title: 'Names only', sentence: 'Sees who is here', rules } })).json<{ id: string }>()
    const reader = await invite(here, clock, await fresh(), 'Rita Reader', role.id)
    const list = await reader.call('/api/v1/people')
    expect(list.status).toBe(200)
    expect(list.text).toContain('Olive Owner')
    expect(list.text).not.toContain('@example.org')
    expect((await reader.call(`/api/v1/people/${owner.id}`)).text).not.toContain('@')
    for (const query of ['sort=email', 'sort=nosuchfield']) expect((await reader.call(`/api/v1/people?${query}`)).status, query).toBe(422)
    expect((await owner.call('/api/v1/people')).text).toContain('olive@example.org')
  })

  test('“why?” names the rules and the roles, and is no way to learn who is here', async () => {
    const why = await administrator.call(`/api/v1/access/why?person=${administrator.id}&verb=act&record=policy&name=approve`)
    expect(why.json()).toMatchObject({ allowed: true, summary: 'Allowed by Administrator.' })
    const refused = await administrator.call(`/api/v1/access/why?person=${employee.id}&verb=read&record=person&name=email&id=${owner.id}`)
    expect(refused.json()).toMatchObject({ allowed: false, rules: [{ outcome: 'does not apply' }, { outcome: 'does not apply' }] })
    expect((await administrator.call(`/api/v1/access/why?person=${UNKNOWN}&verb=find&record=person`)).status).toBe(404)
    expect((await administrator.call(`/api/v1/access/why?person=${owner.id}&verb=find&record=nothing`)).status).toBe(422)
  })

  test('somebody who may see as others do reads with their eyes, writes nothing, stays below themselves, and stands in the audit', async () => {
    const as = (id: string): Record<string, string> => ({ 'vouchsafe-view-as': id })
    expect((await administrator.call('/api/v1/audit', { headers: as(employee.id) })).status).toBe(403)
    const own = await administrator.call('/api/v1/me/access', { headers: as(employee.id) })
    expect(own.json<{ records: Record<string, unknown> }>().records).toHaveProperty('person')
    expect(Object.keys(own.json<{ records: object }>().records)).toEqual(['person'])
    expect((await administrator.call('/api/v1/audit', { headers: as(owner.id) })).status).toBe(403)
    expect((await administrator.call('/api/v1/settings', { method: 'PATCH', body: {}, headers: as(employee.id) })).status).toBe(403)
    expect((await employee.call('/api/v1/me/access', { headers: as(administrator.id) })).status).toBe(403)
    expect((await administrator.call(`/api/v1/access/as/${employee.id}`)).json()).toMatchObject({ roles: [{ title: 'Employee' }], records: { person: { find: true, act: [] } } })
    const { items } = (await administrator.call('/api/v1/audit?action=access.simulate')).json<{ items: { actor: string; subject: string }[] }>()
    expect(items.length).toBeGreaterThanOrEqual(3)
    expect(items[0]).toMatchObject({ actor: `person:${administrator.id}`, subject: `person:${employee.id}` })
  })

  test('who can do what is exported by person and by permission', async () => {
    const byPermission = (await administrator.call('/api/v1/access/export?by=permission')).json<{ permissions: { permission: string; name: string; by: string[] }[] }>()
    expect(byPermission.permissions.filter(({ permission }) => permission === 'evidence.erase').map(({ name }) => name)).toEqual(['Olive Owner'])
    expect(byPermission.permissions.filter(({ permission }) => permission === 'policy.approve').map(({ name, by }) => `${name} by ${by.join()}`).toSorted()).toEqual(['Ada Admin by Administrator', 'Olive Owner by Owner'])
    const csv = await administrator.call('/api/v1/access/export?format=csv')
    expect(csv.headers['content-disposition']).toContain('who-can-do-what-by-person.csv')
    expect(csv.text.split('\r\n')[0]).toBe('"person","name","kind","what","of","by"')
  })

  test('an open console hears what its person may know of, and is cut off with the session', async () => {
    const [theirs, others] = [listen(here.port, employee.cookie()), listen(here.port, administrator.cookie())]
    const operators = listen({ socketPath: `${places[0]!.data}/operator/socket` }, undefined, { authorization: `Bearer ${(await import('../../src/surfaces/http/operator.ts')).findOperatorDoor(places[0]!.data).token}` })
    await Promise.all([theirs.opened, others.opened, operators.opened])
    await here.operator('/api/v1/assignments', { method: 'POST', body: { role: 'responder', person: administrator.id, reason: 'test' } })
    await until(async () => others.names().includes('role.given') && operators.names().includes('role.given'), 'role.given')
    expect(theirs.names(), 'what is given to somebody else is not theirs to know').not.toContain('role.given')
    await here.operator('/api/v1/settings', { method: 'PATCH', body: { accent: '#0c6b5b' } })
    await until(async () => others.names().includes('settings.changed'), 'settings.changed')
    await here.operator(`/api/v1/people/${employee.id}/deactivate`, { method: 'POST', body: {} })
    await until(async () => theirs.isOver(), 'the end of the stream of somebody deactivated')
    expect(others.isOver()).toBe(false)
    expect(others.names()).toContain('person.deactivated')
    expect((await employee.call('/api/v1/session')).status).toBe(401)
    for (const stream of [theirs, others, operators]) stream.close()
    expect(await listen(here.port, undefined).opened).toBe(401)
  })
})

/** The owner's second factor was shown long ago by now; the operator needs none. */
async function fresh(): Promise<Member> {
  return { ...owner, call: (path, given) => here.operator(path, given) }
}
async function strangerHere(operation: Operation): Promise<Answer> {
  return stranger.at(here, addressOf(operation), givenFor(operation))
}
async function foreignTokenHere(operation: Operation): Promise<Answer> {
  return foreignToken(addressOf(operation), givenFor(operation))
}
