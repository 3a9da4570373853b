import { z } from 'zod'
import type { OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { recordTypesOf, routesOf, type Contract, type RouteRequest } from '#core/module'
import { accessOf, checkRules, RuleSchema, type Access, type Facts } from '#core/permission'
import type { People } from '#modules/identity'
import { isCurrent, type Assignment } from './assignment.ts'
import { BUILT_IN, builtIn } from './built-in.ts'
import { roles as contract } from './contract.ts'
import { csvOf } from './csv.ts'
import { heldFields, heldPermissions } from './export.ts'
import { isUuid, type Giver, type Giving } from './giving.ts'
import { subjectOf, type Grants } from './grants.ts'
import { permissionsOf, reachOf, wordsOf } from './reach.ts'
import type { Role } from './role.ts'
import { accessAs, grantOfPerson, requireFindable } from './simulation.ts'
import { editionsOf, findAssignment, findRole, listAssignments, outside, ownRoles, recordFacts } from './store.ts'
import { everybody } from './everybody.ts'

export interface RoleRouteParts {
  db: OrganisationDatabase
  giving: Giving
  grants: Grants
  people(): People
  contracts(): readonly Contract[]
}

const route = routesOf(contract)
const RuleIn = z.array(z.unknown()).max(500).describe('Rules: effect, verb, record, names, when; see docs/permissions.md.')
const RoleIn = z.strictObject({ title: z.string().trim().min(1).max(100).regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u, 'one line of text'), sentence: z.string().trim().min(1).max(300), rules: RuleIn })
const RoleOut = z.object({ id: z.string(), title: z.string(), sentence: z.string(), rules: z.array(RuleSchema), builtIn: z.boolean(), version: z.number(), changedAt: z.string(), changedBy: z.string() }).partial()
const AssignmentOut = z.object({ id: z.string(), role: z.string(), person: z.string(), group: z.string(), reason: z.string(), givenBy: z.string(), givenAt: z.string(), until: z.string(), endedAt: z.string(), endedBy: z.string(), roleTitle: z.string(), name: z.string() }).partial()
const ReachOut = z.record(z.string(), z.object({ find: z.boolean(), read: z.array(z.string()), write: z.array(z.string()), act: z.array(z.string()) }))
const VerbIn = z.enum(['find', 'read', 'write', 'act'])
const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })
const Id = z.string().max(64)

