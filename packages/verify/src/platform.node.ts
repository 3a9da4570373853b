import { createHash, createPublicKey, hash, verify, type KeyObject } from 'node:crypto'

/** SHA-256 (FIPS 180-4) of the concatenation of `parts`. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  // node:crypto's one-shot form is twice as fast on the 65-byte inputs of a Merkle tree.
  if (parts.length === 1 && only) return hash('sha256', only, 'buffer')
  const running = createHash('sha256')
  for (const part of parts) running.update(part)
  return running.digest()
}

// RFC 8410 §4: SubjectPublicKeyInfo of an Ed25519 key is this prefix and the 32 bytes.
const SPKI_PREFIX = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00])
const keys = new Map<string, KeyObject>()
const MAX_KEYS = 256 // a verifier meets a handful; a hostile bundle could name a million

/**
 * Ed25519 (RFC 8032 §5.1.7) over `message`. False for anything malformed: it never throws.
 * INVARIANT: the same answer as platform.browser.ts on every input.
 */
export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const name = Buffer.from(publicKey).toString('base64')
  let key = keys.get(name)
  if (!key) {
    // OpenSSL takes both of these; a key of small order "signs" every message.
    if (!isReduced(publicKey) || SMALL_ORDER.has(yOf(publicKey))) return false
    try {
      key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
    } catch {
      return false
    }
    if (keys.size >= MAX_KEYS) keys.clear()
    keys.set(name, key)
  }
  try {
    return verify(null, message, key, signature)
  } catch {
    return false // not a point of the curve
  }
}

const P = 2n ** 255n - 19n

/** The y coordinates of the eight points whose order divides the cofactor; each sign of x is one of them. */
const SMALL_ORDER = new Set([
  0n, // order 4
  1n, // the neutral point
  P - 1n, // order 2
  // order 8: ±
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7n,
])

/** y of an encoded point (RFC 8032 §5.1.2), without the sign of x. */
function yOf(point: Uint8Array): bigint {
  const bigEndian = Buffer.from(point).reverse()
  bigEndian.writeUInt8(bigEndian.readUInt8(0) & 0x7f, 0)
  return BigInt(`0x${bigEndian.toString('hex')}`)
}

const isReduced = (point: Uint8Array): boolean => yOf(point) < P
