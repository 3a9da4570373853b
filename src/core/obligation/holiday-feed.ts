import ICAL from 'ical.js'
import { Temporal } from 'temporal-polyfill'
import { VouchsafeError, messageOf } from '#core/errors'
import { MOST_HOLIDAYS, parseDate, parseHolidays } from './calendar.ts'
import type { Holiday } from './calendar.ts'
import { daysOfRule, isoWeekday, parseDayRule } from './recurrence.ts'
import type { Patience } from './recurrence.ts'

export interface HolidayFeed {
  /** As a calendar takes them. */
  readonly holidays: readonly Holiday[]
  /** For the calendar's `holidaysKnownUntil`: the end of the window that was asked for. */
  readonly knownUntil: string
  /** Events that are no holidays, with the reason, for the person who imports. */
  readonly ignored: readonly { readonly name: string; readonly reason: string }[]
}

/** A feed of one country's holidays is some 20 to 200 kB; a megabyte is somebody's whole diary. */
const MOST_BYTES = 1_000_000
const MOST_EVENTS = 5_000
/** A closing of a company lasts weeks. A year of it is a slip in DTEND. */
const LONGEST_EVENT_DAYS = 62
/** Each year of a rule costs some 400 steps; clocks do not run for longer. */
const LONGEST_WINDOW_YEARS = 50
/** A feed of 200 yearly rules over ten years looks at 60,000 days; so many take about two seconds. */
const MOST_DAYS_LOOKED_AT = 500_000
/** RFC 5545 needs three levels; the parser keeps a stack of them. */
const DEEPEST_NESTING = 16

/**
 * The holidays of an iCalendar feed (RFC 5545) between two local dates, both included: all-day events, those of several
 * days, recurring ones (RRULE, RDATE, EXDATE, and single occurrences moved by RECURRENCE-ID). An event of hours is no
 * holiday and is reported as ignored, as is a cancelled one. Whether an event counts as busy (TRANSP) says nothing
 * here: feeds of public holidays mark theirs as free.
 *
 * A rule without an end is followed to the end of the window and no further.
 * @param text hostile input: the feed as fetched
 * @throws VouchsafeError `too-large`, `bad-input` or `unsupported`, naming the event to mend
 */
export function holidaysFromIcs(text: string, window: { readonly from: string; readonly until: string }): HolidayFeed {
  const from = parseDate(window.from, '/from')
  const until = parseDate(window.until, '/until')
  if (Temporal.PlainDate.compare(until, from) < 0) throw new VouchsafeError('bad-input', 'The window of holidays ends before it begins.', { mend: 'Swap the two dates.' })
  if (until.year - from.year > LONGEST_WINDOW_YEARS) {
    throw new VouchsafeError('bad-input', `A window of more than ${LONGEST_WINDOW_YEARS} years of holidays is not followed.`, { mend: 'Ask for fewer years.' })
  }

  const ignored: { name: string; reason: string }[] = []
  const found: Holiday[] = []
  const events = eventsOf(text)
  const patience: Patience = { days: MOST_DAYS_LOOKED_AT }
  const moved = movedOccurrences(events)
  for (const event of events) {
    let name = ''
    try {
      name = nameOf(event)
      const reason = notAHoliday(event)
      if (reason !== undefined) {
        ignored.push({ name, reason })
        continue
      }
      for (const first of occurrencesOf(event, moved, from, until, patience)) {
        for (let day = first, left = lengthDays(event); left > 0; day = day.add({ days: 1 }), left -= 1) {
          if (Temporal.PlainDate.compare(day, from) >= 0 && Temporal.PlainDate.compare(day, until) <= 0) found.push(name === '' ? { date: day.toString() } : { date: day.toString(), name })
        }
        if (found.length > MOST_HOLIDAYS) {
          throw new VouchsafeError('too-large', `The feed has more than ${MOST_HOLIDAYS} holidays between ${from.toString()} and ${until.toString()}.`, {
            mend: 'Look for a rule that repeats every day and does not end, or ask for fewer years.',
          })
        }
      }
    } catch (error) {
      throw inEvent(name, error)
    }
  }
  return { holidays: parseHolidays(found), knownUntil: until.toString(), ignored }
}

function eventsOf(text: string): ICAL.Component[] {
  if (Buffer.byteLength(text) > MOST_BYTES) throw new VouchsafeError('too-large', `The calendar file is larger than ${MOST_BYTES / 1000} kB.`, { mend: 'Export the holidays alone.' })
  let depth = 0
  for (const [, word] of text.matchAll(/^(BEGIN|END):/gimu)) {
    depth += word?.toUpperCase() === 'BEGIN' ? 1 : -1
    if (depth > DEEPEST_NESTING) throw new VouchsafeError('bad-input', 'The calendar file is nested too deeply.', { mend: 'Export it anew.' })
  }
  const mend = 'It should be an iCalendar file (.ics) that begins with BEGIN:VCALENDAR and ends with END:VCALENDAR.'
  let calendars: ICAL.Component[]
  try {
    const parsed: unknown = ICAL.parse(text)
    // One component comes bare, several in a list.
    const roots = Array.isArray(parsed) && Array.isArray(parsed[0]) ? (parsed as unknown[]) : [parsed]
    calendars = roots.map((root) => new ICAL.Component(root as [string, unknown[], unknown[]])).filter((root) => root.name === 'vcalendar')
  } catch (cause) {
    throw new VouchsafeError('bad-input', 'The calendar file cannot be read.', { mend, cause })
  }
  if (calendars.length === 0) throw new VouchsafeError('bad-input', 'This is not a calendar file.', { mend })
  const events = calendars.flatMap((calendar) => calendar.getAllSubcomponents('vevent'))
  if (events.length > MOST_EVENTS) throw new VouchsafeError('too-large', `The calendar file has more than ${MOST_EVENTS} events.`, { mend: 'Export the holidays alone.' })
  return events
}

