import type { Actor as Audited } from '#core/database'
import { VouchsafeError } from '#core/errors'

/**
 * Who acts on a route. The operator is whoever can read the 0600 token beside the data and open the Unix socket in its
 * 0700 folder; the name is what they call themselves, and the audit says so. A person has signed in, or sent an API token
 * of theirs; a service is a service account's token. Senders and runners are nobody here: the signature over what they
 * send permits it, and the route looks at that.
 */
export type Actor =
  | { kind: 'operator'; name: string }
  | { kind: 'person'; id: string; by: SignedInBy }
  | { kind: 'service'; id: string; by: { kind: 'token'; tokenId: string } }
  | { kind: 'anyone' }

/** How it is known that it is this person. */
export type SignedInBy =
  /** `strongUntil`: until when dangerous acts need no second factor again (step-up). */
  | { kind: 'session'; sessionId: string; strongUntil?: Date }
  | { kind: 'token'; tokenId: string }

export const ANYONE: Actor = { kind: 'anyone' }

/** How an actor is told apart from others, in one word. */
export const actorLabel = (actor: Actor): string => (actor.kind === 'operator' ? `operator:${actor.name}` : actor.kind === 'anyone' ? 'anyone' : `${actor.kind}:${actor.id}`)

/**
 * Who acts, as the audit names them: the operator by the name they call themselves, everybody else by their id.
 * @throws VouchsafeError `not-signed-in` for nobody: a change has somebody who made it
 */
export function auditedAs(actor: Actor): Audited {
  if (actor.kind === 'anyone') throw new VouchsafeError('not-signed-in', 'Nobody is signed in.')
  return { kind: actor.kind, name: actor.kind === 'operator' ? actor.name : actor.id }
}
