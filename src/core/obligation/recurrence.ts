import { Temporal } from 'temporal-polyfill'
import { VouchsafeError } from '#core/errors'
import { WEEKDAYS } from './calendar.ts'

/** A recurrence rule of whole days: RFC 5545 §3.3.10 without times of day, week numbers and their like. */
export interface DayRule {
  readonly frequency: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY'
  readonly interval: number
  readonly count?: number
  readonly until?: Temporal.PlainDate
  readonly byMonth: readonly number[]
  readonly byMonthDay: readonly number[]
  readonly byYearDay: readonly number[]
  /** ISO weekday 1 (Monday) to 7; `nth` 0 is every one, 2 the second, -1 the last. */
  readonly byDay: readonly { readonly nth: number; readonly weekday: number }[]
  readonly bySetPos: readonly number[]
  /** ISO weekday on which a week begins. */
  readonly weekStart: number
}

/** The rule as an iCalendar parser hands it over. */
export interface RuleParts {
  readonly freq: string
  readonly interval: number
  readonly count: number | null
  readonly until: Temporal.PlainDate | undefined
  readonly parts: Readonly<Record<string, readonly (string | number)[] | undefined>>
  readonly weekStart: number
}

const ICS_DAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']
const MOST_YEARS = 250

/**
 * Checks that a rule means something for whole days.
 * @throws VouchsafeError `unsupported` for a part we do not count with, `bad-input` for one that cannot be meant
 */
export function parseDayRule({ freq, interval, count, until, parts, weekStart }: RuleParts): DayRule {
  if (freq !== 'DAILY' && freq !== 'WEEKLY' && freq !== 'MONTHLY' && freq !== 'YEARLY') {
    throw new VouchsafeError('unsupported', `A holiday cannot repeat ${freq.slice(0, 20)}.`, { mend: 'Use DAILY, WEEKLY, MONTHLY or YEARLY.' })
  }
  const known = ['BYMONTH', 'BYMONTHDAY', 'BYYEARDAY', 'BYDAY', 'BYSETPOS']
  const strange = Object.keys(parts).find((part) => !known.includes(part))
  if (strange !== undefined) throw new VouchsafeError('unsupported', `A holiday rule with ${strange.slice(0, 20)} is not counted here.`, { mend: `Use ${known.join(', ')}.` })
  if (!Number.isInteger(interval) || interval < 1) throw new VouchsafeError('bad-input', 'The interval of a holiday rule is below 1.', { mend: 'Use INTERVAL=1 or more.' })
  const byDay = (parts['BYDAY'] ?? []).map((word) => {
    const found = /^(?<nth>[+-]?\d{1,2})?(?<day>MO|TU|WE|TH|FR|SA|SU)$/u.exec(String(word))?.groups
    if (!found) throw new VouchsafeError('bad-input', `${JSON.stringify(String(word).slice(0, 20))} is not a day of a rule.`, { mend: 'Write it like MO, 2MO or -1FR.' })
    return { nth: Number(found['nth'] ?? 0), weekday: ICS_DAYS.indexOf(found['day'] ?? '') + 1 }
  })
  const rule: DayRule = {
    frequency: freq,
    interval,
    ...(count !== null && { count }),
    ...(until && { until }),
    byMonth: numbers(parts['BYMONTH'], 1, 12),
    byMonthDay: numbers(parts['BYMONTHDAY'], -31, 31),
    byYearDay: numbers(parts['BYYEARDAY'], -366, 366),
    byDay,
    bySetPos: numbers(parts['BYSETPOS'], -366, 366),
    weekStart,
  }
  const misplaced =
    (byDay.some(({ nth }) => nth !== 0) && (freq === 'DAILY' || freq === 'WEEKLY')) ||
    (rule.byMonthDay.length > 0 && freq === 'WEEKLY') ||
    (rule.byYearDay.length > 0 && freq !== 'YEARLY')
  if (misplaced) throw new VouchsafeError('bad-input', `The parts of this ${freq} rule do not go together.`, { mend: 'See the table of RFC 5545, section 3.3.10.' })
  return rule
}

/**
 * The days of a rule between two dates, both included, in order.
 *
 * Each period (day, week, month or year) is walked day by day and each day is asked whether the rule means it. That is
 * slower than stepping from one occurrence to the next, but it ends for every rule: one that never occurs (30 February)
 * or never stops costs no more than the days up to `to`.
 * @throws VouchsafeError `bad-input` for a rule that began more than 250 years before `to`
 */
