import { sql, type Kysely, type Selectable, type Transaction, type Updateable } from 'kysely'
import { migrationsBeside, type Change, type MigrationSet, type NoTables } from '#core/database'
import type { Group, GroupId, Membership, Person, PersonId, Standing } from './people.ts'

export const identityMigrations: MigrationSet = { schema: 'identity', folder: migrationsBeside(import.meta.url) }

export type IdentityTables = {
  'identity.person': {
    id: string
    kind: 'person' | 'service'
    display_name: string
    name_folded: string
    name_plain: string
    name_skeleton: string
    email: string | null
    email_folded: string | null
    email_skeleton: string | null
    title: string | null
    state: 'invited' | 'active' | 'deactivated'
    epoch: number
    managed_by: string | null
    external_id: string | null
    version: number
    created_at: Date
    changed_at: Date
    activated_at: Date | null
    deactivated_at: Date | null
    deactivated_why: string | null
  }
  'identity.group': {
    id: string
    name: string
    name_folded: string
    name_plain: string
    description: string
    managed_by: string | null
    external_id: string | null
    version: number
    created_at: Date
    changed_at: Date
  }
  'identity.membership': { group_id: string; person_id: string; managed_by: string | null; since: Date }
  'identity.invitation': {
    id: string
    person_id: string
    email_folded: string
    token_hash: Buffer
    made_by: string
    made_at: Date
    expires_at: Date
    ended_at: Date | null
    ended_how: 'accepted' | 'revoked' | 'replaced' | null
  }
  'identity.set_up': { one: boolean; salt: Buffer; code_hash: Buffer; made_at: Date; expires_at: Date; wrong_tries: number; shown_at: Date | null }
  'identity.first_owner': { one: boolean; person_id: string; at: Date }
}

export type PersonRow = Selectable<IdentityTables['identity.person']>
export type GroupRow = Selectable<IdentityTables['identity.group']>

/** Inside a change or outside: the same queries. */
export type Queries = Kysely<IdentityTables> | Transaction<IdentityTables>

/** The tables of identity within whatever transaction the caller runs. */
export const within = (tx: Change<never>): Transaction<IdentityTables> => tx.db as unknown as Transaction<IdentityTables>
export const outside = (db: Kysely<NoTables>): Kysely<IdentityTables> => db.withTables<IdentityTables>()

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** What is no id has no row; asking the database for it would be an error of type. */
export const isId = (text: string): boolean => UUID.test(text)

export const personOf = (row: PersonRow): Person => ({
  id: row.id as PersonId,
  kind: row.kind,
  displayName: row.display_name,
  ...(row.email === null ? {} : { email: row.email }),
  ...(row.title === null ? {} : { title: row.title }),
  state: row.state,
  epoch: row.epoch,
  ...(row.managed_by === null ? {} : { managedBy: row.managed_by }),
  ...(row.external_id === null ? {} : { externalId: row.external_id }),
  version: row.version,
  createdAt: row.created_at,
  changedAt: row.changed_at,
  ...(row.deactivated_at === null ? {} : { deactivatedAt: row.deactivated_at }),
  ...(row.deactivated_why === null ? {} : { deactivatedWhy: row.deactivated_why }),
})

export const groupOf = (row: GroupRow): Group => ({
  id: row.id as GroupId,
  name: row.name,
  description: row.description,
  ...(row.managed_by === null ? {} : { managedBy: row.managed_by }),
  ...(row.external_id === null ? {} : { externalId: row.external_id }),
  version: row.version,
  createdAt: row.created_at,
  changedAt: row.changed_at,
})

const membershipOf = (row: Selectable<IdentityTables['identity.membership']>): Membership => ({
  group: row.group_id as GroupId,
  person: row.person_id as PersonId,
  ...(row.managed_by === null ? {} : { managedBy: row.managed_by }),
  since: row.since,
})

export const findPerson = async (q: Queries, id: string): Promise<PersonRow | undefined> => (isId(id) ? q.selectFrom('identity.person').selectAll().where('id', '=', id).executeTakeFirst() : undefined)

// `in ()` is no SQL; this is nobody's id.
const NOBODY = '00000000-0000-0000-0000-000000000000'

