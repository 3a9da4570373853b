import { carryOver } from '#core/claim'
import { uuid7, type Actor, type Change, type OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { readDraft, sourceDigest } from './draft.ts'
import { listVersions, newClaimId, statusOf, wordingsOf } from './library.ts'
import type { DecisionKind, PageTables, Version, Wording } from './store.ts'

/** Which of a draft's claims are offered for checking: all, or all but the lines named, or only the lines named. */
export type Offer = { kind: 'all' } | { kind: 'except'; lines: readonly number[] } | { kind: 'only'; lines: readonly number[] }

/**
 * Accepts a draft's wordings, claim by claim: each claim gets its id, or keeps the one it had where its wording is the
 * same to the letter. Changed text never inherits; what it may have come from is kept as a link.
 */
export async function acceptWordings(db: OrganisationDatabase, version: Version, offer: Offer): Promise<Wording[]> {
  const { document, reading } = await readDraft(db, version)
  const [before, former] = await previousWordings(db, version)
  const digests = reading.lines.map((line) => sourceDigest(document, line))
  const links = carryOver(
    before,
    reading.lines.map((line, i) => ({ ...line, digest: digests[i]! })),
    former,
  )
  const offered = (line: number): boolean => (offer.kind === 'all' ? true : offer.lines.includes(line) === (offer.kind === 'only'))
  const claims = reading.lines.flatMap((proposal, line) => (proposal.claim ? [{ proposal, line }] : []))
  const missing = offer.kind === 'all' ? [] : offer.lines.filter((line) => !claims.some((claim) => claim.line === line))
  if (missing.length > 0) throw new VouchsafeError('bad-input', `Lines ${missing.join(', ')} are no claims of this version.`, { mend: 'See the line numbers in `vouchsafe policy show` or in the dry run.' })
  return claims.map(({ proposal, line }) => {
    const link = links[line]
    return {
      claimId: link?.kind === 'carried' ? link.claimId : newClaimId(),
      line,
      start: proposal.start,
      end: proposal.end,
      text: proposal.text,
      digest: digests[line]!,
      section: proposal.section,
      strength: proposal.strength,
      ...(proposal.scope === undefined ? {} : { scope: proposal.scope }),
      controls: proposal.controls,
      ...(proposal.checks === undefined ? {} : { checks: proposal.checks }),
      offered: offered(line),
      relation: link === undefined ? 'new' : link.kind,
      predecessors: link === undefined || link.kind === 'carried' ? [] : link.predecessors,
    }
  })
}

/**
 * The wordings that this version follows: of the newest earlier version that had any; and those that only older ones had,
 * as each stood last. A sentence that is left out for a while and put back must not thereby shed its history.
 */
async function previousWordings(db: OrganisationDatabase, version: Version): Promise<[before: Wording[], former: Wording[]]> {
  const earlier = (await listVersions(db, version.slug)).filter((other) => other.number < version.number).toReversed()
  const former = new Map<string, Wording>()
  let before: Wording[] | undefined
  for (const other of earlier) {
    const wordings = await wordingsOf(db, other.id)
    if (before === undefined && wordings.length > 0) before = wordings
    else for (const wording of wordings) if (!former.has(wording.claimId)) former.set(wording.claimId, wording)
  }
  for (const { claimId } of before ?? []) former.delete(claimId)
  return [before ?? [], [...former.values()]]
}

async function decide(db: OrganisationDatabase, actor: Actor, version: Version, kind: DecisionKind, wordings: readonly Wording[], note?: string): Promise<void> {
  const record = {
    actor,
    action: `policy.${kind === 'previewed' ? 'preview' : kind === 'approved' ? 'approve' : kind === 'published' ? 'publish' : 'withdraw'}`,
    subject: { kind: 'policy', id: version.slug },
    detail: { version: version.number, claims: wordings.length, offered: wordings.filter((wording) => wording.offered).length },
    isolation: 'serializable' as const,
  }
  await db.change(record, async (tx: Change<PageTables>) => {
    // INVARIANT: a decision rests on all that came before it. Serializable, so that of two taken at once one sees the other.
    const before = await tx.db.selectFrom('page.decision').select('id').where('version_id', '=', version.id).execute()
    if (before.length !== version.decisions.length) throw new VouchsafeError('conflict', `Version ${version.number} of ${version.slug} was decided on at the same moment.`, { mend: 'Read it again, and decide on what it says now.' })
    await tx.db
      .insertInto('page.decision')
      .values({ id: uuid7(tx.at), version_id: version.id, kind, by_name: actor.shown ?? actor.name, at: tx.at, note: note ?? null })
      .execute()
    for (const wording of wordings) {
      await tx.db
        .insertInto('page.wording')
        .values({
          version_id: version.id,
          claim_id: wording.claimId,
          line: wording.line,
          start_byte: wording.start,
          end_byte: wording.end,
          text: wording.text,
          digest: wording.digest,
          section: JSON.stringify(wording.section) as never,
          strength: wording.strength,
          scope: wording.scope ?? null,
          controls: JSON.stringify(wording.controls) as never,
          checks: wording.checks === undefined ? null : (JSON.stringify(wording.checks) as never),
          offered: wording.offered,
          relation: wording.relation,
          predecessors: JSON.stringify(wording.predecessors) as never,
        })
        .execute()
    }
  })
}

/** Shows a version on this machine only: nobody has approved it, and the page says so. Its runs are logged. */
export async function preview(db: OrganisationDatabase, actor: Actor, version: Version): Promise<void> {
  if (version.decisions.length > 0) throw new VouchsafeError('conflict', `Version ${version.number} of ${version.slug} has been decided on already.`)
  await decide(db, actor, version, 'previewed', await acceptWordings(db, version, { kind: 'all' }))
}

/**
 * A named person takes responsibility for the wording and for which sentences are offered.
 * @throws VouchsafeError `conflict` for a version that is approved already or is not the newest
 */
export async function approve(db: OrganisationDatabase, actor: Actor, version: Version, offer: Offer, note?: string): Promise<Wording[]> {
  requireName(actor)
  const siblings = await listVersions(db, version.slug)
  const status = statusOf(version, siblings)
  if (status !== 'draft') {
    throw new VouchsafeError('conflict', `Version ${version.number} of ${version.slug} is ${status}; only a draft can be approved.`, { mend: 'Import the page again to make a new version.' })
  }
  const wordings = await acceptWordings(db, version, offer)
  if (!wordings.some((wording) => wording.offered)) throw new VouchsafeError('bad-input', 'No sentence of this version would be offered for checking.', { mend: 'Offer at least one claim, or correct the lines that should be claims.' })
  await decide(db, actor, version, 'approved', wordings, note)
  return wordings
}

/** Puts an approved version on the page. What it says of its claims from then on is public. */
export async function publish(db: OrganisationDatabase, actor: Actor, version: Version, note?: string): Promise<void> {
  requireName(actor)
  const status = statusOf(version, await listVersions(db, version.slug))
  if (status !== 'approved') {
    throw new VouchsafeError('conflict', `Version ${version.number} of ${version.slug} is ${status}; only an approved version can be published.`, {
      mend: status === 'draft' ? `Approve it first: vouchsafe policy approve ${version.slug} --as NAME` : 'Import a new version and approve that.',
    })
  }
  await decide(db, actor, version, 'published', [], note)
}

/** Takes a published version off the page; the log keeps what was said. */
export async function withdraw(db: OrganisationDatabase, actor: Actor, version: Version, note?: string): Promise<void> {
  requireName(actor)
  if (statusOf(version, await listVersions(db, version.slug)) !== 'published') throw new VouchsafeError('conflict', `Version ${version.number} of ${version.slug} is not on the page.`)
  await decide(db, actor, version, 'withdrawn', [], note)
}

/** INVARIANT: a person answers for what stands on the page. A program may draft and correct; it decides nothing. */
function requireName(actor: Actor): void {
  if (actor.kind === 'service') throw new VouchsafeError('not-allowed', 'A service account decides nothing about the page.', { mend: 'Have a person approve and publish, with their own session or token.' })
  if (actor.name === '' || actor.name === 'operator') throw new VouchsafeError('bad-input', 'A decision needs the name of the person who takes it.', { mend: 'Say who you are: --as "First Last".' })
}

