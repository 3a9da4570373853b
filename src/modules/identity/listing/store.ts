import { sql, type RawBuilder } from 'kysely'
import { VouchsafeError } from '#core/errors'
import { visibleRelation, type Access } from '#core/permission'
import { foldedAddress } from '../address.ts'
import { folded, plain } from '../case-folding.ts'
import { isId, type Queries } from '../store.ts'

/** A page of a list, cut to what may be seen. `next` is the cursor of the page after it. */
export interface Page<T> {
  items: T[]
  next: string | null
}

export interface PageOf {
  limit: number
  cursor?: string | undefined
}

/** A row as `visibleRelation` gives it: the fields that may be read, null where this row's may not. */
export type Row = Record<string, unknown>

/** How a list may be put in order: by a field of the record, ties by its id. */
interface Order {
  field: string
  /** Never null, so that a cursor can stand on it. */
  by: RawBuilder<unknown>
  type: 'text' | 'timestamptz'
}

const refuseCursor = (): VouchsafeError => new VouchsafeError('bad-input', 'This cursor does not belong to this list.', { mend: 'Start again without a cursor.', fields: [{ pointer: '/query/cursor', message: 'does not belong to this list' }] })

/** A cursor says which order it stands in, after which value and which id. It gives nothing: what it leads to is cut anew. */
const writeCursor = (sort: string, key: unknown, id: string): string => Buffer.from(JSON.stringify([sort, key instanceof Date ? key.toISOString() : key, id])).toString('base64url')

