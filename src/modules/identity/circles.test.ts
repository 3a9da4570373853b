import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ManualClock } from '#core/clock'
import type { TemporaryServer } from '#core/database'
import { fullAccess } from '#core/permission'
import { recordTypesOf } from '#core/module'
import { identity } from './contract.ts'
import { listMembers, listPeople } from './listing/store.ts'
import { nobody, OPERATOR, standOn, startTemporaryServer, type Stand } from './people.fixture.ts'
import type { Group, PersonId } from './people.ts'
import { outside } from './store.ts'

let server: TemporaryServer
let stand: Stand
const clock = new ManualClock('2026-03-01T09:00:00Z')
const FULL = fullAccess({ kind: 'operator' }, recordTypesOf([identity]))

beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standOn(server, { clock })
})
afterAll(() => server?.stop())

const make = (name: string, over = {}): Promise<Group> => stand.change((tx) => stand.people.createGroup(tx, { name, ...over }))
const changeMembers = (group: Group, change: { add?: PersonId[]; remove?: PersonId[] }, managedBy: string | null = null) => stand.change((tx) => stand.people.changeMembers(tx, group.id, change, managedBy))
const members = async (group: Group) => (await stand.people.membersOf(group.id, { limit: 1000 })).map(({ person }) => person).toSorted()

describe('groups', () => {
  test('one name is one group, in any case', async () => {
    const group = await make('Platform Team')
    await expect(make('platform  TEAM')).rejects.toMatchObject({ code: 'conflict', fields: [{ pointer: '/name' }] })
    expect(await stand.people.findGroupByName(' PLATFORM team ')).toEqual(group)
    expect(await stand.people.findGroup(group.id)).toEqual(group)
    expect(await stand.people.findGroup('x')).toBeUndefined()
  })

  test('a change to an older version is refused', async () => {
    const group = await make('Versioned')
    expect(await stand.change((tx) => stand.people.updateGroup(tx, group.id, { description: 'Some' }, 1))).toMatchObject({ version: 2, description: 'Some' })
    await expect(stand.change((tx) => stand.people.updateGroup(tx, group.id, { name: 'Other' }, 1))).rejects.toMatchObject({ code: 'precondition-failed' })
  })
})

describe('memberships', () => {
  test('are added once and removed once, and say who keeps them', async () => {
    const [a, b] = [await stand.add(), await stand.add()]
    const group = await make('Twice')
    await changeMembers(group, { add: [a.id, b.id, a.id] })
    await changeMembers(group, { add: [a.id] }, 'okta') // a member already: stays as it was
    expect(await stand.people.membersOf(group.id, { limit: 10 })).toEqual([a.id, b.id].toSorted().map((person) => ({ group: group.id, person, since: clock.now() })))
    await changeMembers(group, { remove: [a.id, a.id] })
    await changeMembers(group, { remove: [a.id] })
    expect(await members(group)).toEqual([b.id])
    expect((await stand.people.findGroup(group.id))?.version).toBe(3) // what changed nothing is no new version
  })

  test('that somebody else keeps are refused, and then nothing of the change has happened', async () => {
    const [a, b, c] = [await stand.add(), await stand.add(), await stand.add()]
    const group = await make('Mixed')
    await changeMembers(group, { add: [a.id] }, 'okta')
    await changeMembers(group, { add: [b.id] })
    await expect(changeMembers(group, { remove: [a.id, b.id], add: [c.id] })).rejects.toMatchObject({ code: 'conflict' })
    await expect(changeMembers(group, { remove: [b.id] }, 'okta')).rejects.toMatchObject({ code: 'conflict' })
    await expect(changeMembers(group, { remove: [a.id] }, 'entra')).rejects.toMatchObject({ code: 'conflict' })
    expect(await members(group)).toEqual([a.id, b.id].toSorted())
    await expect(stand.change((tx) => stand.people.deleteGroup(tx, group.id, 'okta'))).rejects.toMatchObject({ code: 'conflict' })
    await changeMembers(group, { remove: [a.id] }, 'okta')
    await stand.change((tx) => stand.people.deleteGroup(tx, group.id, null))
    expect(await stand.people.groupsOf(b.id)).toEqual([])
  })

  test.each([[nobody], ['not-an-id' as PersonId]])('of %s there are none: all or nothing', async (id) => {
    const person = await stand.add()
    const group = await make(`All or nothing ${id}`)
    await expect(changeMembers(group, { add: [person.id, id] })).rejects.toMatchObject({ code: 'bad-input' })
    expect(await members(group)).toEqual([])
  })

  test('somebody who joins while they are deactivated is in no group afterwards, whichever came first', async () => {
    for (let round = 0; round < 20; round++) {
      const person = await stand.add()
      const group = await make(`Race ${round}`)
      await Promise.allSettled([changeMembers(group, { add: [person.id] }), stand.people.deactivate(person.id, { by: OPERATOR, way: 'scim' })])
      expect(await members(group), `round ${round}`).toEqual([])
    }
  })
})

