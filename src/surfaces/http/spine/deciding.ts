import { VouchsafeError } from '#core/errors'
import type { Actor } from '#core/module'

/** Who decides here, in the words of the audit. @throws VouchsafeError `not-allowed` for anybody but the operator */
export function decidingPerson(actor: Actor): Extract<Actor, { kind: 'operator' }> {
  if (actor.kind !== 'operator') throw new VouchsafeError('not-allowed', 'Only the operator may do this.')
  return actor
}
