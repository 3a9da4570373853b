import { describe, expect, it } from 'vitest'
import type { ClaimEvidence } from '../claim/backing.ts'
import type { ClaimState } from '../statement/predicate.ts'
import { recompute, type SnapshotOfClaim } from './claim.ts'

const AT = Date.parse('2026-03-02T12:00:00Z')
const ago = (seconds: number): string => new Date(AT - seconds * 1000).toISOString().replace('.000Z', 'Z')
const HEX = 'a'.repeat(64)

const shown = (state: ClaimState): SnapshotOfClaim => ({ index: 9, at: AT, status: 'published', claim: { id: 'c', sentence: HEX, start: 0, end: 1, strength: 'definite', controls: ['a'], state, bindings: [], attestations: [] } })
const attested = (from: number, ended?: number): ClaimEvidence => ({
  bindings: [],
  results: [],
  closings: [],
  attestations: [{ index: 5, digest: HEX, predicate: { claim: 'c', sentence: HEX, statement: 'x', role: 'r', from: ago(from), until: ago(-3600) } }],
  endings: ended === undefined ? [] : [{ index: 6, digest: 'b'.repeat(64), predicate: { attestation: HEX, reason: 'withdrawn', at: ago(ended) } }],
})

describe('a snapshot that overlapped with what it did not see yet', () => {
  it('is true of the minute before it, for attestations and their ends as for results', () => {
    expect(recompute(shown('unbacked'), attested(1)).agrees).toBe(true)
    expect(recompute(shown('attested'), attested(1)).agrees).toBe(true)
    expect(recompute(shown('attested'), attested(3600, 1)).agrees).toBe(true)
  })
  it('is untrue when what it leaves out is older', () => {
    expect(recompute(shown('unbacked'), attested(61)).agrees).toBe(false)
    expect(recompute(shown('attested'), attested(3600, 61)).agrees).toBe(false)
    expect(recompute(shown('checked'), attested(1)).agrees).toBe(false)
  })
})
