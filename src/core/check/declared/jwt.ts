import { createPrivateKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { VouchsafeError } from '#core/errors'

/**
 * A signed JSON Web Token (RFC 7519, compact form of RFC 7515): RS256 for an RSA key, ES256 for one on P-256, EdDSA for Ed25519.
 *
 * @param pem a private key in PEM, PKCS#8 or the older forms; `\n` written out, as in environment variables, is understood
 * @throws VouchsafeError `bad-input` for what is not such a key; the message never shows it
 */
export function signJwt(claims: Readonly<Record<string, unknown>>, pem: string, keyId?: string): string {
  const key = readKey(pem)
  const algorithm = algorithmOf(key)
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ alg: algorithm, typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) })}.${encode(claims)}`
  // RFC 7518 §3.4: an ECDSA signature is R and S side by side, not DER.
  const signature = sign(algorithm === 'EdDSA' ? null : 'sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem.includes('\n') ? pem : pem.replaceAll('\\n', '\n'))
  } catch {
    // The cause is left out on purpose: some parsers quote what they were given.
    throw new VouchsafeError('bad-input', 'A private key for signing tokens cannot be read.', { mend: 'Give the whole PEM, from -----BEGIN to -----END, without a passphrase.' })
  }
}

function algorithmOf(key: KeyObject): 'RS256' | 'ES256' | 'EdDSA' {
  if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return 'RS256'
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256'
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA'
  throw new VouchsafeError('bad-input', 'A private key for signing tokens is of a kind that is not taken.', { mend: 'Use RSA of at least 2,048 bits, P-256 or Ed25519.' })
}
