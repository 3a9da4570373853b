import { claimState, type Backing, type Observation, type StateInput, type StateResult } from '@vouchsafe/verify'
import { chainOf, decidingSlots, listBindings, slotEnd, standing, type BindingRecord, type ToldSlot } from '#core/check'
import type { OrganisationDatabase } from '#core/database'
import { listAttestations, type AttestationRecord } from '#core/statement'
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
export async function claimStandings(db: OrganisationDatabase, wordings: readonly Wording[], at: Date): Promise<ClaimStanding[]> {
  const ids = wordings.map((wording) => wording.claimId)
  const all = await listBindings(db, ids)
  const live = standing(all)
  const chains = new Map(live.map((binding) => [binding.digest, chainOf(binding, all)]))
  const [slots, attestations] = await Promise.all([
    decidingSlots(
      db,
      live.map((binding) => ({ key: binding.digest, bindings: chains.get(binding.digest)!.map((member) => member.digest), confirmations: binding.predicate.confirmations })),
      at,
    ),
    listAttestations(db),
  ])
  return wordings.map((wording) => {
    const backings = live
      .filter((binding) => binding.claimId === wording.claimId)
      .map((binding) => {
        const chain = chains.get(binding.digest)!
        const deciding = slots.get(binding.digest) ?? []
        return { binding, chain, slots: deciding, backing: backingOf(binding, chain, deciding) }
      })
    const mine = attestations.filter((attestation) => speaksTo(attestation, wording))
    return { wording, backings, attestations: mine, result: claimState(stateInput(wording, backings.map((entry) => entry.backing), mine, at)) }
  })
}

function backingOf(binding: BindingRecord, chain: readonly BindingRecord[], slots: readonly ToldSlot[]): Backing {
  const { covers, freshnessSeconds, confirmations, canContradict } = binding.predicate
  const byDigest = new Map(chain.map((member) => [member.digest, member]))
  const observations: Observation[] = slots.map((slot) => ({
    slot: slot.slot,
    verdict: slot.verdict,
    at: (slot.observedAt ?? slotEnd(byDigest.get(slot.binding)!, slot.slot)).getTime(),
  }))
  return { covers, freshnessSeconds, confirmations, canContradict, observations }
}

/** An attestation speaks to the very wording that was attested, or to a control that the claim rests on. */
function speaksTo(attestation: AttestationRecord, wording: Wording): boolean {
  if (attestation.claim !== undefined) return attestation.claim === wording.claimId && attestation.sentence === wording.digest
  return attestation.control !== undefined && wording.controls.includes(attestation.control)
}

function stateInput(wording: Wording, backings: readonly Backing[], attestations: readonly AttestationRecord[], at: Date): StateInput {
  return {
    strength: wording.strength,
    controls: wording.controls,
    backings,
    attestations: attestations.map((attestation) => ({
      covers: attestation.control === undefined ? wording.controls : [attestation.control],
      from: attestation.from.getTime(),
      until: Math.min(attestation.until.getTime(), attestation.endedAt?.getTime() ?? Number.POSITIVE_INFINITY),
    })),
    at: at.getTime(),
  }
}