/** Roles and who holds them; why somebody may; as somebody else would see it; who can do what. */
export function roleRoutes({ db, giving, grants, people, contracts }: RoleRouteParts) {
  const q = outside(db.app)
  const everyRole = async (): Promise<Role[]> => [...BUILT_IN, ...(await ownRoles(q))]
  const roleOf = async (id: string): Promise<Role | undefined> => builtIn(id) ?? (isUuid(id) ? findRole(q, id) : undefined)
  const aboutRole = { record: 'role', load: async ({ id }: { id: string }): Promise<Facts | undefined> => factsOfRole(await roleOf(id)) } as const
  const types = () => recordTypesOf(contracts())
  const words = () => wordsOf(contracts())
  const rulesIn = (given: unknown) => checkRules(given, { types: types(), permissions: contracts().flatMap(({ permissions }) => Object.keys(permissions)) })
  const simulation = { db, grants, people, types }

  const present = async (assignments: readonly Assignment[], access: Access): Promise<z.infer<typeof AssignmentOut>[]> => {
    const titles = new Map((await everyRole()).map((role) => [role.id, role]))
    const found = assignments.flatMap((assignment) => {
      const { facts, out } = assignmentRecord(assignment)
      const seen = access.visible('assignment', out, facts)
      return seen === undefined ? [] : [{ seen, assignment }]
    })
    const persons = new Map((await people().findAll(found.flatMap(({ assignment: { holder } }) => (holder.kind === 'person' ? [holder.id] : [])))).map((person) => [person.id as string, person]))
    return Promise.all(
      found.map(async ({ seen, assignment: { role, holder } }) => {
        const title = titles.get(role)
        const roleTitle = title && access.visible('role', { title: title.title }, factsOfRole(title))?.title
        const name = holder.kind === 'person' ? visibleName(access, 'person', persons.get(holder.id), 'displayName') : visibleName(access, 'group', await people().findGroup(holder.id), 'name')
        return { ...seen, ...(roleTitle === undefined ? {} : { roleTitle }), ...(name === undefined ? {} : { name }) }
      }),
    )
  }

  return [
    route({
      on: 'GET /roles',
      permit: 'role.read',
      summary: 'Every role: the built-in ones, and the organisation’s own',
      query: z.object({}),
      reply: list(RoleOut),
      async handle({ access }) {
        return { body: { items: (await everyRole()).flatMap((role) => seenRole(access, role) ?? []), next: null } }
      },
    }),
    route({
      on: 'POST /roles',
      permit: 'role.change',
      summary: 'Make a role of one’s own, out of rules that one holds oneself',
      stepUp: true,
      body: RoleIn,
      reply: RoleOut,
      status: 201,
      async handle({ body, actor, access }) {
        access.requireWritable('role', Object.keys(body))
        const role = await giving.createRole(giver(actor), { ...body, rules: rulesIn(body.rules) })
        return { body: seenRole(access, role) ?? {}, etag: String(role.version), location: `/api/v1/roles/${role.id}` }
      },
    }),
    route({
      on: 'GET /roles/{id}',
      permit: 'role.read',
      summary: 'One role with its rules',
      params: z.object({ id: Id }),
      about: aboutRole,
      reply: RoleOut,
      async handle({ params, access }) {
        const role = await required(roleOf(params.id))
        return { body: seenRole(access, role) ?? {}, etag: String(role.version) }
      },
    }),
    route({
      on: 'PATCH /roles/{id}',
      permit: 'role.change',
      summary: 'Change a role of one’s own; it holds with the next request of whoever holds the role',
      stepUp: true,
      params: z.object({ id: Id }),
      about: aboutRole,
      body: RoleIn.partial(),
      reply: RoleOut,
      async handle({ params, body, actor, access, ifMatch }) {
        const before = await required(roleOf(params.id))
        access.requireWritable('role', Object.keys(body), factsOfRole(before))
        const { title = before.title, sentence = before.sentence } = body
        const text = { title, sentence, rules: body.rules === undefined ? before.rules : rulesIn(body.rules) }
        try {
          const role = await giving.changeRole(giver(actor), params.id, text, versionIn(ifMatch))
          return { body: seenRole(access, role) ?? {}, etag: String(role.version) }
        } catch (error) {
          throw await withCurrent(error, access, () => roleOf(params.id))
        }
      },
    }),
    route({
      on: 'DELETE /roles/{id}',
      permit: 'role.change',
      summary: 'Delete a role of one’s own; nobody holds it any more',
      stepUp: true,
      params: z.object({ id: Id }),
      about: aboutRole,
      reply: z.unknown(),
      status: 204,
      async handle({ params, actor, access, ifMatch }) {
        try {
          await giving.deleteRole(giver(actor), params.id, versionIn(ifMatch))
          return { body: undefined }
        } catch (error) {
          throw await withCurrent(error, access, () => roleOf(params.id))
        }
      },
    }),
    route({
      on: 'GET /roles/{id}/versions',
      permit: 'role.read',
      summary: 'What a role said before, newest first',
      params: z.object({ id: Id }),
      about: aboutRole,
      reply: list(RoleOut),
      async handle({ params, access }) {
        const role = await required(roleOf(params.id))
        const editions = role.builtIn ? [] : await editionsOf(q, params.id)
        const items = editions.map((edition) => ({ id: params.id, title: edition.title, sentence: edition.sentence, ...(edition.rules === null ? {} : { rules: edition.rules }), builtIn: false, version: edition.version, changedAt: edition.at.toISOString(), changedBy: edition.changed_by }))
        return { body: { items: access.visibleAll('role', items, ({ changedAt, ...item }) => ({ ...item, changedAt: new Date(changedAt) })), next: null } }
      },
    }),
    route({
      on: 'GET /roles/{id}/holders',
      permit: 'assignment.read',
      summary: 'Who holds a role, why and until when',
      params: z.object({ id: Id }),
      reply: list(AssignmentOut),
      async handle({ params, access, at }) {
        const role = await roleOf(params.id)
        if (role === undefined || !access.allows({ verb: 'find', record: 'role', facts: factsOfRole(role) ?? {} })) throw new VouchsafeError('not-found', 'There is no such role.')
        return { body: { items: await present((await listAssignments(q, { role: params.id })).filter((assignment) => isCurrent(assignment, at)), access), next: null } }
      },
    }),
    route({
      on: 'GET /assignments',
      permit: 'assignment.read',
      summary: 'Roles that somebody holds, or that anybody holds or held',
      query: z.object({ person: z.uuid().optional(), group: z.uuid().optional(), role: Id.optional(), ended: z.enum(['true', 'false']).default('false').describe('Those that had ended as well.') }),
      reply: list(AssignmentOut),
      async handle({ query, access, at }) {
        for (const field of ['person', 'group', 'role'] as const) if (query[field] !== undefined) access.requireSortable('assignment', field)
        const { person, group, role } = query
        const found = await listAssignments(q, { ...(person === undefined ? {} : { person }), ...(group === undefined ? {} : { group }), ...(role === undefined ? {} : { role }), ended: query.ended === 'true' })
        const shown = found.filter((assignment) => query.ended === 'true' || isCurrent(assignment, at))
        // Whoever may not read the field that they filter by must not learn it from what is left.
        const honest = shown.filter((assignment) => {
          const { facts } = assignmentRecord(assignment)
          return (['person', 'group', 'role'] as const).every((name) => query[name] === undefined || access.allows({ verb: 'read', record: 'assignment', name, facts }))
        })
        return { body: { items: await present(honest, access), next: null } }
      },
    }),
    route({
      on: 'POST /assignments',
      permit: 'role.give',
      summary: 'Give a role to a person or a group, with a reason and, if it is for a time, an end',
      stepUp: true,
      body: z.strictObject({ role: Id, person: z.uuid().optional(), group: z.uuid().optional(), reason: z.string().trim().min(1).max(500), until: z.iso.datetime({ offset: true }).optional() }),
      reply: AssignmentOut,
      status: 201,
      async handle({ body, actor, access }) {
        const { role, person, group, reason, until } = body
        if ((person === undefined) === (group === undefined)) throw new VouchsafeError('bad-input', 'Name a person or a group, and one of the two only.', { fields: [{ pointer: '/person', message: 'or /group: one of the two' }] })
        access.requireWritable('assignment', Object.keys(body))
        const holder = person === undefined ? ({ kind: 'group', id: group ?? '' } as const) : ({ kind: 'person', id: person } as const)
        const assignment = await giving.give(giver(actor), { role, holder, reason, ...(until === undefined ? {} : { until: new Date(until) }) })
        return { body: (await present([assignment], access))[0] ?? {}, location: `/api/v1/assignments?${holder.kind}=${holder.id}` }
      },
    }),
    route({
      on: 'DELETE /assignments/{id}',
      permit: 'role.give',
      summary: 'Take a role; it holds with their next request',
      stepUp: true,
      params: z.object({ id: z.uuid() }),
      reply: z.unknown(),
      status: 204,
      async handle({ params, actor, access }) {
        const before = await findAssignment(q, params.id)
        if (before === undefined || !access.allows({ verb: 'find', record: 'assignment', facts: assignmentRecord(before).facts })) throw new VouchsafeError('not-found', 'There is no such assignment.')
        await giving.take(giver(actor), params.id)
        return { body: undefined }
      },
    }),
    route({
      on: 'GET /me/access',
      permit: 'anyone',
      summary: 'What whoever asks might do, by record type: for a console that offers nothing which cannot be used',
      reply: z.object({ actor: z.object({ kind: z.string(), id: z.string().optional() }), records: ReachOut, permissions: z.array(z.string()) }),
      async handle({ actor, access }) {
        const records = actor.kind === 'anyone' ? {} : reachOf(access, words())
        return { body: { actor: { kind: actor.kind, ...('id' in actor ? { id: actor.id } : {}) }, records, permissions: permissionsOf(records) } }
      },
    }),
    route({
      on: 'GET /access/words',
      permit: 'anyone',
      summary: 'What rules may speak about: record types, their fields and acts',
      reply: z.object({ records: z.record(z.string(), z.object({ title: z.string(), fields: z.record(z.string(), z.object({ title: z.string(), kind: z.string() })), acts: z.record(z.string(), z.string()) })) }),
      async handle() {
        return { body: words() }
      },
    }),
    route({
      on: 'GET /access/why',
      permit: 'access.explain',
      summary: 'Why somebody may do something, or may not: the rules that spoke, and the roles they came by',
      query: z.object({ person: z.uuid(), verb: VerbIn, record: z.string().max(100), name: z.string().max(100).optional(), id: z.string().max(200).optional() }),
      reply: z.object({ allowed: z.boolean(), summary: z.string(), rules: z.array(z.object({ rule: RuleSchema, role: z.object({ id: z.string(), title: z.string() }), through: z.object({ kind: z.string(), id: z.string(), title: z.string().optional() }), outcome: z.string() })) }),
      async handle({ query, access }) {
        const { person, verb, record, name, id } = query
        if ((verb === 'find') !== (name === undefined)) throw new VouchsafeError('bad-input', verb === 'find' ? 'A record is found as a whole: leave the name out.' : 'Name the field or act that is asked about.', { fields: [{ pointer: '/query/name', message: verb === 'find' ? 'must be left out' : 'is missing' }] })
        if (types()[record] === undefined) throw new VouchsafeError('bad-input', `There is no record type "${record}".`, { mend: 'See /api/v1/access/words.' })
        await requireFindable(access, person, people())
        const grant = await grantOfPerson(person, { db, grants, people })
        const facts = id === undefined ? undefined : await requireFacts(record, id, access)
        // As far as whoever asks may see roles and groups: "why?" is no way to learn what those are called.
        const titled = await Promise.all(
          grant.rules.map(async (granted) => {
            const role = await roleOf(granted.role.id)
            const title = visibleName(access, 'role', factsOfRole(role), 'title') ?? 'a role'
            const group = granted.through.kind === 'group' ? (visibleName(access, 'group', await people().findGroup(granted.through.id), 'name') ?? 'a group') : undefined
            return { ...granted, role: { ...granted.role, title }, through: { ...granted.through, ...(group === undefined ? {} : { title: group }) } }
          }),
        )
        const answer = accessOf(titled, subjectOf(grant), types()).why({ verb, record, ...(name === undefined ? {} : { name }), ...(facts === undefined ? {} : { facts }) })
        return { body: { allowed: answer.allowed, summary: answer.summary, rules: answer.rules.map(({ rule, role, through, outcome }) => ({ rule, role, through: { ...through }, outcome })) } }
      },
    }),
    route({
      on: 'GET /access/as/{person}',
      permit: 'access.simulate',
      summary: 'What somebody else might find, read, write and do, by record type and field; each look is in the audit',
      params: z.object({ person: z.uuid() }),
      reply: z.object({ person: z.string(), roles: z.array(z.object({ id: z.string(), title: z.string() })), records: ReachOut }),
      async handle({ params, actor, access }) {
        const seen = await accessAs({ actor, access }, params.person, '/api/v1/access/as', simulation)
        const all = await everyRole()
        return { body: { person: params.person, roles: seen.grant.roles.map((id) => ({ id, title: all.find((role) => role.id === id)?.title ?? id })), records: reachOf(seen.access, words()) } }
      },
    }),
    route({
      on: 'GET /access/export',
      permit: 'access.export',
      summary: 'Who can do what: by person (their permissions and fields) or by permission (who has it)',
      query: z.object({ by: z.enum(['person', 'permission']).default('person'), format: z.enum(['json', 'csv']).default('json') }),
      reply: z.object({ at: z.string(), permissions: z.array(z.object({ person: z.string(), name: z.string(), permission: z.string(), of: z.enum(['all', 'some']), by: z.array(z.string()) })), fields: z.array(z.object({ person: z.string(), name: z.string(), record: z.string(), read: z.array(z.string()), write: z.array(z.string()), rules: z.array(z.string()) })).optional() }),
      async handle({ query, at, access }) {
        const known = await everybody({ q, people: people(), grants, at })
        // Names are shown as far as whoever asks may read them; the rest are ids.
        const seen = known.flatMap(({ grant, person }) => (access.allows({ verb: 'find', record: 'person', facts: { ...person } }) ? [{ grant, name: visibleName(access, 'person', person, 'displayName') ?? '' }] : []))
        const permissions = heldPermissions(seen, words(), types())
        if (query.by === 'permission') permissions.sort((a, b) => (a.permission < b.permission ? -1 : a.permission > b.permission ? 1 : 0))
        const fields = query.by === 'person' ? heldFields(seen, words(), types()) : undefined
        if (query.format === 'json') return { body: { at: at.toISOString(), permissions, ...(fields === undefined ? {} : { fields }) } }
        const rows =
          query.by === 'permission'
            ? [['permission', 'person', 'name', 'of', 'by'], ...permissions.map((held) => [held.permission, held.person, held.name, held.of, held.by.join('; ')])]
            : [['person', 'name', 'kind', 'what', 'of', 'by'], ...permissions.map((held) => [held.person, held.name, 'act', held.permission, held.of, held.by.join('; ')]), ...(fields ?? []).flatMap((held) => [[held.person, held.name, 'read', held.record, held.read.join(' '), held.rules.join('; ')], ...(held.write.length > 0 ? [[held.person, held.name, 'write', held.record, held.write.join(' '), held.rules.join('; ')]] : [])])]
        return { body: { at: at.toISOString(), permissions: [] }, file: { mediaType: 'text/csv; charset=utf-8', bytes: csvOf(rows), name: `who-can-do-what-by-${query.by}.csv` } }
      },
    }),
  ]

  /** One record as rules see it. Whoever asks must be allowed to find it: "why?" is no way to learn what is there. */
  async function requireFacts(record: string, id: string, access: Access): Promise<Facts> {
    const type = types()[record]
    const facts = record === 'role' ? factsOfRole(await roleOf(id)) : record === 'assignment' && isUuid(id) ? await findAssignment(q, id).then((found) => found && assignmentRecord(found).facts) : type?.table === undefined ? undefined : await recordFacts(q, type, id)
    if (facts === undefined && type?.table === undefined && record !== 'role' && record !== 'assignment') throw new VouchsafeError('unsupported', 'Records of this type cannot be asked about one by one.', { mend: 'Leave the id out: the answer is then about every record of the type.' })
    if (facts === undefined || !access.allows({ verb: 'find', record, facts })) throw new VouchsafeError('not-found', `There is no such ${record}.`)
    return facts
  }
}

