import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTemporaryServer, type Change, type OrganisationDatabase, type TemporaryServer } from '#core/database'
import { rowOf } from './accounts.ts'
import { conditionOf, orderOf } from './condition.ts'
import { readContent } from './content.ts'
import { anyFilter, anyUser, word } from './filter.fixture.ts'
import { parseFilter, printFilter } from './filter.ts'
import { byCodePoints, comparableContent, matches, type Content } from './matching.ts'
import { readPath, type Path } from './path.ts'
import { userOf } from './resource.ts'
import { ENTERPRISE_SCHEMA, GROUP, USER } from './schema.ts'
import { insertAccount, listAccounts, listCircles, outside, provisioningMigrations, within, type AccountRow } from './store.ts'

const PEOPLE = 150
let server: TemporaryServer
let db: OrganisationDatabase
const directory = randomUUID()
/** What is kept, as it is compared in memory. */
const kept: { id: string; compared: Content }[] = []

beforeAll(async () => {
  server = await startTemporaryServer()
  db = await server.createDatabase({ migrations: [provisioningMigrations] })
  const people = fc.sample(fc.tuple(anyUser, word, fc.boolean()), { numRuns: PEOPLE, seed: 7 })
  await db.change({ actor: { kind: 'system', name: 'test' }, action: 'test', subject: { kind: 'test', id: 'test' } }, async (tx: Change<never>) => {
    await within(tx).insertInto('provisioning.directory').values({ id: directory, title: 'x', managed_by: 'x', service_account: randomUUID(), adopts_invited: false, created_at: tx.at, created_by: 'x', ended_at: null, last_request_at: null, last_change_at: null }).execute()
    for (const [index, [{ enterprise, active, ...user }, external, hasExternal]] of people.entries()) {
      const content = readContent(USER, { ...user, [ENTERPRISE_SCHEMA]: enterprise, userName: `${index % 3 === 0 ? 'A' : 'ß'}${index}`, ...(hasExternal ? { externalId: `${external}${index}` } : {}) })
      const at = new Date(Date.parse('2026-11-22T09:00:00.000Z') + (index % 4) * 100)
      const row: AccountRow = { ...rowOf(content), person_id: randomUUID(), directory_id: directory, active, ended_by_directory: false, version: 1, created_at: at, changed_at: new Date(at.getTime() + 100) }
      await insertAccount(within(tx), row)
      kept.push({ id: row.person_id, compared: comparableContent(USER, userOf(row, [])) })
    }
  })
})
afterAll(() => server?.stop())

const found = async (text: string): Promise<string[]> => {
  const { rows, total } = await listAccounts(outside(db.app), directory, { condition: conditionOf(USER, parseFilter(text)), offset: 0, limit: 1000 })
  expect(total).toBe(rows.length)
  return rows.map((row) => row.person_id).sort()
}

test('a filter finds the same people in the database and in memory', async () => {
  let some = 0
  await fc.assert(
    fc.asyncProperty(anyFilter, async (filter) => {
      const condition = conditionOf(USER, filter)
      const expected = kept.filter(({ compared }) => matches(condition, compared)).map(({ id }) => id).sort()
      if (expected.length > 0 && expected.length < PEOPLE) some++
      expect(await found(printFilter(filter))).toEqual(expected)
    }),
    { numRuns: 500 },
  )
  expect(some).toBeGreaterThan(50) // else nothing has been compared
})

test('ids, external ids and groups are looked up by what they are', async () => {
  const [one] = kept as [(typeof kept)[number]]
  expect(await found(`id eq "${one.id}"`)).toEqual([one.id])
  expect(await found(`id eq "${one.id.toUpperCase()}" or id eq "x"`)).toEqual([])
  expect(await found('groups.value eq "x" or groups[display sw "a" and type eq "direct"] or groups pr')).toEqual([])
  expect(await listCircles(outside(db.app), directory, { condition: conditionOf(GROUP, parseFilter('members[value eq "x" or type eq "USER"] or displayName sw "a" or members pr or meta.resourceType eq "User"')), offset: 0, limit: 10 })).toEqual({ total: 0, rows: [] })
})

test.each(['title', 'userName', 'emails.type', 'emails', 'name.familyName', 'meta.created', `${ENTERPRISE_SCHEMA}:department`])('sorted by %s, what has no value stands last, and first where it is turned round', async (text) => {
  const order = orderOf(USER, readPath(text) as Path)
  if (order === undefined) throw new Error('nothing to sort by')
  const valueOf = (compared: Content): string | undefined => {
    const at = order.keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], compared)
    if (order.ofList === undefined) return at as string | undefined
    const list = (at ?? []) as Record<string, string | boolean>[]
    return (list.find((value) => value['primary'] === true) ?? list[0])?.[order.ofList] as string | undefined
  }
  const values = new Map(kept.map(({ id, compared }) => [id, valueOf(compared)]))
  for (const descending of [false, true]) {
    const { rows } = await listAccounts(outside(db.app), directory, { order: { ...order, descending }, offset: 0, limit: 1000 })
    // null, since JavaScript sorts undefined to the end whatever it is told.
    const got = rows.map((row) => values.get(row.person_id) ?? null)
    const expected = got.toSorted((a, b) => (a === null || b === null ? Number(a === null) - Number(b === null) : byCodePoints(a, b)) * (descending ? -1 : 1))
    expect(got).toEqual(expected)
    expect(got).toHaveLength(PEOPLE)
  }
})

test('pages go through everybody once', async () => {
  const order = { keys: ['title'], descending: false }
  const ids: string[] = []
  for (let offset = 0; offset < PEOPLE; offset += 40) ids.push(...(await listAccounts(outside(db.app), directory, { order, offset, limit: 40 })).rows.map((row) => row.person_id))
  expect(ids.sort()).toEqual(kept.map(({ id }) => id).sort())
  expect(await listAccounts(outside(db.app), directory, { offset: 10_000, limit: 40 })).toEqual({ total: PEOPLE, rows: [] })
})
