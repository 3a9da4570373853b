/** A point on the UTC time line, as a `Date` whose value is milliseconds since the Unix epoch. */
export type Instant = Date

/**
 * Where time comes from. Decisions take an `Instant`; only the edges of the program hold a `Clock`,
 * so that zones, leap days and clock steps can be tested with the real code.
 */
export interface Clock {
  now(): Instant
}

export const systemClock: Clock = { now: () => new Date() }

/** A clock that stands still until told otherwise: for dry runs and for tests of time itself. */
export class ManualClock implements Clock {
  #at: number
  constructor(at: Instant | string) {
    this.#at = new Date(at).getTime()
  }
  now(): Instant {
    return new Date(this.#at)
  }
  advance(byMs: number): void {
    this.#at += byMs
  }
  set(at: Instant | string): void {
    this.#at = new Date(at).getTime()
  }
}
