import { sql, type Kysely } from 'kysely'
import { migrationsBeside, type Change, type MigrationSet, type NoTables } from '#core/database'
import { visibleRelation, type Access, type Facts, type RecordType, type Rule } from '#core/permission'
import type { Assignment, AssignmentId, Holder } from './assignment.ts'
import { foldedTitle, type Role, type RoleId } from './role.ts'

export const rolesMigrations: MigrationSet = { schema: 'roles', folder: migrationsBeside(import.meta.url) }

export type RolesTables = {
  'roles.version': { single: boolean; number: number }
  'roles.role': { id: string; title: string; title_folded: string; sentence: string; rules: Rule[]; version: number; created_at: Date; changed_at: Date }
  'roles.edition': { role_id: string; version: number; title: string; sentence: string; rules: Rule[] | null; changed_by: string; at: Date }
  'roles.assignment': AssignmentRow
}

interface AssignmentRow {
  id: string
  role: string
  person_id: string | null
  group_id: string | null
  reason: string
  given_by: string
  given_at: Date
  until: Date | null
  ended_at: Date | null
  ended_by: string | null
}

type Queries = Kysely<RolesTables>
export const outside = (db: Kysely<NoTables>): Queries => db.withTables<RolesTables>()
/** The caller's transaction, with the tables of this module. */
export const within = (tx: Change<never>): Queries => tx.db as unknown as Queries

const json = (value: unknown) => JSON.stringify(value) as never

export const roleOf = (row: RolesTables['roles.role']): Role => ({ id: row.id as RoleId, title: row.title, sentence: row.sentence, rules: row.rules, builtIn: false, version: row.version, changedAt: row.changed_at })

export const assignmentOf = (row: AssignmentRow): Assignment => ({
  id: row.id as AssignmentId,
  role: row.role as RoleId,
  holder: row.person_id === null ? { kind: 'group', id: row.group_id ?? '' } : { kind: 'person', id: row.person_id },
  reason: row.reason,
  givenBy: row.given_by,
  givenAt: row.given_at,
  ...(row.until === null ? {} : { until: row.until }),
  ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  ...(row.ended_by === null ? {} : { endedBy: row.ended_by }),
})

/** What is remembered of somebody is right as long as this number stands. */
export async function currentVersion(q: Queries): Promise<number> {
  return (await q.selectFrom('roles.version').select('number').executeTakeFirstOrThrow()).number
}

/** INVARIANT: called in every change that bears on what somebody may do. */
export async function nextVersion(q: Queries): Promise<void> {
  await q.updateTable('roles.version').set({ number: sql<number>`number + 1` }).execute()
}

export const ownRoles = async (q: Queries): Promise<Role[]> => (await q.selectFrom('roles.role').selectAll().orderBy('title_folded').execute()).map(roleOf)

export async function lockRole(q: Queries, id: string): Promise<Role | undefined> {
  const row = await q.selectFrom('roles.role').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  return row && roleOf(row)
}

export async function findRole(q: Queries, id: string): Promise<Role | undefined> {
  const row = await q.selectFrom('roles.role').selectAll().where('id', '=', id).executeTakeFirst()
  return row && roleOf(row)
}

export async function insertRole(q: Queries, role: Role, by: string, at: Date): Promise<void> {
  await q.insertInto('roles.role').values({ id: role.id, title: role.title, title_folded: foldedTitle(role.title), sentence: role.sentence, rules: json(role.rules), version: role.version, created_at: at, changed_at: at }).execute()
  await insertEdition(q, role, by, at)
}

export async function updateRole(q: Queries, role: Role, by: string, at: Date): Promise<void> {
  await q.updateTable('roles.role').set({ title: role.title, title_folded: foldedTitle(role.title), sentence: role.sentence, rules: json(role.rules), version: role.version, changed_at: at }).where('id', '=', role.id).execute()
  await insertEdition(q, role, by, at)
}

export async function deleteRole(q: Queries, role: Role, by: string, at: Date): Promise<void> {
  await q.insertInto('roles.edition').values({ role_id: role.id, version: role.version + 1, title: role.title, sentence: role.sentence, rules: null, changed_by: by, at }).execute()
  await q.deleteFrom('roles.role').where('id', '=', role.id).execute()
}

const insertEdition = (q: Queries, role: Role, by: string, at: Date) => q.insertInto('roles.edition').values({ role_id: role.id, version: role.version, title: role.title, sentence: role.sentence, rules: json(role.rules), changed_by: by, at }).execute()

export const editionsOf = (q: Queries, id: string) => q.selectFrom('roles.edition').selectAll().where('role_id', '=', id).orderBy('version', 'desc').limit(200).execute()

export async function insertAssignment(q: Queries, assignment: Assignment): Promise<void> {
  const { holder } = assignment
  await q
    .insertInto('roles.assignment')
    .values({
      id: assignment.id,
      role: assignment.role,
      person_id: holder.kind === 'person' ? holder.id : null,
      group_id: holder.kind === 'group' ? holder.id : null,
      reason: assignment.reason,
      given_by: assignment.givenBy,
      given_at: assignment.givenAt,
      until: assignment.until ?? null,
      ended_at: null,
      ended_by: null,
    })
    .execute()
}

