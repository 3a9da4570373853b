export interface LogRecord {
  origin: string
  size: number
  root: string
  vkey: string
  since: string
  witnesses: WitnessRecord[]
}

export interface WitnessRecord {
  name: string
  vkey?: string
  url: string
  operator: 'own' | 'other'
  lastAt: string | null
}

export interface EntryRecord {
  index: number
  class: 'public' | 'private'
  kind: string | null
  about: string[]
  says: string | null
  bytes: number
}

export interface OpenedEntry extends EntryRecord {
  leaf: string
  statement: unknown
  receipt: string
  proof: string | null
}

export interface AuditReport {
  ok: boolean
  origin: string
  size: number
  root: string
  problems: string[]
  notes: string[]
  checked: { entries: number; tiles: number; statements: number }
}

/** In the words of the statement, and for people. */
export const KINDS = [
  ['binding', 'binding'],
  ['slot-result', 'slot result'],
  ['page-snapshot', 'page snapshot'],
  ['closing', 'closing'],
  ['attestation', 'attestation'],
  ['attestation-end', 'end of an attestation'],
  ['key-change', 'change of a key'],
  ['witness-change', 'change of a witness'],
  ['public', 'everything public'],
  ['private', 'private'],
] as const

export const kindOf = (entry: EntryRecord): string => (entry.class === 'private' ? 'private' : (KINDS.find(([kind]) => kind === entry.kind)?.[1] ?? entry.kind ?? 'beginning of the log'))