function notAHoliday(event: ICAL.Component): string | undefined {
  if (String(rawOf(event, 'status')[0]?.value).toUpperCase() === 'CANCELLED') return 'cancelled'
  const start = rawOf(event, 'dtstart')[0]
  if (!start) return 'has no start'
  return start.type === 'date' ? undefined : 'begins at a time of day'
}

/** The first days of an event's occurrences that can reach into the window. */
function occurrencesOf(event: ICAL.Component, moved: ReadonlyMap<unknown, readonly string[]>, from: Temporal.PlainDate, until: Temporal.PlainDate, patience: Patience): Temporal.PlainDate[] {
  const start = startOf(event)
  const reach = from.subtract({ days: lengthDays(event) - 1 })
  const days = new Map<string, Temporal.PlainDate>()
  const rules = event.getAllProperties('rrule')
  for (const property of rules) {
    const recur = property.getFirstValue()
    if (!(recur instanceof ICAL.Recur)) throw new VouchsafeError('bad-input', 'Its RRULE cannot be read.', { mend: 'Mend or remove the rule.' })
    const end = (property.toJSON() as [string, unknown, string, { until?: unknown }])[3].until
    const rule = parseDayRule({
      freq: recur.freq,
      interval: recur.interval,
      count: recur.count ?? null,
      until: end === undefined ? undefined : dateOf(end),
      parts: recur.parts,
      weekStart: isoWeekday(recur.wkst),
    })
    for (const day of daysOfRule(rule, start, reach, until, patience)) days.set(day.toString(), day)
  }
  if (rules.length === 0) days.set(start.toString(), start)
  for (const { type, value } of rawOf(event, 'rdate')) {
    if (type === 'period') throw new VouchsafeError('unsupported', 'It has an RDATE that is no date.', { mend: 'Write RDATE;VALUE=DATE.' })
    days.set(dateOf(value).toString(), dateOf(value))
  }
  for (const { value } of rawOf(event, 'exdate')) days.delete(dateOf(value).toString())
  if (!event.hasProperty('recurrence-id')) for (const date of moved.get(rawOf(event, 'uid')[0]?.value) ?? []) days.delete(date)
  return [...days.values()]
}

/**
 * The dates by UID for which another event stands in: one with the same UID and a RECURRENCE-ID (RFC 5545 §3.8.4.4).
 * One whose date cannot be read moves nothing here; it fails by its own start, or is a timed event.
 */
function movedOccurrences(events: readonly ICAL.Component[]): ReadonlyMap<unknown, readonly string[]> {
  const moved = new Map<unknown, string[]>()
  for (const event of events) {
    const [uid, date] = [rawOf(event, 'uid')[0]?.value, rawOf(event, 'recurrence-id')[0]?.value]
    if (typeof uid !== 'string' || typeof date !== 'string') continue
    const known = moved.get(uid)
    if (known) known.push(date.slice(0, 10))
    else moved.set(uid, [date.slice(0, 10)])
  }
  return moved
}

/** DTEND is the day after the last (RFC 5545 §3.6.1); without it and without DURATION an all-day event is one day. */
function lengthDays(event: ICAL.Component): number {
  const end = rawOf(event, 'dtend')[0]
  const lasting = rawOf(event, 'duration')[0]
  let days = 1
  if (end) days = startOf(event).until(dateOf(end.value), { largestUnit: 'days' }).days
  else if (lasting) days = Math.ceil(ICAL.Duration.fromString(String(lasting.value)).toSeconds() / 86_400)
  // Some programs write DTEND equal to DTSTART for one day.
  if (days === 0) days = 1
  if (days >= 1 && days <= LONGEST_EVENT_DAYS) return days
  throw new VouchsafeError('bad-input', days < 1 ? 'It ends before it begins.' : `It lasts ${days} days.`, { mend: `Mend its DTEND: an event may last ${LONGEST_EVENT_DAYS} days.` })
}

function startOf(event: ICAL.Component): Temporal.PlainDate {
  return dateOf(rawOf(event, 'dtstart')[0]?.value)
}

/** The date of a jCal date or date-time (RFC 7265 §3.6.4); its time of day, if any, says nothing here. */
function dateOf(value: unknown): Temporal.PlainDate {
  return parseDate(typeof value === 'string' ? value.slice(0, 10) : value)
}

/**
 * The values of a property as they were written. The parser's own objects would roll 30 February over to March, and
 * throw wherever they are first looked at.
 */
function rawOf(event: ICAL.Component, property: string): { type: string; value: unknown }[] {
  return event.getAllProperties(property).flatMap((each) => {
    const [, , type, ...values] = each.toJSON() as [string, unknown, string, ...unknown[]]
    return values.map((value) => ({ type, value }))
  })
}

function nameOf(event: ICAL.Component): string {
  const summary = rawOf(event, 'summary')[0]?.value
  // Control characters would reach pages and terminals; a name is one line.
  return typeof summary === 'string' ? summary.replaceAll(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ').trim().slice(0, 200) : ''
}

function inEvent(name: string, error: unknown): VouchsafeError {
  const which = name === '' ? 'An event without a name' : `The event ${JSON.stringify(name)}`
  if (!(error instanceof VouchsafeError)) return new VouchsafeError('bad-input', `${which} cannot be read: ${messageOf(error).slice(0, 200)}.`, { mend: 'Mend or remove it.', cause: error })
  return new VouchsafeError(error.code, `${which}: ${error.message}`, { ...(error.mend !== undefined && { mend: error.mend }), cause: error })
}
