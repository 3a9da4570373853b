import { ed25519Verify, sha256 } from '#platform'
import { canonicalBytes, parseCanonical } from '../canonical.ts'
import { concat, fromBase64, toBase64, toHex, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'

/** A DSSE envelope (secure-systems-lab/dsse, v1) in the one spelling that we write and accept. */
export interface Envelope {
  payload: string
  payloadType: string
  signatures: readonly { keyid: string; sig: string }[]
}

// in-toto attestation framework v1, "Envelope layer".
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'

/** DSSE v1 pre-authentication encoding: what a signature is made over. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType)
  return concat(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload)
}

/** A key's id is the SHA-256 of its 32 raw bytes, in hexadecimal. */
export const keyIdOf = (publicKey: Uint8Array): string => toHex(sha256(publicKey))

/** Signs a statement's canonical bytes. `sign` is Ed25519 over exactly the bytes that it is given. */
export async function sealEnvelope(
  payload: Uint8Array,
  signer: { publicKey: Uint8Array; sign(message: Uint8Array): Promise<Uint8Array> | Uint8Array },
): Promise<Envelope> {
  const sig = await signer.sign(preAuthenticationEncoding(PAYLOAD_TYPE, payload))
  return { payload: toBase64(payload), payloadType: PAYLOAD_TYPE, signatures: [{ keyid: keyIdOf(signer.publicKey), sig: toBase64(sig) }] }
}

export const envelopeBytes = (envelope: Envelope): Uint8Array => canonicalBytes(envelope)

/** How statements name one another: SHA-256 of the envelope's canonical bytes, in hexadecimal. */
export const envelopeDigest = (envelope: Envelope): string => toHex(sha256(envelopeBytes(envelope)))

/** Reads an envelope, strictly: no member more or less, canonical Base 64. @throws VerifyError */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  return readEnvelope(parseCanonical(bytes))
}

export function readEnvelope(value: unknown): Envelope {
  const envelope = value as Envelope
  if (typeof value !== 'object' || value === null || Object.keys(value).sort().join() !== 'payload,payloadType,signatures')
    throw new VerifyError('malformed', 'a DSSE envelope has payload, payloadType and signatures')
  if (typeof envelope.payload !== 'string' || envelope.payloadType !== PAYLOAD_TYPE || !Array.isArray(envelope.signatures))
    throw new VerifyError('malformed', `a statement's envelope has payloadType ${PAYLOAD_TYPE}`)
  // One statement, one signer: a second signature would be a byte that nobody has to check.
  if (envelope.signatures.length !== 1) throw new VerifyError('malformed', 'a statement has exactly one signature')
  for (const signature of envelope.signatures as readonly unknown[]) {
    const { keyid, sig } = (signature ?? {}) as { keyid: unknown; sig: unknown }
    if (typeof keyid !== 'string' || typeof sig !== 'string' || Object.keys(signature as object).sort().join() !== 'keyid,sig')
      throw new VerifyError('malformed', 'a signature has keyid and sig')
  }
  return envelope
}

/**
 * Verifies the one signature against the key that its keyid names, and gives the payload.
 * @param keyById gives the 32-byte Ed25519 key for a key id, or undefined when the caller does not trust it
 * @throws VerifyError `untrusted` for an unknown key, `bad-signature` otherwise
 */
export function openEnvelope(envelope: Envelope, keyById: (keyId: string) => Uint8Array | undefined): { payload: Uint8Array; keyId: string } {
  const signature = envelope.signatures[0]
  if (!signature) throw new VerifyError('malformed', 'a statement has exactly one signature')
  const key = keyById(signature.keyid)
  if (!key || keyIdOf(key) !== signature.keyid) throw new VerifyError('untrusted', `signed by key ${signature.keyid.slice(0, 16)}, which is not known here`)
  const payload = fromBase64(envelope.payload)
  if (!ed25519Verify(key, preAuthenticationEncoding(envelope.payloadType, payload), fromBase64(signature.sig)))
    throw new VerifyError('bad-signature', `the signature of key ${signature.keyid.slice(0, 16)} does not fit the statement`)
  return { payload, keyId: signature.keyid }
}
