import type { Instant } from '#core/clock'
import type { OrganisationDatabase } from '#core/database'
import type { Recognised } from '#core/module'
import { accessOf, type Access, type GrantedRule, type RecordType, type Subject } from '#core/permission'
import { isCurrent, nextEnd, type Assignment } from './assignment.ts'
import { builtIn, EMPLOYEE, OWNER } from './built-in.ts'
import type { Role } from './role.ts'
import { rulesOfScopes } from './scope.ts'
import { currentVersion, outside, reaching } from './store.ts'

/** Somebody as rules reach them. */
export interface Who {
  id: string
  kind: 'person' | 'service'
  groups: readonly string[]
}

export interface Grant {
  who: Who
  rules: readonly GrantedRule[]
  roles: readonly string[]
}

/** What somebody holds by their current roles. Pure. */
export function grantOf(who: Who, assignments: readonly Assignment[], own: readonly Role[], at: Instant): Grant {
  const roleOf = (id: string): Role | undefined => builtIn(id) ?? own.find((role) => role.id === id)
  const current = assignments.filter((assignment) => isCurrent(assignment, at) && (assignment.role !== OWNER || (assignment.holder.kind === 'person' && who.kind === 'person')))
  const reached = current.flatMap(({ role: id, holder }) => {
    const role = roleOf(id)
    return role === undefined ? [] : [{ role, through: holder }]
  })
  // Everybody who is here holds this without being given it; machines are nobody's colleagues.
  const employee = roleOf(EMPLOYEE)
  if (who.kind === 'person' && employee) reached.push({ role: employee, through: { kind: 'person', id: who.id } })
  const isOwner = reached.some(({ role }) => role.id === OWNER)
  const rules = reached.flatMap(({ role, through }) => role.rules.map((rule): GrantedRule => ({ rule, role: { id: role.id, title: role.title }, through })))
  return {
    who,
    // INVARIANT: an owner is denied nothing. Otherwise whoever may give roles could lock the owners out with a role of denials.
    rules: isOwner ? rules.filter(({ rule }) => rule.effect === 'allow') : rules,
    roles: [...new Set(reached.map(({ role }) => role.id))],
  }
}

export const subjectOf = ({ who, roles }: Grant): Subject => ({ id: who.id, kind: who.kind, groups: who.groups, roles })

interface Known {
  version: number
  from: Date
  until: Date | undefined
  access: Access
  grant: Grant
  byToken: Map<string, Access>
}

/** Persons whose access is remembered; beyond that all are forgotten, and asked for again. */
const MOST_KNOWN = 5_000

/**
 * What each person and service may do, remembered for as long as it is right: no role and no holder changed (the number
 * in the database), their groups are the same, and no end date has passed. One query a request by primary key; two
 * where something changed. It holds on every node, since nothing else is remembered.
 */
export function createGrants(db: OrganisationDatabase, types: () => Readonly<Record<string, RecordType>>) {
  const q = outside(db.app)
  const known = new Map<string, Known>()

  async function look(who: Who, at: Instant): Promise<Known> {
    const key = `${who.kind} ${who.id} ${[...who.groups].toSorted().join(' ')}`
    const before = known.get(key)
    if (before && at >= before.from && (before.until === undefined || at < before.until) && (await currentVersion(q)) === before.version) return before
    const { version, assignments, roles } = await reaching(q, who.id, who.groups)
    const grant = grantOf(who, assignments, roles, at)
    const found: Known = { version, from: at, until: nextEnd(assignments, at), grant, access: accessOf(grant.rules, subjectOf(grant), types()), byToken: new Map() }
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(key, found)
    return found
  }

  return {
    /** For each request of somebody recognised. */
    async accessOf({ actor, groups, scopes }: Recognised, at: Instant): Promise<Access> {
      const found = await look({ id: actor.id, kind: actor.kind, groups }, at)
      if (actor.by.kind !== 'token') return found.access
      // A token without scopes may nothing: its scopes are said, never assumed.
      const token = `${actor.by.tokenId} ${(scopes ?? []).join(' ')}`
      const narrowed = found.byToken.get(token) ?? found.access.narrowedTo(rulesOfScopes(scopes ?? [], actor.by.tokenId, types()))
      found.byToken.set(token, narrowed)
      return narrowed
    },
    async grantOf(who: Who, at: Instant): Promise<Grant> {
      return (await look(who, at)).grant
    },
  }
}

export type Grants = ReturnType<typeof createGrants>
