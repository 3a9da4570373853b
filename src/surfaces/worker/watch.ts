import { sentenceDigest } from '@vouchsafe/verify'
import type { Clock } from '#core/clock'
import type { Change, OrganisationDatabase } from '#core/database'
import { insertWarning, listWarnings, stalenessWarning, type Obligation, type ObligationKeeper, type ObligationTables, type WarningRule } from '#core/obligation'
import { claimStandings, latestNotes, shownVersion, wordingsOf } from '#core/page'
import { listAttestations } from '#core/statement'

/** The promises that the spine itself keeps clocks for. */
export const SPINE_OBLIGATIONS: readonly (Obligation & { warnings?: readonly WarningRule[] })[] = [
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
  /** What owners are told: until people can sign in, in the installation's own log and in `vouchsafe obligations`. */
  tell(message: string): void
}

const WATCH = { kind: 'system', name: 'watch' } as const

/** Turns what stands in the records into events for the clocks, and tells owners before a state turns. */
export async function watch({ db, keeper, clock, tell }: WatchParts): Promise<void> {
  const at = clock.now()
  const shown = await shownVersion(db)
  const standings = shown ? await claimStandings(db, (await wordingsOf(db, shown.version.id)).filter((wording) => wording.offered), at) : []

  for (const attestation of await listAttestations(db)) {
    const subject = { kind: 'attestation', id: attestation.digest }
    if (attestation.endedAt) await keeper.happened({ name: 'attestation.ended', subject, at: attestation.endedAt })
    else if (attestation.until > at) await keeper.happened({ name: 'attestation.made', subject, at: attestation.from, day: attestation.until.toISOString().slice(0, 10) })
  }
  for (const note of (await latestNotes(db)).values()) {
    const subject = { kind: 'claim', id: note.claimId }
    const standing = standings.find((candidate) => candidate.wording.claimId === note.claimId)
    if (standing?.result.underlying === 'broken') await keeper.happened({ name: 'mend.promised', subject, at: note.at, day: note.mendBy.toISOString().slice(0, 10) })
    else await keeper.happened({ name: standing ? 'claim.mended' : 'claim.withdrawn', subject, at })
  }
  for (const notice of await keeper.notices(at)) {
    tell(`${notice.kind === 'breach' ? 'Promise broken' : 'Promise soon due'}: ${notice.obligation.id} of ${notice.clock.subject.kind} ${notice.clock.subject.id}`)
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
      if (fresh) tell(`Soon stale: "${standing.wording.text.slice(0, 80)}" rests on ${binding.checkId}, which last held at ${held.toISOString()}.`)
    }
  }
}
