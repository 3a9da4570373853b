import { VouchsafeError } from '#core/errors'
import { parseDate } from './calendar.ts'
import type { Counting } from './working.ts'

export type CivilUnit = 'days' | 'weeks' | 'months' | 'quarters' | 'years'

/** Within what time a promise is to be kept. Plain JSON; made by `parseDuration`. */
export type Duration =
  /** Time as it passes: 72 hours are 72 hours, 2 elapsed days are 48. */
  | { readonly kind: 'elapsed'; readonly unit: 'minutes' | 'hours' | 'days'; readonly count: number }
  /** Hours of working time. */
  | { readonly kind: 'business-hours'; readonly count: number }
  /** Whole working days after the day of the event. */
  | { readonly kind: 'business-days'; readonly count: number }
  /** Civil periods after the day of the event. */
  | { readonly kind: 'calendar'; readonly unit: CivilUnit; readonly count: number }
  /** No civil period of this kind passes without it. */
  | { readonly kind: 'each'; readonly period: 'day' | 'week' | 'month' | 'quarter' | 'year' }
  /** To the end of a stated local date. */
  | { readonly kind: 'until'; readonly lastDay: string }

/** A century and, for working time, twenty years: longer promises are slips of the finger. */
const MOST: Record<string, number> = {
  minutes: 52_596_000,
  hours: 876_600,
  days: 36_525,
  weeks: 5_218,
  months: 1_200,
  quarters: 400,
  years: 100,
  'business-hours': 60_000,
  'business-days': 5_000,
}

/** What a clock of this duration is run down by, also while pauses are taken out of it. */
export function countingOf(duration: Duration): Counting {
  return duration.kind === 'business-hours' || duration.kind === 'business-days' ? 'working' : 'elapsed'
}

/**
 * A duration from outside: its plain JSON, or English words such as `72 hours`, `three business days`, `8 business
 * hours`, `30 days`, `2 elapsed days`, `one month`, `daily`, `each quarter`, `until 2026-11-19`. Bare days are calendar days, bare hours and
 * minutes pass as they pass.
 * @throws VouchsafeError `bad-input`
 */
export function parseDuration(value: unknown): Duration {
  if (typeof value === 'string') return parseWords(value)
  const source = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  const { kind, unit, count, period, lastDay } = source
  if (kind === 'until') return { kind, lastDay: parseDate(lastDay, '/lastDay').toString() }
  if (kind === 'each' && isPeriod(period)) return { kind, period }
  if (kind === 'elapsed' && (unit === 'minutes' || unit === 'hours' || unit === 'days')) return { kind, unit, count: checked(count, unit) }
  if (kind === 'calendar' && isCivilUnit(unit)) return { kind, unit, count: checked(count, unit) }
  if (kind === 'business-hours' || kind === 'business-days') return { kind, count: checked(count, kind) }
  throw unreadable('This')
}

/**
 * What an obligation's declared `within` means for one case. `until date` takes the day from the event that starts
 * the clock: the last day of a contract, of an attestation, of a promised mend.
 * @throws VouchsafeError `bad-input` where the day is needed and absent
 */
export function withinOf(within: Duration | string, eventDay?: string): Duration {
  return parseDuration(within === 'until date' ? { kind: 'until', lastDay: eventDay } : within)
}

/** The duration in words: `3 business days`, `72 hours`, `each quarter`. */
export function durationText(duration: Duration): string {
  switch (duration.kind) {
    case 'each':
      return `each ${duration.period}`
    case 'until':
      return `until ${duration.lastDay}`
    case 'business-hours':
      return plural(duration.count, 'business hour')
    case 'business-days':
      return plural(duration.count, 'business day')
    case 'elapsed':
      return duration.unit === 'days' ? plural(duration.count, 'elapsed day') : plural(duration.count, duration.unit.slice(0, -1))
    case 'calendar':
      return plural(duration.count, duration.unit.slice(0, -1))
  }
}

const NUMBERS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen']
const RECURRING: Record<string, 'day' | 'week' | 'month' | 'quarter' | 'year'> = {
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  quarterly: 'quarter',
  yearly: 'year',
  annually: 'year',
}

function parseWords(text: string): Duration {
  const words = text.slice(0, 80).trim().toLowerCase().replaceAll(/[\s-]+/gu, ' ')
  const until = /^until (?<year>\d{4}) (?<month>\d{2}) (?<day>\d{2})$/u.exec(words)?.groups
  if (until) return { kind: 'until', lastDay: parseDate(`${until['year']}-${until['month']}-${until['day']}`).toString() }
  const recurring = Object.hasOwn(RECURRING, words) ? RECURRING[words] : undefined
  if (recurring) return { kind: 'each', period: recurring }
  const each = /^(?:each|every) (?<period>[a-z]+)$/u.exec(words)?.groups?.['period']
  if (isPeriod(each)) return { kind: 'each', period: each }
  const found = /^(?:within )?(?<count>\d{1,9}|[a-z]+) (?:(?<manner>business|working|elapsed|calendar) )?(?<unit>minute|hour|day|week|month|quarter|year)s?$/u.exec(words)?.groups
  const spoken = found?.['count'] ?? ''
  const count = /^\d/u.test(spoken) ? Number(spoken) : spoken === 'a' || spoken === 'an' ? 1 : NUMBERS.indexOf(spoken)
  const unit = `${found?.['unit'] ?? ''}s`
  const manner = found?.['manner']
  if (!found || count < 0) throw unreadable(JSON.stringify(text.slice(0, 80)))
  if (manner === 'business' || manner === 'working') {
    if (unit === 'hours') return { kind: 'business-hours', count: checked(count, 'business-hours') }
    if (unit === 'days') return { kind: 'business-days', count: checked(count, 'business-days') }
  } else if (unit === 'minutes' || unit === 'hours' || (unit === 'days' && manner === 'elapsed')) {
    if (manner !== 'calendar') return { kind: 'elapsed', unit, count: checked(count, unit) }
  } else if (isCivilUnit(unit) && manner !== 'elapsed') {
    return { kind: 'calendar', unit, count: checked(count, unit) }
  }
  throw unreadable(JSON.stringify(text.slice(0, 80)))
}

function checked(count: unknown, unit: string): number {
  const most = MOST[unit] ?? 0
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= most) return count
  const shown = typeof count === 'number' ? String(count) : `a ${typeof count}`
  throw new VouchsafeError('bad-input', `A promise within ${shown} ${unit.replace('-', ' ')} cannot be kept on a clock.`, {
    mend: `Use a whole number from 1 to ${most}.`,
  })
}

function isPeriod(word: unknown): word is 'day' | 'week' | 'month' | 'quarter' | 'year' {
  return word === 'day' || word === 'week' || word === 'month' || word === 'quarter' || word === 'year'
}

function isCivilUnit(word: unknown): word is CivilUnit {
  return word === 'days' || word === 'weeks' || word === 'months' || word === 'quarters' || word === 'years'
}

function unreadable(shown: string): VouchsafeError {
  return new VouchsafeError('bad-input', `${shown} is not a time within which a promise can be kept.`, {
    mend: 'Write it like 72 hours, 3 business days, 8 business hours, 30 days, one month, daily or each quarter.',
  })
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
