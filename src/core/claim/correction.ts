import { sentenceDigest } from '@vouchsafe/verify'
import { type ControlId, isControlId } from '#core/control'
import type { Proposal, Reading } from './reading.ts'
import type { Strength } from './strength.ts'

/** What a person said of a sentence, against what was proposed. It holds for this wording until the wording changes. */
export interface Correction {
  /** `sentenceDigest` of the sentence as readers see it. */
  digest: string
  /** Headings above it; without them the correction holds wherever the sentence stands. */
  section?: readonly string[]
  claim?: boolean
  controls?: readonly string[]
  strength?: Strength
  /** An empty scope takes the proposed one away. */
  scope?: string
  checks?: readonly string[]
}

/** The reading with a person's corrections in place of what was proposed. Later corrections win over earlier ones. */
export function applyCorrections(reading: Reading, corrections: readonly Correction[]): Reading {
  if (corrections.length === 0) return reading
  const byDigest = Map.groupBy(corrections, (correction) => correction.digest)
  const lines = reading.lines.map((line) => {
    const own = byDigest.get(sentenceDigest(line.text))?.filter((correction) => correction.section === undefined || sameSection(correction.section, line.section)) ?? []
    return own.reduce(corrected, line)
  })
  const changed = new Set(lines.filter((line, index) => line !== reading.lines[index]).map((line) => line.line))
  // Advice was given for what was proposed; where a person has decided otherwise it no longer speaks.
  return { ...reading, lines, suggestions: reading.suggestions.filter((suggestion) => !changed.has(suggestion.line)), gaps: reading.gaps.filter((gap) => gap.kind !== 'no-control' || !changed.has(gap.line)) }
}

const sameSection = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((heading, index) => heading === b[index])

function corrected(line: Proposal, correction: Correction): Proposal {
  const { borderline: _, ...rest } = line
  const next: Proposal = { ...rest, reasons: [...line.reasons, { about: 'claim', why: 'a person corrected this' }], corrected: true }
  if (correction.claim !== undefined) next.claim = correction.claim
  if (correction.controls !== undefined) next.controls = correction.controls.filter((id): id is ControlId => isControlId(id))
  if (correction.strength !== undefined) next.strength = correction.strength
  if (correction.scope !== undefined) {
    if (correction.scope === '') delete next.scope
    else next.scope = correction.scope
  }
  if (correction.checks !== undefined) next.checks = [...correction.checks]
  if (!next.claim) {
    next.controls = []
    delete next.scope
  }
  return next
}
