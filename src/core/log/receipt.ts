import {
  inclusionPlan,
  leafHash,
  parseCheckpoint,
  proofOf,
  signReceipt,
  type SignedCheckpoint,
  type Signer,
  type TlogProof,
} from '@vouchsafe/verify'
import type { Instant } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import { readHashes, type LogObjects } from './objects.ts'
import type { LogIdentity, LogStore } from './store.ts'

/**
 * A receipt for a leaf that is durable: the log's signed promise to include it. Give it out only after the change
 * that holds the leaf has been committed.
 * @param leaf the 50 bytes of the leaf
 * @returns a signed note (packages/verify, log/receipt.ts)
 */
export function receiptFor(leaf: Uint8Array, log: LogIdentity, signer: Signer, at: Instant): Promise<string> {
  return signReceipt({ origin: log.origin, leafHash: leafHash(leaf), at: new Date(Math.floor(at.getTime() / 1000) * 1000).toISOString().replace('.000Z', 'Z') }, signer)
}

/** A published checkpoint with every cosignature that is held for it. */
export async function checkpointOf(store: LogStore, log: LogIdentity, size: number): Promise<SignedCheckpoint> {
  const row = await store.checkpointAt(log.number, size)
  if (!row) throw new VouchsafeError('not-found', `There is no checkpoint of size ${size}.`)
  const checkpoint = parseCheckpoint(row.note)
  const cosignatures = await store.cosignatures(log.number, size)
  const signatures = [...checkpoint.note.signatures, ...cosignatures.map(({ name, keyId, signature }) => ({ name, keyId, signature: Uint8Array.from(signature) }))]
  return { ...checkpoint, note: { text: checkpoint.note.text, signatures } }
}

/** The newest published checkpoint that a witness has cosigned and that covers `atLeast` entries, else the newest published. */
export async function bestCheckpoint(store: LogStore, log: LogIdentity, atLeast: number): Promise<SignedCheckpoint> {
  const published = await store.publishedSize(log.number)
  if (published < atLeast || published === 0)
    throw new VouchsafeError('not-found', `Entry ${atLeast - 1} is not in the log: it has ${published}.`, { mend: 'A leaf that was just handed in takes up to a second.' })
  const cosigned = await store.cosignedSize(log.number)
  return checkpointOf(store, log, cosigned !== undefined && cosigned >= atLeast ? cosigned : published)
}

/** The offline proof that entry `index` is in the log, as c2sp.org/tlog-proof. @throws VouchsafeError `not-found`, `corrupt` */
export async function proofFor(index: number, store: LogStore, log: LogIdentity, objects: LogObjects): Promise<TlogProof> {
  const checkpoint = await bestCheckpoint(store, log, index + 1)
  const plan = inclusionPlan(index, checkpoint.size)
  // Tiles are read as they stand now: the widths of a larger, published tree hold those of every smaller one.
  const hashAt = await readHashes(objects, await store.publishedSize(log.number), plan.flat())
  return { index, hashes: proofOf(plan, hashAt), checkpoint }
}

