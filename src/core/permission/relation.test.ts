import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTemporaryServer, type OrganisationDatabase, type TemporaryServer } from '#core/database'
import { ACTS, makeFacts, makeRules, makeSubject, one, seeded, TYPES } from './cases.trial.ts'
import { accessOf, fullAccess, maskedColumns, NO_ACCESS, predicate, visibleRelation, type Access, type Condition, type Facts, type GrantedRule, type RecordType, type Rule } from './index.ts'

const PERSON = TYPES['person'] as RecordType
const FIELDS = Object.keys(PERSON.fields)
const columnOf = (field: string): string => PERSON.fields[field]?.column ?? field
let folder: string
let temporary: TemporaryServer
let db: OrganisationDatabase
/** Rows of trial.person as facts, as any module would read them. */
let rows: (Facts & { row: number })[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouchsafe-permission-'))
  await writeFile(join(folder, '0001-trial.sql'), `
    create table trial.person (row integer primary key, id text, e_mail text, "quoted ""name""" text, age integer, score_value double precision, active boolean, hidden boolean,
      since timestamptz, until timestamptz, tags text[], group_names text[], extra jsonb);
    select migration.changeable('trial.person');
    create table trial.note (id uuid, title text, age bigint, body text, active boolean);
    select migration.changeable('trial.note');`)
  temporary = await startTemporaryServer()
  db = await temporary.createDatabase({ migrations: [{ schema: 'trial', folder: pathToFileURL(folder + '/') }] })
  const pick = seeded(7)
  for (let row = 0; row < 60; row++) {
    const facts = makeFacts(pick, PERSON, false)
    const columns = FIELDS.filter((field) => facts[field] !== undefined)
    await sql`insert into trial.person (${sql.join(['row', ...columns.map(columnOf)].map((name) => sql.id(name)))}) values (${sql.join([row, ...columns.map((field) => facts[field])])})`.execute(db.app)
  }
  // What a column may hold and a careless comparison would read in two ways.
  await sql`insert into trial.person (row, id, e_mail, age, score_value, active, since, until, tags, group_names) values
    (100, 'a', 'b', 1, 'NaN', true, '2026-01-01T00:00:00.000001Z', 'infinity', array['a', null], '{}'),
    (101, 'b', null, 1, 'Infinity', true, '-infinity', '2026-01-01T00:00:00.0019Z', array[['a', 'b'], ['ü', 'a']], null),
    (102, '', 'a', 2, '-Infinity', false, '1969-12-31T23:59:59.9990004Z', '1969-12-31T23:59:59.999Z', null, array[null]::text[]),
    (103, 'ü', 'ü', 0, '-0', null, '290000-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '{}', array['ü', 'a']),
    (104, 'a', null, null, null, null, null, null, '{}', '{}')`.execute(db.app)
  rows = await readRows()
})
afterAll(async () => {
  await temporary?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function readRows(): Promise<(Facts & { row: number })[]> {
  const { rows: found } = await sql<Facts & { row: number }>`select row, ${sql.join(FIELDS.map((field) => sql`${sql.id(columnOf(field))} as ${sql.id(field)}`))} from trial.person order by row`.execute(db.app)
  return found
}
const show = (records: readonly object[]): string[] => records.map((record) => inspect(Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null && value !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1))), { depth: 5, breakLength: Infinity }))
const select = async <Row extends object>(access: Access, rest = sql``): Promise<Row[]> => (await sql<Row>`select * from ${visibleRelation(access, 'person')} as person ${rest}`.execute(db.app)).rows

/** Rows, masks, filter, order, and every other verb: once by SQL, once in memory. */
async function agree(access: Access, field: string): Promise<void> {
  const seen = access.visibleAll('person', rows)
  const found = await select(access)
  expect(show(found).toSorted()).toEqual(show(seen).toSorted())
  const verbs = [['find'], ['write', field], ['act', ACTS[0] as string]] as const
  for (const [verb, name] of verbs) {
    const { rows: allowed } = await sql<{ row: number; allowed: boolean | null }>`select row, ${predicate(access, 'person', verb, name, 'p')} as allowed from trial.person as p order by row`.execute(db.app)
    expect(allowed).toEqual(rows.map((facts) => ({ row: facts.row, allowed: access.allows({ verb, record: 'person', ...(name !== undefined && { name }), facts }) })))
  }
  if (!access.mightAllow({ verb: 'read', record: 'person', name: field })) {
    expect(() => access.requireSortable('person', field)).toThrow('has no field')
    for (const row of found) expect(row).not.toHaveProperty(field)
    return
  }
  access.requireSortable('person', field)
  const there = await select(access, sql`where ${sql.id(field)} is not null`)
  expect(show(there).toSorted()).toEqual(show(seen.filter((record) => record[field] !== null && record[field] !== undefined)).toSorted())
  if (PERSON.fields[field]?.kind !== 'number' || seen.some((record) => Number.isNaN(record[field]))) return
  const order = await select<Record<string, number | null>>(access, sql`order by ${sql.id(field)} nulls last`)
  expect(order.map((record) => record[field]?.toString())).toEqual(seen.map((record) => record[field] as number | null | undefined).toSorted((a, b) => (a ?? Infinity) - (b ?? Infinity) || 0).map((value) => value?.toString()))
}

const access = (...rules: Rule[]): Access => accessOf(rules.map((rule): GrantedRule => ({ rule, role: { id: 'r', title: 'Role' }, through: { kind: 'person', id: 'p' } })), { id: 'a', groups: [] }, TYPES)
const find: Rule = { effect: 'allow', verb: 'find', record: 'person' }

