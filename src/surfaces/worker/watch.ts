import { sentenceDigest } from '@vouchsafe/verify'
import type { Clock } from '#core/clock'
import type { Change, OrganisationDatabase } from '#core/database'
import { insertWarning, listWarnings, stalenessWarning, type Happening, type Obligation, type ObligationKeeper, type ObligationTables, type WarningRule } from '#core/obligation'
import { brokenSince, claimStandings, latestNotes, noteOn, shownVersion, wordingsOf } from '#core/page'
import { listAttestations, type AttestationRecord } from '#core/statement'

/** What happens in the spine, as far as a clock listens to it. */
type SpineEvent = 'attestation.made' | 'attestation.replaced' | 'attestation.ended' | 'mend.promised' | 'claim.mended' | 'claim.withdrawn'
type SpineHappening = Happening & { name: SpineEvent }

/** The promises that the spine itself keeps clocks for. */
export const SPINE_OBLIGATIONS: readonly (Obligation<SpineEvent> & { warnings?: readonly WarningRule[] })[] = [
  {
    id: 'attestation-renewed',
    source: 'the date that the attestation itself names',
    startedBy: 'attestation.made',
    metBy: 'attestation.replaced',
    cancelledBy: 'attestation.ended',
    within: 'until date',
    // A month is time to plan a review, a week to do it.
    warnings: [
      { kind: 'lead', hours: 30 * 24 },
      { kind: 'lead', hours: 7 * 24 },
    ],
  },
  { id: 'promised-mend', source: 'the public note on the claim', startedBy: 'mend.promised', metBy: 'claim.mended', cancelledBy: 'claim.withdrawn', within: 'until date' },
]

export interface WatchParts {
  db: OrganisationDatabase
  keeper: ObligationKeeper
  clock: Clock
  /** What people are told, and which claim it is about. */
  tell(message: string, claim?: string): void
}

const WATCH = { kind: 'system', name: 'watch' } as const

/** Turns what stands in the records into events for the clocks, and tells owners before a state turns. */
export async function watch({ db, keeper, clock, tell }: WatchParts): Promise<void> {
  const at = clock.now()
  const shown = await shownVersion(db)
  const standings = shown ? await claimStandings(db, (await wordingsOf(db, shown.version.id)).filter((wording) => wording.offered), at) : []

  const happened = (event: SpineHappening): Promise<void> => keeper.happened(event)
  const attestations = await listAttestations(db)
  for (const attestation of attestations) {
    const event = attestationEvent(attestation, attestations, at)
    if (event) await happened(event)
  }
  for (const note of (await latestNotes(db)).values()) {
    const subject = { kind: 'claim', id: note.claimId }
    const standing = standings.find((candidate) => candidate.wording.claimId === note.claimId)
    if (standing && noteOn(standing, note, at)) await happened({ name: 'mend.promised', subject, at: note.at, day: note.mendBy.toISOString().slice(0, 10) })
    else await happened({ name: standing ? 'claim.mended' : 'claim.withdrawn', subject, at: (standing && brokenSince(standing, at)) ?? at })
  }
  for (const notice of await keeper.notices(at)) {
    tell(`${notice.kind === 'breach' ? 'Promise broken' : 'Promise soon due'}: ${notice.obligation.id} of ${notice.clock.subject.kind} ${notice.clock.subject.id}`, claimOf(notice.clock.subject, attestations))
  }
  for (const standing of standings) {
    if (standing.result.underlying !== 'checked') continue
    for (const { binding, slots } of standing.backings) {
      const held = slots.findLast((slot) => slot.verdict === 'holds')?.observedAt
      if (!held || stalenessWarning(held, binding.predicate, at).state !== 'warned') continue
      const clockId = `${standing.wording.claimId} ${sentenceDigest(binding.checkId).slice(0, 16)}`
      const rule = `stale after ${held.toISOString()}`
      // Told once for each result; a look that tells nothing leaves no event in the audit.
      if ((await listWarnings(db, held)).some((warning) => warning.clock === clockId && warning.rule === rule)) continue
      const fresh = await db.change({ actor: WATCH, action: 'claim.staleness-warning', subject: { kind: 'claim', id: standing.wording.claimId }, detail: { check: binding.checkId } }, (tx: Change<ObligationTables>) =>
        insertWarning(tx, clockId, rule),
      )
      if (fresh) tell(`Soon stale: "${standing.wording.text.slice(0, 80)}" rests on ${binding.checkId}, which last held at ${held.toISOString()}.`, standing.wording.claimId)
    }
  }
}

/**
 * What the clock of one attestation has to hear. It is renewed by a later one on the same wording or control that lasts
 * longer, whoever made it; without one it ends where it was ended, or runs to its date.
 */
export function attestationEvent(attestation: AttestationRecord, all: readonly AttestationRecord[], at: Date): SpineHappening | undefined {
  const subject = { kind: 'attestation', id: attestation.digest }
  const renewal = all.find((other) => other.from > attestation.from && other.until > attestation.until && !other.endedAt && sameSubject(other, attestation))
  if (renewal) return { name: 'attestation.replaced', subject, at: renewal.from }
  if (attestation.endedAt) return { name: 'attestation.ended', subject, at: attestation.endedAt }
  if (attestation.until <= at) return undefined
  return { name: 'attestation.made', subject, at: attestation.from, day: attestation.until.toISOString().slice(0, 10) }
}

/** The claim that a clock is about; an attestation of a control is about none in particular. */
function claimOf({ kind, id }: { kind: string; id: string }, attestations: readonly AttestationRecord[]): string | undefined {
  return kind === 'claim' ? id : kind === 'attestation' ? attestations.find((attestation) => attestation.digest === id)?.claim : undefined
}

const sameSubject = (a: AttestationRecord, b: AttestationRecord): boolean => a.claim === b.claim && a.sentence === b.sentence && a.control === b.control
