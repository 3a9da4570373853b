import { sql, type RawBuilder, type Selectable, type Transaction } from 'kysely'
import { migrationsBeside, uuid7, type Change, type MigrationSet, type NoTables, type OrganisationDatabase } from '#core/database'
import type { Kysely } from 'kysely'
import type { Condition } from './condition.ts'
import type { Content } from './matching.ts'

export const provisioningMigrations: MigrationSet = { schema: 'provisioning', folder: migrationsBeside(import.meta.url) }

export type ProvisioningTables = {
  'provisioning.directory': {
    id: string
    title: string
    managed_by: string
    service_account: string
    adopts_invited: boolean
    created_at: Date
    created_by: string
    ended_at: Date | null
    last_request_at: Date | null
    last_change_at: Date | null
  }
  'provisioning.account': {
    person_id: string
    directory_id: string
    user_name_folded: string
    external_id: string | null
    active: boolean
    ended_by_directory: boolean
    content: Content
    compared: Content
    version: number
    created_at: Date
    changed_at: Date
  }
  'provisioning.circle': { group_id: string; directory_id: string; name: string; name_folded: string; external_id: string | null; version: number; created_at: Date; changed_at: Date }
  'provisioning.member': { group_id: string; person_id: string }
  'provisioning.refusal': { id: string; directory_id: string; at: Date; request: string; status: number; scim_type: string | null; detail: string }
}

export type DirectoryRow = Selectable<ProvisioningTables['provisioning.directory']>
export type AccountRow = Selectable<ProvisioningTables['provisioning.account']>
export type CircleRow = Selectable<ProvisioningTables['provisioning.circle']>
export type RefusalRow = Selectable<ProvisioningTables['provisioning.refusal']>
/** Inside a change or outside: the same queries. */
export type Queries = Kysely<ProvisioningTables> | Transaction<ProvisioningTables>

export const within = (tx: Change<never>): Transaction<ProvisioningTables> => tx.db as unknown as Transaction<ProvisioningTables>
export const outside = (db: Kysely<NoTables>): Kysely<ProvisioningTables> => db.withTables<ProvisioningTables>()

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** What is no id has no row; asking the database for it would be an error of type. */
export const isId = (text: string): boolean => UUID.test(text)

// Conditions as SQL

/** Where the parts of a resource stand in its table. */
interface Layout {
  /** As text, null where there is none. */
  text(keys: readonly string[]): RawBuilder<string | null>
  /** A column of ids, so that asking for one uses its index. */
  id?(keys: readonly string[]): RawBuilder<string> | undefined
  /** What a list is selected from, and where the parts of an element stand. */
  list(keys: readonly string[]): { readonly from: RawBuilder<unknown>; readonly element: Layout; readonly order: RawBuilder<unknown> }
}

const pathOf = (column: RawBuilder<unknown>, keys: readonly string[]): RawBuilder<string | null> => sql`${column} #>> ${[...keys]}::text[]`
const instant = (column: RawBuilder<unknown>): RawBuilder<string> => sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
const none: RawBuilder<null> = sql`null::text`

const groupsOfAccount: Layout = {
  text: ([key]) => (key === 'value' ? sql`m.group_id::text` : key === 'display' ? sql`c.name_folded` : key === 'type' ? sql`'direct'` : none),
  id: ([key]) => (key === 'value' ? sql`m.group_id` : undefined),
  list: () => nowhere,
}
const jsonElement: Layout = { text: (keys) => pathOf(sql`e.value`, keys), list: () => nowhere }
const nowhere = { from: sql`(select 1 where false) nothing where true`, element: jsonElement, order: sql`1` }