export function daysOfRule(rule: DayRule, start: Temporal.PlainDate, from: Temporal.PlainDate, to: Temporal.PlainDate): Temporal.PlainDate[] {
  if (to.year - start.year > MOST_YEARS) throw new VouchsafeError('bad-input', `A holiday rule that begins in ${start.year} cannot be followed.`, { mend: 'Let it begin later.' })
  const last = rule.until && Temporal.PlainDate.compare(rule.until, to) < 0 ? rule.until : to
  const found: Temporal.PlainDate[] = []
  let seen = 0
  for (let k = 0; ; k += rule.interval) {
    const period = periodOf(rule, start, k)
    if (Temporal.PlainDate.compare(period.first, last) > 0) return found
    const meant: Temporal.PlainDate[] = []
    for (let day = period.first; Temporal.PlainDate.compare(day, period.next) < 0; day = day.add({ days: 1 })) if (isMeant(rule, start, day)) meant.push(day)
    for (const day of chosen(meant, rule.bySetPos)) {
      if (Temporal.PlainDate.compare(day, start) < 0) continue
      if (Temporal.PlainDate.compare(day, last) > 0) return found
      seen += 1
      if (rule.count !== undefined && seen > rule.count) return found
      if (Temporal.PlainDate.compare(day, from) >= 0) found.push(day)
    }
  }
}

function periodOf(rule: DayRule, start: Temporal.PlainDate, k: number): { first: Temporal.PlainDate; next: Temporal.PlainDate } {
  switch (rule.frequency) {
    case 'DAILY': {
      const first = start.add({ days: k })
      return { first, next: first.add({ days: 1 }) }
    }
    case 'WEEKLY': {
      const first = start.subtract({ days: (start.dayOfWeek - rule.weekStart + 7) % 7 }).add({ weeks: k })
      return { first, next: first.add({ weeks: 1 }) }
    }
    case 'MONTHLY': {
      const first = start.with({ day: 1 }).add({ months: k })
      return { first, next: first.add({ months: 1 }) }
    }
    case 'YEARLY': {
      const first = start.with({ month: 1, day: 1 }).add({ years: k })
      return { first, next: first.add({ years: 1 }) }
    }
  }
}

/** RFC 5545 §3.3.10: the parts a rule leaves out are taken from its start. */
function isMeant(rule: DayRule, start: Temporal.PlainDate, day: Temporal.PlainDate): boolean {
  const { frequency, byMonth, byMonthDay, byYearDay, byDay } = rule
  if (byMonth.length > 0 && !byMonth.includes(day.month)) return false
  if (byMonthDay.length > 0 && !byMonthDay.some((n) => n === day.day || n === day.day - day.daysInMonth - 1)) return false
  if (byYearDay.length > 0 && !byYearDay.some((n) => n === day.dayOfYear || n === day.dayOfYear - day.daysInYear - 1)) return false
  if (byDay.length > 0) return byDay.some((wanted) => wanted.weekday === day.dayOfWeek && (wanted.nth === 0 || isNth(rule, day, wanted.nth)))
  if (byMonthDay.length > 0 || byYearDay.length > 0 || frequency === 'DAILY') return true
  if (frequency === 'WEEKLY') return day.dayOfWeek === start.dayOfWeek
  return day.day === start.day && (frequency === 'MONTHLY' || byMonth.length > 0 || day.month === start.month)
}

/** The second Monday of the month; of the year where a yearly rule names no month. */
function isNth(rule: DayRule, day: Temporal.PlainDate, nth: number): boolean {
  const inYear = rule.frequency === 'YEARLY' && rule.byMonth.length === 0
  const [index, length] = inYear ? [day.dayOfYear, day.daysInYear] : [day.day, day.daysInMonth]
  return nth > 0 ? Math.ceil(index / 7) === nth : Math.ceil((length - index + 1) / 7) === -nth
}

function chosen(days: readonly Temporal.PlainDate[], positions: readonly number[]): readonly Temporal.PlainDate[] {
  if (positions.length === 0) return days
  return days.filter((_, index) => positions.includes(index + 1) || positions.includes(index - days.length))
}

function numbers(values: readonly (string | number)[] | undefined, least: number, most: number): readonly number[] {
  return (values ?? []).map((value) => {
    const number = Number(value)
    if (Number.isInteger(number) && number !== 0 && number >= least && number <= most) return number
    throw new VouchsafeError('bad-input', `${JSON.stringify(String(value).slice(0, 20))} is out of range in a holiday rule.`, { mend: `Use whole numbers from ${least} to ${most}.` })
  })
}

/** ISO weekday of iCalendar's numbering, in which Sunday is 1. */
export function isoWeekday(icsWeekday: number): number {
  return ((icsWeekday + 5) % WEEKDAYS.length) + 1
}
