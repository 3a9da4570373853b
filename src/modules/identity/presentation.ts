import { isVouchsafeError, VouchsafeError } from '#core/errors'
import type { Actor } from '#core/module'
import type { Facts } from '#core/permission'
import type { Group, Person } from './people.ts'
import type { Giver } from './parts.ts'
import type { InvitationRow } from './store.ts'

/** A person as rules see them: the fields of the record type, null for what is not there. */
export const personFacts = (person: Person): Facts => ({
  id: person.id,
  kind: person.kind,
  displayName: person.displayName,
  email: person.email ?? null,
  title: person.title ?? null,
  state: person.state,
  managedBy: person.managedBy ?? null,
  externalId: person.externalId ?? null,
  createdAt: person.createdAt,
  changedAt: person.changedAt,
  deactivatedAt: person.deactivatedAt ?? null,
  deactivatedWhy: person.deactivatedWhy ?? null,
})

export const groupFacts = (group: Group): Facts => ({
  id: group.id,
  name: group.name,
  description: group.description,
  managedBy: group.managedBy ?? null,
  externalId: group.externalId ?? null,
  createdAt: group.createdAt,
  changedAt: group.changedAt,
})

export const invitationFacts = (row: InvitationRow): Facts => ({ id: row.id, person: row.person_id, madeBy: row.made_by, madeAt: row.made_at, expiresAt: row.expires_at, endedAt: row.ended_at, endedHow: row.ended_how })

/** As the API shows it: instants in ISO 8601, and nothing where there is nothing or nothing may be read; the two look the same. */
export const shown = (record: object): Record<string, unknown> => Object.fromEntries(Object.entries(record).flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, value instanceof Date ? value.toISOString() : value]])))

export function giverOf(actor: Actor): Giver {
  if (actor.kind === 'anyone') throw new VouchsafeError('not-allowed', 'Nobody is signed in.')
  return actor
}

/** The version that an If-Match names (RFC 9110 §13.1.1); undefined for none and for any. */
export function versionIn(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined
  // What is no version of ours is an older one: nothing has the version 0.
  return /^[1-9]\d{0,8}$/.test(ifMatch) ? Number(ifMatch) : 0
}

/** Hands out what a record is now with the refusal of a change that was made to an older version, so that both can be shown. */
export async function withCurrent<T>(work: Promise<T>, current: () => Promise<unknown>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isVouchsafeError(error, 'precondition-failed')) throw error
    throw new VouchsafeError(error.code, error.message, { ...(error.mend === undefined ? {} : { mend: error.mend }), current: await current(), cause: error })
  }
}
