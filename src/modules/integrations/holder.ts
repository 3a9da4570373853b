import { accessOf, fullAccess, type Access, type RecordType } from '#core/permission'
import type { People } from '#modules/identity'
import type { Grants } from '#modules/roles'

export interface HolderParts {
  people: People
  grants: Pick<Grants, 'grantOf'>
  types(): Readonly<Record<string, RecordType>>
}

/**
 * What an endpoint may hear: what its holder may find at this moment, and nothing once they have ended. One that the
 * operator made has no holder, and hears of everything.
 */
export async function accessOfHolder(holder: string | undefined, at: Date, { people, grants, types }: HolderParts): Promise<Access | undefined> {
  if (holder === undefined) return fullAccess({ kind: 'operator' }, types())
  const standing = await people.standing(holder)
  if (standing === undefined || !standing.active) return undefined
  const { rules, roles } = await grants.grantOf({ id: holder, kind: standing.kind, groups: standing.groups }, at)
  return accessOf(rules, { id: holder, kind: standing.kind, groups: standing.groups, roles }, types())
}