function visibleName(access: Access, type: string, record: object | undefined, field: string): string | undefined {
  if (record === undefined) return undefined
  const name = (access.visible(type, record) as Record<string, unknown> | undefined)?.[field]
  return typeof name === 'string' ? name : undefined
}

const factsOfRole = (role: Role | undefined): Facts | undefined => role && { id: role.id, title: role.title, sentence: role.sentence, rules: role.rules, builtIn: role.builtIn, version: role.version, ...(role.changedAt ? { changedAt: role.changedAt } : {}) }

function seenRole(access: Access, role: Role): z.infer<typeof RoleOut> | undefined {
  const { changedAt, rules, ...rest } = role
  return access.visible('role', { ...rest, rules: [...rules], ...(changedAt ? { changedAt: changedAt.toISOString() } : {}) }, factsOfRole(role))
}

/** As rules see it, and as it is shown. */
function assignmentRecord({ holder, givenAt, until, endedAt, ...rest }: Assignment) {
  const held = { ...rest, [holder.kind]: holder.id } as { id: string; role: string; person?: string; group?: string; reason: string; givenBy: string; endedBy?: string }
  const facts: Facts = { ...held, givenAt, ...(until ? { until } : {}), ...(endedAt ? { endedAt } : {}) }
  return { facts, out: { ...held, givenAt: givenAt.toISOString(), ...(until ? { until: until.toISOString() } : {}), ...(endedAt ? { endedAt: endedAt.toISOString() } : {}) } }
}

function giver(actor: RouteRequest<never, never, never>['actor']): Giver {
  if (actor.kind === 'anyone') throw new VouchsafeError('not-signed-in', 'Nobody is signed in.')
  return actor
}

async function required(finding: Promise<Role | undefined>): Promise<Role> {
  const role = await finding
  if (role === undefined) throw new VouchsafeError('not-found', 'There is no such role.')
  return role
}

/** RFC 9110 §13.1.1: `*` matches whatever is there. */
const versionIn = (ifMatch: string | undefined): number | undefined => (ifMatch === undefined || ifMatch === '*' ? undefined : Number(ifMatch))

/** With 412, what it is now, as far as they may read it. */
async function withCurrent(error: unknown, access: Access, load: () => Promise<Role | undefined>): Promise<unknown> {
  if (!(error instanceof VouchsafeError) || error.code !== 'precondition-failed') return error
  const role = await load()
  return new VouchsafeError(error.code, error.message, { ...(error.mend === undefined ? {} : { mend: error.mend }), ...(role === undefined ? {} : { current: seenRole(access, role) }) })
}
