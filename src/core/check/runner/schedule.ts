import { z } from 'zod'
import type { Instant } from '#core/clock'
import { VouchsafeError } from '#core/errors'

const shape = z.object({
  checks: z
    .array(
      z.object({
        check: z.string().max(100),
        start: z.iso.datetime(),
        cadenceSeconds: z.number().int().min(1),
        maxAttempts: z.number().int().min(1).max(100),
        /** Digest of the definition that the server has bound. */
        definition: z.string().regex(/^[0-9a-f]{64}$/).optional(),
      }),
    )
    .max(10_000),
})

/** When a check is due, as the server has bound it: slot k opens at start + k·cadence (DESIGN: anyone can compute it). */
export interface ScheduledCheck {
  check: string
  start: Instant
  cadenceSeconds: number
  maxAttempts: number
  definition?: string
}

/** Reads the answer of `GET /api/v1/runner/schedule`. @throws VouchsafeError `bad-input` */
export function readSchedule(body: unknown): ScheduledCheck[] {
  const parsed = shape.safeParse(body, { reportInput: false })
  if (!parsed.success) throw new VouchsafeError('bad-input', "The server's schedule cannot be read.", { mend: 'Look whether server names a Vouchsafe of this version.' })
  return parsed.data.checks.map(({ check, start, cadenceSeconds, maxAttempts, definition }) => ({ check, start: new Date(start), cadenceSeconds, maxAttempts, ...(definition !== undefined && { definition }) }))
}

/** The number of the slot that is open at an instant; negative before the first. */
export function slotAt(schedule: Pick<ScheduledCheck, 'start' | 'cadenceSeconds'>, at: Instant): number {
  return Math.floor((at.getTime() - schedule.start.getTime()) / (schedule.cadenceSeconds * 1000))
}

/** When a slot opens. */
export const slotStart = (schedule: Pick<ScheduledCheck, 'start' | 'cadenceSeconds'>, slot: number): Instant => new Date(schedule.start.getTime() + slot * schedule.cadenceSeconds * 1000)

/**
 * The checks whose open slot this runner has not yet observed, those first that have waited longest.
 * @param done the last slot observed, by check
 */
export function dueChecks(schedule: readonly ScheduledCheck[], done: ReadonlyMap<string, string>, at: Instant): { scheduled: ScheduledCheck; slot: number }[] {
  return schedule
    .map((scheduled) => ({ scheduled, slot: slotAt(scheduled, at) }))
    .filter(({ scheduled, slot }) => slot >= 0 && done.get(scheduled.check) !== slotKey(scheduled, slot))
    .toSorted((a, b) => slotStart(a.scheduled, a.slot).getTime() - slotStart(b.scheduled, b.slot).getTime())
}

/** Names a slot across changes of the binding: a new start or cadence is another series. */
export const slotKey = (scheduled: ScheduledCheck, slot: number): string => slotStart(scheduled, slot).toISOString()

/** When the runner must look again: the next slot of any check, at most `most` milliseconds away. */
export function nextLook(schedule: readonly ScheduledCheck[], at: Instant, most: number): number {
  const next = schedule.map((scheduled) => slotStart(scheduled, slotAt(scheduled, at) + 1).getTime() - at.getTime())
  return Math.max(50, Math.min(most, ...next))
}
