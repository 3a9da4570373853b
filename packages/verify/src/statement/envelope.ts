import { ed25519Verify, sha256 } from '#platform'
import { canonicalBytes, parseCanonical } from '../canonical.ts'
import { concat, fromBase64, toBase64, toHex, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { verifyPasskeyAssertion, type PasskeyKey } from '../passkey/assertion.ts'

/** A DSSE envelope (secure-systems-lab/dsse, v1) in the one spelling that we write and accept. */
export interface Envelope {
  payload: string
  payloadType: string
  signatures: readonly EnvelopeSignature[]
}

/**
 * One signature, in Base 64. A passkey does not sign the statement itself, but what its device and the browser say of it: those
 * two come along (WebAuthn §5.2.2).
 */
export interface EnvelopeSignature {
  keyid: string
  sig: string
  authenticatorData?: string
  clientDataJSON?: string
}

/** 32 bytes of Ed25519, or a passkey. */
export type VerifyingKey = Uint8Array | PasskeyKey

// in-toto attestation framework v1, "Envelope layer".
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'

/** DSSE v1 pre-authentication encoding: what a signature is made over. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType)
  return concat(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload)
}

/** A key's id is the SHA-256 of its bytes, in hexadecimal: of the 32 raw ones, or of a passkey's COSE_Key. */
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
    const members = Object.entries((signature ?? {}))
    const names = members.map(([name]) => name).sort().join()
    if ((names !== 'keyid,sig' && names !== 'authenticatorData,clientDataJSON,keyid,sig') || members.some(([, value]) => typeof value !== 'string'))
      throw new VerifyError('malformed', 'a signature has keyid and sig; that of a passkey authenticatorData and clientDataJSON as well')
  }
  return envelope
}

/**
 * Verifies the one signature against the key that its keyid names, and gives the payload.
 * @param keyById gives the key for a key id, or undefined when the caller does not trust it
 * @throws VerifyError `untrusted` for an unknown key, `bad-signature` otherwise
 */
export function openEnvelope(envelope: Envelope, keyById: (keyId: string) => VerifyingKey | undefined): { payload: Uint8Array; keyId: string } {
  const signature = envelope.signatures[0]
  if (!signature) throw new VerifyError('malformed', 'a statement has exactly one signature')
  const { keyid, sig, authenticatorData, clientDataJSON } = signature
  const key = keyById(keyid)
  if (!key || keyIdOf(key instanceof Uint8Array ? key : key.cose) !== keyid) throw new VerifyError('untrusted', `signed by key ${keyid.slice(0, 16)}, which is not known here`)
  const payload = fromBase64(envelope.payload)
  const message = preAuthenticationEncoding(envelope.payloadType, payload)
  const asPasskey = authenticatorData !== undefined && clientDataJSON !== undefined
  // Either way round it would be bytes that nobody checks, or a signature over something else.
  if (asPasskey !== !(key instanceof Uint8Array)) throw new VerifyError('malformed', 'a passkey, and nothing else, signs with authenticatorData and clientDataJSON')
  if (key instanceof Uint8Array) {
    if (!ed25519Verify(key, message, fromBase64(sig))) throw new VerifyError('bad-signature', `the signature of key ${keyid.slice(0, 16)} does not fit the statement`)
  } else {
    verifyPasskeyAssertion(key, message, { authenticatorData: fromBase64(authenticatorData ?? ''), clientDataJSON: fromBase64(clientDataJSON ?? ''), signature: fromBase64(sig) })
  }
  return { payload, keyId: keyid }
}