const ACCOUNT: Layout = {
  text: (keys) => {
    switch (keys.join('.')) {
      case 'id':
        return sql`a.person_id::text`
      case 'externalId':
        return sql`a.external_id`
      case 'userName':
        return sql`a.user_name_folded`
      case 'active':
        return sql`a.active::text`
      case 'meta.created':
        return instant(sql`a.created_at`)
      case 'meta.lastModified':
        return instant(sql`a.changed_at`)
      case 'meta.resourceType':
        return sql`'User'`
      default:
        return pathOf(sql`a.compared`, keys)
    }
  },
  id: (keys) => (keys.length === 1 && keys[0] === 'id' ? sql`a.person_id` : undefined),
  list: (keys) =>
    keys[0] === 'groups'
      ? { from: sql`provisioning.member m join provisioning.circle c using (group_id) where m.person_id = a.person_id and true`, element: groupsOfAccount, order: sql`m.group_id` }
      : { from: sql`jsonb_array_elements(a.compared #> ${[...keys]}::text[]) with ordinality e(value, place) where true`, element: jsonElement, order: sql`(e.value ->> 'primary' = 'true') desc nulls last, e.place` },
}

const membersOfCircle: Layout = {
  text: ([key]) => (key === 'value' ? sql`m.person_id::text` : key === 'type' ? sql`'user'` : none),
  id: ([key]) => (key === 'value' ? sql`m.person_id` : undefined),
  list: () => nowhere,
}

const CIRCLE: Layout = {
  text: (keys) => {
    switch (keys.join('.')) {
      case 'id':
        return sql`c.group_id::text`
      case 'externalId':
        return sql`c.external_id`
      case 'displayName':
        return sql`c.name_folded`
      case 'meta.created':
        return instant(sql`c.created_at`)
      case 'meta.lastModified':
        return instant(sql`c.changed_at`)
      case 'meta.resourceType':
        return sql`'Group'`
      default:
        return none
    }
  },
  id: (keys) => (keys.length === 1 && keys[0] === 'id' ? sql`c.group_id` : undefined),
  list: () => ({ from: sql`provisioning.member m where m.group_id = c.group_id and true`, element: membersOfCircle, order: sql`m.person_id` }),
}

/** True or false, never null; every value is a parameter. */
function conditionSql(condition: Condition, layout: Layout): RawBuilder<boolean> {
  switch (condition.op) {
    case 'constant':
      return condition.truth ? sql`true` : sql`false`
    case 'and':
      return sql`(${conditionSql(condition.left, layout)} and ${conditionSql(condition.right, layout)})`
    case 'or':
      return sql`(${conditionSql(condition.left, layout)} or ${conditionSql(condition.right, layout)})`
    case 'not':
      return sql`(not ${conditionSql(condition.of, layout)})`
    case 'some': {
      const { from, element } = layout.list(condition.keys)
      return sql`exists (select 1 from ${from} and ${conditionSql(condition.of, element)})`
    }
    case 'present':
      return sql`(coalesce(${layout.text(condition.keys)}, '') <> '')`
    default:
      return comparisonSql(condition, layout)
  }
}

const OPERATORS = { gt: sql`>`, ge: sql`>=`, lt: sql`<`, le: sql`<=` } as const

function comparisonSql({ op, keys, value }: Extract<Condition, { value: string }>, layout: Layout): RawBuilder<boolean> {
  const id = op === 'eq' ? layout.id?.(keys) : undefined
  if (id) return isId(value) ? sql`(${id} = ${value}::uuid)` : sql`false`
  const text = layout.text(keys)
  switch (op) {
    case 'eq':
      return sql`(${text} = ${value}) is true`
    case 'ne':
      return sql`(${text} is distinct from ${value})`
    case 'co':
      return sql`(strpos(${text}, ${value}) > 0) is true`
    case 'sw':
      return sql`starts_with(${text}, ${value}) is true`
    case 'ew':
      return sql`(right(${text}, length(${value})) = ${value}) is true`
    default:
      // Not by the database's collation, which another server may have another of.
      return sql`(${text} collate "C" ${OPERATORS[op]} ${value} collate "C") is true`
  }
}

export interface Order {
  readonly keys: readonly string[]
  /** Part of a list's values: its primary or first one counts. */
  readonly ofList?: string
  readonly descending: boolean
}

