import { fromBase64, toBase64 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { HASH_BYTES } from './merkle.ts'
import { formatNote, parseNote, signNote, verifyNote, type Signer, type VerifierKey } from './note.ts'

/**
 * A promise of inclusion, signed at once by the log: whoever holds one and finds no such entry later has proof
 * against the log. The proof of inclusion (proof.ts) follows and replaces it.
 */
export interface Receipt {
  origin: string
  /** RFC 6962 hash of the leaf. */
  leafHash: Uint8Array
  /** RFC 3339, UTC, whole seconds. */
  at: string
}

// Differs from every checkpoint: an origin stands where a checkpoint has its size.
const HEADER = 'vouchsafe/receipt/v1'

function receiptText({ origin, leafHash, at }: Receipt): string {
  return `${HEADER}\n${origin}\n${toBase64(leafHash)}\n${at}\n`
}

/** @returns the signed note's text */
export async function signReceipt(receipt: Receipt, signer: Signer): Promise<string> {
  const text = receiptText(receipt)
  return formatNote({ text, signatures: [await signNote(text, receipt.origin, signer)] })
}

/** Reads a receipt and verifies that the log signed it. @throws VerifyError */
export function openReceipt(bytes: Uint8Array | string, logKey: VerifierKey): Receipt {
  const note = parseNote(bytes)
  const [header, origin, hash, at, end, ...more] = note.text.split('\n')
  if (header !== HEADER || !origin || hash === undefined || at === undefined || end !== '' || more.length > 0)
    throw new VerifyError('malformed', `not a receipt: ${HEADER}, an origin, a leaf hash and a time`)
  if (origin !== logKey.name) throw new VerifyError('untrusted', 'a receipt of another log')
  const leafHash = fromBase64(hash)
  if (leafHash.length !== HASH_BYTES || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(at)) throw new VerifyError('malformed', 'a receipt has a 32-byte hash and an instant in UTC')
  const { unknown } = verifyNote(note, [logKey])
  if (unknown.length > 0) throw new VerifyError('not-canonical', 'a receipt has the signature of its log alone')
  return { origin, leafHash, at }
}
