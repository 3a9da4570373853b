import { fromBase64, sameBytes, toBase64, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { EMPTY_ROOT, HASH_BYTES } from './merkle.ts'
import { formatNote, parseNote, signNote, verifyNote, type Note, type NoteSignature, type Signer, type VerifierKey } from './note.ts'

/** c2sp.org/tlog-checkpoint: what a log says that its tree is. */
export interface Checkpoint {
  origin: string
  size: number
  root: Uint8Array
  /** Opaque lines, which nobody audits. */
  extensions: readonly string[]
}

export interface SignedCheckpoint extends Checkpoint {
  note: Note
}

/** A decimal without leading zeroes, at most 2^53 − 1. @throws VerifyError `not-canonical` */
export function parseCount(text: string): number {
  const value = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new VerifyError('not-canonical', 'expected a decimal number without leading zeroes, below 2^53')
  return value
}

/** @throws VerifyError `malformed` or `not-canonical` */
export function parseHash(text: string): Uint8Array {
  const hash = fromBase64(text)
  if (hash.length !== HASH_BYTES) throw new VerifyError('malformed', 'a hash of the tree has 32 bytes')
  return hash
}

/** Reads the text of a checkpoint's note. @throws VerifyError */
export function parseCheckpointText(text: string): Checkpoint {
  if (!text.endsWith('\n')) throw new VerifyError('malformed', 'a checkpoint ends in a newline')
  const [origin, size, root, ...extensions] = text.slice(0, -1).split('\n')
  if (!origin || size === undefined || root === undefined) throw new VerifyError('malformed', 'a checkpoint has an origin, a size and a root')
  if (extensions.includes('')) throw new VerifyError('malformed', 'an extension line is not empty')
  const checkpoint = { origin, size: parseCount(size), root: parseHash(root), extensions }
  if (checkpoint.size === 0 && !sameBytes(checkpoint.root, EMPTY_ROOT)) throw new VerifyError('malformed', 'the empty tree has another root')
  return checkpoint
}

export function checkpointText({ origin, size, root, extensions }: Checkpoint): string {
  const text = [origin, String(size), toBase64(root), ...extensions, ''].join('\n')
  // Written is what can be read again, or nothing.
  parseCheckpointText(text)
  return text
}

/** Reads a signed checkpoint and verifies nothing. @throws VerifyError */
export function parseCheckpoint(bytes: Uint8Array | string): SignedCheckpoint {
  const note = parseNote(bytes)
  return { ...parseCheckpointText(note.text), note }
}

/**
 * Reads a checkpoint and verifies that the log signed it. The key's name is the origin that is accepted.
 * @returns with it, the signature lines that are not the log's: cosignatures, or lines by keys not known here
 * @throws VerifyError `untrusted`, `bad-signature`, `malformed`, `not-canonical`
 */
export function openCheckpoint(bytes: Uint8Array | string, logKey: VerifierKey): SignedCheckpoint & { others: NoteSignature[] } {
  const checkpoint = parseCheckpoint(bytes)
  if (checkpoint.origin !== logKey.name) throw new VerifyError('untrusted', `a checkpoint of ${shown(checkpoint.origin)}, not of ${shown(logKey.name)}`)
  const { unknown } = verifyNote(checkpoint.note, [logKey])
  return { ...checkpoint, others: unknown }
}

export async function signCheckpoint(checkpoint: Checkpoint, signer: Signer): Promise<SignedCheckpoint> {
  const text = checkpointText(checkpoint)
  return { ...checkpoint, note: { text, signatures: [await signNote(text, checkpoint.origin, signer)] } }
}

export const checkpointBytes = (checkpoint: SignedCheckpoint): Uint8Array => utf8(formatNote(checkpoint.note))

const shown = (origin: string): string => JSON.stringify(origin.slice(0, 120))
