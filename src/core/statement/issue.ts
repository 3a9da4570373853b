import { randomBytes } from 'node:crypto'
import {
  commitmentOf,
  encodeLeaf,
  encodeStatement,
  envelopeBytes,
  envelopeDigest,
  sealEnvelope,
  toHex,
  type Envelope,
  type LeafClass,
  type Predicates,
  type Statement,
  type StatementKind,
} from '@vouchsafe/verify'
import type { PendingLeaf } from '#core/database'

/** Signs exactly the bytes it is given, with an Ed25519 key that never leaves the key ring. */
export interface StatementSigner {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Promise<Uint8Array> | Uint8Array
}

/** A statement, signed, with the leaf that commits to it; hand `leaf` to `tx.logLeaf` in the change that it belongs to. */
export interface Issued {
  envelope: Envelope
  bytes: Uint8Array
  /** How other statements name this one. */
  digest: string
  /** Hexadecimal; how a public slot result names private evidence. */
  commitment: string
  salt: Uint8Array
  leaf: PendingLeaf
}

/** Subjects are what a statement is about, by digest; names are ours (`claim:…`, `policy:…`, `key:…`). */
export interface Subject {
  name: string
  sha256: string
}

/**
 * Signs a statement and makes its leaf. A public one takes its envelope and salt along into the log; of a private one
 * the log gets the commitment alone, and the caller keeps envelope and salt, encrypted.
 */
export async function issue<K extends StatementKind>(
  signer: StatementSigner,
  kind: K,
  subjects: readonly Subject[],
  predicate: Predicates[K],
  leafClass: LeafClass = 'public',
): Promise<Issued> {
  const statement = { kind, subject: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })), predicate } as Statement
  const envelope = await sealEnvelope(encodeStatement(statement), signer)
  return leafFor(envelope, leafClass)
}

/** The leaf of an envelope that is signed already, by us or by somebody else. */
export function leafFor(envelope: Envelope, leafClass: LeafClass = 'public'): Issued {
  const bytes = envelopeBytes(envelope)
  const salt = randomBytes(32)
  const id = randomBytes(16)
  const commitment = commitmentOf(salt, bytes)
  const leaf = encodeLeaf({ class: leafClass, id, commitment })
  return {
    envelope,
    bytes,
    digest: envelopeDigest(envelope),
    commitment: toHex(commitment),
    salt,
    leaf: { id: uuidOf(id), class: leafClass === 'public' ? 1 : 2, leaf, ...(leafClass === 'public' ? { envelope: bytes, salt } : {}) },
  }
}

/** 16 bytes in the grouping that PostgreSQL's uuid type reads; no version bits are claimed. */
function uuidOf(id: Uint8Array): string {
  const hex = toHex(id)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
