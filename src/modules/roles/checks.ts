import { randomUUID } from 'node:crypto'
import { fails, holds, looksAt, selfCheck, type Check, type SelfCheckTerms, type Sight } from '#core/check'
import type { Instant } from '#core/clock'
import type { OrganisationDatabase } from '#core/database'
import { isVouchsafeError } from '#core/errors'
import { accessOf, type GrantedRule, type RecordType, type Rule } from '#core/permission'
import type { People } from '#modules/identity'
import { isCurrent } from './assignment.ts'
import { lacking } from './authority.ts'
import { BUILT_IN, builtIn, EMPLOYEE, OWNER } from './built-in.ts'
import { everybody } from './everybody.ts'
import type { Giving } from './giving.ts'
import type { Grants } from './grants.ts'
import { listAssignments, maskedCounts, outside } from './store.ts'

export interface RolesCheckParts {
  db: OrganisationDatabase
  people(): People
  types(): Readonly<Record<string, RecordType>>
  grants: Grants
  giving: Giving
}

const HOUR = 3600

/** Checks of who may do what in this installation; what can be tried is tried, and leaves nothing. */
export function rolesChecks({ db, people, types, grants, giving }: RolesCheckParts): readonly Check[] {
  const q = outside(db.app)
  const ownersRules = builtIn(OWNER)?.rules ?? []

  return [
    check(
      {
        noun: 'least-privilege',
        title: 'Nobody but owners holds everything, and access comes by roles alone',
        controls: ['access-least-privilege', 'access-role-based', 'customer-rbac'],
        method: 'Puts together what each person and service account that holds a role may do, and compares it with what an owner may. Then has somebody who holds nothing give away the role of an owner, an own role of all permissions, and a built-in role: each must be refused.',
        cadenceSeconds: HOUR,
      },
      { 'everybody who holds a role': lookAtHolders, 'a trial': tryGiving },
    ),
    check(
      {
        noun: 'ended-access',
        title: 'A role that was given until a date ends on that date',
        controls: ['access-removed', 'access-production-limited'],
        method: 'Asks for every role whose end date has passed what its holder may do now, as each of their requests does: it must not reach them by that assignment. Then asks whether anybody who was deactivated still holds a role.',
        cadenceSeconds: HOUR,
      },
      { 'end dates': lookAtEnds, 'those who went': lookAtDeactivated },
    ),
    check(
      {
        noun: 'single-fields',
        title: 'A field that is denied is invisible, in one record and in lists',
        controls: ['customer-fine-grained'],
        method: 'Reads the list of people as somebody who may find them all and read everything but the address: no address may come through, neither in the rows nor by counting those that have one; and the same person, asked for alone, shows none either.',
        cadenceSeconds: HOUR,
      },
      { 'a trial': tryMasking },
    ),
  ]

  async function lookAtHolders(at: Instant): Promise<Sight> {
    const known = await everybody({ q, people: people(), grants, at })
    const owners = known.filter(({ grant }) => grant.roles.includes(OWNER))
    const tooMuch = known.filter(({ grant }) => !grant.roles.includes(OWNER) && lacking(grant.rules.map(({ rule }) => rule), ownersRules).length === 0)
    const seen = { holders: known.length, owners: owners.length, holdEverything: tooMuch.map(({ person }) => person.id) }
    if (tooMuch.length > 0) return fails(`${tooMuch.length} of ${known.length} who hold roles hold everything without being owners; give them narrower roles`, seen)
    return holds(`${known.length} hold roles, ${owners.length} of them as owners; nobody else holds everything`, seen)
  }

  async function tryGiving(): Promise<Sight> {
    const nobody = { kind: 'person', id: randomUUID(), by: { kind: 'session', sessionId: randomUUID() } } as const
    const holder = { kind: 'person', id: nobody.id } as const
    const tries: readonly (readonly [string, () => Promise<unknown>])[] = [
      ...BUILT_IN.filter(({ id }) => id !== EMPLOYEE).map(({ id, title }) => [`the role ${title}`, () => giving.give(nobody, { role: id, holder, reason: 'a check that tries whether this is refused' })] as const),
      ['an own role of all permissions', () => giving.createRole(nobody, { title: `check ${nobody.id}`, sentence: 'a check that tries whether this is refused', rules: ownersRules })],
    ]
    for (const [what, give] of tries) {
      try {
        await give()
        return fails(`somebody who holds nothing could give ${what}`)
      } catch (error) {
        if (!isVouchsafeError(error, 'not-allowed')) throw error
      }
    }
    return holds(`somebody who holds nothing was refused ${tries.length} times`)
  }

  async function lookAtEnds(at: Instant): Promise<Sight> {
    const all = await listAssignments(q)
    const ended = all.filter((assignment) => !isCurrent(assignment, at))
    for (const { holder, role } of ended) {
      const others = all.some((other) => other.role === role && isCurrent(other, at) && (holder.kind === 'group' || other.holder.kind === 'group' || other.holder.id === holder.id))
      if (holder.kind === 'group' || others) continue // they may hold it by another way, which has not ended
      const standing = await people().standing(holder.id)
      const grant = await grants.grantOf({ id: holder.id, kind: standing?.kind ?? 'person', groups: standing?.groups ?? [] }, at)
      if (grant.roles.includes(role)) return fails(`the role ${role} still reaches somebody after its end date`, { role, holder: holder.id })
    }
    return holds(ended.length === 0 ? `none of ${all.length} roles that are held has passed its end date` : `${ended.length} roles have passed their end date, and reach nobody`, { held: all.length, ended: ended.length })
  }

  async function lookAtDeactivated(): Promise<Sight> {
    const ids = [...new Set((await listAssignments(q)).flatMap(({ holder }) => (holder.kind === 'person' ? [holder.id] : [])))]
    const left: string[] = []
    for (let from = 0; from < ids.length; from += 1000) {
      const page = ids.slice(from, from + 1000)
      const found = new Map((await people().findAll(page)).map((person) => [person.id as string, person]))
      left.push(...page.filter((id) => (found.get(id)?.state ?? 'deactivated') === 'deactivated'))
    }
    if (left.length > 0) return fails(`${left.length} who were deactivated still stand as holders of a role; take it from them`, { left })
    return holds(`${ids.length} persons hold roles by name, and none of them was deactivated`)
  }

  async function tryMasking(): Promise<Sight> {
    const rules: Rule[] = [
      { effect: 'allow', verb: 'find', record: 'person' },
      { effect: 'allow', verb: 'read', record: 'person' },
      { effect: 'deny', verb: 'read', record: 'person', names: ['email'], when: { has: { field: 'id' } } },
    ]
    const granted = rules.map((rule): GrantedRule => ({ rule, role: { id: 'check', title: 'A check' }, through: { kind: 'person', id: 'check' } }))
    const access = accessOf(granted, { id: 'check', kind: 'person', groups: [], roles: [] }, types())
    const { rows, shown } = await maskedCounts(q, access)
    const alone = access.visible('person', { id: randomUUID(), displayName: 'Somebody', email: 'somebody@example.org', state: 'active' })
    if (shown > 0) return fails(`${shown} of ${rows} addresses came through a denial`)
    if (alone === undefined || 'email' in alone) return fails('the address of one person came through a denial')
    return holds(`none of ${rows} people showed an address that was denied`, { people: rows })
  }
}

/** Trials of a whole transaction may wait for others: two minutes. */
const check = (terms: Omit<SelfCheckTerms, 'revision'>, looks: Parameters<typeof looksAt>[0]): Check => selfCheck('roles', { revision: 1, timeLimitSeconds: 120, ...terms }, looksAt(looks))