/** RFC 7644 §3.4.2.3: what has no value stands last in ascending order, first in descending. */
function orderSql(order: Order | undefined, layout: Layout): RawBuilder<unknown> {
  if (order === undefined) return sql``
  const list = order.ofList === undefined ? undefined : layout.list(order.keys)
  const value = list === undefined ? layout.text(order.keys) : sql`(select ${list.element.text([order.ofList ?? ''])} from ${list.from} order by ${list.order} limit 1)`
  return sql`${value} collate "C" ${order.descending ? sql`desc nulls first` : sql`asc nulls last`},`
}

export interface Query {
  readonly condition?: Condition
  readonly order?: Order
  readonly offset: number
  readonly limit: number
}

const filtered = (query: Query, layout: Layout): RawBuilder<unknown> => (query.condition === undefined ? sql`` : sql` and ${conditionSql(query.condition, layout)}`)

// Directories

export const directoryOf = async (q: Queries, serviceAccount: string): Promise<DirectoryRow | undefined> => (isId(serviceAccount) ? q.selectFrom('provisioning.directory').selectAll().where('service_account', '=', serviceAccount).executeTakeFirst() : undefined)

export const findDirectory = async (q: Queries, id: string): Promise<DirectoryRow | undefined> => (isId(id) ? q.selectFrom('provisioning.directory').selectAll().where('id', '=', id).executeTakeFirst() : undefined)

export const lockDirectory = async (q: Transaction<ProvisioningTables>, id: string): Promise<DirectoryRow | undefined> => (isId(id) ? q.selectFrom('provisioning.directory').selectAll().where('id', '=', id).forUpdate().executeTakeFirst() : undefined)

export const insertDirectory = async (q: Transaction<ProvisioningTables>, row: DirectoryRow): Promise<void> => void (await q.insertInto('provisioning.directory').values(row).execute())

export const updateDirectory = async (q: Transaction<ProvisioningTables>, id: string, row: Partial<Pick<DirectoryRow, 'title' | 'adopts_invited' | 'ended_at'>>): Promise<void> =>
  void (await q.updateTable('provisioning.directory').set(row).where('id', '=', id).execute())

export const listDirectories = (q: Queries): Promise<DirectoryRow[]> => q.selectFrom('provisioning.directory').selectAll().orderBy('created_at').orderBy('id').limit(500).execute()

export interface Counts {
  directory_id: string
  people: number
  active_people: number
  groups: number
}

export async function countsOf(q: Queries): Promise<Map<string, Counts>> {
  const { rows } = await sql<Counts>`
    select d.id as directory_id,
      (select count(*) from provisioning.account a where a.directory_id = d.id) as people,
      (select count(*) from provisioning.account a where a.directory_id = d.id and a.active) as active_people,
      (select count(*) from provisioning.circle c where c.directory_id = d.id) as groups
    from provisioning.directory d`.execute(q)
  return new Map(rows.map((row) => [row.directory_id, row]))
}

/** Figures for the console: written outside changes, and lost without harm. */
export async function sawRequest(db: OrganisationDatabase, directory: string, at: Date, isChange: boolean): Promise<void> {
  await sql`update provisioning.directory set last_request_at = ${at}, last_change_at = case when ${isChange} then ${at} else last_change_at end where id = ${directory}::uuid`.execute(db.app)
}

const KEPT_REFUSALS = 100 // of one directory: enough to see a pattern

export async function keepRefusal(db: OrganisationDatabase, refusal: Omit<RefusalRow, 'id'>): Promise<void> {
  await sql`insert into provisioning.refusal (id, directory_id, at, request, status, scim_type, detail)
    values (${uuid7(refusal.at)}, ${refusal.directory_id}::uuid, ${refusal.at}, ${refusal.request}, ${refusal.status}, ${refusal.scim_type}, ${refusal.detail})`.execute(db.app)
  await sql`delete from provisioning.refusal where directory_id = ${refusal.directory_id}::uuid
    and id in (select id from provisioning.refusal where directory_id = ${refusal.directory_id}::uuid order by at desc, id desc offset ${KEPT_REFUSALS})`.execute(db.app)
}

