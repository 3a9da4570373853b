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

/** What one live binding brings. */
export interface BoundBacking extends Backing {
  binding: Hex
}

export interface BoundInput extends StateInput {
  backings: readonly BoundBacking[]
}

/**
 * What the state function is given, from public entries alone: the page and every verifier build it here, so that
 * they cannot differ in what they count.
 * @param cut only entries before this index count; a snapshot can know of none after it
 * @param at milliseconds since the Unix epoch
 */
export function stateInput(claim: ClaimWording, evidence: ClaimEvidence, at: number, cut = Infinity): BoundInput {
  const ours = liveBindings(evidence, cut).filter(({ predicate }) => predicate.claim === claim.id && predicate.sentence === claim.sentence)
  return {
    strength: claim.strength,
    controls: claim.controls,
    backings: ours.map((binding) => backingOf(binding, evidence, cut)),
    attestations: vouchings(claim, evidence, cut),
    at,
  }
}

/** What a binding brings, its predecessors' observations before its own, as far as these asked the same question. */
export function backingOf(binding: Recorded<Binding>, evidence: ClaimRecord, cut = Infinity): BoundBacking {
  const chain: Recorded<Binding>[] = []
  const byDigest = new Map(evidence.bindings.map((one) => [one.digest, one]))
  for (let one: Recorded<Binding> | undefined = binding; one && !chain.includes(one); ) {
    chain.unshift(one)
    const before: Recorded<Binding> | undefined = one.predicate.predecessor && byDigest.get(one.predicate.predecessor.binding)
    const continues: boolean = before !== undefined && before.index < one.index && before.predicate.sentence === binding.predicate.sentence && before.predicate.check.id === binding.predicate.check.id
    one = continues ? before : undefined
  }
  const withdrawn = new Set(evidence.closings.flatMap(({ predicate }) => (predicate.reason === 'superseded' ? [] : [predicate.binding])))
  let spell = 0
  const spells = chain.map((_, i) => (i > 0 && withdrawn.has(chain[i - 1]!.digest) ? ++spell : spell))
  const places = new Map(chain.map((one, i) => [one.digest, i]))
  const slots = chain.map(() => new Map<number, Observation>())
  for (const { index, predicate: result } of evidence.results) {
    const place = places.get(result.binding)
    // The first entry of a slot counts; a second one is a finding, never an improvement.
    if (index >= cut || place === undefined || slots[place]!.has(result.slot)) continue
    const at = result.observedAt === undefined ? slotWindow(chain[place]!.predicate, result.slot).ends : Date.parse(result.observedAt)
    slots[place]!.set(result.slot, { slot: result.slot, verdict: result.verdict, at, ...(spells[place] ? { spell: spells[place] } : {}) })
  }
  const observations = slots.flatMap((told) => [...told.values()].sort((a, b) => a.slot - b.slot))
  const { covers, freshnessSeconds, confirmations, canContradict } = binding.predicate
  return { binding: binding.digest, covers, freshnessSeconds, confirmations, canContradict, observations, ...(spell === 0 ? {} : { spell }) }
}

/** An attestation speaks to the very wording that was attested, or to a control that the claim rests on. */
export function speaksTo(attestation: Pick<Attestation, 'claim' | 'control' | 'sentence'>, claim: ClaimWording): boolean {
  if (attestation.control !== undefined) return claim.controls.includes(attestation.control)
  return attestation.claim === claim.id && attestation.sentence === claim.sentence
}

function vouchings(claim: ClaimWording, evidence: ClaimEvidence, cut: number): Vouching[] {
  return evidence.attestations
    .filter(({ index, predicate }) => index < cut && speaksTo(predicate, claim))
    .map(({ digest, predicate: a }) => {
      const ends = evidence.endings.filter(({ index, predicate }) => index < cut && predicate.attestation === digest).map(({ predicate }) => Date.parse(predicate.at))
      return { covers: a.control === undefined ? claim.controls : [a.control], from: Date.parse(a.from), until: Math.min(Date.parse(a.until), ...ends) }
    })
}
