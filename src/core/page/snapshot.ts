import { sql } from 'kysely'
import { canonicalJson, envelopeDigest, type ClaimState, type PageSnapshot } from '@vouchsafe/verify'
import type { Change, OrganisationDatabase } from '#core/database'
import { instantOf, issue, type StatementSigner } from '#core/statement'
import { shownVersion, wordingsOf, type ShownVersion } from './library.ts'
import { claimStandings, type ClaimStanding } from './states.ts'
import type { PageTables, Version, Wording } from './store.ts'

// Even when nothing changes, a snapshot a day shows that somebody was there to look.
const AT_LEAST_EVERY_MS = 24 * 3600 * 1000

/** What the page says at one moment, in the form that is signed. */
export function snapshotOf(version: Version, status: PageSnapshot['status'], wordings: readonly Wording[], standings: readonly ClaimStanding[], at: Date): PageSnapshot {
  return {
    status,
    policy: { id: version.documentId, slug: version.slug, version: version.number, digest: version.digest },
    at: instantOf(at),
    claims: standings.map(({ wording, result, backings, attestations }) => ({
      id: wording.claimId,
      sentence: wording.digest,
      start: wording.start,
      end: wording.end,
      strength: wording.strength,
      ...(wording.scope === undefined ? {} : { scope: wording.scope }),
      controls: wording.controls,
      state: result.state,
      ...(result.state === 'unprovable' ? { underlying: result.underlying } : {}),
      bindings: backings.map(({ binding }) => binding.digest),
      attestations: attestations.map((attestation) => attestation.digest),
    })),
    notOffered: wordings.filter((wording) => !wording.offered).length,
  }
}

export interface SnapshotRecord {
  digest: string
  at: Date
  predicate: PageSnapshot
  leafId: string
}

/** The newest snapshots, newest first; of one policy, or of those that show a claim. */
export async function listSnapshots(db: Pick<OrganisationDatabase, 'app'>, options: { since?: Date; most?: number; slug?: string; claim?: string } = {}): Promise<SnapshotRecord[]> {
  let query = db.app.withTables<PageTables>().selectFrom('page.snapshot').selectAll().orderBy('at', 'desc').orderBy('digest')
  if (options.since) query = query.where('at', '>=', options.since)
  if (options.slug !== undefined) query = query.where(sql<boolean>`predicate -> 'policy' ->> 'slug' = ${options.slug}`)
  if (options.claim !== undefined) query = query.where(sql<boolean>`predicate -> 'claims' @> ${JSON.stringify([{ id: options.claim }])}::jsonb`)
  if (options.most) query = query.limit(options.most)
  return (await query.execute()).map((row) => ({ digest: row.digest, at: row.at, predicate: row.predicate, leafId: row.leaf_id }))
}

/** What changed since the last snapshot, leaving the moment out. */
const substance = ({ at: _at, ...rest }: PageSnapshot): string => canonicalJson(rest)

/**
 * Writes a snapshot when the page says something else than the last one, or a day has passed.
 * @returns the new snapshot, or undefined when the last one still stands or nothing is shown
 */
export async function takeSnapshot(db: OrganisationDatabase, signer: StatementSigner, at: Date): Promise<PageSnapshot | undefined> {
  const read = await readPage(db, at)
  if (!read) return undefined
  const { shown, snapshot, last } = read
  if (last && substance(last.predicate) === substance(snapshot) && at.getTime() - last.at.getTime() < AT_LEAST_EVERY_MS) return undefined
  const issued = await issue(signer, 'page-snapshot', [{ name: `policy:${shown.version.slug}@${shown.version.number}`, sha256: shown.version.digest }], snapshot)
  const record = { actor: { kind: 'system', name: 'page' } as const, action: 'page.snapshot', subject: { kind: 'policy', id: shown.version.slug }, detail: { claims: snapshot.claims.length } }
  try {
    await db.change(record, async (tx: Change<PageTables>) => {
      await sql`select pg_advisory_xact_lock(hashtext('page.snapshot'))`.execute(tx.db)
      const newest = await tx.db.selectFrom('page.snapshot').select(['digest', 'at']).orderBy('at', 'desc').orderBy('digest').limit(1).executeTakeFirst()
      // Somebody else wrote one since ours was worked out; the next look sees whether it still stands.
      if (newest?.digest !== last?.digest) throw new Overtaken()
      const inserted = await tx.db
        .insertInto('page.snapshot')
        // To the millisecond here, since several may fall into the one second that the statement tells.
        .values({ digest: envelopeDigest(issued.envelope), version_id: shown.version.id, at, predicate: JSON.stringify(snapshot) as never, leaf_id: issued.leaf.id })
        // The page said this very thing earlier in the same second; in the next second it is said again.
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      if (Number(inserted.numInsertedOrUpdatedRows ?? 0) === 0) throw new Overtaken()
      await tx.logLeaf(issued.leaf)
    })
  } catch (error) {
    if (error instanceof Overtaken) return undefined
    throw error
  }
  return snapshot
}

/**
 * What the page says now, and the last snapshot.
 * INVARIANT: one reading, at one moment of the database: a decision or a result that comes in between is in all of it or in
 * none, or the snapshot would name bindings of one moment with states of another, and readers would call it false.
 */
async function readPage(db: OrganisationDatabase, at: Date): Promise<{ shown: ShownVersion; snapshot: PageSnapshot; last: SnapshotRecord | undefined } | undefined> {
  return db.app
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (app) => {
      const one = { app }
      const shown = await shownVersion(one)
      if (!shown) return undefined
      const wordings = await wordingsOf(one, shown.version.id)
      // Whole seconds, as the statement has them: the verifier must come to the same states at the same moment.
      const moment = new Date(instantOf(at))
      const standings = await claimStandings(one, wordings.filter((wording) => wording.offered), moment)
      const [last] = await listSnapshots(one, { most: 1 })
      return { shown, snapshot: snapshotOf(shown.version, shown.status, wordings, standings, moment), last }
    })
}

/** Undoes the change; nothing is wrong. */
class Overtaken extends Error {}

export type StateCounts = Record<ClaimState, number>

export function countStates(states: Iterable<ClaimState>): StateCounts {
  const counts: StateCounts = { checked: 0, attested: 0, broken: 0, unknown: 0, stale: 0, unbacked: 0, unprovable: 0 }
  for (const state of states) counts[state]++
  return counts
}
