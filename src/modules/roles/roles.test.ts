import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTemporaryServer, type Change, type OrganisationDatabase, type TemporaryServer } from '#core/database'
import { Events, type Actor, type Contract, type Recognised } from '#core/module'
import type { Rule } from '#core/permission'
import { identity, identityMigrations, type People, type PersonId } from '#modules/identity'
import { createIdentityModule } from '../identity/module.ts'
import { BUILT_IN } from './built-in.ts'
import { roles as contract } from './contract.ts'
import { createRolesModule, type RolesServices } from './module.ts'
import { rolesMigrations } from './store.ts'

let now = new Date('2026-11-22T10:00:00Z')
const clock = { now: () => now }
const OPERATOR = { kind: 'operator', name: 'Ada Example' } as const
let server: TemporaryServer
let db: OrganisationDatabase
let people: People
let services: ReturnType<typeof createRolesModule>
/** A second node on the same database: nothing is shared but the database. */
let other: RolesServices

function assemble(): { people: People; services: ReturnType<typeof createRolesModule> } {
  const events = new Events()
  const contracts: Contract[] = [identity, contract]
  const made: ReturnType<typeof createRolesModule> = createRolesModule({ db, events, people: () => roll.people, contracts: () => contracts })
  const roll: ReturnType<typeof createIdentityModule> = createIdentityModule({ db, events, owners: made.giving, organisation: async () => ({}), localUrl: () => 'http://localhost' })
  events.connect([{ ...roll.module }, { ...made.module }])
  return { people: roll.people, services: made }
}

beforeAll(async () => {
  server = await startTemporaryServer()
  db = await server.createDatabase({ migrations: [identityMigrations, rolesMigrations], clock })
  ;({ people, services } = assemble())
  other = assemble().services
}, 60_000)
afterAll(() => server?.stop())

let count = 0
async function person(...held: string[]): Promise<PersonId> {
  const name = `Person ${['alpha', 'beta', 'gamma', 'delta'][count % 4]} ${++count}`
  const { id } = await db.change({ actor: OPERATOR, action: 'x', subject: { kind: 'person', id: 'x' } }, (tx: Change<never>) => people.create(tx, { kind: 'person', displayName: name, email: `p${count}@example.org`, state: 'active' }))
  for (const role of held) await services.giving.give(OPERATOR, { role, holder: { kind: 'person', id }, reason: 'test' })
  return id
}
async function group(...members: PersonId[]): Promise<string> {
  return db.change({ actor: OPERATOR, action: 'x', subject: { kind: 'group', id: 'x' } }, async (tx: Change<never>) => {
    const made = await people.createGroup(tx, { name: `Group ${++count}` })
    await people.changeMembers(tx, made.id, { add: members }, null)
    return made.id
  })
}
const as = (id: string): Extract<Actor, { kind: 'person' }> => ({ kind: 'person', id, by: { kind: 'session', sessionId: 's' } })
async function recognised(id: string, token?: string[]): Promise<Recognised> {
  const standing = await people.standing(id)
  return { actor: token ? { kind: 'person', id, by: { kind: 'token', tokenId: 't' } } : as(id), groups: standing?.groups ?? [], ...(token ? { scopes: token } : {}) }
}
const may = async (id: string, record: string, name: string, of: RolesServices = services, token?: string[]): Promise<boolean> => (await of.grants.accessOf(await recognised(id, token), now)).allows({ verb: 'act', record, name })
const assignmentsOf = async (id: string) => (await db.appPool.query<{ id: string; role: string }>('select id, role from roles.assignment where person_id = $1 and ended_at is null', [id])).rows

