import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ManualClock } from '#core/clock'
import type { TemporaryServer } from '#core/database'
import { nobody, OPERATOR, standOn, startTemporaryServer, type Stand } from './people.fixture.ts'
import type { PersonId } from './people.ts'

let server: TemporaryServer
let stand: Stand
const clock = new ManualClock('2026-03-01T09:00:00Z')

beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standOn(server, { clock })
})
afterAll(() => server?.stop())

const ending = { by: OPERATOR, way: 'api' } as const

describe('coming', () => {
  test('a person is found by id, and by their address in any case and any way of writing it', async () => {
    const ada = await stand.add({ displayName: 'Ada Lovelace', email: 'Ada.Lovelace@Bücher.Example' })
    expect(await stand.people.find(ada.id)).toEqual(ada)
    for (const spelling of ['ada.lovelace@bücher.example', 'ADA.LOVELACE@XN--BCHER-KVA.EXAMPLE', 'ａda.lovelace@bu\u0308cher.example']) expect((await stand.people.findByEmail(spelling))?.id, spelling).toBe(ada.id)
    expect(ada).toMatchObject({ email: 'Ada.Lovelace@Bücher.Example', state: 'active', epoch: 0, version: 1 })
    expect(stand.heard.at(-1)).toMatchObject({ name: 'person.created', payload: { person: ada.id, kind: 'person', state: 'active' } })
  })

  test('an address that is taken in another spelling is refused, and so is one that only looks the same', async () => {
    await stand.add({ displayName: 'Paul Ace', email: 'pace@example.org' })
    await expect(stand.add({ email: 'PACE@example.org' })).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('belongs to somebody') })
    await expect(stand.add({ email: 'расе@example.org' })).rejects.toMatchObject({ code: 'conflict' }) // all four Cyrillic
    expect(await stand.people.findByEmail('расе@example.org')).toBeUndefined()
  })

  test('two people may share a name, but not a look', async () => {
    await stand.add({ displayName: 'Eva Cope' })
    await stand.add({ displayName: 'eva COPE' })
    await expect(stand.add({ displayName: 'Еva Соре' })).rejects.toMatchObject({ code: 'conflict', fields: [{ pointer: '/displayName' }] })
  })

  test('a person needs an address, a service account does not', async () => {
    const service = await stand.add({ kind: 'service', displayName: 'Deploy' })
    expect(service).not.toHaveProperty('email')
    await expect(stand.change((tx) => stand.people.create(tx, { kind: 'person', displayName: 'No Mail', state: 'active' }))).rejects.toMatchObject({ code: 'bad-input' })
  })

  test('twenty at once with one address: one comes in', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => stand.add({ displayName: `Racer ${i}`, email: i % 2 ? 'race@example.com' : 'RACE@example.com' })))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const each of tries) if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'conflict' })
  })

  test.each(['', 'not-an-id', "'; drop table identity.person", nobody])('nobody has the id %j', async (id) => {
    expect(await stand.people.find(id)).toBeUndefined()
    expect(await stand.people.standing(id)).toBeUndefined()
    await expect(stand.people.deactivate(id as PersonId, ending)).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('changing', () => {
  test('each change raises the version, tells which fields changed, and a change to an older version is refused', async () => {
    const person = await stand.add({ displayName: 'Grace Hopper' })
    clock.advance(1000)
    const after = await stand.change((tx) => stand.people.update(tx, person.id, { title: 'Admiral', displayName: 'Grace Hopper' }, 1))
    expect(after).toMatchObject({ title: 'Admiral', version: 2, changedAt: clock.now() })
    expect(stand.heard.at(-1)).toMatchObject({ name: 'person.changed', payload: { person: person.id, fields: ['title'] } })
    await expect(stand.change((tx) => stand.people.update(tx, person.id, { title: 'Captain' }, 1))).rejects.toMatchObject({ code: 'precondition-failed' })
    expect(await stand.people.find(person.id)).toEqual(after)
  })

  test('a change that changes nothing is none', async () => {
    const person = await stand.add()
    const told = stand.heard.length
    expect(await stand.change((tx) => stand.people.update(tx, person.id, { displayName: person.displayName, title: null }))).toEqual(person)
    expect(stand.heard).toHaveLength(told)
  })

  test('somebody invited becomes active once, with their first credential', async () => {
    const person = await stand.add({ state: 'invited' })
    expect(await stand.people.standing(person.id)).toMatchObject({ active: false })
    await stand.change((tx) => stand.people.activate(tx, person.id))
    await stand.change((tx) => stand.people.activate(tx, person.id))
    expect(await stand.people.find(person.id)).toMatchObject({ state: 'active', version: 2 })
    expect(stand.heard.filter(({ name, payload }) => name === 'person.activated' && (payload as { person: string }).person === person.id)).toHaveLength(1)
  })
})

describe('going', () => {
  test('whoever is deactivated is in no group, has another epoch, and stands no more', async () => {
    const person = await stand.add()
    const group = await stand.change((tx) => stand.people.createGroup(tx, { name: 'Leavers' }))
    await stand.change((tx) => stand.people.changeMembers(tx, group.id, { add: [person.id] }, 'scim:okta'))
    expect(await stand.people.standing(person.id)).toEqual({ active: true, epoch: 0, kind: 'person', groups: [group.id] })
    await stand.people.deactivate(person.id, { ...ending, why: 'left' })
    expect(await stand.people.standing(person.id)).toEqual({ active: false, epoch: 1, kind: 'person', groups: [] })
    expect(await stand.people.find(person.id)).toMatchObject({ state: 'deactivated', deactivatedWhy: 'left', deactivatedAt: clock.now() })
    await expect(stand.change((tx) => stand.people.changeMembers(tx, group.id, { add: [person.id] }, null))).rejects.toMatchObject({ code: 'bad-input' })
  })

  test('reactivation brings back the person, and nothing that they held', async () => {
    const person = await stand.add()
    const group = await stand.change((tx) => stand.people.createGroup(tx, { name: 'Comers' }))
    await stand.change((tx) => stand.people.changeMembers(tx, group.id, { add: [person.id] }, null))
    await stand.people.deactivate(person.id, ending)
    await stand.people.reactivate(person.id, OPERATOR)
    expect(await stand.people.standing(person.id)).toEqual({ active: true, epoch: 1, kind: 'person', groups: [] })
    expect(await stand.people.find(person.id)).not.toHaveProperty('deactivatedAt')
  })

  test('whoever never accepted an invitation is invited again by reactivation, not let in', async () => {
    const person = await stand.add({ state: 'invited' })
    await stand.people.deactivate(person.id, ending)
    await stand.people.reactivate(person.id, OPERATOR)
    expect(await stand.people.find(person.id)).toMatchObject({ state: 'invited' })
  })

  test('twenty at once: it happens once', async () => {
    const person = await stand.add()
    await Promise.all(Array.from({ length: 20 }, () => stand.people.deactivate(person.id, ending)))
    expect(await stand.people.standing(person.id)).toMatchObject({ active: false, epoch: 1 })
  })

  test('the last owner stays; a second one lets the first go', async () => {
    const [first, second] = [await stand.add(), await stand.add()]
    stand.owners.add(first.id)
    await expect(stand.people.deactivate(first.id, ending)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('last owner') })
    expect(await stand.people.standing(first.id)).toMatchObject({ active: true, epoch: 0 })
    stand.owners.add(second.id)
    await stand.people.deactivate(first.id, ending)
    await expect(stand.people.deactivate(second.id, ending)).rejects.toMatchObject({ code: 'conflict' })
    stand.owners.clear()
  })

  test('two owners who deactivate each other at the same moment: exactly one wins, each time', async () => {
    for (let round = 0; round < 15; round++) {
      const [a, b] = [await stand.add(), await stand.add()]
      stand.owners.add(a.id).add(b.id)
      const outcomes = await Promise.allSettled([stand.people.deactivate(a.id, { by: { kind: 'person', name: b.id }, way: 'console' }), stand.people.deactivate(b.id, { by: { kind: 'person', name: a.id }, way: 'console' })])
      expect(outcomes.map(({ status }) => status).toSorted(), `round ${round}`).toEqual(['fulfilled', 'rejected'])
      stand.owners.clear()
    }
  })

  test('what a reaction refuses has not happened', async () => {
    const person = await stand.add()
    await expect(stand.change(async (tx) => {
      await stand.people.signOutEverywhere(tx, person.id)
      throw new Error('no')
    })).rejects.toThrow('no')
    expect(await stand.people.standing(person.id)).toMatchObject({ epoch: 0 })
    await stand.change((tx) => stand.people.signOutEverywhere(tx, person.id))
    expect(await stand.people.standing(person.id)).toMatchObject({ active: true, epoch: 1 })
  })
})