export const findPersons = (q: Queries, ids: readonly string[]): Promise<PersonRow[]> => q.selectFrom('identity.person').selectAll().where('id', 'in', [...ids.filter(isId), NOBODY]).execute()

/** By one of the ways in which a person is named besides their id. */
export const findPersonBy = (q: Queries, by: { email_folded: string } | { managed_by: string; external_id: string }): Promise<PersonRow | undefined> =>
  q
    .selectFrom('identity.person')
    .selectAll()
    .where((where) => where.and(by))
    .executeTakeFirst()

export const insertPerson = async (q: Transaction<IdentityTables>, row: PersonRow): Promise<void> => void (await q.insertInto('identity.person').values(row).execute())

export const updatePerson = async (q: Transaction<IdentityTables>, id: string, change: Updateable<IdentityTables['identity.person']>): Promise<void> =>
  void (await q.updateTable('identity.person').set(change).where('id', '=', id).execute())

/** Holds the row against whoever would change it, together with others who hold it so. */
export const sharePerson = async (q: Transaction<IdentityTables>, id: string): Promise<PersonRow | undefined> =>
  isId(id) ? q.selectFrom('identity.person').selectAll().where('id', '=', id).forShare().executeTakeFirst() : undefined

/** Holds the row until the transaction ends: what is decided on it stays true. */
export const lockPerson = async (q: Transaction<IdentityTables>, id: string): Promise<PersonRow | undefined> =>
  isId(id) ? q.selectFrom('identity.person').selectAll().where('id', '=', id).forUpdate().executeTakeFirst() : undefined

export const lockGroup = async (q: Transaction<IdentityTables>, id: string): Promise<GroupRow | undefined> =>
  isId(id) ? q.selectFrom('identity.group').selectAll().where('id', '=', id).forUpdate().executeTakeFirst() : undefined

/**
 * Waits until nobody else is changing anybody or giving them something, and lets nobody begin until the transaction ends;
 * reading goes on. The first statement of whoever ends somebody, or takes ownership away.
 *
 * A serializable change sees what was there at its first query, and it would miss what somebody else attached to the
 * person while it waited for their row: a membership, an invitation. Locking a table is no query: what is read after it
 * is what the others left. Whoever attaches something to a person holds their row (`lockLiving`, `lockPerson`), and so
 * either is seen here or sees the end.
 */
export async function takeTurn(tx: Change<never>): Promise<void> {
  await sql`lock table identity.person in exclusive mode`.execute(within(tx))
}

export const findGroup = async (q: Queries, by: { id: string } | { name_folded: string }): Promise<GroupRow | undefined> =>
  'id' in by && !isId(by.id)
    ? undefined
    : q
        .selectFrom('identity.group')
        .selectAll()
        .where((where) => where.and(by))
        .executeTakeFirst()

export const insertGroup = async (q: Transaction<IdentityTables>, row: GroupRow): Promise<void> => void (await q.insertInto('identity.group').values(row).execute())

export const updateGroup = async (q: Transaction<IdentityTables>, id: string, change: Updateable<IdentityTables['identity.group']>): Promise<void> =>
  void (await q.updateTable('identity.group').set(change).where('id', '=', id).execute())

export const deleteGroup = async (q: Transaction<IdentityTables>, id: string): Promise<void> => void (await q.deleteFrom('identity.group').where('id', '=', id).execute())

export const groupsOf = async (q: Queries, person: string): Promise<GroupRow[]> =>
  isId(person)
    ? q.selectFrom('identity.group').selectAll('identity.group').innerJoin('identity.membership', 'identity.membership.group_id', 'identity.group.id').where('person_id', '=', person).orderBy('name_plain').execute()
    : []

/** State, epoch and groups, in one query by primary key. */
export async function standingOf(q: Queries, id: string): Promise<Standing | undefined> {
  if (!isId(id)) return undefined
  const { rows } = await sql<{ kind: 'person' | 'service'; state: string; epoch: number; groups: GroupId[] }>`
    select p.kind, p.state, p.epoch, array(select m.group_id::text from identity.membership m where m.person_id = p.id order by 1) as groups
    from identity.person p where p.id = ${id}`.execute(q)
  const row = rows[0]
  return row && { active: row.state === 'active', epoch: row.epoch, kind: row.kind, groups: row.groups }
}

