import { Temporal } from 'temporal-polyfill'
import { VouchsafeError } from '#core/errors'
import { WEEKDAYS } from './calendar.ts'
import type { Calendar } from './calendar.ts'

/** What runs a clock down: all time, or only the working time of the calendar. */
export type Counting = 'elapsed' | 'working'

/** A stretch of time, milliseconds since the Unix epoch, `from` included and `to` not. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Ten years without a single working day is a mistake in the calendar, not a holiday. */
const LONGEST_CLOSURE_DAYS = 3_660

/** The local date at an instant (milliseconds since the Unix epoch). */
export function localDate(calendar: Calendar, at: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(calendar.timeZone).toPlainDate()
}

/** The first instant of a local date. Where clocks skip midnight that is later than 00:00. */
export function startOfDate(calendar: Calendar, date: Temporal.PlainDate): number {
  return date.toZonedDateTime(calendar.timeZone).epochMilliseconds
}

/** Whether somebody is expected to work on a local date. */
export function isWorkingDay(calendar: Calendar, date: Temporal.PlainDate): boolean {
  const weekday = WEEKDAYS[date.dayOfWeek - 1]
  return weekday !== undefined && calendar.workingDays.includes(weekday) && !isHoliday(calendar, date.toString()) && wholeDay(calendar, date) !== undefined
}

/**
 * The working time of a local date, or undefined on a day without any. Without working hours it is the civil day:
 * 23 or 25 hours long where daylight saving begins or ends.
 */
export function workingSpan(calendar: Calendar, date: Temporal.PlainDate): Span | undefined {
  if (!isWorkingDay(calendar, date)) return undefined
  if (!calendar.workingHours) return wholeDay(calendar, date)
  const from = wallTime(calendar, date, calendar.workingHours.from)
  const to = wallTime(calendar, date, calendar.workingHours.to)
  return to > from ? { from, to } : undefined
}

/** How many milliseconds of counted time lie between two instants; 0 when `to` is not after `from`. */
export function countedBetween(counting: Counting, calendar: Calendar, from: number, to: number): number {
  if (to <= from) return 0
  if (counting === 'elapsed') return to - from
  let sum = 0
  for (let date = localDate(calendar, from); ; date = date.add({ days: 1 })) {
    if (startOfDate(calendar, date) >= to) return sum
    const span = workingSpan(calendar, date)
    if (span) sum += Math.max(0, Math.min(span.to, to) - Math.max(span.from, from))
  }
}

/**
 * The earliest instant at which `ms` of counted time have passed since `from`.
 * Earliest, so that a clock run down at closing time ends then, and not at the next opening.
 * @throws VouchsafeError `bad-input` when the calendar runs out of working days
 */
export function afterCounted(counting: Counting, calendar: Calendar, from: number, ms: number): number {
  if (ms <= 0) return from
  if (counting === 'elapsed') return from + ms
  let left = ms
  let idleDays = 0
  for (let date = localDate(calendar, from); ; date = date.add({ days: 1 })) {
    const span = workingSpan(calendar, date)
    const open = span ? Math.max(span.from, from) : 0
    const length = span ? Math.max(0, span.to - open) : 0
    if (length >= left) return open + left
    left -= length
    idleDays = length > 0 ? 0 : idleDays + 1
    if (idleDays > LONGEST_CLOSURE_DAYS) throw neverWorks(date)
  }
}

/** The `count`-th working day after a local date, that date not counted. */
export function workingDayAfter(calendar: Calendar, start: Temporal.PlainDate, count: number): Temporal.PlainDate {
  let date = start
  let idleDays = 0
  for (let left = count; left > 0; ) {
    date = date.add({ days: 1 })
    // By span, not by date: a day whose working hours the zone skips gives nobody time to work.
    if (workingSpan(calendar, date)) {
      left -= 1
      idleDays = 0
    } else if (++idleDays > LONGEST_CLOSURE_DAYS) throw neverWorks(date)
  }
  return date
}

function neverWorks(date: Temporal.PlainDate): VouchsafeError {
  return new VouchsafeError('bad-input', `The calendar has no working day in the ten years before ${date.toString()}.`, {
    mend: 'Look for a holiday rule that repeats every day, or for working days that were taken away.',
  })
}

/** The civil day, or undefined for a date that the zone skipped (Samoa had no 30 December 2011). */
function wholeDay(calendar: Calendar, date: Temporal.PlainDate): Span | undefined {
  const from = startOfDate(calendar, date)
  const to = startOfDate(calendar, date.add({ days: 1 }))
  return to > from ? { from, to } : undefined
}

function wallTime(calendar: Calendar, date: Temporal.PlainDate, time: string): number {
  if (time === '24:00') return startOfDate(calendar, date.add({ days: 1 }))
  // 'compatible' (RFC 5545 §3.3.5): a time that is skipped moves forward, of a time that comes twice the first counts.
  return date.toZonedDateTime({ timeZone: calendar.timeZone, plainTime: time }).epochMilliseconds
}

// Holidays are sorted by parseCalendar, and a search by halves keeps long clocks cheap.
function isHoliday(calendar: Calendar, date: string): boolean {
  let low = 0
  let high = calendar.holidays.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const found = calendar.holidays[middle]?.date ?? ''
    if (found === date) return true
    if (found < date) low = middle + 1
    else high = middle
  }
  return false
}
