import type { Instant } from '#core/clock'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' })
const NUMBER = new Intl.NumberFormat('en-GB')

/** `18,204` */
export const numberWords = (count: number): string => NUMBER.format(count)

/** `3 November 2026`, in UTC. */
export const dayWords = (instant: Instant): string => DATE.format(instant)

/** `March 2026`, in UTC. */
export const monthWords = (instant: Instant): string => MONTH.format(instant)

/** `14:02:11 UTC` */
export const clockWords = (instant: Instant): string => `${instant.toISOString().slice(11, 19)} UTC`

/** `3 November 2026, 14:02:11 UTC`: the exact instant, to the second. */
export const exactWords = (instant: Instant): string => `${dayWords(instant)}, ${clockWords(instant)}`

/** RFC 3339 with whole seconds. */
export const machineWords = (instant: Instant): string => `${instant.toISOString().slice(0, 19)}Z`

/** How long ago, seen from `at`: `4 min ago`. What lies in the future, or years back, is given as a day. */
export function agoWords(instant: Instant, at: Instant): string {
  const ms = at.getTime() - instant.getTime()
  if (ms < -MINUTE || ms > 365 * DAY) return `on ${dayWords(instant)}`
  if (ms < MINUTE) return 'just now'
  if (ms < 90 * MINUTE) return `${Math.floor(ms / MINUTE)} min ago`
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h ago`
  return `${Math.floor(ms / DAY)} days ago`
}

/** `each hour`, `each 15 min`, `each 3 days`: how often a check runs. */
export function cadenceWords(seconds: number): string {
  const named: Readonly<Record<number, string>> = { 60: 'each minute', 3600: 'each hour', 86_400: 'each day', 604_800: 'each week' }
  return named[seconds] ?? `each ${durationWords(seconds)}`
}

/** `15 min`, `36 h`, `3 days`: in the largest unit that loses nothing worth saying. */
export function durationWords(seconds: number): string {
  if (seconds >= 2 * 86_400 && seconds % 3600 === 0) {
    const days = Math.round((seconds / 86_400) * 10) / 10
    return `${days} days`
  }
  if (seconds >= 2 * 3600) return `${Math.round(seconds / 360) / 10} h`
  if (seconds >= 120) return `${Math.round(seconds / 60)} min`
  return `${seconds} s`
}

/** `three checks`: words up to nine, figures above. */
export function countWords(count: number, one: string, many = `${one}s`): string {
  const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
  return `${words[count] ?? numberWords(count)} ${count === 1 ? one : many}`
}

/** A moment as a reader says it, with the exact one for machines, for hovering and for assistive technology. */
export function When({ at, now, as = 'ago' }: { at: Instant; now: Instant; as?: 'ago' | 'day' | 'clock' | 'exact' }) {
  const words = as === 'ago' ? agoWords(at, now) : as === 'day' ? dayWords(at) : as === 'clock' ? clockWords(at) : exactWords(at)
  return (
    <time datetime={machineWords(at)} title={exactWords(at)}>
      {words}
    </time>
  )
}
