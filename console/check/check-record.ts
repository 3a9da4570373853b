export type Verdict = 'holds' | 'fails' | 'unknown' | 'not-run'

/** The word for a verdict; a slot that nobody ran has one of its own. */
export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = { holds: 'holds', fails: 'fails', unknown: 'could not tell', 'not-run': 'not run' }

export interface CheckRecord {
  id: string
  kind: 'built-in' | 'declared' | 'pushed'
  title: string
  controls: string[]
  cadenceSeconds: number
  freshnessSeconds: number
  confirmations: number
  maxAttempts: number
  timeLimitSeconds: number
  canContradict: boolean
  namedOnly?: boolean
  method: string
  digest: string
}

export interface Target {
  target: string
  verdict: Verdict
  summary: string
}

export interface RunRecord {
  run?: string
  check?: string
  control?: string
  verdict?: Verdict
  summary?: string
  observedAt?: string
  attempts?: number
  definition?: string
  declared?: number
  targets?: Target[]
  recorded?: number
}

export interface SlotRecord {
  slot: number
  until: string
  verdict?: Verdict
  observedAt?: string
  attempts?: number
  covered?: number
  declared?: number
  summary?: string
  run?: string
  targets?: Target[]
}

export interface Slots {
  binding: string | null
  claim: string | null
  start: string | null
  cadenceSeconds: number | null
  items: SlotRecord[]
}

export interface Task {
  kind: 'run' | 'dry-run'
  what: string
  since: string
  done: number
  of: number
}

export interface ControlRecord {
  id: string
  family: string
  title: string
  automation: string
  requirements: string[]
}

/** Where one check is looked at; its id has slashes in it. */
export const checkPath = (id: string): string => `/checks/one?id=${encodeURIComponent(id)}`

const UNITS = [['day', 86_400], ['hour', 3_600], ['minute', 60]] as const

/** `every 6 hours`, `every day`. */
export function every(seconds: number): string {
  const [unit, length] = UNITS.find(([, size]) => seconds >= size && seconds % size === 0) ?? ['second', 1]
  const count = seconds / length
  return count === 1 ? `every ${unit}` : `every ${count} ${unit}s`
}

/** `6 hours`. */
export const lasting = (seconds: number): string => {
  const text = every(seconds).slice('every '.length)
  return /^\d/.test(text) ? text : `1 ${text}`
}
