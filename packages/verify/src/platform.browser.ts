import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { concat } from './bytes.ts'

// WebCrypto's digests are asynchronous and some twenty times slower on the small inputs of a tree.

/** SHA-256 (FIPS 180-4) of the concatenation of `parts`. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return nobleSha256(parts.length === 1 && parts[0] ? parts[0] : concat(...parts))
}

/** Ed25519 (RFC 8032, strict: no ZIP 215 leniency) over `message`. False for anything malformed. */
export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false })
  } catch {
    return false
  }
}