export async function findAssignment(q: Queries, id: string): Promise<Assignment | undefined> {
  const row = await q.selectFrom('roles.assignment').selectAll().where('id', '=', id).executeTakeFirst()
  return row && assignmentOf(row)
}

/** Ends assignments that had not been ended. @returns those that it ended */
export async function endAssignments(q: Queries, which: { id: string } | { holder: Holder } | { holder: Holder; expiredBy: Date } | { role: string }, by: string, at: Date): Promise<Assignment[]> {
  let query = q.updateTable('roles.assignment').set({ ended_at: at, ended_by: by }).where('ended_at', 'is', null)
  if ('id' in which) query = query.where('id', '=', which.id)
  if ('role' in which) query = query.where('role', '=', which.role)
  if ('holder' in which) query = query.where(which.holder.kind === 'person' ? 'person_id' : 'group_id', '=', which.holder.id)
  if ('expiredBy' in which) query = query.where('until', '<=', which.expiredBy)
  return (await query.returningAll().execute()).map(assignmentOf)
}

export interface AssignmentFilter {
  role?: string
  person?: string
  group?: string
  /** Those that had ended as well. */
  ended?: boolean
}

export async function listAssignments(q: Queries, filter: AssignmentFilter = {}): Promise<Assignment[]> {
  let query = q.selectFrom('roles.assignment').selectAll().orderBy('given_at').orderBy('id')
  if (filter.role !== undefined) query = query.where('role', '=', filter.role)
  if (filter.person !== undefined) query = query.where('person_id', '=', filter.person)
  if (filter.group !== undefined) query = query.where('group_id', '=', filter.group)
  if (filter.ended !== true) query = query.where('ended_at', 'is', null)
  return (await query.execute()).map(assignmentOf)
}

export interface Reaching {
  version: number
  assignments: Assignment[]
  /** The own roles among them. */
  roles: Role[]
}

/** In one statement, so that the number belongs to what was read: everything that reaches a person. */
export async function reaching(q: Queries, person: string, groups: readonly string[]): Promise<Reaching> {
  const { rows } = await sql<{ version: number; assignment: unknown; role: unknown }>`
    select v.number as version, to_jsonb(a) as assignment, to_jsonb(r) as role
    from roles.version v
    left join roles.assignment a on a.ended_at is null and (a.person_id = ${person}::uuid or a.group_id = any(${[...groups]}::uuid[]))
    left join roles.role r on r.id::text = a.role`.execute(q)
  const dated = <T extends object>(row: T, ...names: (keyof T)[]): T => ({ ...row, ...Object.fromEntries(names.map((name) => [name, row[name] === null ? null : new Date(row[name] as string)])) })
  return {
    version: rows[0]?.version ?? 0,
    assignments: rows.flatMap(({ assignment }) => (assignment === null ? [] : [assignmentOf(dated(assignment as AssignmentRow, 'given_at', 'until', 'ended_at'))])),
    roles: rows.flatMap(({ role }) => (role === null ? [] : [roleOf(dated(role as RolesTables['roles.role'], 'created_at', 'changed_at'))])),
  }
}

/** How many others hold a role now. Inside a serializable change, what it reads must not change before the commit. */
export async function otherHolders(q: Queries, role: string, person: string, at: Date): Promise<number> {
  const { count } = await q
    .selectFrom('roles.assignment')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('role', '=', role)
    .where('ended_at', 'is', null)
    .where('person_id', 'is not', null)
    .where('person_id', '<>', person)
    .where((e) => e.or([e('until', 'is', null), e('until', '>', at)]))
    .executeTakeFirstOrThrow()
  return count
}

export async function holds(q: Queries, role: string, person: string): Promise<boolean> {
  return (await q.selectFrom('roles.assignment').select('id').where('role', '=', role).where('person_id', '=', person).where('ended_at', 'is', null).executeTakeFirst()) !== undefined
}

/**
 * One record of any type that lies in a table, in the words of its type; found by its first key field. Fields that are no
 * columns (counted, or put together) are not among its facts.
 */
export async function recordFacts(q: Queries, type: RecordType, id: string): Promise<Facts | undefined> {
  const [key = 'id'] = type.key ?? ['id']
  const { rows } = await sql<{ record: Record<string, unknown> }>`select to_jsonb(t) as record from ${sql.table(type.table ?? '')} t where t.${sql.ref(type.fields[key]?.column ?? key)}::text = ${id}`.execute(q)
  const record = rows[0]?.record
  if (record === undefined) return undefined
  return Object.fromEntries(
    Object.entries(type.fields).flatMap(([field, { kind, column = field }]): [string, unknown][] => {
      const value = record[column]
      return value === undefined ? [] : [[field, kind === 'instant' && typeof value === 'string' ? new Date(value) : value]]
    }),
  )
}

/** How many people somebody sees, and how many of their addresses. */
export async function maskedCounts(q: Queries, access: Access): Promise<{ rows: number; shown: number }> {
  const { rows } = await sql<{ rows: number; shown: number }>`select count(*) as rows, count(email) as shown from ${visibleRelation(access, 'person')} as seen`.execute(q)
  return rows[0] ?? { rows: 0, shown: 0 }
}
