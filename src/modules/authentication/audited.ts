import type { Actor as AuditActor } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Actor } from '#core/module'

/** Who acts, in the words of the audit. @throws VouchsafeError `not-signed-in` for nobody */
export function auditedAs(actor: Actor): AuditActor {
  if (actor.kind === 'anyone') throw new VouchsafeError('not-signed-in', 'Nobody is signed in.')
  return actor.kind === 'operator' ? { kind: 'operator', name: actor.name } : { kind: actor.kind, name: actor.id }
}
