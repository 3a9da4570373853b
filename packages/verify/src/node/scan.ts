import type { BundledEntry } from '../bundle.ts'
import { fromBase64, sameBytes } from '../bytes.ts'
import { parseCanonical } from '../canonical.ts'
import { VerifyError } from '../errors.ts'
import { entriesOfClaim, type Placed } from '../claim/selection.ts'
import { decodeLeaf } from '../log/leaf.ts'
import { completeSubtrees, leafHash } from '../log/merkle.ts'
import { CompactRange } from '../log/range.ts'
import { envelopeDigest } from '../statement/envelope.ts'
import { openLeaf } from '../statement/keys.ts'
import { decodeStatement } from '../statement/statement.ts'
import { checkEntry } from '../verification/container.ts'
import type { Proven } from '../verification/proven.ts'
import type { Step } from '../verification/report.ts'
import { readNodes, type ReadTile } from '../remote/tree.ts'
import { eachOf } from './fetching.ts'

// c2sp.org/tlog-tiles counts by 256, and so does `/log/entries/<from>-<to>`.
const AT_ONCE = 256
// 256 entries with their envelopes; a statement has a few kilobytes, a snapshot of a long page some hundred.
const MAX_BYTES = 64 * 1024 * 1024

/**
 * Reads entries [from, size) of a log and shows that they lead to its root, so that none was held back.
 * @returns the public statements among them
 * @throws VerifyError
 */
export async function scanLog(from: number, size: number, root: Uint8Array, read: ReadTile): Promise<Placed[]> {
  const edge = completeSubtrees(0, from)
  const hashAt = await readNodes(edge, size, read)
  const range = new CompactRange(from, edge.map(({ level, index }) => hashAt(level, index)))
  const starts: number[] = []
  for (let at = from; at < size; at = Math.min(size, (Math.floor(at / AT_ONCE) + 1) * AT_ONCE)) starts.push(at)
  const chunks = await eachOf(starts, async (start) => {
    const end = Math.min(size, (Math.floor(start / AT_ONCE) + 1) * AT_ONCE)
    const value = parseCanonical(await read(`/log/entries/${start}-${end - 1}`, MAX_BYTES))
    if (!Array.isArray(value) || value.length !== end - start) throw new VerifyError('malformed', `entries ${start} to ${end - 1} were asked for, and something else came`)
    return (value as readonly unknown[]).map((entry, i) => readServed(entry, start + i))
  })
  const placed: Placed[] = []
  for (const { leaf, statement } of chunks.flat()) {
    range.append(leafHash(leaf))
    if (statement) placed.push(statement)
  }
  if (!sameBytes(range.root(), root)) throw new VerifyError('bad-proof', "the log's entries do not lead to its root")
  return placed
}

/** INVARIANT: a public leaf comes with its envelope; what is not served counts as a failure of the log. */
function readServed(value: unknown, index: number): { leaf: Uint8Array; statement?: Placed } {
  const entry = (value ?? {}) as Partial<BundledEntry> & { class?: unknown }
  if (entry.index !== index || typeof entry.leaf !== 'string') throw new VerifyError('malformed', `entry ${index} was asked for, and something else came`)
  if (entry.class === 'private') {
    const leaf = fromBase64(entry.leaf)
    if (decodeLeaf(leaf).class !== 'private') throw new VerifyError('bad-proof', `entry ${index} is public, and its envelope is not served`)
    return { leaf }
  }
  checkEntry(value)
  const leaf = openLeaf(value)
  const statement = decodeStatement(fromBase64(value.envelope.payload))
  return { leaf, statement: { index, digest: envelopeDigest(value.envelope), statement, keyId: value.envelope.signatures[0]?.keyid ?? '' } }
}

/** Whether the log holds something about the claim that its bundle leaves out. */
export function reviewOmissions(claim: string, proven: Proven, scanned: readonly Placed[]): string[] {
  const inBundle = new Map<number, Placed>(proven.statements.map(({ index, digest, statement, signer }) => [index, { index, digest, statement, keyId: signer.keyId }]))
  const all = new Map<number, Placed>(inBundle)
  for (const one of scanned) if (one.index < proven.checkpoint.size) all.set(one.index, one)
  const expected = entriesOfClaim([...all.values()].sort((a, b) => a.index - b.index), claim)
  const missing = expected.filter((index) => !inBundle.has(index))
  return missing.map((index) => `entry ${index} (${all.get(index)?.statement.kind})`)
}

/** The step that tells what a scan found. */
export function scanStep(omissions: ReadonlyMap<string, readonly string[]>, from: number, size: number, complete: boolean): Step {
  const found = [...omissions].filter(([, missing]) => missing.length > 0)
  if (found.length > 0) {
    const told = found.slice(0, 3).map(([claim, missing]) => `the bundle of ${JSON.stringify(claim.slice(0, 80))} leaves out ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}`)
    return { name: 'whole log', ok: false, detail: told.join('; ') + (found.length > 3 ? `; and ${found.length - 3} more claims` : '') }
  }
  const range = from === 0 ? `all ${size} entries` : `entries ${from} to ${size - 1}`
  if (complete) return { name: 'whole log', ok: true, detail: `${range} read${from === 0 ? '' : ', those before at an earlier visit'}: nothing was left out` }
  return { name: 'whole log', ok: 'unknown', detail: `${range} read, and nothing of them left out; the older ones were not read`, advisory: true }
}
