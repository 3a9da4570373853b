import type { Instant } from '#core/clock'
import { clockAt } from './clock-run.ts'
import type { ClockRun } from './clock-run.ts'
import { countingOf } from './duration.ts'
import { afterCounted } from './working.ts'

/** When the owner of a promise is told that its end comes near. Plain JSON. */
export type WarningRule =
  /** Once this share of the counted time is used up, 0 < share < 1. */
  | { readonly kind: 'share'; readonly share: number }
  /** This long before the end, as time passes. */
  | { readonly kind: 'lead'; readonly hours: number }

/** Half gone leaves time to act in hours of work; four fifths gone is the last call. */
export const CLOCK_WARNINGS: readonly WarningRule[] = [
  { kind: 'share', share: 0.5 },
  { kind: 'share', share: 0.8 },
]

export interface Warning {
  readonly rule: WarningRule
  readonly at: Instant
}

/**
 * The warnings of a running clock in order of time; none while it is paused or after it has ended.
 * After a pause the instants move with the end. A warning that was reached before the last pause is given at the
 * instant of resuming: whoever sends warnings remembers by rule which ones went out.
 */
export function warnAt(run: ClockRun, rules: readonly WarningRule[] = CLOCK_WARNINGS): Warning[] {
  if (run.kind !== 'running') return []
  const { duration, calendar, budgetMs } = run.target
  const since = Date.parse(run.runsSince)
  const due = Date.parse(run.dueAt)
  return rules
    .map((rule) => {
      const at =
        rule.kind === 'share'
          ? afterCounted(countingOf(duration), calendar, since, Math.floor(budgetMs * rule.share) - run.usedMs)
          : due - rule.hours * 3_600_000
      return { rule, at: new Date(Math.min(due, Math.max(since, at))) }
    })
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())
}

/** The warnings whose instant has come. After the end they are no longer warnings: the clock is breached. */
export function warningsDue(run: ClockRun, at: Instant, rules: readonly WarningRule[] = CLOCK_WARNINGS): Warning[] {
  return warnAt(clockAt(run, at), rules).filter((warning) => warning.at.getTime() <= at.getTime())
}