/** Somebody else whose address is the same, or looks the same. */
export const holderOfAddress = (q: Queries, address: { skeleton: string }, notId: string | undefined): Promise<PersonRow | undefined> =>
  q
    .selectFrom('identity.person')
    .selectAll()
    .where('email_skeleton', '=', address.skeleton)
    .$if(notId !== undefined, (qb) => qb.where('id', '<>', notId ?? ''))
    .executeTakeFirst()

/** Somebody else whose name looks like this one and is spelt otherwise. Namesakes are no look-alikes. */
export const lookAlikeOfName = (q: Queries, name: { folded: string; skeleton: string }, notId: string | undefined): Promise<PersonRow | undefined> =>
  q
    .selectFrom('identity.person')
    .selectAll()
    .where('name_skeleton', '=', name.skeleton)
    .where('name_folded', '<>', name.folded)
    .where('state', '<>', 'deactivated')
    .$if(notId !== undefined, (qb) => qb.where('id', '<>', notId ?? ''))
    .limit(1)
    .executeTakeFirst()

/**
 * Which of these may be members. Their rows are held against a deactivation that runs at the same time: it either sees the
 * new membership or is seen here.
 */
export async function lockLiving(q: Transaction<IdentityTables>, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select id::text from identity.person where id = any(${ids}::uuid[]) and state <> 'deactivated' order by id for share`.execute(q)
  return new Set(rows.map((row) => row.id))
}

/** @returns who was no member before */
export async function addMembers(q: Transaction<IdentityTables>, group: string, ids: readonly string[], managedBy: string | null, at: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    insert into identity.membership (group_id, person_id, managed_by, since)
    select ${group}::uuid, id, ${managedBy}::text, ${at}::timestamptz from unnest(${ids}::uuid[]) as id
    on conflict do nothing returning person_id::text as id`.execute(q)
  return rows.map((row) => row.id)
}

/** How many of these memberships somebody else keeps. */
export async function keptByOthers(q: Transaction<IdentityTables>, group: string, ids: readonly string[] | undefined, managedBy: string | null): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from identity.membership
    where group_id = ${group}::uuid and managed_by is distinct from ${managedBy}::text and (${ids ?? null}::uuid[] is null or person_id = any(${ids ?? null}::uuid[]))`.execute(q)
  return rows[0]?.count ?? 0
}

/** @returns who was a member before */
export async function removeMembers(q: Transaction<IdentityTables>, group: string, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    delete from identity.membership where group_id = ${group}::uuid and person_id = any(${ids}::uuid[]) returning person_id::text as id`.execute(q)
  return rows.map((row) => row.id)
}

/** Takes somebody out of every group, whoever keeps it. */
export const removeFromAll = async (q: Transaction<IdentityTables>, person: string): Promise<void> => void (await q.deleteFrom('identity.membership').where('person_id', '=', person).execute())

export async function membersOf(q: Queries, group: string, page: { after?: string; limit: number }): Promise<Membership[]> {
  if (!isId(group) || (page.after !== undefined && !isId(page.after))) return []
  const rows = await q
    .selectFrom('identity.membership')
    .selectAll()
    .where('group_id', '=', group)
    .$if(page.after !== undefined, (qb) => qb.where('person_id', '>', page.after ?? ''))
    .orderBy('person_id')
    .limit(Math.min(page.limit, 1000))
    .execute()
  return rows.map(membershipOf)
}

export type InvitationRow = Selectable<IdentityTables['identity.invitation']>

/** Holds the row until the transaction ends: of two who bring one token, one waits and finds it used. */
export const lockInvitationByToken = (q: Transaction<IdentityTables>, tokenHash: Buffer): Promise<InvitationRow | undefined> =>
  q.selectFrom('identity.invitation').selectAll().where('token_hash', '=', tokenHash).forUpdate().executeTakeFirst()

export const findInvitation = async (q: Queries, id: string): Promise<InvitationRow | undefined> => (isId(id) ? q.selectFrom('identity.invitation').selectAll().where('id', '=', id).executeTakeFirst() : undefined)