export const refusalsOf = (q: Queries, directory: string): Promise<RefusalRow[]> => q.selectFrom('provisioning.refusal').selectAll().where('directory_id', '=', directory).orderBy('at', 'desc').orderBy('id', 'desc').limit(KEPT_REFUSALS).execute()

// Accounts

export const findAccount = async (q: Queries, directory: string, person: string): Promise<AccountRow | undefined> =>
  isId(person) ? q.selectFrom('provisioning.account').selectAll().where('person_id', '=', person).where('directory_id', '=', directory).executeTakeFirst() : undefined

export const accountOfPerson = async (q: Queries, person: string): Promise<AccountRow | undefined> => q.selectFrom('provisioning.account').selectAll().where('person_id', '=', person).executeTakeFirst()

export async function listAccounts(q: Queries, directory: string, query: Query): Promise<{ total: number; rows: AccountRow[] }> {
  const where = sql`a.directory_id = ${directory}::uuid${filtered(query, ACCOUNT)}`
  const { rows: counted } = await sql<{ total: number }>`select count(*) as total from provisioning.account a where ${where}`.execute(q)
  const total = counted[0]?.total ?? 0
  if (query.limit === 0 || query.offset >= total) return { total, rows: [] }
  const { rows } = await sql<AccountRow>`select a.* from provisioning.account a where ${where}
    order by ${orderSql(query.order, ACCOUNT)} a.created_at, a.person_id limit ${query.limit} offset ${query.offset}`.execute(q)
  return { total, rows }
}

const json = (content: Content): RawBuilder<Content> => sql`${JSON.stringify(content)}::jsonb`

export const insertAccount = async (q: Transaction<ProvisioningTables>, row: AccountRow): Promise<void> =>
  void (await q.insertInto('provisioning.account').values({ ...row, content: json(row.content), compared: json(row.compared) }).execute())

export const updateAccount = async (q: Transaction<ProvisioningTables>, person: string, row: Partial<Omit<AccountRow, 'person_id' | 'directory_id'>>): Promise<void> =>
  void (await q
    .updateTable('provisioning.account')
    .set({ ...row, ...(row.content === undefined ? {} : { content: json(row.content) }), ...(row.compared === undefined ? {} : { compared: json(row.compared) }) })
    .where('person_id', '=', person)
    .execute())

/** Whether somebody is active is told by identity. */
export async function setActive(q: Transaction<ProvisioningTables>, person: string, active: boolean, endedByDirectory: boolean, at: Date): Promise<void> {
  await sql`update provisioning.account set active = ${active}, ended_by_directory = ${endedByDirectory}, version = version + 1, changed_at = ${at} where person_id = ${person}::uuid`.execute(q)
}

export const deleteAccount = async (q: Transaction<ProvisioningTables>, person: string): Promise<void> => void (await q.deleteFrom('provisioning.account').where('person_id', '=', person).execute())

/** Groups that each of these is in by the directory's word. */
export async function groupsOf(q: Queries, people: readonly string[]): Promise<Map<string, { value: string; display: string }[]>> {
  const { rows } = await sql<{ person_id: string; group_id: string; name: string }>`
    select m.person_id::text, m.group_id::text, c.name from provisioning.member m join provisioning.circle c using (group_id) where m.person_id = any(${people}::uuid[]) order by c.name_folded, m.group_id`.execute(q)
  const groups = new Map<string, { value: string; display: string }[]>()
  for (const { person_id, group_id, name } of rows) groups.set(person_id, [...(groups.get(person_id) ?? []), { value: group_id, display: name }])
  return groups
}

// Circles

export const findCircle = async (q: Queries, directory: string, group: string): Promise<CircleRow | undefined> =>
  isId(group) ? q.selectFrom('provisioning.circle').selectAll().where('group_id', '=', group).where('directory_id', '=', directory).executeTakeFirst() : undefined

