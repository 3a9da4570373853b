import type { Instant } from '#core/clock'
import { advanceClock, startClock } from './clock-run.ts'
import type { ClockEvent, ClockRun } from './clock-run.ts'
import type { Calendar } from './calendar.ts'
import { withinOf } from './duration.ts'
import type { Duration } from './duration.ts'

/**
 * A promise with a clock: started by an event, met by an event, within a time. A module declares its own with the
 * names of the events it knows, so that a misspelt one does not compile.
 */
export interface Obligation<EventName extends string = string> {
  readonly id: string
  /** Where the duty comes from, as one would cite it: `GDPR Art. 33(1)`, or the claim that promises it. */
  readonly source: string
  readonly startedBy: EventName
  readonly metBy: EventName
  /** Words or JSON that `parseDuration` reads, or `until date`: the day comes with the event that starts the clock. */
  readonly within: Duration | string
  /** We wait for somebody else: the clock stands still until `resumedBy`. */
  readonly pausedBy?: EventName
  readonly resumedBy?: EventName
  readonly cancelledBy?: EventName
}

/** What an event does to the clock of an obligation; undefined where it says nothing to it. */
export function effectOf<E extends string>(obligation: Obligation<E>, event: E): 'started' | ClockEvent['kind'] | undefined {
  switch (event) {
    case obligation.startedBy:
      return 'started'
    case obligation.metBy:
      return 'met'
    case obligation.pausedBy:
      return 'paused'
    case obligation.resumedBy:
      return 'resumed'
    case obligation.cancelledBy:
      return 'cancelled'
    default:
      return undefined
  }
}

/**
 * What the clock of one case becomes when something happens to the case. Events are delivered at least once, so one
 * that says nothing new (a second start, a resume of what runs, a meeting of what is met) changes nothing.
 * @returns the same clock, or undefined, where the event has no effect
 */
export function reactTo<E extends string>(
  obligation: Obligation<E>,
  run: ClockRun | undefined,
  event: { readonly name: E; readonly at: Instant; readonly day?: string },
  calendar: Calendar,
): ClockRun | undefined {
  const effect = effectOf(obligation, event.name)
  if (effect === undefined) return run
  if (effect === 'started') return run ?? startClock(withinOf(obligation.within, event.day), calendar, event.at)
  if (!run || run.kind === 'met' || run.kind === 'cancelled') return run
  if (effect === 'resumed' && run.kind !== 'paused') return run
  if (effect === 'paused' && (run.kind !== 'running' || event.at.getTime() > Date.parse(run.dueAt))) return run
  return advanceClock(run, { kind: effect, at: event.at.toISOString() })
}
