import type { OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { auditedAs, type Actor } from '#core/module'
import { accessOf, type Access, type RecordType } from '#core/permission'
import type { People } from '#modules/identity'
import { lacking } from './authority.ts'
import { subjectOf, type Grant, type Grants } from './grants.ts'

export interface SimulationParts {
  db: OrganisationDatabase
  grants: Grants
  people(): People
  types(): Readonly<Record<string, RecordType>>
}

/** What somebody holds now, who need not be the one who asks. @throws VouchsafeError `not-found` */
export async function grantOfPerson(id: string, { db, grants, people }: Pick<SimulationParts, 'db' | 'grants' | 'people'>): Promise<Grant> {
  const standing = await people().standing(id)
  if (standing === undefined || !standing.active) throw new VouchsafeError('not-found', 'There is no such person, or they are not active.')
  return grants.grantOf({ id, kind: standing.kind, groups: standing.groups }, db.clock.now())
}

/**
 * The access of `person`, for somebody who sees as they do. Only whoever could see all of it anyway may: a condition such
 * as "their own" holds for other records in other eyes, so only rules without conditions count as held here. Each look is
 * an audit event.
 * @throws VouchsafeError `not-allowed`, `not-found`
 */
export async function accessAs(asker: { actor: Actor; access: Access }, person: string, address: string, parts: SimulationParts): Promise<{ access: Access; grant: Grant }> {
  const { actor, access } = asker
  if (actor.kind === 'anyone' || !access.allows({ verb: 'act', record: 'access', name: 'simulate' })) throw new VouchsafeError(actor.kind === 'anyone' ? 'not-signed-in' : 'not-allowed', 'You may not see as somebody else.', { mend: 'It needs the permission access.simulate.' })
  if (actor.kind !== 'operator' && (actor.kind !== 'person' || actor.by.kind !== 'session')) throw new VouchsafeError('not-allowed', 'A token does not suffice to see as somebody else.', { mend: 'Sign in under /console, and do it there.' })
  await requireFindable(access, person, parts.people())
  const grant = await grantOfPerson(person, parts)
  if (actor.kind === 'person') {
    const held = (await grantOfPerson(actor.id, parts)).rules.map(({ rule }) => rule).filter((rule) => rule.effect === 'deny' || rule.when === undefined)
    if (lacking(held, grant.rules.map(({ rule }) => rule)).length > 0) throw new VouchsafeError('not-allowed', 'They may see or do something that you may not, so you cannot look through their eyes.', { mend: 'Ask an owner.' })
  }
  await parts.db.change({ actor: auditedAs(actor), action: 'access.simulate', subject: { kind: 'person', id: person }, detail: { address } }, async () => {})
  return { access: accessOf(grant.rules, subjectOf(grant), parts.types()), grant }
}

/** Whoever may not find a person learns nothing about them, that they are here included. @throws VouchsafeError `not-found` */
export async function requireFindable(access: Access, id: string, people: People): Promise<void> {
  const person = await people.find(id)
  if (person === undefined || !access.allows({ verb: 'find', record: 'person', facts: { ...person } })) throw new VouchsafeError('not-found', 'There is no such person.')
}