export const circleOfGroup = async (q: Queries, group: string): Promise<CircleRow | undefined> => q.selectFrom('provisioning.circle').selectAll().where('group_id', '=', group).executeTakeFirst()

export async function listCircles(q: Queries, directory: string, query: Query): Promise<{ total: number; rows: (CircleRow & { size: number })[] }> {
  const where = sql`c.directory_id = ${directory}::uuid${filtered(query, CIRCLE)}`
  const { rows: counted } = await sql<{ total: number }>`select count(*) as total from provisioning.circle c where ${where}`.execute(q)
  const total = counted[0]?.total ?? 0
  if (query.limit === 0 || query.offset >= total) return { total, rows: [] }
  const { rows } = await sql<CircleRow & { size: number }>`
    select c.*, (select count(*) from provisioning.member m where m.group_id = c.group_id) as size from provisioning.circle c where ${where}
    order by ${orderSql(query.order, CIRCLE)} c.created_at, c.group_id limit ${query.limit} offset ${query.offset}`.execute(q)
  return { total, rows }
}

export const insertCircle = async (q: Transaction<ProvisioningTables>, row: CircleRow): Promise<void> => void (await q.insertInto('provisioning.circle').values(row).execute())

export const updateCircle = async (q: Transaction<ProvisioningTables>, group: string, row: Partial<Omit<CircleRow, 'group_id' | 'directory_id'>>): Promise<void> =>
  void (await q.updateTable('provisioning.circle').set(row).where('group_id', '=', group).execute())

export const deleteCircle = async (q: Transaction<ProvisioningTables>, group: string): Promise<void> => void (await q.deleteFrom('provisioning.circle').where('group_id', '=', group).execute())

// Members

export interface Member {
  group_id: string
  person_id: string
}

/** Of several groups at once, by group and person. */
export async function membersOf(q: Queries, groups: readonly string[]): Promise<Member[]> {
  const { rows } = await sql<Member>`
    select m.group_id::text, m.person_id::text from provisioning.member m where m.group_id = any(${groups}::uuid[]) order by m.group_id, m.person_id`.execute(q)
  return rows
}

/** Of these, the people of the directory, and whether they are active. */
export async function standingOf(q: Queries, directory: string, people: readonly string[]): Promise<Map<string, boolean>> {
  const { rows } = await sql<{ id: string; active: boolean }>`
    select person_id::text as id, active from provisioning.account where directory_id = ${directory}::uuid and person_id = any(${people}::uuid[])`.execute(q)
  return new Map(rows.map(({ id, active }) => [id, active]))
}

/** @returns who was not in it before */
export async function addMembers(q: Transaction<ProvisioningTables>, group: string, people: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    insert into provisioning.member (group_id, person_id) select ${group}::uuid, id from unnest(${people}::uuid[]) as id on conflict do nothing returning person_id::text as id`.execute(q)
  return rows.map(({ id }) => id)
}

/** @returns who was in it before */
export async function removeMembers(q: Transaction<ProvisioningTables>, group: string, people: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    delete from provisioning.member where group_id = ${group}::uuid and person_id = any(${people}::uuid[]) returning person_id::text as id`.execute(q)
  return rows.map(({ id }) => id)
}

/** Everybody but these. @returns who was in it before */
export async function keepMembers(q: Transaction<ProvisioningTables>, group: string, people: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    delete from provisioning.member m where m.group_id = ${group}::uuid and not exists (select 1 from unnest(${people}::uuid[]) as kept(id) where kept.id = m.person_id)
    returning person_id::text as id`.execute(q)
  return rows.map(({ id }) => id)
}

/** Groups of the directory that hold somebody. */
export async function circlesOf(q: Queries, person: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select group_id::text as id from provisioning.member where person_id = ${person}::uuid order by group_id`.execute(q)
  return rows.map(({ id }) => id)
}
