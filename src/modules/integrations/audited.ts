import type { Actor as Auditable } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Actor } from '#core/module'
import type { Giver } from '#modules/identity'

/** Who acts, for changes that are held against what they hold themselves. @throws VouchsafeError `not-signed-in` */
export function giverOf(actor: Actor): Giver {
  if (actor.kind === 'anyone') throw new VouchsafeError('not-signed-in', 'Nobody is signed in.')
  return actor
}

/** Who acts, as the audit names them: the operator by the name they call themselves, everybody else by their id. */
export const audited = (actor: Giver): Auditable => (actor.kind === 'operator' ? { kind: 'operator', name: actor.name } : { kind: actor.kind, name: actor.id })