describe('what is given holds with the next request, on every node', () => {
  test('and what is taken ends with it', async () => {
    const id = await person()
    expect(await may(id, 'role', 'read', other)).toBe(false)
    await services.giving.give(OPERATOR, { role: 'auditor', holder: { kind: 'person', id }, reason: 'the yearly audit' })
    expect(await may(id, 'role', 'read', other)).toBe(true)
    await services.giving.take(OPERATOR, (await assignmentsOf(id))[0]!.id)
    expect(await may(id, 'role', 'read', other)).toBe(false)
  })

  test('a group gives its role to whoever is in it, while they are', async () => {
    const id = await person()
    const team = await group(id)
    await services.giving.give(OPERATOR, { role: 'people', holder: { kind: 'group', id: team }, reason: 'they do it' })
    expect(await may(id, 'person', 'invite', other)).toBe(true)
    await db.change({ actor: OPERATOR, action: 'x', subject: { kind: 'group', id: team } }, (tx: Change<never>) => people.changeMembers(tx, team as never, { remove: [id] }, null))
    expect(await may(id, 'person', 'invite', other)).toBe(false)
  })

  test('an end date ends it by itself, remembered or not', async () => {
    const id = await person()
    await services.giving.give(OPERATOR, { role: 'auditor', holder: { kind: 'person', id }, reason: 'for an hour', until: new Date(now.getTime() + 3_600_000) })
    expect(await may(id, 'role', 'read')).toBe(true)
    const before = now
    now = new Date(now.getTime() + 3_600_000)
    expect(await may(id, 'role', 'read')).toBe(false)
    // A clock that is set back finds the role again: nobody has taken it.
    now = before
    expect(await may(id, 'role', 'read')).toBe(true)
    now = new Date(now.getTime() + 3_600_001)
    await services.giving.give(OPERATOR, { role: 'auditor', holder: { kind: 'person', id }, reason: 'again, after its end' })
    expect(await may(id, 'role', 'read')).toBe(true)
  })

  test('a changed rule of an own role', async () => {
    const id = await person()
    const role = await services.giving.createRole(OPERATOR, { title: 'Reader of roles', sentence: 'x', rules: [{ effect: 'allow', verb: 'act', record: 'role', names: ['read'] }] })
    await services.giving.give(OPERATOR, { role: role.id, holder: { kind: 'person', id }, reason: 'x' })
    expect(await may(id, 'role', 'read', other)).toBe(true)
    await services.giving.changeRole(OPERATOR, role.id, { title: 'Reader of roles', sentence: 'x', rules: [] }, 1)
    expect(await may(id, 'role', 'read', other)).toBe(false)
    await expect(services.giving.changeRole(OPERATOR, role.id, { title: 'x', sentence: 'x', rules: [] }, 1)).rejects.toMatchObject({ code: 'precondition-failed' })
  })

  test('a deactivation takes every role, and a reactivation brings none back', async () => {
    const id = await person('administrator')
    await people.deactivate(id, { by: OPERATOR, way: 'api' })
    expect(await assignmentsOf(id)).toEqual([])
    await people.reactivate(id, OPERATOR)
    expect(await may(id, 'role', 'give', other)).toBe(false)
  })
})

