import type { Instant } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import { parseCalendar } from './calendar.ts'
import type { Calendar } from './calendar.ts'
import { dueAt } from './due.ts'
import { countingOf, parseDuration } from './duration.ts'
import type { Duration } from './duration.ts'
import { afterCounted, countedBetween, localDate } from './working.ts'

/** An instant as it is stored: ISO 8601 in UTC with milliseconds, `2026-03-01T08:00:00.000Z`. */
export type InstantText = string

/**
 * What the promise was when its clock started.
 * INVARIANT: never changed afterwards. It holds its own copy of the calendar, so that a holiday entered later, or a
 * policy that grows more lenient, moves no clock that already runs.
 */
export interface Target {
  readonly duration: Duration
  readonly calendar: Calendar
  readonly startedAt: InstantText
  /** The end as seen at the start, before any pause. */
  readonly dueAt: InstantText
  /** Counted time from start to end, in milliseconds: what pauses do not use up. */
  readonly budgetMs: number
}

/** What happened to a clock. `paused` while we wait for somebody else; `resumed` when it is our turn again. */
export type ClockEvent = {
  readonly kind: 'paused' | 'resumed' | 'met' | 'cancelled'
  readonly at: InstantText
  readonly reason?: string
}

interface Running {
  readonly target: Target
  /** The end as it stands now, pauses taken out. */
  readonly dueAt: InstantText
  /** Start, or the last time the clock was resumed. */
  readonly runsSince: InstantText
  /** Counted time used up before `runsSince`. */
  readonly usedMs: number
}

/** A clock as it stands. Plain JSON. */
export type ClockRun =
  | ({ readonly kind: 'running' } & Running)
  | { readonly kind: 'paused'; readonly target: Target; readonly since: InstantText; readonly usedMs: number; readonly reason?: string }
  | { readonly kind: 'met'; readonly target: Target; readonly metAt: InstantText; readonly dueAt: InstantText; readonly late: boolean }
  | ({ readonly kind: 'breached' } & Running)
  | {
      readonly kind: 'cancelled'
      readonly target: Target
      readonly cancelledAt: InstantText
      /** Cancelling does not undo a breach: the end that had passed, or null. */
      readonly breachedAt: InstantText | null
      readonly reason?: string
    }

/** Starts the clock of a promise and freezes what was promised. */
export function startClock(duration: Duration, calendar: Calendar, startedAt: Instant): ClockRun {
  const due = dueAt(duration, calendar, startedAt)
  const target: Target = deepFreeze({
    duration: structuredClone(duration),
    calendar: structuredClone(calendar),
    startedAt: startedAt.toISOString(),
    dueAt: due.toISOString(),
    budgetMs: countedBetween(countingOf(duration), calendar, startedAt.getTime(), due.getTime()),
  })
  return { kind: 'running', target, dueAt: target.dueAt, runsSince: target.startedAt, usedMs: 0 }
}

/** The clock as seen at an instant: a running one whose end has passed is breached. Meeting at the end is on time. */
export function clockAt(run: ClockRun, at: Instant): ClockRun {
  return run.kind === 'running' && at.getTime() > ms(run.dueAt) ? { ...run, kind: 'breached' } : run
}

/**
 * What a clock becomes by an event.
 *
 * An event dated before the one that precedes it (the machine's clock was set back) counts as simultaneous with it: time
 * is neither given back nor taken away. A pause adds the working time it lasted to the end, on the frozen calendar.
 * @throws VouchsafeError `conflict` when the event cannot follow, for example a pause after the end has passed
 */
export function advanceClock(run: ClockRun, event: ClockEvent): ClockRun {
  const at = new Date(Math.max(ms(event.at), ms(lastEventAt(run))))
  const now = clockAt(run, at)
  const reason = event.reason === undefined ? {} : { reason: event.reason }
  const { target } = now
  switch (now.kind) {
    case 'running':
    case 'breached':
      if (event.kind === 'met') return { kind: 'met', target, metAt: at.toISOString(), dueAt: now.dueAt, late: now.kind === 'breached' }
      if (event.kind === 'cancelled') return { kind: 'cancelled', target, cancelledAt: at.toISOString(), breachedAt: now.kind === 'breached' ? now.dueAt : null, ...reason }
      if (event.kind === 'paused' && now.kind === 'running') {
        const used = now.usedMs + countedBetween(countingOf(target.duration), target.calendar, ms(now.runsSince), at.getTime())
        return { kind: 'paused', target, since: at.toISOString(), usedMs: used, ...reason }
      }
      break
    case 'paused':
      // Done while nobody waited for us: on time by definition, and the end is where it would be if resumed now.
      if (event.kind === 'met') return { kind: 'met', target, metAt: at.toISOString(), dueAt: resumed(now, at).dueAt, late: false }
      if (event.kind === 'cancelled') return { kind: 'cancelled', target, cancelledAt: at.toISOString(), breachedAt: null, ...reason }
      if (event.kind === 'resumed') return { kind: 'running', ...resumed(now, at) }
      break
    case 'met':
    case 'cancelled':
      break
  }
  throw new VouchsafeError('conflict', `A clock that is ${now.kind} cannot be ${event.kind}.`, {
    mend: now.kind === 'breached' ? 'The promise is already broken: meet it late, or cancel it with a reason.' : 'Start a new clock if the promise begins again.',
  })
}

