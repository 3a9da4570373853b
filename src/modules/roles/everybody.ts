import type { Kysely } from 'kysely'
import type { Instant } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import type { People, Person } from '#modules/identity'
import { isCurrent } from './assignment.ts'
import type { Grant, Grants } from './grants.ts'
import { listAssignments, type RolesTables } from './store.ts'

/** Persons in one export. More would be an answer of hundreds of megabytes. */
const MOST_EXPORTED = 5_000
const BATCH = 1_000

/**
 * Everybody who holds a role, by themselves or by a group, with what they hold. Whoever holds none has what the role
 * employee gives, and stands in no export.
 * @throws VouchsafeError `too-large`
 */
export async function everybody({ q, people, grants, at }: { q: Kysely<RolesTables>; people: People; grants: Grants; at: Instant }): Promise<{ person: Person; grant: Grant }[]> {
  const current = (await listAssignments(q)).filter((assignment) => isCurrent(assignment, at))
  const ids = new Set(current.flatMap(({ holder }) => (holder.kind === 'person' ? [holder.id] : [])))
  for (const group of new Set(current.flatMap(({ holder }) => (holder.kind === 'group' ? [holder.id] : [])))) {
    for (let after: string | undefined; ; ) {
      const page = await people.membersOf(group, { limit: BATCH, ...(after === undefined ? {} : { after }) })
      for (const { person } of page) ids.add(person)
      requireSmall(ids.size)
      after = page.at(-1)?.person
      if (page.length < BATCH) break
    }
  }
  requireSmall(ids.size)
  const all = [...ids]
  const found: { person: Person; grant: Grant }[] = []
  for (let from = 0; from < all.length; from += BATCH) {
    for (const person of await people.findAll(all.slice(from, from + BATCH))) {
      if (person.state !== 'active') continue
      const groups = (await people.groupsOf(person.id)).map(({ id }) => id)
      found.push({ person, grant: await grants.grantOf({ id: person.id, kind: person.kind, groups }, at) })
    }
  }
  return found.sort((a, b) => (a.person.displayName < b.person.displayName ? -1 : a.person.displayName > b.person.displayName ? 1 : 0))
}

function requireSmall(count: number): void {
  if (count > MOST_EXPORTED) throw new VouchsafeError('too-large', `More than ${MOST_EXPORTED} people hold roles here; an export of them all would be too large.`, { mend: 'See who holds each role (GET /api/v1/roles/{id}/holders), and the members of its groups.' })
}
