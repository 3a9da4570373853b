import type { Instant } from '#core/clock'
import { clockAt, remaining } from './clock-run.ts'
import type { ClockRun } from './clock-run.ts'
import { countingOf, durationText } from './duration.ts'

/**
 * A clock in one line, in the zone of its calendar: `5 h 12 m left (3 business days, ends Tue 17:00 CET)`.
 * Time left is time as it passes; a paused clock shows the counted time it holds.
 */
export function clockText(run: ClockRun, at: Instant): string {
  const now = clockAt(run, at)
  const { duration, calendar } = now.target
  const promise = durationText(duration)
  const zone = calendar.timeZone
  switch (now.kind) {
    case 'running':
      return `${lengthText(remaining(now, at).untilMs ?? 0)} left (${promise}, ends ${endText(new Date(now.dueAt), at, zone)})`
    case 'breached':
      return `overdue by ${lengthText(at.getTime() - Date.parse(now.dueAt))} (${promise}, ended ${endText(new Date(now.dueAt), at, zone)})`
    case 'paused': {
      const left = lengthText(remaining(now, at).countedMs)
      return `paused since ${momentText(new Date(now.since), at, zone)}, ${left}${countingOf(duration) === 'working' ? ' of working time' : ''} to go (${promise})`
    }
    case 'met': {
      const apart = Date.parse(now.metAt) - Date.parse(now.dueAt)
      const margin = apart === 0 ? 'at the end' : now.late ? `late by ${lengthText(apart)}` : `${lengthText(-apart)} before the end`
      return `met ${momentText(new Date(now.metAt), at, zone)}, ${margin} (${promise})`
    }
    case 'cancelled':
      return `cancelled ${momentText(new Date(now.cancelledAt), at, zone)}${now.breachedAt === null ? '' : ' after it was broken'} (${promise})`
  }
}

/**
 * A length of time in at most two units, rounded down so that nobody is told of time they do not have:
 * `3 d 4 h`, `5 h 12 m`, `12 m`, `less than a minute`.
 */
export function lengthText(ms: number): string {
  const minutes = Math.floor(Math.max(0, ms) / 60_000)
  if (minutes === 0) return 'less than a minute'
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60), minutes % 60]
  // Up to two days people think in hours, then in days.
  if (hours >= 48) return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`
  if (hours === 0) return `${rest} m`
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} m`
}

/** An instant as people say it, as near as it is: `Tue 17:00 CET`, `Tue 4 Nov 17:00 CET`, `Tue 4 Nov 2025 17:00 CET`. */
export function momentText(moment: Instant, seenAt: Instant, timeZone: string): string {
  return words(moment, seenAt, timeZone, false)
}

/** The same for the end of a period: midnight belongs to the day that ends, `Tue 24:00 CET` (ISO 8601-1:2019/Amd 1). */
function endText(end: Instant, seenAt: Instant, timeZone: string): string {
  return words(end, seenAt, timeZone, true)
}

function words(moment: Instant, seenAt: Instant, timeZone: string, asEnd: boolean): string {
  const read = civil(moment, timeZone)
  const midnight = asEnd && read.time === '00:00' && moment.getTime() % 60_000 === 0
  const day = midnight ? civil(new Date(moment.getTime() - 1), timeZone) : read
  const time = midnight ? '24:00' : read.time
  const seen = civil(seenAt, timeZone)
  // A weekday alone is clear for the six days on either side; on the seventh it would name two days.
  const near = Math.abs(day.dayNumber - seen.dayNumber) < 7
  const date = near ? '' : day.year === seen.year ? ` ${day.date}` : ` ${day.date} ${day.year}`
  return `${day.weekday}${date} ${time} ${zoneText(new Date(moment.getTime() - (midnight ? 1 : 0)), timeZone)}`
}

function civil(moment: Instant, timeZone: string): { weekday: string; date: string; year: string; time: string; dayNumber: number } {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]))
  const date = `${part['day']} ${part['month']}`
  return {
    weekday: part['weekday'] ?? '',
    date,
    year: part['year'] ?? '',
    time: `${part['hour']}:${part['minute']}`,
    dayNumber: Math.floor(Date.parse(`${date} ${part['year']} UTC`) / 86_400_000),
  }
}

/** `CET`, `EST`, `GMT+5:30`: each English of the engine knows the abbreviations of its own neighbourhood only. */
function zoneText(moment: Instant, timeZone: string): string {
  const names = ['en-GB', 'en-US', 'en-AU', 'en-IN', 'en-ZA'].map(
    (locale) => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }).formatToParts(moment).find(({ type }) => type === 'timeZoneName')?.value ?? timeZone,
  )
  return names.find((name) => !/^GMT[+-]/u.test(name)) ?? names[0] ?? timeZone
}
