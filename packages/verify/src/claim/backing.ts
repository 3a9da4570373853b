import type { Attestation, AttestationEnd, Binding, Hex, Strength } from '../statement/predicate.ts'
import { liveBindings, type ClaimRecord } from './chain.ts'
import { slotWindow, type Recorded } from './slots.ts'
import type { Backing, Observation, StateInput, Vouching } from './state.ts'

/** What a claim rests on, as the log has it. */
export interface ClaimEvidence extends ClaimRecord {
  attestations: readonly Recorded<Attestation>[]
  endings: readonly Recorded<AttestationEnd>[]
}

export interface ClaimWording {
  id: string
  /** Digest of the sentence asked about: results of another wording never count for it. */
  sentence: Hex
  strength: Strength
  controls: readonly string[]
}

/**
 * What the state function is given, from public entries alone: the page and every verifier build it here, so that
 * they cannot differ in what they count.
 * @param cut only entries before this index count; a snapshot can know of none after it
 * @param at milliseconds since the Unix epoch
 */
export function stateInput(claim: ClaimWording, evidence: ClaimEvidence, at: number, cut = Infinity): StateInput {
  const ours = liveBindings(evidence, cut).filter(({ predicate }) => predicate.claim === claim.id && predicate.sentence === claim.sentence)
  return {
    strength: claim.strength,
    controls: claim.controls,
    backings: ours.map((binding) => backingOf(binding, evidence, cut)),
    attestations: vouchings(claim, evidence, cut),
    at,
  }
}

function backingOf(binding: Recorded<Binding>, evidence: ClaimRecord, cut: number): Backing {
  const { covers, freshnessSeconds, confirmations, canContradict } = binding.predicate
  return { covers, freshnessSeconds, confirmations, canContradict, observations: observationsOf(binding, evidence, cut) }
}

/** A binding's observations, those of its predecessors before them, as far as these asked the same question. */
export function observationsOf(binding: Recorded<Binding>, evidence: ClaimRecord, cut = Infinity): Observation[] {
  const chain: Recorded<Binding>[] = []
  const byDigest = new Map(evidence.bindings.map((one) => [one.digest, one]))
  for (let one: Recorded<Binding> | undefined = binding; one && !chain.includes(one); ) {
    chain.unshift(one)
    const before: Recorded<Binding> | undefined = one.predicate.predecessor && byDigest.get(one.predicate.predecessor.binding)
    const continues: boolean = before !== undefined && before.index < one.index && before.predicate.sentence === binding.predicate.sentence && before.predicate.check.id === binding.predicate.check.id
    one = continues ? before : undefined
  }
  return chain.flatMap((one) => {
    const first = new Map<number, Observation>()
    for (const { index, predicate: result } of evidence.results) {
      // The first entry of a slot counts; a second one is a finding, never an improvement.
      if (index >= cut || result.binding !== one.digest || first.has(result.slot)) continue
      const at = result.observedAt === undefined ? slotWindow(one.predicate, result.slot).ends : Date.parse(result.observedAt)
      first.set(result.slot, { slot: result.slot, verdict: result.verdict, at })
    }
    return [...first.values()].sort((a, b) => a.slot - b.slot)
  })
}

function vouchings(claim: ClaimWording, evidence: ClaimEvidence, cut: number): Vouching[] {
  return evidence.attestations
    .filter(({ index, predicate: a }) => index < cut && (a.control === undefined ? a.claim === claim.id && a.sentence === claim.sentence : claim.controls.includes(a.control)))
    .map(({ digest, predicate: a }) => {
      const ends = evidence.endings.filter(({ index, predicate }) => index < cut && predicate.attestation === digest).map(({ predicate }) => Date.parse(predicate.at))
      return { covers: a.control === undefined ? claim.controls : [a.control], from: Date.parse(a.from), until: Math.min(Date.parse(a.until), ...ends) }
    })
}