describe('fifty thousand', () => {
  const COUNT = 50_000
  const ids = Array.from({ length: COUNT }, () => randomUUID() as PersonId)
  let group: Group
  beforeAll(async () => {
    await sql`
      insert into identity.person (id, kind, display_name, name_folded, name_plain, name_skeleton, email, email_folded, email_skeleton, state, created_at, changed_at, activated_at)
      select id, 'person', 'Many ' || n, 'many ' || n, 'many ' || n, 'many ' || n, 'many' || n || '@many.example', 'many' || n || '@many.example', 'many' || n || '@many.example', 'active', now(), now(), now()
      from unnest(${ids}::uuid[]) with ordinality as t(id, n)`.execute(stand.db.app)
    await sql`analyze identity.person`.execute(stand.db.app).catch(() => {}) // the application role may not; the planner does without
    group = await make('Everybody')
  })

  test('members are one call, told in batches, and one version of the group', async () => {
    const told = stand.heard.length
    await changeMembers(group, { add: ids })
    const heard = stand.heard.slice(told)
    expect(heard.map(({ name }) => name)).toEqual(Array(50).fill('membership.changed'))
    expect(new Set(heard.flatMap(({ payload }) => (payload as { added: string[] }).added)).size).toBe(COUNT)
    expect((await stand.people.findGroup(group.id))?.version).toBe(2)
    let after: string | undefined
    let seen = 0
    do {
      const page = await stand.people.membersOf(group.id, { limit: 1000, ...(after === undefined ? {} : { after }) })
      seen += page.length
      after = page.at(-1)?.person
    } while (after !== undefined)
    expect(seen).toBe(COUNT)
  })

  test('people and members are paged without reading all of them', async () => {
    const q = outside(stand.db.app)
    const first = await listPeople(q, FULL, { limit: 50, sort: 'displayName' })
    const second = await listPeople(q, FULL, { limit: 50, sort: 'displayName', cursor: first.next ?? '' })
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(100)
    const page = await listMembers(q, FULL, group.id, { limit: 200 })
    expect(page.items).toHaveLength(200)
    expect((await listMembers(q, FULL, group.id, { limit: 200, cursor: page.next ?? '' })).items[0]?.['id']).not.toBe(page.items[0]?.['id'])
    // The claim is about the plan: an index gives the order, and nothing is sorted.
    const plan = await plans((planning) => listPeople(planning, FULL, { limit: 50, sort: 'displayName', cursor: first.next ?? '' }))
    expect(plan).toContain('person_name')
    expect(plan).not.toMatch(/Sort|Seq Scan/)
  })

  test('and are taken out again in one call', async () => {
    await changeMembers(group, { remove: ids })
    expect(await members(group)).toEqual([])
  })

  /** What PostgreSQL would do for the statements that `work` runs. */
  async function plans(work: (q: ReturnType<typeof outside>) => Promise<unknown>): Promise<string> {
    const statements: { sql: string; parameters: readonly unknown[] }[] = []
    const spying = new Proxy(outside(stand.db.app), {
      get: (target, name) =>
        name === 'getExecutor'
          ? () => {
              const executor = target.getExecutor()
              return new Proxy(executor, {
                get: (inner, what) => {
                  const value: unknown = Reflect.get(inner, what)
                  if (what !== 'executeQuery') return typeof value === 'function' ? value.bind(inner) : value
                  return (query: { sql: string; parameters: readonly unknown[] }, ...rest: unknown[]) => {
                    statements.push(query)
                    return (value as (...args: unknown[]) => unknown).call(inner, query, ...rest)
                  }
                },
              })
            }
          : Reflect.get(target, name),
    })
    await work(spying)
    let text = ''
    for (const statement of statements) {
      const { rows } = await stand.db.appPool.query<{ 'QUERY PLAN': string }>(`explain ${statement.sql}`, [...statement.parameters])
      text += rows.map((row) => row['QUERY PLAN']).join('\n')
    }
    return text
  }
})
