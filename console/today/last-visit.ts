const KEY = 'vouchsafe.last-visit'
const GAP_MS = 30 * 60_000 // away for so long, and it is another visit

interface Kept {
  /** When the visit before this one ended. */
  before?: string
  /** When something was last looked at. */
  last: string
}

/** From what was kept and the time of now: since when things are new to this person, and what to keep. */
export function visit(kept: Kept | undefined, now: Date): { since: string | undefined; keep: Kept } {
  const last = now.toISOString()
  if (kept === undefined) return { since: undefined, keep: { last } }
  if (now.getTime() - Date.parse(kept.last) > GAP_MS) return { since: kept.last, keep: { before: kept.last, last } }
  return { since: kept.before, keep: { ...kept, last } }
}

/** Since when things are new here, in this browser; undefined on the first visit. */
export function sinceLastVisit(now: Date): string | undefined {
  try {
    const { since, keep } = visit(read(), now)
    localStorage.setItem(KEY, JSON.stringify(keep))
    return since
  } catch {
    return undefined // no storage in this browser: the last week is shown
  }
}

function read(): Kept | undefined {
  const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Partial<Kept> | null
  return typeof kept?.last === 'string' && !Number.isNaN(Date.parse(kept.last)) ? { last: kept.last, ...(typeof kept.before === 'string' ? { before: kept.before } : {}) } : undefined
}
