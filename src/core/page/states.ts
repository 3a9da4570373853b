import { claimState, speaksTo, stateInput, type Backing, type ClaimEvidence, type ClaimWording, type StateResult } from '@vouchsafe/verify'
import { chainOf, decidingSlots, listBindings, standing, type BindingRecord, type ToldSlot } from '#core/check'
import type { OrganisationDatabase } from '#core/database'
import { instantOf, listAttestations, type AttestationRecord } from '#core/statement'
import type { Wording } from './store.ts'

/** A claim with everything that its state follows from. */
export interface ClaimStanding {
  wording: Wording
  result: StateResult
  /** The binding that still runs, for each check, with the slots that decide. */
  backings: readonly { binding: BindingRecord; chain: readonly BindingRecord[]; slots: readonly ToldSlot[]; backing: Backing }[]
  attestations: readonly AttestationRecord[]
}

/** The state of each claim at one moment, from public entries alone: the same inputs that every verifier has. */
export async function claimStandings(db: Pick<OrganisationDatabase, 'app'>, wordings: readonly Wording[], at: Date): Promise<ClaimStanding[]> {
  const all = await listBindings(db, wordings.map((wording) => wording.claimId))
  const runs = standing(all).map((binding) => ({ binding, chain: chainOf(binding, all) }))
  const slots = await decidingSlots(
    db,
    runs.map(({ binding, chain }) => ({ key: binding.digest, bindings: chain.map((member) => member.digest), confirmations: binding.predicate.confirmations, returned: chain.some(({ closing }) => closing !== undefined && closing.reason !== 'superseded') })),
    at,
  )
  const attestations = await listAttestations(db)
  const ofClaim = Map.groupBy(runs, ({ binding }) => binding.claimId)
  return wordings.map((wording) => {
    const claim: ClaimWording = { id: wording.claimId, sentence: wording.digest, strength: wording.strength, controls: wording.controls }
    const own = (ofClaim.get(claim.id) ?? []).map((run) => ({ ...run, slots: slots.get(run.binding.digest) ?? [] }))
    const mine = attestations.filter((attestation) => speaksTo(attestation, claim))
    const input = stateInput(claim, entriesOf(own, mine), at.getTime())
    const backings = own.flatMap((run) => {
      const backing = input.backings.find((one) => one.binding === run.binding.digest)
      return backing ? [{ ...run, backing }] : []
    })
    return { wording, backings, attestations: mine, result: claimState(input) }
  })
}

/**
 * What a verifier finds in the log of these, as far as the state can depend on it. An index says here only what a binding
 * continues: a chain is in the order in which it was bound.
 */
function entriesOf(runs: readonly { chain: readonly BindingRecord[]; slots: readonly ToldSlot[] }[], attestations: readonly AttestationRecord[]): ClaimEvidence {
  const members = runs.flatMap(({ chain }) => chain.map((member, index) => ({ ...member, index })))
  return {
    bindings: members.map(({ index, digest, predicate }) => ({ index, digest, predicate })),
    results: runs.flatMap((run) =>
      run.slots.map(({ binding, slot, verdict, attempts, covered, declared, observedAt, leafId }) => ({
        index: 0,
        digest: leafId,
        predicate: { binding, slot, verdict, attempts, targets: { covered, declared }, ...(observedAt ? { observedAt: instantOf(observedAt) } : {}) },
      })),
    ),
    closings: members.flatMap(({ digest, closing }) => (closing ? [{ index: 0, digest, predicate: { binding: digest, lastSlot: closing.lastSlot, reason: closing.reason, at: instantOf(closing.at) } }] : [])),
    attestations: attestations.map(({ digest, claim, control, sentence, statement, role, from, until }) => ({
      index: 0,
      digest,
      predicate: { ...(claim === undefined ? {} : { claim }), ...(control === undefined ? {} : { control }), ...(sentence === undefined ? {} : { sentence }), statement, role, from: instantOf(from), until: instantOf(until) },
    })),
    endings: attestations.flatMap(({ digest, endedAt }) => (endedAt ? [{ index: 0, digest, predicate: { attestation: digest, reason: 'withdrawn' as const, at: instantOf(endedAt) } }] : [])),
  }
}
