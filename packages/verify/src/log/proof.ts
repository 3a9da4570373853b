import { fromBase64, toBase64, utf8, textOf } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { parseCheckpoint, parseCount, parseHash, openCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { verifyInclusion } from './merkle.ts'
import { formatNote, type NoteSignature, type VerifierKey } from './note.ts'

/** c2sp.org/tlog-proof@v1: shows offline that one entry is in the log. */
export interface TlogProof {
  index: number
  /** From the leaf's sibling upwards. */
  hashes: readonly Uint8Array[]
  checkpoint: SignedCheckpoint
  /** Signed by nobody: never believed by itself. */
  extra?: Uint8Array
}

const HEADER = 'c2sp.org/tlog-proof@v1'
const MAX_BYTES = 2_000_000
const MAX_HASHES = 63

export function encodeProof({ index, hashes, checkpoint, extra }: TlogProof): Uint8Array {
  const lines = [HEADER, ...(extra ? [`extra ${toBase64(extra)}`] : []), `index ${index}`, ...hashes.map(toBase64)]
  return utf8(`${lines.join('\n')}\n\n${formatNote(checkpoint.note)}`)
}

/** Reads a proof strictly; `encodeProof` gives the same bytes again. Verifies nothing. @throws VerifyError */
export function parseProof(bytes: Uint8Array): TlogProof {
  if (bytes.length > MAX_BYTES) throw new VerifyError('too-large', `a proof has at most ${MAX_BYTES} bytes`)
  const text = textOf(bytes)
  const split = text.indexOf('\n\n')
  if (split < 0) throw new VerifyError('malformed', 'a proof is followed by an empty line and a checkpoint')
  const lines = text.slice(0, split).split('\n')
  if (lines.shift() !== HEADER) throw new VerifyError('malformed', `a proof begins with ${HEADER}`)
  const extra = lines[0]?.startsWith('extra ') ? fromBase64((lines.shift() as string).slice(6)) : undefined
  const index = lines.shift()
  if (!index?.startsWith('index ')) throw new VerifyError('malformed', 'a proof names the index of its entry')
  if (lines.length > MAX_HASHES) throw new VerifyError('too-large', `a proof has at most ${MAX_HASHES} hashes`)
  return {
    index: parseCount(index.slice(6)),
    hashes: lines.map(parseHash),
    checkpoint: parseCheckpoint(text.slice(split + 2)),
    ...(extra ? { extra } : {}),
  }
}

/**
 * Verifies that the leaf is in the log of this key. Cosignatures are the witness policy's matter, and come back.
 * @param leaf RFC 6962 hash of the leaf
 * @throws VerifyError
 */
export function verifyProof(proof: TlogProof, leaf: Uint8Array, logKey: VerifierKey): { checkpoint: SignedCheckpoint; others: NoteSignature[] } {
  const { others, ...checkpoint } = openCheckpoint(formatNote(proof.checkpoint.note), logKey)
  verifyInclusion(proof.index, checkpoint.size, leaf, proof.hashes, checkpoint.root)
  return { checkpoint, others }
}
