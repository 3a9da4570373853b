import { p256 } from '@noble/curves/nist.js'
import { ed25519Verify, sha256 } from '#platform'
import { concat, sameBytes, textOf, toBase64, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { readCoseKey } from './cose-key.ts'
import { rs256Verify } from './rsa.ts'

/** A passkey as the log names it. */
export interface PasskeyKey {
  /** COSE_Key in canonical CBOR (cose-key.ts). */
  cose: Uint8Array
  /** The host that the passkey was made for (WebAuthn §5.1.2, relying party identifier). */
  rpId: string
}

/** What an authenticator answers (WebAuthn §5.2.2). */
export interface PasskeyAssertion {
  authenticatorData: Uint8Array
  clientDataJSON: Uint8Array
  signature: Uint8Array
}

// WebAuthn §6.1: 32 bytes of rpIdHash, one of flags, four of counter; more only with extensions, which are not asked for.
const AUTHENTICATOR_DATA_BYTES = 37
const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const MORE_DATA = 0x80 | 0x40 // extensions, or a credential that was just made
const MAX_CLIENT_DATA_BYTES = 4096 // a browser writes some 200

/** What a passkey is asked to sign so that its assertion stands for `message`: SHA-256 in Base 64 for URLs, without padding. */
export const challengeFor = (message: Uint8Array): string => toBase64(sha256(message)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

/**
 * Verifies that the holder of a passkey, present and recognised by their device, signed `message` on a page of the passkey's
 * own host (WebAuthn §7.2, steps 11 to 20). The signature counter is not judged: it tells of copies, and says nothing about
 * what was signed.
 * @throws VerifyError `malformed` for what is no assertion; `bad-signature` for one that is not for this message, host or key
 */
export function verifyPasskeyAssertion(key: PasskeyKey, message: Uint8Array, assertion: PasskeyAssertion): void {
  requireClientData(assertion.clientDataJSON, challengeFor(message), key.rpId)
  requireAuthenticatorData(assertion.authenticatorData, key.rpId)
  const signed = concat(assertion.authenticatorData, sha256(assertion.clientDataJSON))
  if (!signatureFits(key.cose, signed, assertion.signature)) throw new VerifyError('bad-signature', 'the signature of the passkey does not fit the statement')
}

function requireClientData(bytes: Uint8Array, challenge: string, rpId: string): void {
  if (bytes.length > MAX_CLIENT_DATA_BYTES) throw new VerifyError('too-large', `client data is longer than ${MAX_CLIENT_DATA_BYTES} bytes`)
  const text = textOf(bytes)
  let data: Record<string, unknown>
  try {
    data = JSON.parse(text) as Record<string, unknown>
  } catch (cause) {
    throw new VerifyError('malformed', 'client data is not JSON', { cause })
  }
  // Compact and without doubled members, as browsers write it: no two readers can take it for different things.
  if (typeof data !== 'object' || data === null || Array.isArray(data) || JSON.stringify(data) !== text) throw new VerifyError('not-canonical', 'client data is not in the form that browsers write')
  if (data['type'] !== 'webauthn.get') throw new VerifyError('bad-signature', 'the passkey was asked for something else than a signature')
  if (data['challenge'] !== challenge) throw new VerifyError('bad-signature', 'the passkey signed another statement')
  if (!isOriginOf(data['origin'], rpId)) throw new VerifyError('bad-signature', 'the passkey signed on a page of another site')
  if (data['crossOrigin'] !== undefined && data['crossOrigin'] !== false) throw new VerifyError('bad-signature', 'the passkey signed within a frame of another site')
}

/** https, or this machine itself; the host is the passkey's own, and any port is. */
function isOriginOf(origin: unknown, rpId: string): boolean {
  if (typeof origin !== 'string') return false
  const match = /^(https?):\/\/([^/:@]+)(?::[1-9]\d{0,4})?$/.exec(origin)
  return match !== null && match[2] === rpId && (match[1] === 'https' || rpId === 'localhost')
}

function requireAuthenticatorData(data: Uint8Array, rpId: string): void {
  if (data.length !== AUTHENTICATOR_DATA_BYTES) throw new VerifyError('malformed', `authenticator data has ${AUTHENTICATOR_DATA_BYTES} bytes`)
  if (!sameBytes(data.subarray(0, 32), sha256(utf8(rpId)))) throw new VerifyError('bad-signature', 'the passkey belongs to another site')
  const flags = data[32] as number
  if ((flags & USER_PRESENT) === 0 || (flags & USER_VERIFIED) === 0) throw new VerifyError('bad-signature', 'the device did not recognise who used the passkey')
  if ((flags & MORE_DATA) !== 0) throw new VerifyError('malformed', 'authenticator data announces more than it holds')
}

/**
 * INVARIANT: the same arithmetic in browsers and in Node, so that no signature counts in one of them only. ES256 takes both
 * S and n − S, as authenticators write either.
 */
function signatureFits(cose: Uint8Array, signed: Uint8Array, signature: Uint8Array): boolean {
  const key = readCoseKey(cose)
  if (key.algorithm === 'EdDSA') return ed25519Verify(key.x, signed, signature)
  if (key.algorithm === 'RS256') return rs256Verify(key.n, signed, signature)
  try {
    return p256.verify(signature, signed, concat(Uint8Array.of(4), key.x, key.y), { format: 'der', lowS: false, prehash: true })
  } catch {
    return false // not DER, or not a point of the curve
  }
}
