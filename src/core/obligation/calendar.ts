import { Temporal } from 'temporal-polyfill'
import { VouchsafeError } from '#core/errors'

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** A day on which nobody is expected to work, as a local date of the calendar. */
export interface Holiday {
  /** ISO 8601, `2026-12-25`. */
  readonly date: string
  readonly name?: string
}

/**
 * What time is counted on. Plain JSON: it is copied into every clock that starts on it.
 * Made by `parseCalendar`; inside, it is trusted.
 */
export interface Calendar {
  /** IANA name, `Europe/Berlin`. An offset would lose daylight saving. */
  readonly timeZone: string
  readonly workingDays: readonly Weekday[]
  /** Local times `HH:MM`; `to` may be `24:00`. Absent: a working day is the whole civil day. */
  readonly workingHours?: { readonly from: string; readonly to: string }
  /** In order of date, each date once. */
  readonly holidays: readonly Holiday[]
  /** The last local date for which the holidays are known. Absent: nobody says. */
  readonly holidaysKnownUntil?: string
  /**
   * Where a period of calendar days, weeks, months, quarters or years ends on a day that is not a working day:
   * `as-counted` leaves it there, which is what a reader expects of "within 30 days"; `next-working-day` is Article
   * 3(4) of Regulation 1182/71. Absent: `as-counted`, the stricter one.
   */
  readonly lastDay?: 'as-counted' | 'next-working-day'
}

/** Monday to Friday in UTC without holidays: for a company that has said nothing yet. */
export const PLAIN_CALENDAR: Calendar = Object.freeze({
  timeZone: 'UTC',
  workingDays: Object.freeze(['mon', 'tue', 'wed', 'thu', 'fri'] as const),
  holidays: Object.freeze([]),
})

/** 5,000 days are twenty years of a calendar with far too many holidays; each clock carries a copy. */
export const MOST_HOLIDAYS = 5_000
const LONGEST_NAME = 200

/** Civil dates that we count with. Outside, zones have no rules and a slip of the finger is more likely than a plan. */
const EARLIEST = Temporal.PlainDate.from('1970-01-01')
const LATEST = Temporal.PlainDate.from('2200-12-31')

/**
 * Reads a calendar from outside (a request, YAML, a stored row) and gives it back frozen, its holidays sorted.
 * @throws VouchsafeError `bad-input` that points at the member to mend, `too-large` for too many holidays
 */
export function parseCalendar(value: unknown): Calendar {
  const source = record(value, '')
  for (const key of Object.keys(source)) {
    if (!['timeZone', 'workingDays', 'workingHours', 'holidays', 'holidaysKnownUntil', 'lastDay'].includes(key)) {
      throw bad(`/${key}`, `A calendar has no member ${JSON.stringify(key.slice(0, 40))}.`, 'Remove it, or mend its spelling.')
    }
  }
  const lastDay = source['lastDay']
  if (lastDay !== undefined && lastDay !== 'as-counted' && lastDay !== 'next-working-day') {
    throw bad('/lastDay', 'The rule for the last day is not known.', 'Use as-counted or next-working-day.')
  }
  const workingHours = source['workingHours'] === undefined ? undefined : parseWorkingHours(source['workingHours'])
  const knownUntil = source['holidaysKnownUntil']
  return Object.freeze({
    timeZone: parseTimeZone(source['timeZone']),
    workingDays: parseWorkingDays(source['workingDays']),
    ...(workingHours && { workingHours }),
    holidays: parseHolidays(source['holidays'] ?? []),
    ...(knownUntil !== undefined && { holidaysKnownUntil: parseDate(knownUntil, '/holidaysKnownUntil').toString() }),
    ...(lastDay !== undefined && { lastDay }),
  })
}

/**
 * The IANA zone of a name from outside, in the usual spelling of its letters.
 * @throws VouchsafeError `bad-input`
 */
export function parseTimeZone(value: unknown): string {
  // The pattern keeps offsets such as +01:00 out, which the engine would accept.
  if (typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,3}$/u.test(value) && value.length <= 64) {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone
    } catch {
      // falls through: the engine does not know it either
    }
  }
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : `A ${typeof value}`
  throw bad('/timeZone', `${shown} is not a time zone that is known here.`, 'Use a name of the IANA time zone database, for example Europe/Berlin.')
}