function readCursor(cursor: string, sort: string, type: Order['type']): { key: string; id: string } {
  try {
    const [of, key, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    const isKey = typeof key === 'string' && key.length <= 1000 && !key.includes('\u0000') && (type === 'text' || !Number.isNaN(Date.parse(key)))
    if (of === sort && isKey && typeof id === 'string' && isId(id)) return { key, id }
  } catch {
    // as any other text that is none
  }
  throw refuseCursor()
}

/**
 * One page of a list in SQL. What is not visible is in no part of the statement: not in the order, not in the conditions.
 * @param order how it is sorted; `descending` turns both the order and the ids round
 */
async function page(q: Queries, parts: { from: RawBuilder<unknown>; columns: RawBuilder<unknown>; id: RawBuilder<unknown>; where: RawBuilder<unknown>[]; order: Order; sort: string }, { limit, cursor }: PageOf): Promise<Page<Row>> {
  const { from, columns, id, order, sort } = parts
  const descending = sort.startsWith('-')
  const where = [...parts.where]
  if (cursor !== undefined) {
    const after = readCursor(cursor, sort, order.type)
    where.push(sql`(${order.by}, ${id}) ${descending ? sql`<` : sql`>`} (${after.key}::${sql.raw(order.type)}, ${after.id}::uuid)`)
  }
  const way = descending ? sql`desc` : sql`asc`
  const { rows } = await sql<Row>`
    select ${columns}, ${order.by} as "sort key" from ${from}
    ${where.length === 0 ? sql`` : sql`where ${sql.join(where, sql` and `)}`}
    order by ${order.by} ${way}, ${id} ${way} limit ${limit + 1}`.execute(q)
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const next = rows.length > limit && last !== undefined ? writeCursor(sort, last['sort key'], String(last['id'])) : null
  for (const row of items) delete row['sort key']
  return { items, next }
}

/** `%` and `_` stand for themselves. */
const containing = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`

export interface PeopleQuery extends PageOf {
  q?: string | undefined
  email?: string | undefined
  kind?: string | undefined
  state?: string | undefined
  managedBy?: string | undefined
  group?: string | undefined
  sort?: string | undefined
}

// Where not even the name may be read: by id alone. (A bare literal is no order to PostgreSQL; one with a type is.)
const BY_ID: Order = { field: 'id', by: sql`''::text`, type: 'text' }

/** The order that was asked for, which must be by a field that may be read; else the usual one, if it may be. */
function orderOf(access: Access, type: string, orders: readonly Order[], sort: string | undefined): { order: Order; sort: string } {
  const field = sort?.replace(/^-/, '')
  if (field !== undefined) access.requireSortable(type, field)
  const order = orders.find((known) => (field === undefined ? access.mightAllow({ verb: 'read', record: type, name: known.field }) : known.field === field)) ?? BY_ID
  return { order, sort: sort ?? order.field }
}

/** Whoever may find records and not tell them apart sees none in a list. */
const isBlind = (access: Access, type: string, ...keys: string[]): boolean => keys.some((name) => access.decision({ verb: 'read', record: type, name }).kind === 'never')
const NOTHING: Page<Row> = { items: [], next: null }

/** What people can be sorted by. Where a field is hidden on some rows only, those stand together, before the others. */
const PEOPLE_ORDERS: readonly Order[] = [
  { field: 'displayName', by: sql`case when v."displayName" is null then '' else b.name_plain end`, type: 'text' },
  { field: 'email', by: sql`case when v.email is null then '' else b.email_folded end`, type: 'text' },
  { field: 'state', by: sql`coalesce(v.state, '')`, type: 'text' },
  { field: 'createdAt', by: sql`coalesce(v."createdAt", 'epoch')`, type: 'timestamptz' },
  { field: 'changedAt', by: sql`coalesce(v."changedAt", 'epoch')`, type: 'timestamptz' },
]
// The same where no row hides it: an index serves, and 50,000 people are paged without sorting them.
const PLAIN_ORDERS: Readonly<Record<string, RawBuilder<unknown>>> = { displayName: sql`b.name_plain`, createdAt: sql`b.created_at` }

export const PEOPLE_SORTS = PEOPLE_ORDERS.flatMap(({ field }) => [field, `-${field}`])

/**
 * People as somebody may see them. Every field that the request names must be one that they may read.
 * @throws VouchsafeError `bad-input` for a field that may not, in the words for one that does not exist
 */
export async function listPeople(q: Queries, access: Access, query: PeopleQuery): Promise<Page<Row>> {
  const { order, sort } = orderOf(access, 'person', PEOPLE_ORDERS, query.sort)
  if (isBlind(access, 'person', 'id')) return NOTHING
  const where: RawBuilder<unknown>[] = []
  for (const name of ['kind', 'state', 'managedBy'] as const) {
    if (query[name] === undefined) continue
    access.requireSortable('person', name)
    where.push(sql`v.${sql.id(name)} = ${query[name]}`)
  }
  if (query.email !== undefined) {
    access.requireSortable('person', 'email')
    where.push(sql`v.email is not null and b.email_folded = ${foldedAddress(query.email) ?? ''}`)
  }
  if (query.q !== undefined && query.q.trim() !== '') where.push(sql`(${sql.join(searched(access, query.q), sql` or `)})`)
  if (query.group !== undefined) {
    if (!isId(query.group) || isBlind(access, 'membership', 'group', 'person')) return NOTHING
    where.push(sql`exists (select 1 from ${visibleRelation(access, 'membership')} m where m."group" = ${query.group}::uuid and m.person = v.id)`)
  }
  const isPlain = access.decision({ verb: 'read', record: 'person', name: order.field }).kind === 'always' && access.decision({ verb: 'find', record: 'person' }).kind === 'always'
  return page(
    q,
    {
      // The folded forms are no fields: each is used only where the field that it was made from may be read.
      from: sql`${visibleRelation(access, 'person')} v join identity.person b on b.id = v.id`,
      columns: sql`v.*`,
      id: sql`b.id`,
      where,
      order: { ...order, by: (isPlain ? PLAIN_ORDERS[order.field] : undefined) ?? order.by },
      sort,
    },
    query,
  )
}

/** Name and address, as far as they may be read at all. */
function searched(access: Access, text: string): RawBuilder<unknown>[] {
  const fields = [
    { name: 'displayName', is: sql`(v."displayName" is not null and b.name_plain like ${containing(plain(text.trim()))})` },
    { name: 'email', is: sql`(v.email is not null and b.email_folded like ${containing(folded(text.trim()))})` },
  ].filter(({ name }) => access.mightAllow({ verb: 'read', record: 'person', name }))
  if (fields.length === 0) access.requireSortable('person', 'displayName')
  return fields.map(({ is }) => is)
}

export const GROUP_SORTS = ['name', '-name', 'createdAt', '-createdAt'] as const
const GROUP_ORDERS: readonly Order[] = [
  { field: 'name', by: sql`case when v.name is null then '' else b.name_plain end`, type: 'text' },
  { field: 'createdAt', by: sql`coalesce(v."createdAt", 'epoch')`, type: 'timestamptz' },
]

/** Groups as somebody may see them, each with how many of its members they may see. */
export async function listGroups(q: Queries, access: Access, query: PageOf & { q?: string | undefined; person?: string | undefined; sort?: (typeof GROUP_SORTS)[number] | undefined }): Promise<Page<Row>> {
  const { order, sort } = orderOf(access, 'group', GROUP_ORDERS, query.sort)
  if (isBlind(access, 'group', 'id')) return NOTHING
  const where: RawBuilder<unknown>[] = []
  if (query.q !== undefined && query.q.trim() !== '') {
    access.requireSortable('group', 'name')
    where.push(sql`v.name is not null and b.name_plain like ${containing(plain(query.q.trim()))}`)
  }
  const seesMembers = !isBlind(access, 'membership', 'group', 'person') && !isBlind(access, 'person', 'id')
  if (query.person !== undefined) {
    if (!isId(query.person) || !seesMembers) return NOTHING
    where.push(sql`exists (select 1 from ${visibleRelation(access, 'membership')} m where m."group" = v.id and m.person = ${query.person}::uuid)`)
  }
  const members = seesMembers ? sql`(select count(*) from ${visibleRelation(access, 'membership')} m join ${visibleRelation(access, 'person')} p on p.id = m.person where m."group" = v.id)` : sql`null::int`
  return page(q, { from: sql`${visibleRelation(access, 'group')} v join identity."group" b on b.id = v.id`, columns: sql`v.*, ${members} as members`, id: sql`b.id`, where, order, sort }, query)
}

/** Members whom somebody may see, and of them what they may see. */
export async function listMembers(q: Queries, access: Access, group: string, query: PageOf & { q?: string | undefined }): Promise<Page<Row>> {
  if (isBlind(access, 'membership', 'group', 'person') || isBlind(access, 'person', 'id')) return NOTHING
  const { order } = orderOf(access, 'person', PEOPLE_ORDERS.slice(0, 1), undefined)
  const where = [sql`m."group" = ${group}::uuid`]
  if (query.q !== undefined && query.q.trim() !== '') where.push(sql`(${sql.join(searched(access, query.q), sql` or `)})`)
  return page(
    q,
    {
      from: sql`${visibleRelation(access, 'membership')} m join ${visibleRelation(access, 'person')} v on v.id = m.person join identity.person b on b.id = v.id`,
      columns: sql`v.*, to_jsonb(m) as membership`,
      id: sql`b.id`,
      where,
      order,
      sort: 'displayName',
    },
    query,
  )
}

export interface InvitationsQuery extends PageOf {
  state?: 'waiting' | 'expired' | 'accepted' | 'revoked' | 'replaced' | undefined
  at: Date
}

const INVITATION_ORDERS: readonly Order[] = [{ field: 'madeAt', by: sql`coalesce(v."madeAt", 'epoch')`, type: 'timestamptz' }]

/** Invitations, newest first, each with what may be seen of the person. */
export async function listInvitations(q: Queries, access: Access, { state, at, ...query }: InvitationsQuery): Promise<Page<Row>> {
  const where: RawBuilder<unknown>[] = []
  if (state !== undefined) {
    for (const field of ['endedHow', 'expiresAt']) access.requireSortable('invitation', field)
    const open = state === 'waiting' || state === 'expired'
    where.push(open ? sql`v."endedHow" is null and v."expiresAt" ${state === 'waiting' ? sql`>` : sql`<=`} ${at}` : sql`v."endedHow" = ${state}`)
  }
  if (isBlind(access, 'invitation', 'id')) return NOTHING
  const { order } = orderOf(access, 'invitation', INVITATION_ORDERS, undefined)
  const seesPeople = !isBlind(access, 'invitation', 'person') && !isBlind(access, 'person', 'id')
  return page(
    q,
    {
      from: seesPeople ? sql`${visibleRelation(access, 'invitation')} v left join ${visibleRelation(access, 'person')} p on p.id = v.person` : sql`${visibleRelation(access, 'invitation')} v`,
      columns: seesPeople ? sql`v.*, to_jsonb(p) as invited` : sql`v.*`,
      id: sql`v.id`,
      where,
      order,
      sort: `-${order.field}`,
    },
    query,
  )
}