/** The clock after all its events, in the order they were recorded, as seen at an instant. */
export function replayClock(start: { duration: Duration; calendar: Calendar; startedAt: Instant }, events: readonly ClockEvent[], at: Instant): ClockRun {
  return clockAt(events.reduce(advanceClock, startClock(start.duration, start.calendar, start.startedAt)), at)
}

/** The end as it stands: undefined while paused, when nobody can say it, and once cancelled. */
export function endOf(run: ClockRun): Instant | undefined {
  return run.kind === 'paused' || run.kind === 'cancelled' ? undefined : new Date(ms(run.dueAt))
}

/** Whether the promise was broken by an instant; one met late or cancelled late was. */
export function isBreached(run: ClockRun, at: Instant): boolean {
  const now = clockAt(run, at)
  return now.kind === 'breached' || (now.kind === 'met' && now.late) || (now.kind === 'cancelled' && now.breachedAt !== null)
}

export interface Remaining {
  /** Time until the end as it passes, milliseconds; negative once overdue, null while paused. */
  readonly untilMs: number | null
  /** Counted (for business durations: working) time left, milliseconds, never negative. */
  readonly countedMs: number
}

/** What is left of a clock at an instant; nothing once it is met or cancelled. */
export function remaining(run: ClockRun, at: Instant): Remaining {
  if (run.kind === 'met' || run.kind === 'cancelled') return { untilMs: 0, countedMs: 0 }
  const { target } = run
  if (run.kind === 'paused') return { untilMs: null, countedMs: Math.max(0, target.budgetMs - run.usedMs) }
  // An instant before the last event is the machine's clock set back: no more is left than was left then.
  const from = Math.max(at.getTime(), ms(run.runsSince))
  return { untilMs: ms(run.dueAt) - from, countedMs: countedBetween(countingOf(target.duration), target.calendar, from, ms(run.dueAt)) }
}

/**
 * Whether the end lies within the days whose holidays are known. Where it does not, days that may turn out to be
 * holidays were counted as working days, and a person should extend the calendar before the next clock starts.
 */
export function holidaysKnown(run: ClockRun): boolean {
  const { calendar, duration, dueAt: due } = run.target
  if (countingOf(duration) === 'elapsed' || calendar.holidaysKnownUntil === undefined) return true
  // The end is the first instant after the last day that counts, hence one millisecond back.
  const end = endOf(run)?.getTime() ?? ms(due)
  return localDate(calendar, end - 1).toString() <= calendar.holidaysKnownUntil
}

function resumed(run: Extract<ClockRun, { kind: 'paused' }>, at: Instant): Running {
  const left = Math.max(0, run.target.budgetMs - run.usedMs)
  const due = afterCounted(countingOf(run.target.duration), run.target.calendar, at.getTime(), left)
  return { target: run.target, dueAt: new Date(due).toISOString(), runsSince: at.toISOString(), usedMs: run.usedMs }
}

function lastEventAt(run: ClockRun): InstantText {
  switch (run.kind) {
    case 'running':
    case 'breached':
      return run.runsSince
    case 'paused':
      return run.since
    case 'met':
      return run.metAt
    case 'cancelled':
      return run.cancelledAt
  }
}

/**
 * A target read back from the store, its parts parsed anew.
 * @throws VouchsafeError `corrupt`
 */
export function parseTarget(value: unknown): Target {
  const row = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  try {
    const { startedAt, dueAt: due, budgetMs } = row
    if (typeof startedAt !== 'string' || typeof due !== 'string' || typeof budgetMs !== 'number' || !(budgetMs >= 0)) throw new TypeError('a member is missing')
    return deepFreeze({
      duration: parseDuration(row['duration']),
      calendar: parseCalendar(row['calendar']),
      startedAt: new Date(ms(startedAt)).toISOString(),
      dueAt: new Date(ms(due)).toISOString(),
      budgetMs,
    })
  } catch (cause) {
    throw new VouchsafeError('corrupt', 'The stored target of a clock cannot be read.', { mend: 'Restore the row from a backup.', cause })
  }
}

function ms(at: InstantText): number {
  const value = Date.parse(at)
  if (!/^\d{4}-\d{2}-\d{2}T.+Z$/u.test(at) || Number.isNaN(value)) {
    throw new VouchsafeError('bad-input', `${JSON.stringify(at.slice(0, 40))} is not an instant.`, { mend: 'Write it in UTC, like 2026-03-01T08:00:00.000Z.' })
  }
  return value
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) deepFreeze(member)
  return Object.freeze(value)
}
