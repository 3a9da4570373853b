import { sha256 } from '#platform'
import { concat, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'

/** What may be served of an entry: a public one in full, of a private one the commitment alone. */
export type LeafClass = 'public' | 'private'

/**
 * A log entry as the tree holds it: 50 bytes, from which nothing can be learnt of what it commits to.
 * version (1) ‖ class (1) ‖ random id (16) ‖ SHA-256(domain ‖ salt (32) ‖ SHA-256(envelope)) (32)
 */
export interface Leaf {
  class: LeafClass
  /** 16 random bytes: finds the entry, and keeps equal commitments apart. */
  id: Uint8Array
  commitment: Uint8Array
}

export const LEAF_BYTES = 50
const VERSION = 1
const CLASS_BYTE = { public: 1, private: 2 } as const
const DOMAIN = utf8('vouchsafe/leaf/v1\n')

/** The salted commitment to an envelope's bytes. Without the salt, a short or guessable envelope stays hidden. */
export function commitmentOf(salt: Uint8Array, envelope: Uint8Array): Uint8Array {
  if (salt.length !== 32) throw new VerifyError('malformed', 'a salt has 32 bytes')
  return sha256(DOMAIN, salt, sha256(envelope))
}

export function encodeLeaf(leaf: Leaf): Uint8Array {
  if (leaf.id.length !== 16 || leaf.commitment.length !== 32) throw new VerifyError('malformed', 'a leaf has a 16-byte id and a 32-byte commitment')
  return concat(Uint8Array.of(VERSION, CLASS_BYTE[leaf.class]), leaf.id, leaf.commitment)
}

/** @throws VerifyError `malformed` for another length, version or class */
export function decodeLeaf(bytes: Uint8Array): Leaf {
  if (bytes.length !== LEAF_BYTES) throw new VerifyError('malformed', `a leaf has ${LEAF_BYTES} bytes, not ${bytes.length}`)
  if (bytes[0] !== VERSION) throw new VerifyError('malformed', `leaf version ${bytes[0]} is not known here`)
  const leafClass = bytes[1] === CLASS_BYTE.public ? 'public' : bytes[1] === CLASS_BYTE.private ? 'private' : undefined
  if (!leafClass) throw new VerifyError('malformed', `leaf class ${bytes[1]} is not known here`)
  return { class: leafClass, id: bytes.slice(2, 18), commitment: bytes.slice(18) }
}
