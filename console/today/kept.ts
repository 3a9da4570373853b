/** A promise with a clock, as the API tells it. */
export interface ObligationRecord {
  id: string
  obligation?: string
  subject?: string
  state?: 'running' | 'paused' | 'met' | 'breached' | 'cancelled'
  startedAt?: string
  dueAt?: string | null
  text?: string
  endedAt?: string
  kept?: boolean
}

export interface Month {
  /** `2026-11` */
  month: string
  kept: number
  broken: number
}

/** Promises that ended in each of the last twelve months, oldest first; months without any are there with none. */
export function keptByMonth(obligations: readonly ObligationRecord[], now: Date): Month[] {
  const months = Array.from({ length: 12 }, (_, back) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 11 + back, 1)).toISOString().slice(0, 7))
  return months.map((month) => {
    const ended = obligations.filter((one) => one.endedAt?.startsWith(month))
    return { month, kept: ended.filter((one) => one.kept === true).length, broken: ended.filter((one) => one.kept === false).length }
  })
}

const TITLES: Readonly<Record<string, string>> = { 'attestation-renewed': 'Renew an attestation', 'promised-mend': 'Mend what was promised' }

export const titleOf = (one: ObligationRecord): string => TITLES[one.obligation ?? ''] ?? (one.obligation ?? 'Promise').replaceAll('-', ' ')

/** How much of its time is gone, 0 to 1. */
export function goneOf(one: ObligationRecord, now: Date): number | undefined {
  if (!one.startedAt || !one.dueAt) return undefined
  const [from, to] = [Date.parse(one.startedAt), Date.parse(one.dueAt)]
  return to <= from ? 1 : Math.min(1, Math.max(0, (now.getTime() - from) / (to - from)))
}
