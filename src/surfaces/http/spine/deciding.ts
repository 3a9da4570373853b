import type { Actor as Auditable } from '#core/database'
import { auditedAs, type Actor } from '#core/module'

/** How the records of the page call somebody: their name and what they are here. */
export interface Naming {
  shownAs(actor: Extract<Actor, { kind: 'person' | 'service' }>): Promise<string>
}

/**
 * Who decides here: their id for the audit, and for the records that people read the name that they had and what they
 * were at that moment. @throws VouchsafeError `not-signed-in` for a stranger
 */
export async function decidingPerson(actor: Actor, { shownAs }: Naming): Promise<Auditable> {
  const audited = auditedAs(actor)
  return actor.kind === 'person' || actor.kind === 'service' ? { ...audited, shown: await shownAs(actor) } : audited
}
