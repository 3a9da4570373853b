const UNITS: Readonly<Record<string, number>> = { s: 1, second: 1, m: 60, min: 60, minute: 60, h: 3600, hour: 3600, d: 86_400, day: 86_400, w: 604_800, week: 604_800 }

/**
 * Seconds of a span of time as people write it: `30s`, `15 min`, `1h`, `1 day`, `2 weeks`. Months and years have no
 * fixed length and are not taken. `undefined` for anything else.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6}) ?([a-z]{1,7})$/.exec(text.trim().toLowerCase())
  if (!match) return undefined
  const [, count = '', word = ''] = match
  const unit = UNITS[word] ?? (word.length > 3 && word.endsWith('s') ? UNITS[word.slice(0, -1)] : undefined)
  return unit === undefined || Number(count) === 0 ? undefined : Number(count) * unit
}

/** A point in time relative to a run: `now`, `now - 90 days`, `now + 1h`, or an RFC 3339 instant. `undefined` if it is neither. */
export function parseMoment(text: string, now: Date): Date | undefined {
  const relative = /^now(?: ?([+-]) ?(.{1,20}))?$/.exec(text.trim())
  if (relative) {
    const [, sign, span] = relative
    if (sign === undefined || span === undefined) return now
    const seconds = parseDuration(span)
    return seconds === undefined ? undefined : new Date(now.getTime() + (sign === '-' ? -1 : 1) * seconds * 1000)
  }
  return parseInstant(text)
}

/** An RFC 3339 date-time, or a full date taken as midnight UTC. `undefined` for anything else, also for days that do not exist. */
export function parseInstant(text: string): Date | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:?\d\d))?$/.exec(text)
  if (!match) return undefined
  const day = new Date(`${match[1]}T00:00:00Z`)
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== match[1]) return undefined
  const at = new Date(text.length === 10 ? `${text}T00:00:00Z` : text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2').replace(' ', 'T').toUpperCase())
  return Number.isNaN(at.getTime()) ? undefined : at
}
