import type { Temporal } from 'temporal-polyfill'
import type { Instant } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import { parseDate } from './calendar.ts'
import type { Calendar } from './calendar.ts'
import type { Duration } from './duration.ts'
import { afterCounted, isWorkingDay, localDate, startOfDate, workingDayAfter, workingSpan } from './working.ts'

/**
 * The last instant at which a promise whose clock starts now is still kept: on time is at or before it.
 *
 * The convention is that of Regulation (EEC, Euratom) No 1182/71, by which the time limits of European law run:
 * - the day of the event is not counted (Art. 3(1)), and the period ends with the last hour of its last day (Art. 3(2)),
 *   which for business days with working hours is closing time;
 * - a period of weeks, months or years ends on the day with the name or the number of the day of the event; where the
 *   month has no such day, on its last day (Art. 3(2)(c));
 * - business days leave out holidays and days off, other periods count them (Art. 3(3)).
 * Three choices are ours, each the one that ends sooner: hours run from the minute of the event, not from the next
 * full hour; a last day off is not moved unless the calendar says so (Art. 3(4), `lastDay`); and a period of two days
 * or more need not hold two working days (Art. 3(5)).
 *
 * `each` periods: the event stands for the period it falls in, so the next must come before the following one ends.
 * `until` a date: to the end of that day; it must not be over when the clock starts.
 * @throws VouchsafeError `bad-input` when the calendar has no working day or the end leaves the range of dates
 */
export function dueAt(duration: Duration, calendar: Calendar, startedAt: Instant): Instant {
  const start = startedAt.getTime()
  if (!Number.isFinite(start)) throw new VouchsafeError('internal', 'A clock was started at no instant at all.')
  try {
    return new Date(dueMs(duration, calendar, start))
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new VouchsafeError('bad-input', 'This promise would end beyond the dates that can be counted.', { mend: 'Choose a shorter time.', cause })
  }
}

function dueMs(duration: Duration, calendar: Calendar, start: number): number {
  switch (duration.kind) {
    case 'elapsed':
      return start + duration.count * { minutes: 60_000, hours: 3_600_000, days: 86_400_000 }[duration.unit]
    case 'business-hours':
      return afterCounted('working', calendar, start, duration.count * 3_600_000)
    case 'business-days':
      return endOfDay(calendar, workingDayAfter(calendar, localDate(calendar, start), duration.count))
    case 'calendar': {
      const last = addCivil(localDate(calendar, start), duration.unit, duration.count)
      const moved = calendar.lastDay === 'next-working-day' && !isWorkingDay(calendar, last)
      return startOfDate(calendar, (moved ? workingDayAfter(calendar, last, 1) : last).add({ days: 1 }))
    }
    case 'until': {
      const end = startOfDate(calendar, parseDate(duration.lastDay, '/lastDay').add({ days: 1 }))
      if (end > start) return end
      throw new VouchsafeError('bad-input', `The day ${duration.lastDay} is already over.`, { mend: 'Choose a later day.' })
    }
    case 'each':
      return startOfDate(calendar, periodAfterNext(localDate(calendar, start), duration.period))
  }
}

function endOfDay(calendar: Calendar, date: Temporal.PlainDate): number {
  return workingSpan(calendar, date)?.to ?? startOfDate(calendar, date.add({ days: 1 }))
}

function addCivil(date: Temporal.PlainDate, unit: 'days' | 'weeks' | 'months' | 'quarters' | 'years', count: number): Temporal.PlainDate {
  if (unit === 'quarters') return date.add({ months: 3 * count }, { overflow: 'constrain' })
  return date.add({ [unit]: count }, { overflow: 'constrain' })
}

/** The first day of the period after the period after the one a date falls in. Weeks begin on Monday (ISO 8601). */
function periodAfterNext(date: Temporal.PlainDate, period: 'day' | 'week' | 'month' | 'quarter' | 'year'): Temporal.PlainDate {
  switch (period) {
    case 'day':
      return date.add({ days: 2 })
    case 'week':
      return date.subtract({ days: date.dayOfWeek - 1 }).add({ weeks: 2 })
    case 'month':
      return date.with({ day: 1 }).add({ months: 2 })
    case 'quarter':
      return date.with({ day: 1, month: Math.floor((date.month - 1) / 3) * 3 + 1 }).add({ months: 6 })
    case 'year':
      return date.with({ day: 1, month: 1 }).add({ years: 2 })
  }
}
