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

/** Ed25519 (RFC 8032) over `message`. False for anything malformed: it never throws. */
export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const name = Buffer.from(publicKey).toString('base64')
  let key = keys.get(name)
  if (!key) {
    try {
      key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
    } catch {
      return false
    }
    if (keys.size >= MAX_KEYS) keys.clear()
    keys.set(name, key)
  }
  return verify(null, message, key, signature)
}
