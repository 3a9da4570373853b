import type { Instant } from '#core/clock'

export interface StalenessWarning {
  /** The last instant at which the claim still counts as checked, if nothing holds again before. */
  readonly freshUntil: Instant
  /** When the owner is told that a result is late. */
  readonly warnAt: Instant
  readonly state: 'fresh' | 'warned' | 'stale'
  /** The check runs so seldom that its claim turns stale between two good runs: a mistake in its declaration. */
  readonly neverFreshThroughout: boolean
}

/**
 * When the page will turn a claim stale, and when to tell its owner first.
 *
 * A good result is followed by the next one a cadence later; the owner is told once half of the slack between that
 * moment and the limit is gone, so that a check which merely runs on time never warns anybody. Where there is no slack
 * the warning comes after four fifths of the limit.
 */
export function stalenessWarning(heldAt: Instant, check: { readonly cadenceSeconds: number; readonly freshnessSeconds: number }, at: Instant): StalenessWarning {
  const held = heldAt.getTime()
  const fresh = check.freshnessSeconds * 1000
  const cadence = check.cadenceSeconds * 1000
  const neverFreshThroughout = cadence > fresh
  const until = held + fresh
  const warn = held + (cadence < fresh ? cadence + (fresh - cadence) / 2 : fresh * 0.8)
  const now = at.getTime()
  // "At most so old" as in the state function of packages/verify: at the very limit the result is still fresh.
  return { freshUntil: new Date(until), warnAt: new Date(warn), state: now > until ? 'stale' : now >= warn ? 'warned' : 'fresh', neverFreshThroughout }
}
