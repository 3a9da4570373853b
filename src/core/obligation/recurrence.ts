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

/** How many days may still be looked at, shared by all rules of one feed; whoever makes it owns it. */
export interface Patience {
  days: number
}

/**
 * The days of a rule between two dates, both included, in order.
 *
 * Each period (day, week, month or year) is walked day by day and each day is asked whether the rule means it. That is
 * slower than stepping from one occurrence to the next, but it ends for every rule: one that never occurs (30 February)
 * or never stops costs no more than the days up to `to`.
 * @throws VouchsafeError `bad-input` for a rule that began more than 250 years before `to`, `too-large` when the
 * patience is at its end
 */
export function daysOfRule(rule: DayRule, start: Temporal.PlainDate, from: Temporal.PlainDate, to: Temporal.PlainDate, patience: Patience): Temporal.PlainDate[] {
  if (to.year - start.year > MOST_YEARS) throw new VouchsafeError('bad-input', `A holiday rule that begins in ${start.year} cannot be followed.`, { mend: 'Let it begin later.' })
  const last = rule.until && Temporal.PlainDate.compare(rule.until, to) < 0 ? rule.until : to
  const found: Temporal.PlainDate[] = []
  let seen = 0
  for (let k = firstPeriod(rule, start, from); ; k += rule.interval) {
    const first = periodStart(rule, start, k)
    if (Temporal.PlainDate.compare(first, last) > 0) return found
    const meant = daysOfPeriod(rule, start, first, patience).filter((day) => isMeant(rule, start, day))
    for (const day of chosen(meant, rule.bySetPos)) {
      if (Temporal.PlainDate.compare(day, start) < 0) continue
      if (Temporal.PlainDate.compare(day, last) > 0) return found
      seen += 1
      if (rule.count !== undefined && seen > rule.count) return found
      if (Temporal.PlainDate.compare(day, from) >= 0) found.push(day)
    }
  }
}

/** The number of the first period worth looking at: one that counts its occurrences must be followed from its start. */
function firstPeriod(rule: DayRule, start: Temporal.PlainDate, from: Temporal.PlainDate): number {
  if (rule.count !== undefined || Temporal.PlainDate.compare(from, start) <= 0) return 0
  const { days } = start.until(from, { largestUnit: 'days' })
  // Divided by the longest that a period can be, so that none is passed over.
  const periods = Math.floor(days / { DAILY: 1, WEEKLY: 7, MONTHLY: 31, YEARLY: 366 }[rule.frequency])
  return Math.max(0, Math.floor(periods / rule.interval) - 1) * rule.interval
}

function periodStart(rule: DayRule, start: Temporal.PlainDate, k: number): Temporal.PlainDate {
  switch (rule.frequency) {
    case 'DAILY':
      return start.add({ days: k })
    case 'WEEKLY':
      return start.subtract({ days: (start.dayOfWeek - rule.weekStart + 7) % 7 }).add({ weeks: k })
    case 'MONTHLY':
      return start.with({ day: 1 }).add({ months: k })
    case 'YEARLY':
      return start.with({ month: 1, day: 1 }).add({ years: k })
  }
}

/** The days of a period that are worth asking, in order. */
function daysOfPeriod(rule: DayRule, start: Temporal.PlainDate, first: Temporal.PlainDate, patience: Patience): Temporal.PlainDate[] {
  const days: Temporal.PlainDate[] = []
  const take = (from: Temporal.PlainDate, count: number) => {
    patience.days -= count
    if (patience.days < 0) {
      throw new VouchsafeError('too-large', 'The rules of this feed take too long to follow.', { mend: 'Ask for fewer years, or export the holidays alone.' })
    }
    for (let index = 0; index < count; index += 1) days.push(from.add({ days: index }))
  }
  if (rule.frequency === 'DAILY') take(first, 1)
  else if (rule.frequency === 'WEEKLY') take(first, 7)
  else if (rule.frequency === 'MONTHLY') take(first, rule.byMonth.length > 0 && !rule.byMonth.includes(first.month) ? 0 : first.daysInMonth)
  else {
    // A rule that names no day at all means that of its start; most holidays are of this kind, or name their month.
    const bare = rule.byMonth.length + rule.byMonthDay.length + rule.byYearDay.length + rule.byDay.length === 0
    for (let month = 1; month <= 12; month += 1) {
      if (bare ? month !== start.month : rule.byMonth.length > 0 && !rule.byMonth.includes(month)) continue
      const begin = first.with({ month })
      take(begin, begin.daysInMonth)
    }
  }
  return days
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
