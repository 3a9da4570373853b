import { VouchsafeError } from '#core/errors'
import type { Actor } from '#core/module'
import type { Giver } from '#modules/identity'

/** Who acts, for changes that are held against what they hold themselves. @throws VouchsafeError `not-signed-in` */
export function giverOf(actor: Actor): Giver {
  if (actor.kind === 'anyone') throw new VouchsafeError('not-signed-in', 'Nobody is signed in.')
  return actor
}