/** @returns the one that was waiting, if there was one */
export const endInvitation = (q: Transaction<IdentityTables>, person: string, how: 'accepted' | 'revoked' | 'replaced', at: Date): Promise<{ id: string } | undefined> =>
  q.updateTable('identity.invitation').set({ ended_at: at, ended_how: how }).where('person_id', '=', person).where('ended_at', 'is', null).returning('id').executeTakeFirst()

export const insertInvitation = async (q: Transaction<IdentityTables>, row: InvitationRow): Promise<void> => void (await q.insertInto('identity.invitation').values(row).execute())

export const findInvitationByToken = (q: Queries, tokenHash: Buffer): Promise<InvitationRow | undefined> => q.selectFrom('identity.invitation').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst()

/** What is left of deactivated persons that ought to have ended with them. The first ten of each, and how many are deactivated at all. */
export async function leftOfDeactivated(q: Queries): Promise<{ deactivated: string[]; count: number; inGroups: string[]; invited: string[] }> {
  const { rows } = await sql<{ id: string; grouped: boolean; invited: boolean }>`
    select p.id::text, exists (select 1 from identity.membership m where m.person_id = p.id) as grouped,
      exists (select 1 from identity.invitation i where i.person_id = p.id and i.ended_at is null) as invited
    from identity.person p where p.state = 'deactivated' order by p.deactivated_at desc`.execute(q)
  const ids = (some: typeof rows): string[] => some.slice(0, 10).map(({ id }) => id)
  return { deactivated: rows.map(({ id }) => id), count: rows.length, inGroups: ids(rows.filter(({ grouped }) => grouped)), invited: ids(rows.filter(({ invited }) => invited)) }
}

/** Invitations that wait: the longest that one was made for, in days, and how many wait beyond their time. */
export async function waitingInvitations(q: Queries, at: Date): Promise<{ waiting: number; expired: number; longestDays: number; activePersons: number }> {
  const { rows } = await sql<{ waiting: number; expired: number; longest: number | null; active: number }>`
    select count(*) filter (where i.expires_at > ${at}) as waiting, count(*) filter (where i.expires_at <= ${at}) as expired,
      max(extract(epoch from i.expires_at - i.made_at)::float8) as longest, count(*) filter (where p.state = 'active') as active
    from identity.invitation i join identity.person p on p.id = i.person_id where i.ended_at is null`.execute(q)
  const row = rows[0]
  return { waiting: row?.waiting ?? 0, expired: row?.expired ?? 0, longestDays: (row?.longest ?? 0) / 86_400, activePersons: row?.active ?? 0 }
}

export const hasFirstOwner = async (q: Queries): Promise<boolean> => (await q.selectFrom('identity.first_owner').select('one').executeTakeFirst()) !== undefined

export const insertFirstOwner = async (q: Transaction<IdentityTables>, person: string, at: Date): Promise<void> => void (await q.insertInto('identity.first_owner').values({ one: true, person_id: person, at }).execute())

export type SetUpRow = Selectable<IdentityTables['identity.set_up']>

export const findSetUp = (q: Queries): Promise<SetUpRow | undefined> => q.selectFrom('identity.set_up').selectAll().executeTakeFirst()

export const lockSetUp = (q: Transaction<IdentityTables>): Promise<SetUpRow | undefined> => q.selectFrom('identity.set_up').selectAll().forUpdate().executeTakeFirst()

/** In place of whatever code there was. */
export const putSetUp = async (q: Transaction<IdentityTables>, row: Omit<SetUpRow, 'one'>): Promise<void> =>
  void (await q
    .insertInto('identity.set_up')
    .values({ one: true, ...row })
    .onConflict((conflict) => conflict.column('one').doUpdateSet(row))
    .execute())

export const updateSetUp = async (q: Transaction<IdentityTables>, change: { shown_at: Date } | { wrong_tries: number }): Promise<void> => void (await q.updateTable('identity.set_up').set(change).execute())

export const deleteSetUp = async (q: Transaction<IdentityTables>): Promise<void> => void (await q.deleteFrom('identity.set_up').execute())
