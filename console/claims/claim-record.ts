import { useQuery } from '@tanstack/react-query'
import { get } from '../api/client.ts'
import type { ClaimState } from '../components/mark.tsx'

/** A claim on the page as those inside see it: only what may be read is there. */
export interface ClaimRecord {
  id: string
  text?: string
  section?: string[]
  strength?: 'definite' | 'hedged' | 'negative'
  controls?: string[]
  checks?: string[]
  state?: ClaimState
  underlying?: ClaimState
  since?: string
  freshUntil?: string
  /** A result is late: unless it comes, the claim goes stale. */
  late?: boolean
  attestedUntil?: string
  note?: { cause: string; mendBy: string; role: string }
  owner?: string
  ownerName?: string
  ownerVersion?: number
}

export type Counts = Partial<Record<ClaimState, number>>

export interface Overview {
  shown: { slug: string; number: number; title: string; status: 'published' | 'preview' } | null
  counts: Counts
  claims: ClaimRecord[]
  history: { day: string; counts: Counts }[]
  changes: { at: string; claim: string; text?: string; from?: ClaimState; to: ClaimState }[]
}

/** @param since changes since then, ISO 8601; by default of the last week */
export const useOverview = (since?: string) => useQuery({ queryKey: ['/overview', since], queryFn: ({ signal }) => get<Overview>('/overview', { since }, signal) })

/** The word that always goes with a mark. */
export const STATE_WORDS: Readonly<Record<ClaimState, string>> = { checked: 'checked', attested: 'attested', broken: 'broken', unknown: 'unknown', stale: 'stale', unbacked: 'not backed', unprovable: 'cannot be checked' }

/** In the order in which they ask for somebody: what is broken first. */
export const STATES: readonly ClaimState[] = ['broken', 'unknown', 'stale', 'unbacked', 'attested', 'checked', 'unprovable']

export const ownerOf = (claim: ClaimRecord): string | undefined => claim.ownerName ?? (claim.owner === undefined ? undefined : `Person ${claim.owner.slice(0, 8)}`)

/** When it turns by itself if nothing happens, and into what. */
export function turnsOf(claim: ClaimRecord): { at: string; into: string } | undefined {
  if (claim.freshUntil !== undefined) return { at: claim.freshUntil, into: 'goes stale' }
  if (claim.attestedUntil !== undefined) return { at: claim.attestedUntil, into: 'attestation ends' }
  return undefined
}

export const shorten = (text: string, most = 110): string => (text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`)
