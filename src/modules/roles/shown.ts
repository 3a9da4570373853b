import type { Clock } from '#core/clock'
import type { People } from '#modules/identity'
import { builtIn, EMPLOYEE } from './built-in.ts'
import type { Grants } from './grants.ts'

/** How records that people read call somebody at this moment: `Ada Example, Administrator`. */
export async function shownAs(actor: { kind: 'person' | 'service'; id: string }, { people, grants, clock }: { people: People; grants: Grants; clock: Clock }): Promise<string> {
  const [person, standing] = await Promise.all([people.find(actor.id), people.standing(actor.id)])
  const { rules, roles } = await grants.grantOf({ id: actor.id, kind: actor.kind, groups: standing?.groups ?? [] }, clock.now())
  const titleOf = (id: string): string | undefined => builtIn(id)?.title ?? rules.find(({ role }) => role.id === id)?.role.title
  const title = roles.filter((id) => id !== EMPLOYEE).map(titleOf).find((text) => text !== undefined)
  return `${person?.displayName ?? 'somebody unknown'}${title === undefined ? '' : `, ${title}`}`
}
