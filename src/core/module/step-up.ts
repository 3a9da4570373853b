import { VouchsafeError } from '#core/errors'
import type { Instant } from '#core/clock'
import type { Actor } from './actor.ts'

/**
 * Refuses a dangerous act of whoever did not show the second factor just now. Routes that are dangerous as a whole say
 * `stepUp`, and the surface asks; where it depends on what is sent, the route asks itself.
 * @throws VouchsafeError `step-up-needed`; `not-allowed` for a token, which has no second factor to show
 */
export function requireStepUp(actor: Actor, at: Instant): void {
  if (actor.kind === 'operator') return // reads the data folder itself: there is nothing to step up to
  if (actor.kind !== 'person' || actor.by.kind !== 'session') throw new VouchsafeError('not-allowed', 'A token does not suffice for this.', { mend: 'Sign in under /console, and do it there.' })
  if (actor.by.strongUntil === undefined || actor.by.strongUntil <= at) throw new VouchsafeError('step-up-needed', 'This needs your second factor again.', { mend: 'Show a passkey, or your password and a code (GET /api/v1/step-up names the ways), then send the same request again.' })
}