/**
 * A local date from outside.
 * @throws VouchsafeError `bad-input` for anything but an existing day between 1970 and 2200 as `YYYY-MM-DD`
 */
export function parseDate(value: unknown, pointer = ''): Temporal.PlainDate {
  const mend = 'Write the day as YYYY-MM-DD, between 1970 and 2200.'
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/u.test(value)) throw bad(pointer, 'This is not a date.', mend)
  let date: Temporal.PlainDate
  try {
    date = Temporal.PlainDate.from(value)
  } catch (cause) {
    throw bad(pointer, `The day ${value} does not exist.`, mend, cause)
  }
  if (Temporal.PlainDate.compare(date, EARLIEST) < 0 || Temporal.PlainDate.compare(date, LATEST) > 0) {
    throw bad(pointer, `The day ${value} is too far away.`, mend)
  }
  return date
}

/** Holidays in order of date, each date once; the first name given for a date stays. */
export function parseHolidays(value: unknown): readonly Holiday[] {
  if (!Array.isArray(value)) throw bad('/holidays', 'The holidays are not a list.', 'Give a list of { date, name }.')
  if (value.length > MOST_HOLIDAYS) {
    throw new VouchsafeError('too-large', `A calendar with ${value.length} holidays is more than the ${MOST_HOLIDAYS} we keep.`, {
      mend: 'Keep the years that clocks can still reach.',
    })
  }
  const byDate = new Map<string, Holiday>()
  value.forEach((entry: unknown, index) => {
    const pointer = `/holidays/${index}`
    const row = typeof entry === 'string' ? { date: entry } : record(entry, pointer)
    const date = parseDate(row['date'], `${pointer}/date`).toString()
    const name = row['name']
    if (name !== undefined && (typeof name !== 'string' || name.length > LONGEST_NAME)) {
      throw bad(`${pointer}/name`, 'The name of a holiday is not a short text.', `Use at most ${LONGEST_NAME} characters.`)
    }
    if (!byDate.has(date)) byDate.set(date, Object.freeze(name === undefined ? { date } : { date, name }))
  })
  return Object.freeze([...byDate.values()].toSorted((a, b) => (a.date < b.date ? -1 : 1)))
}

function parseWorkingDays(value: unknown): readonly Weekday[] {
  const mend = `Name at least one of ${WEEKDAYS.join(', ')}.`
  if (!Array.isArray(value) || value.length === 0) throw bad('/workingDays', 'The calendar has no working day.', mend)
  value.forEach((day: unknown, index) => {
    if (!WEEKDAYS.includes(day as Weekday)) throw bad(`/workingDays/${index}`, 'This is not a day of the week.', mend)
  })
  return Object.freeze(WEEKDAYS.filter((day) => value.includes(day)))
}

function parseWorkingHours(value: unknown): { readonly from: string; readonly to: string } {
  const { from, to } = record(value, '/workingHours')
  const time = /^(?:[01]\d|2[0-3]):[0-5]\d$/u
  if (typeof from !== 'string' || !time.test(from)) throw bad('/workingHours/from', 'This is not a time of day.', 'Write it as HH:MM.')
  if (typeof to !== 'string' || !(time.test(to) || to === '24:00')) throw bad('/workingHours/to', 'This is not a time of day.', 'Write it as HH:MM, at most 24:00.')
  // Night shifts would make a working day end on another one; nobody has promised "business hours" of that kind.
  if (from >= to) throw bad('/workingHours', `Working hours from ${from} to ${to} end before they begin.`, 'Let them begin and end on the same day.')
  return Object.freeze({ from, to })
}

function record(value: unknown, pointer: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw bad(pointer, 'This is not an object.', 'Give an object with named members.')
}

function bad(pointer: string, message: string, mend: string, cause?: unknown): VouchsafeError {
  return new VouchsafeError('bad-input', message, { mend, fields: [{ pointer, message }], cause })
}
