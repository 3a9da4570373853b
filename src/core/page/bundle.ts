import {
  decodeStatement,
  entriesOfClaim,
  entriesOfPage,
  envelopeDigest,
  formatNote,
  fromBase64,
  nodesFor,
  normaliseSentence,
  parseEnvelope,
  poolNodes,
  textOf,
  toBase64,
  type BundledEntry,
  verifyDisclosure,
  type ClaimBundle,
  type EvidenceBundle,
  type PageBundle,
  type Placed,
} from '@vouchsafe/verify'
import { allSlots, closingLeaves, findRun, listBindings, type EvidenceVault } from '#core/check'
import { VouchsafeError } from '#core/errors'
import type { OrganisationDatabase } from '#core/database'
import { readHashes, type Log } from '#core/log'
import { statementLeaves } from '#core/statement'
import { versionOf } from './library.ts'
import { listSnapshots, type SnapshotRecord } from './snapshot.ts'
import type { Version } from './store.ts'

/** Everything that a stranger needs to check one claim. @throws VouchsafeError `not-found`, `unavailable` before the first snapshot is in the log */
export async function claimBundle(db: OrganisationDatabase, log: Log, claimId: string): Promise<ClaimBundle> {
  const snapshots = await listSnapshots(db, { claim: claimId, most: RECENT })
  const [snapshot] = snapshots
  const shown = snapshot?.predicate.claims.find((claim) => claim.id === claimId)
  if (!snapshot || !shown) throw new VouchsafeError('not-found', `Claim ${claimId} has not been on the page.`)
  const bindings = await listBindings(db, [claimId])
  const digests = bindings.map((binding) => binding.digest)
  const leaves = [
    ...bindings.map((binding) => binding.leafId),
    ...(await allSlots(db, digests)).map((slot) => slot.leafId),
    ...(await closingLeaves(db, digests)),
    ...(await statementLeaves(db)),
  ]
  const version = await versionOf(db, snapshot.predicate.policy.slug, snapshot.predicate.policy.version)
  return {
    type: 'vouchsafe/claim-bundle/v1',
    claim: claimId,
    text: normaliseSentence(textOf(version.source.subarray(shown.start, shown.end))),
    ...(await prove(log, leaves, leavesOf(snapshots), (placed) => entriesOfClaim(placed, claimId))),
  }
}

/** The page's newest snapshot with the policy that it speaks of. */
export async function pageBundle(db: OrganisationDatabase, log: Log, slug: string): Promise<PageBundle> {
  const snapshots = await listSnapshots(db, { slug, most: RECENT })
  const proven = await prove(log, await statementLeaves(db), leavesOf(snapshots), (placed) => entriesOfPage(placed, slug))
  const shown = proven.entries.map((entry) => decodeStatement(fromBase64(entry.envelope.payload))).findLast((statement) => statement.kind === 'page-snapshot')
  if (!shown) throw new VouchsafeError('unavailable', `No snapshot of ${slug} is in the log yet.`, { mend: 'It is on the way; ask again in a second.' })
  const version: Version = await versionOf(db, slug, shown.predicate.policy.version)
  return { type: 'vouchsafe/page-bundle/v1', source: toBase64(version.source), ...proven }
}

/**
 * The evidence of one run, opened as far as the fields named: the slot results in the log commit to it.
 * @param fields names of evidence fields; what is not named stays hidden behind its digest
 */
export async function evidenceBundle(db: OrganisationDatabase, log: Log, vault: EvidenceVault, runId: string, fields: readonly string[]): Promise<EvidenceBundle> {
  const found = await findRun(db, runId)
  if (!found?.run.evidence) throw new VouchsafeError('not-found', 'There is no such run.')
  const kept = await vault.open(found.run.evidence)
  const evidence = decodeStatement(fromBase64(kept.envelope.payload))
  if (evidence.kind !== 'evidence') throw new VouchsafeError('corrupt', 'What is kept of this run is no evidence.')
  const opened = new Map(kept.disclosures.map((disclosure) => [verifyDisclosure(evidence.predicate, disclosure).name, disclosure]))
  const missing = fields.filter((name) => !opened.has(name))
  if (missing.length > 0) throw new VouchsafeError('bad-input', `This evidence has no field ${missing.join(', ')}.`, { mend: `It has: ${[...opened.keys()].join(', ')}.` })
  const proven = await prove(log, [...found.slots.slice(0, 1).map((slot) => slot.leafId), ...found.bindingLeaves], [], (placed) => placed.map((entry) => entry.index))
  return { type: 'vouchsafe/evidence-bundle/v1', envelope: kept.envelope, salt: toBase64(kept.salt), disclosures: fields.map((name) => opened.get(name)!), ...proven }
}

// The newest snapshot may still wait for the log; the one before it then stands for the page.
const RECENT = 5
const leavesOf = (snapshots: readonly SnapshotRecord[]): string[] => snapshots.map((snapshot) => snapshot.leafId)

/** The chosen entries under the newest checkpoint, with the hashes that lead from them to its root. */
async function prove(log: Log, leafIds: readonly string[], shown: readonly string[], choose: (placed: readonly Placed[]) => number[]): Promise<Pick<ClaimBundle, 'checkpoint' | 'entries' | 'nodes'>> {
  const { number } = log.identity
  const all = [...(await log.store.entries(number, 0, 1)), ...(await log.store.entriesOf(number, [...leafIds, ...shown])).filter((row) => row.index > 0)]
  // A cosigned checkpoint may be some entries behind, but not behind the first snapshot that says anything of this.
  const first = Math.min(...(await log.store.entriesOf(number, shown)).map((row) => row.index))
  const signed = await log.checkpoint(Number.isFinite(first) && first < (await log.size()) ? first + 1 : 1)
  const { size } = signed
  const rows = all.filter((row) => row.index < size)
  const entries = new Map<number, BundledEntry>()
  const placed: Placed[] = []
  for (const row of rows) {
    if (!row.envelope || !row.salt) throw new VouchsafeError('corrupt', `Entry ${row.index} is public, and its envelope is not there.`, { mend: 'Run `vouchsafe log fsck`, and restore the newest backup.' })
    const envelope = parseEnvelope(row.envelope)
    entries.set(row.index, { index: row.index, leaf: toBase64(row.leaf), salt: toBase64(row.salt), envelope })
    placed.push({ index: row.index, digest: envelopeDigest(envelope), statement: decodeStatement(fromBase64(envelope.payload)), keyId: envelope.signatures[0]!.keyid })
  }
  const chosen = choose(placed.sort((a, b) => a.index - b.index))
  const hashAt = await readHashes(log.objects, size, poolNodes(chosen, size))
  return { checkpoint: formatNote(signed.note), entries: chosen.map((index) => entries.get(index)!), nodes: nodesFor(chosen, size, hashAt) }
}
