import { sha256 } from '#platform'
import { concat, fromHex, sameBytes, toHex } from '../bytes.ts'

// DigestInfo of SHA-256 (RFC 8017 §9.2, note 1).
const DIGEST_INFO = fromHex('3031300d060960864801650304020105000420')
const SQUARINGS = 16 // e = 65537 = 2^16 + 1

/**
 * RSASSA-PKCS1-v1_5 with SHA-256 and e = 65537 (RFC 8017 §8.2.2), by building the one encoding that a signature may open
 * to: nothing of what the signer wrote is parsed. Public values only, so nothing here needs to be constant in time.
 * @param n modulus, big-endian, with its top bit set
 */
export function rs256Verify(n: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== n.length) return false
  const modulus = BigInt(`0x${toHex(n)}`)
  const s = BigInt(`0x${toHex(signature)}`)
  if (s >= modulus) return false // else s + n would be a second signature
  let power = s
  for (let i = 0; i < SQUARINGS; i++) power = (power * power) % modulus
  const opened = (power * s) % modulus
  const tail = concat(DIGEST_INFO, sha256(message))
  const expected = concat(Uint8Array.of(0, 1), new Uint8Array(n.length - tail.length - 3).fill(0xff), Uint8Array.of(0), tail)
  return sameBytes(fromHex(opened.toString(16).padStart(n.length * 2, '0')), expected)
}
