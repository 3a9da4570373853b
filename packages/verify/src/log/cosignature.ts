import { ed25519Verify } from '#platform'
import { concat, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { parseCheckpointText } from './checkpoint.ts'
import { SIGNATURE_TYPE, verifierKey, type NoteSignature, type Signer, type VerifierKey } from './note.ts'

/** c2sp.org/tlog-cosignature, the Ed25519 form: a witness saw this tree, and none larger, at this time. */
export interface Cosignature {
  key: VerifierKey
  /** Seconds since the Unix epoch. */
  timestamp: number
}

const SIGNATURE_BYTES = 8 + 64

/** "Ed25519 signed message": header line, time line, then the whole text of the checkpoint. */
export const cosignedMessage = (text: string, timestamp: number): Uint8Array => utf8(`cosignature/v1\ntime ${timestamp}\n${text}`)

/** Cosigns a checkpoint's text at `timestamp`, in seconds. That it is consistent is for the caller to know. */
export async function cosign(text: string, name: string, signer: Signer, timestamp: number): Promise<NoteSignature> {
  parseCheckpointText(text)
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw new VerifyError('malformed', 'a cosignature has a time in whole seconds')
  const { keyId } = verifierKey(name, SIGNATURE_TYPE.cosignatureEd25519, signer.publicKey)
  const time = new Uint8Array(8)
  new DataView(time.buffer).setBigUint64(0, BigInt(timestamp))
  return { name, keyId, signature: concat(time, await signer.sign(cosignedMessage(text, timestamp))) }
}

/**
 * Verifies one cosignature line by the key that it names.
 * @throws VerifyError `bad-signature`; `untrusted` for a kind of key that cannot be verified here (ML-DSA-44)
 */
export function verifyCosignature(text: string, line: NoteSignature, key: VerifierKey): Cosignature {
  if (key.type !== SIGNATURE_TYPE.cosignatureEd25519) throw new VerifyError('untrusted', `cosignatures of type ${key.type} (${key.name}) cannot be verified here`)
  const bad = (): never => {
    throw new VerifyError('bad-signature', `the cosignature of ${key.name} does not fit the checkpoint`)
  }
  if (line.signature.length !== SIGNATURE_BYTES || line.name !== key.name || line.keyId !== key.keyId) return bad()
  const seconds = new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0)
  if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) return bad()
  const timestamp = Number(seconds)
  return ed25519Verify(key.publicKey, cosignedMessage(text, timestamp), line.signature.subarray(8)) ? { key, timestamp } : bad()
}