describe('a decision in memory and in SQL', () => {
  it('is the same for random rules over random records', async () => {
    let found = 0
    for (let seed = 1; seed <= 400; seed++) {
      const pick = seeded(seed)
      const subject = makeSubject(pick)
      const tried = accessOf(makeRules(pick, 10), subject, TYPES)
      if (tried.mightAllow({ verb: 'find', record: 'person' })) found++
      await agree(pick(10) === 0 ? tried.narrowedTo(makeRules(pick)) : tried, one(pick, FIELDS)).catch((cause: unknown) => {
        throw new Error(`with seed ${seed}`, { cause })
      })
    }
    expect(found).toBeGreaterThan(100)
  })
  it.each<[string, Condition]>([
    ['nobody knows whether nothing is in an empty list', { in: [{ field: 'email' }, { field: 'groups' }] }],
    ['a value in a list with a hole', { in: [{ value: 'a' }, { field: 'tags' }] }],
    ['nothing in no values', { in: [{ field: 'email' }, { value: [] }] }],
    ['not a number', { equal: [{ field: 'score' }, { field: 'score' }] }],
    ['less than infinity', { less: [{ value: 1 }, { field: 'score' }] }],
    ['an instant to the millisecond', { equal: [{ field: 'since' }, { value: '2026-01-01T00:00:00Z' }] }],
    ['an instant before 1970', { equal: [{ field: 'since' }, { value: '1969-12-31T23:59:59.999Z' }] }],
    ['an instant that no Date holds', { less: [{ field: 'since' }, { field: 'until' }] }],
    ['text that no database holds', { not: { equal: [{ field: 'email' }, { value: 'a\u0000' }] } }],
    ['half a character', { not: { in: [{ field: 'email' }, { value: ['\ud800'] }] } }],
    ['hostile text', { not: { in: [{ field: 'email' }, { value: ["'); drop table trial.person; --", '"}{,\\'] }] } }],
    ['a fraction', { less: [{ field: 'score' }, { value: 0.1 }] }],
    ['the largest number', { less: [{ field: 'score' }, { value: Number.MAX_VALUE }] }],
    ['either of two, one of which is null', { any: [{ equal: [{ field: 'email' }, { value: 'b' }] }, { equal: [{ field: 'id' }, { value: 'b' }] }] }],
  ])('is the same for %s', async (_name, when) => {
    const allow: Rule = { ...find, when }
    const read: Rule = { effect: 'allow', verb: 'read', record: 'person' }
    for (const rules of [[allow, read], [find, allow, read], [find, { ...allow, effect: 'deny' }, read], [find, read, { ...read, effect: 'deny', names: ['email'], when }], [find, { ...read, when }]] satisfies Rule[][]) await agree(access(...rules), 'email')
  })
  it('reads uuids and large whole numbers as they are', async () => {
    await sql`insert into trial.note values ('0195f2c0-0000-7000-8000-00000000000a', 't', 9007199254740991, 'b', true), ('0195f2c0-0000-7000-8000-00000000000b', 't', 9007199254740990, 'b', true)`.execute(db.app)
    const when: Condition = { all: [{ in: [{ field: 'id' }, { value: ['0195f2c0-0000-7000-8000-00000000000a', 'no uuid'] }] }, { equal: [{ field: 'age' }, { value: Number.MAX_SAFE_INTEGER }] }] }
    const { rows: notes } = await sql`select * from ${visibleRelation(access({ effect: 'allow', verb: 'find', record: 'note', when }), 'note')} as n`.execute(db.app)
    expect(notes).toEqual([{ title: 't' }])
  })
  it('masks the columns of a statement of one’s own', async () => {
    const some = access(find, { effect: 'allow', verb: 'read', record: 'person', names: ['email'], when: { equal: [{ field: 'id' }, { value: 'a' }] } })
    const { rows: seen } = await sql`select ${sql.join(maskedColumns(some, 'person'))} from trial.person where row in (100, 101, 102) order by row`.execute(db.app)
    // No row of another person can tell an empty address from a hidden one.
    expect(seen).toEqual([{ id: 'a', email: 'b' }, { id: 'b', email: null }, { id: '', email: null }])
  })
  it('shows everything declared to whoever may do everything, and nothing to nobody', async () => {
    expect(show(await select(fullAccess({ kind: 'operator' }, TYPES)))).toEqual(show(rows.map(({ row: _row, ...facts }) => facts)))
    expect(await select(accessOf([], {}, TYPES))).toEqual([])
    expect(() => visibleRelation(NO_ACCESS, 'person')).toThrow('knows no record type')
  })
})

describe('what may not be read', () => {
  it('does not show through a filter that fails on it', async () => {
    await sql`update trial.person set e_mail = 'no number' where row = 3`.execute(db.app)
    const masked = access(find, { effect: 'allow', verb: 'read', record: 'person', names: ['email'], when: { equal: [{ field: 'id' }, { value: 'nobody' }] } })
    expect(await select(masked, sql`where email::integer = 1`)).toEqual([])
    const hidden = access({ ...find, when: { equal: [{ field: 'id' }, { value: 'nobody' }] } }, { effect: 'allow', verb: 'read', record: 'person' })
    expect(await select(hidden, sql`where email::integer = 1`)).toEqual([])
  })
  it('is not there to be named at all where no record shows it', async () => {
    await expect(select(access(find), sql`order by email`)).rejects.toThrow('column "email" does not exist')
    await expect(select(access(find), sql`order by record.e_mail`)).rejects.toThrow('missing FROM-clause entry')
  })
})
