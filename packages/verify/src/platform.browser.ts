import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 as nobleSha256, sha512 } from '@noble/hashes/sha2.js'
import { concat, sameBytes } from './bytes.ts'

const { Point } = ed25519

// WebCrypto's digests are asynchronous and some twenty times slower on the small inputs of a tree.

/** SHA-256 (FIPS 180-4) of the concatenation of `parts`. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return nobleSha256(parts.length === 1 && parts[0] ? parts[0] : concat(...parts))
}

/**
 * Ed25519 (RFC 8032 §5.1.7) over `message`. False for anything malformed: it never throws.
 *
 * INVARIANT: the same answer as platform.node.ts on every input, else a log could show a signature that counts
 * in one reader's verifier and not in another's. The library's own `verify` uses the cofactored equation, OpenSSL
 * does not, so the equation is written out here: S·B − k·A must encode to exactly the bytes of R.
 */
export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  try {
    const key = pointOf(publicKey)
    if (!key) return false
    const s = littleEndian(signature.subarray(32))
    if (s >= Point.Fn.ORDER) return false // else S + L would be a second signature
    const k = Point.Fn.create(littleEndian(sha512(concat(signature.subarray(0, 32), publicKey, message))))
    const expected = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k))
    return sameBytes(expected.toBytes(), signature.subarray(0, 32))
  } catch {
    return false
  }
}

type Key = InstanceType<typeof Point>
const keys = new Map<string, { point: Key; uses: number }>()
const MAX_KEYS = 32 // a log has a handful; each table takes some hundred kilobytes

/** The key's point; once it has been used a few times, with a table that pays for itself over a long history. */
function pointOf(publicKey: Uint8Array): Key | undefined {
  const name = publicKey.join()
  const known = keys.get(name)
  if (known) {
    known.uses++
    // Exactly once: asking again would throw the table away.
    if (known.uses === WORTH_A_TABLE) known.point.precompute(6)
    return known.point
  }
  const point = Point.fromBytes(publicKey, false) // refuses y ≥ p
  if (point.isSmallOrder()) return undefined // such a key "signs" every message
  if (keys.size >= MAX_KEYS) keys.clear()
  keys.set(name, { point, uses: 1 })
  return point
}
const WORTH_A_TABLE = 8 // a table costs about as much as ten verifications without one

function littleEndian(bytes: Uint8Array): bigint {
  let hex = ''
  for (let i = bytes.length - 1; i >= 0; i--) hex += (bytes[i] as number).toString(16).padStart(2, '0')
  return BigInt(`0x${hex}`)
}
