import type { Instant } from '#core/clock'

// Less than the hour of a wrong time zone; more than a paused machine or a correction over the network steps by.
export const MOST_STEP_MS = 30 * 60_000
// Time to put the clock right. After it the clock is believed: the machine may really have slept.
export const HOLD_MS = 30 * 60_000

/**
 * Notices that the machine's clock jumped ahead, by one that nobody sets. Slots of a future that has not come would be
 * written off as not run, and no entry is ever taken back.
 */
export class ClockStep {
  #offset: number | undefined
  #since: number | undefined

  /**
   * @param steadyMs milliseconds of a clock that only ever runs on, from any beginning
   * @returns for how many more milliseconds nothing may be recorded; 0 when something may
   */
  holdMs(at: Instant, steadyMs: number): number {
    const offset = at.getTime() - steadyMs
    if (offset - (this.#offset ?? offset) > MOST_STEP_MS) {
      this.#since ??= steadyMs
      const left = this.#since + HOLD_MS - steadyMs
      if (left > 0) return left
    }
    // Little by little, or backwards, it is followed: slots that have an entry are not due again.
    this.#offset = offset
    this.#since = undefined
    return 0
  }
}
