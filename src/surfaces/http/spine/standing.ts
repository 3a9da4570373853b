import type { ClaimState } from '@vouchsafe/verify'
import { stalenessWarning } from '#core/obligation'
import type { ClaimNote, ClaimOwner, ClaimStanding, StateChange } from '#core/page'

/** How a claim stands, for those inside: the page's own words, and when they will turn. */
export interface Standing {
  id: string
  text: string
  section: string[]
  strength: string
  controls: string[]
  checks: string[]
  state: ClaimState
  underlying: string
  since?: string
  /** When the first of its checks has held too long ago; what is stale already has none. */
  freshUntil?: string
  /** A result is late: unless it comes, the claim goes stale. */
  late?: boolean
  attestedUntil?: string
  note?: { cause: string; mendBy: string; role: string }
  owner?: string
  /** What a change of the owner is based on; 0: there never was one. */
  ownerVersion: number
}

/** @param changes of this claim, oldest first */
export function standingOf({ wording, result, backings, attestations }: ClaimStanding, known: { owner: ClaimOwner | undefined; note: ClaimNote | undefined; changes: readonly StateChange[]; at: Date }): Standing {
  const { owner, note, changes, at } = known
  const ends = backings.flatMap(({ binding, slots }) => {
    const held = slots.findLast((slot) => slot.verdict === 'holds')?.observedAt
    return held === undefined ? [] : [stalenessWarning(held, binding.predicate, at)]
  })
  const attested = attestations.filter((attestation) => attestation.from <= at && !attestation.endedAt && attestation.until > at).map((attestation) => attestation.until)
  const since = changes.at(-1)
  const freshUntil = earliest(ends.map((end) => end.freshUntil))
  const late = ends.some((end) => end.state === 'warned')
  const attestedUntil = earliest(attested)
  return {
    id: wording.claimId,
    text: wording.text,
    section: [...wording.section],
    strength: wording.strength,
    controls: [...wording.controls],
    checks: backings.map(({ binding }) => binding.checkId),
    state: result.state,
    underlying: result.underlying,
    ...(since?.to === result.state ? { since: since.at.toISOString() } : {}),
    ...(result.underlying === 'checked' && freshUntil ? { freshUntil, late } : {}),
    ...(result.underlying === 'attested' && attestedUntil ? { attestedUntil } : {}),
    ...(note ? { note: { cause: note.cause, mendBy: note.mendBy.toISOString(), role: note.role } } : {}),
    ...(owner?.person === undefined ? {} : { owner: owner.person }),
    ownerVersion: owner?.version ?? 0,
  }
}

const earliest = (dates: readonly Date[]): string | undefined => (dates.length === 0 ? undefined : new Date(Math.min(...dates.map((date) => date.getTime()))).toISOString())
