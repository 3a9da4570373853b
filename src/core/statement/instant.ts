import type { Instant } from '@vouchsafe/verify'

/** RFC 3339 in UTC with whole seconds, rounded down: the only spelling of time in a statement. */
export const instantOf = (at: Date): Instant => new Date(Math.floor(at.getTime() / 1000) * 1000).toISOString().replace('.000Z', 'Z')