describe('nobody gives what they do not hold', () => {
  test('an administrator gives every role but owner, and cannot take that of an owner', async () => {
    const [administrator, somebody, owner] = [await person('administrator'), await person(), await person('owner')]
    for (const { id } of BUILT_IN.filter((role) => role.id !== 'employee')) {
      const giving = services.giving.give(as(administrator), { role: id, holder: { kind: 'person', id: somebody }, reason: 'x' })
      if (id === 'owner') await expect(giving).rejects.toMatchObject({ code: 'not-allowed' })
      else await expect(giving).resolves.toMatchObject({ role: id })
    }
    await expect(services.giving.take(as(administrator), (await assignmentsOf(owner))[0]!.id)).rejects.toMatchObject({ code: 'not-allowed' })
    await person('owner') // another one stays
  })

  const mine: Rule[] = [{ effect: 'allow', verb: 'act', record: 'role', names: ['give', 'change', 'read'] }, { effect: 'allow', verb: 'read', record: 'person', names: ['displayName'] }]
  const above: [string, Rule[]][] = [
    ['everything', [{ effect: 'allow', verb: 'act', record: '*' }]],
    ['another act', [{ effect: 'allow', verb: 'act', record: 'role', names: ['give', 'destroy'] }]],
    ['all acts of a record', [{ effect: 'allow', verb: 'act', record: 'role' }]],
    ['another field', [{ effect: 'allow', verb: 'read', record: 'person', names: ['email'] }]],
    ['all fields', [{ effect: 'allow', verb: 'read', record: 'person' }]],
    ['all records', [{ effect: 'allow', verb: 'read', record: '*', names: ['displayName'] }]],
    ['to write what one reads', [{ effect: 'allow', verb: 'write', record: 'person', names: ['displayName'] }]],
    ['what is held, and a little more', [...mine, { effect: 'allow', verb: 'find', record: 'person' }]],
  ]
  test.each(above)('not by a role that allows %s', async (_what, rules) => {
    const role = await services.giving.createRole(OPERATOR, { title: `Mine ${++count}`, sentence: 'x', rules: mine })
    const giver = await person(role.id)
    await expect(services.giving.createRole(as(giver), { title: `Above ${++count}`, sentence: 'x', rules })).rejects.toMatchObject({ code: 'not-allowed' })
    const higher = await services.giving.createRole(OPERATOR, { title: `Higher ${++count}`, sentence: 'x', rules })
    await expect(services.giving.give(as(giver), { role: higher.id, holder: { kind: 'person', id: giver }, reason: 'x' })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(services.giving.changeRole(as(giver), role.id, { title: role.title, sentence: 'x', rules }, undefined)).rejects.toMatchObject({ code: 'not-allowed' })
  })

  test('nor by taking a denial out of a role', async () => {
    const denial: Rule = { effect: 'deny', verb: 'read', record: 'person', names: ['email'] }
    const rules: Rule[] = [...mine, { effect: 'allow', verb: 'read', record: 'person' }, denial]
    const role = await services.giving.createRole(OPERATOR, { title: `Denied ${++count}`, sentence: 'x', rules })
    const giver = await person(role.id)
    await expect(services.giving.changeRole(as(giver), role.id, { title: role.title, sentence: 'x', rules: rules.filter((rule) => rule !== denial) }, undefined)).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(services.giving.changeRole(as(giver), role.id, { title: role.title, sentence: 'shorter', rules }, undefined)).resolves.toMatchObject({ version: 2 })
  })

  test('nor by letting somebody into a group that holds more, nor by acting on somebody who does', async () => {
    const [helper, administrator] = [await person('people'), await person('administrator')]
    const team = await group()
    await services.giving.give(OPERATOR, { role: 'administrator', holder: { kind: 'group', id: team }, reason: 'x' })
    const inside = (work: (tx: Change<never>) => Promise<void>) => db.change({ actor: OPERATOR, action: 'x', subject: { kind: 'x', id: 'x' } }, work)
    await expect(inside((tx) => services.giving.requireOverGroup(tx, as(helper), team))).rejects.toMatchObject({ code: 'not-allowed' })
    const strong = { ...as(administrator), by: { kind: 'session', sessionId: 's', strongUntil: new Date(db.clock.now().getTime() + 60_000) } } as const
    await expect(inside((tx) => services.giving.requireOverGroup(tx, strong, team))).resolves.toBeUndefined()
    // To let somebody in is to give the role: it takes what giving takes.
    await expect(inside((tx) => services.giving.requireOverGroup(tx, as(administrator), team))).rejects.toMatchObject({ code: 'step-up-needed' })
    await expect(inside((tx) => services.giving.requireOverPerson(tx, as(helper), administrator))).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(inside((tx) => services.giving.requireOverPerson(tx, as(administrator), helper))).resolves.toBeUndefined()
  })

  test('a role taken from the giver no longer counts for what they give', async () => {
    const [giver, somebody] = [await person('administrator'), await person()]
    expect(await may(giver, 'role', 'give')).toBe(true)
    await services.giving.take(OPERATOR, (await assignmentsOf(giver))[0]!.id)
    await expect(services.giving.give(as(giver), { role: 'people', holder: { kind: 'person', id: somebody }, reason: 'x' })).rejects.toMatchObject({ code: 'not-allowed' })
  })
})

describe('owners', () => {
  const onlyOwners = async (...ids: string[]) => {
    await db.appPool.query("update roles.assignment set ended_at = now(), ended_by = 'test' where role = 'owner' and ended_at is null and not (person_id = any($1::uuid[]))", [ids])
  }

  test('the last one cannot be taken, nor deactivated; one of two can', async () => {
    const [first, second] = [await person('owner'), await person('owner')]
    await onlyOwners(first, second)
    await services.giving.take(as(first), (await assignmentsOf(second))[0]!.id)
    await expect(services.giving.take(as(first), (await assignmentsOf(first))[0]!.id)).rejects.toMatchObject({ code: 'conflict' })
    await expect(people.deactivate(first, { by: OPERATOR, way: 'cli' })).rejects.toMatchObject({ code: 'conflict' })
  })

  test.each([1, 2, 3])('two who end each other at the same moment: one of them stays (%i)', async () => {
    const pair = [await person('owner'), await person('owner')] as const
    await onlyOwners(...pair)
    const [a, b] = [(await assignmentsOf(pair[0]))[0]!.id, (await assignmentsOf(pair[1]))[0]!.id]
    const outcomes = await Promise.allSettled([services.giving.take(as(pair[0]), b), other.giving.take(as(pair[1]), a), people.deactivate(pair[0], { by: OPERATOR, way: 'api' }), people.deactivate(pair[1], { by: OPERATOR, way: 'api' })])
    const { rows } = await db.appPool.query("select 1 from roles.assignment a join identity.person p on p.id = a.person_id where role = 'owner' and ended_at is null and p.state = 'active'")
    expect(rows.length, JSON.stringify(outcomes)).toBe(1)
  })

  test('a group cannot own, nobody owns until a date, and nobody who has not come yet', async () => {
    const team = await group()
    await expect(services.giving.give(OPERATOR, { role: 'owner', holder: { kind: 'group', id: team }, reason: 'x' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(services.giving.give(OPERATOR, { role: 'owner', holder: { kind: 'person', id: await person() }, reason: 'x', until: new Date(now.getTime() + 1e9) })).rejects.toMatchObject({ code: 'bad-input' })
    const invited = await db.change({ actor: OPERATOR, action: 'x', subject: { kind: 'x', id: 'x' } }, (tx: Change<never>) => people.create(tx, { kind: 'person', displayName: 'Invited Somebody', email: 'invited@example.org', state: 'invited' }))
    await expect(services.giving.give(OPERATOR, { role: 'owner', holder: { kind: 'person', id: invited.id }, reason: 'x' })).rejects.toMatchObject({ code: 'conflict' })
  })

  test('no role of denials can lock an owner out', async () => {
    const id = await person('owner')
    const denials = await services.giving.createRole(OPERATOR, { title: `Denials ${++count}`, sentence: 'x', rules: [{ effect: 'deny', verb: 'act', record: '*' }, { effect: 'deny', verb: 'find', record: '*' }] })
    await services.giving.give(OPERATOR, { role: denials.id, holder: { kind: 'person', id }, reason: 'x' })
    expect(await may(id, 'role', 'give')).toBe(true)
  })
})

describe('a token', () => {
  test('does what its scopes name, as long as its owner may', async () => {
    const id = await person('auditor')
    expect(await may(id, 'role', 'read', services, ['role.read'])).toBe(true)
    expect(await may(id, 'assignment', 'read', services, ['role.read'])).toBe(false)
    expect(await may(id, 'role', 'give', services, ['role.give'])).toBe(false)
    expect(await may(id, 'role', 'read', services, [])).toBe(false)
    await services.giving.take(OPERATOR, (await assignmentsOf(id))[0]!.id)
    expect(await may(id, 'role', 'read', services, ['role.read'])).toBe(false)
  })

  test('whose scopes only read writes nothing', async () => {
    const access = await services.grants.accessOf(await recognised(await person('owner'), ['person.read', 'role.change']), now)
    expect(access.allows({ verb: 'write', record: 'person', name: 'title', facts: { id: 'x' } })).toBe(false)
    expect(access.allows({ verb: 'write', record: 'role', name: 'title', facts: { id: 'x' } })).toBe(true)
    expect(access.allows({ verb: 'read', record: 'person', name: 'email', facts: { id: 'x' } })).toBe(true)
    expect(access.allows({ verb: 'read', record: 'group', name: 'name', facts: { id: 'x' } })).toBe(false)
  })
})

describe('the checks of this module', () => {
  const run = async (noun: string) => {
    const found = services.module.checks.find(({ definition }) => definition.id === `roles/${noun}`)
    return found!.run({ at: now, attempt: 1, signal: new AbortController().signal })
  }

  test('hold as long as it works, having tried', async () => {
    for (const noun of ['least-privilege', 'ended-access', 'single-fields']) expect(await run(noun), noun).toMatchObject({ verdict: 'holds' })
    const { rows } = await db.appPool.query("select 1 from audit.event where action in ('role.give', 'role.create') and at > now() - interval '1 second' and actor_kind = 'person' and actor_name not in (select id::text from identity.person)")
    expect(rows, 'what is tried leaves nothing').toEqual([])
  })

  test('fail for somebody who holds everything by another name, and for a role left with somebody who went', async () => {
    const everything = await services.giving.createRole(OPERATOR, { title: 'All but in name', sentence: 'x', rules: BUILT_IN[0]!.rules })
    const id = await person(everything.id)
    expect(await run('least-privilege')).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('hold everything') })
    await services.giving.deleteRole(OPERATOR, everything.id, undefined)
    expect(await run('least-privilege')).toMatchObject({ verdict: 'holds' })
    await db.appPool.query("insert into roles.assignment (id, role, person_id, reason, given_by, given_at) values (gen_random_uuid(), 'auditor', $1, 'x', 'x', now())", [id])
    await db.appPool.query("update identity.person set state = 'deactivated', deactivated_at = now() where id = $1", [id])
    expect(await run('ended-access')).toMatchObject({ verdict: 'fails' })
  })
})
