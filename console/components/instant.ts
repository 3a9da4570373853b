const STEPS: readonly [Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
]

const words = new Intl.RelativeTimeFormat('en-GB', { numeric: 'auto', style: 'long' })

/** `4 min ago`, `in 2 days`; rounded towards now, so that nothing is said to be further than it is. */
export function ago(then: Date, now: Date): string {
  const seconds = (then.getTime() - now.getTime()) / 1000
  for (const [unit, length] of STEPS) if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit)
  const minutes = Math.floor(Math.abs(seconds) / 60)
  if (minutes === 0) return seconds > 0 ? 'in less than a minute' : 'just now'
  const length = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`
  return seconds > 0 ? `in ${length}` : `${length} ago`
}

/** `3 November 2026, 14:02:11 UTC`: the same words for everybody, wherever they are. */
export function exactly(at: string | Date): string {
  const date = typeof at === 'string' ? new Date(at) : at
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
  return `${day}, ${date.toLocaleTimeString('en-GB', { timeZone: 'UTC', hour12: false })} UTC`
}
