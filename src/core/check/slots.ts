import type { Instant } from '#core/clock'

/** What fixes when each run is due: slot k begins at start + k · cadence and ends where slot k+1 begins. */
export interface Schedule {
  start: Instant
  cadenceSeconds: number
}

/** The slot that runs at `at`; -1 before the first. */
export function slotAt(schedule: Schedule, at: Instant): number {
  return Math.max(-1, Math.floor((at.getTime() - schedule.start.getTime()) / (schedule.cadenceSeconds * 1000)))
}

export function slotStart(schedule: Schedule, slot: number): Instant {
  return new Date(schedule.start.getTime() + slot * schedule.cadenceSeconds * 1000)
}

export const slotEnd = (schedule: Schedule, slot: number): Instant => slotStart(schedule, slot + 1)

export interface DueSlots {
  /** Ended without a run: each gets its `not-run` entry, so that the numbering has no holes. */
  missed: readonly number[]
  /** Open now and without an entry. */
  due?: number
}

/**
 * What a binding owes at one moment.
 * @param recorded the highest slot that has an entry, -1 when none has
 */
export function owed(schedule: Schedule, recorded: number, at: Instant): DueSlots {
  const current = slotAt(schedule, at)
  // A clock that was set back: nothing is due again until it has caught up.
  if (current <= recorded) return { missed: [] }
  const missed = Array.from({ length: current - recorded - 1 }, (_, i) => recorded + 1 + i)
  return { missed, due: current }
}
