import type { ClaimState } from '../components/mark.tsx'

export type Status = 'draft' | 'approved' | 'published' | 'superseded' | 'previewed' | 'withdrawn'
export type Strength = 'definite' | 'hedged' | 'negative'

export const STATUS_WORDS: Readonly<Record<Status, string>> = { draft: 'draft', approved: 'approved', published: 'published', superseded: 'superseded', previewed: 'preview on this machine', withdrawn: 'withdrawn' }

/** One version of a policy: only what may be read is there. */
export interface VersionRecord {
  slug?: string
  number?: number
  title?: string
  digest?: string
  status?: Status
  createdBy?: string
  createdAt?: string
  decisions?: { kind: string; by: string; at: string; note?: string }[]
}

export type Reason =
  | { about: 'claim'; why: string; words?: string }
  | { about: 'control'; control: string; score: number; words: string[] }
  | { about: 'near-miss'; control: string; words: string; why: string }
  | { about: 'strength'; strength: Strength; words: string; why: string }
  | { about: 'scope'; scope: string; why: string }

export interface Line {
  line: number
  text: string
  claim: boolean
  controls: string[]
  strength: Strength
  scope?: string
  section: string[]
  kind: string
  borderline?: true
  corrected?: true
  checks?: string[]
  reasons: Reason[]
  /** Changes with whatever can be corrected. */
  tag: string
}

export interface Quote {
  line: number
  text: string
}

export interface Findings {
  gaps: ({ kind: 'missing-control'; control: string; because: string[]; why: string } | { kind: 'no-control'; line: number; text: string; why: string } | { kind: 'empty-section'; section: string; why: string })[]
  contradictions: { kind: string; a: Quote[]; b: Quote[]; controls: string[]; why: string }[]
  suggestions: { line: number; text: string; why: string; control: string; wording: string; check: { looksAt: string; automation: 'A' | 'D' | 'H' } }[]
  blanketHedges: (Quote & { words: string; untilLine: number })[]
}

export interface OpenVersion extends VersionRecord {
  lines?: Line[]
  claims?: { claimId: string; line: number; text: string; offered: boolean; relation: string }[]
  findings?: Findings
}

/** What a person says of a line, against what was proposed. */
export interface Correction {
  claim?: boolean
  controls?: string[]
  strength?: Strength
  scope?: string
  checks?: string[]
}

export interface DryClaim {
  line: number
  text: string
  strength: Strength
  controls: string[]
  checks: string[]
  state: ClaimState
  underlying: ClaimState
  why: string
}

export interface Replay {
  from: string
  until: string
  runs: number
  underOlder: number
  claims: { line: number; text: string; spells: { from: string; state: ClaimState }[] }[]
}

export const versionPath = (version: VersionRecord): string => `/policies/${version.slug}/${version.number}`

/** Whether it may still be corrected and decided on. */
export const isOpen = (version: VersionRecord): boolean => version.status === 'draft' || version.status === 'previewed'
