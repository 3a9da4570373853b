import { toBase64 } from './bytes.ts'
import type { HashAt } from './log/merkle.ts'
import { poolFor } from './log/nodes.ts'
import type { Envelope } from './statement/envelope.ts'

/**
 * Everything a stranger needs to check one claim, or one page, without asking the company again.
 * A bundle is one canonical JSON document (canonical.ts); each of its bytes is either covered by a signature
 * or a hash, or refused: there is no member that a verifier merely believes.
 */
export type Bundle = ClaimBundle | PageBundle | EntryBundle | EvidenceBundle

interface Proven {
  /** The log's signed checkpoint, with all cosignatures, as served at `/log/checkpoint`. */
  checkpoint: string
  /** Public entries in the order of their index, each proven under the checkpoint's root. */
  entries: readonly BundledEntry[]
  /**
   * Complete-subtree hashes by "level/index" (level 0: leaves), Base 64: exactly those that are needed to get from
   * the entries to the root, shared between all of them (log/nodes.ts).
   */
  nodes: Readonly<Record<string, string>>
}

export interface BundledEntry {
  index: number
  leaf: string
  salt: string
  envelope: Envelope
}

/**
 * One claim: genesis, every key statement that signs something here, all bindings of the claim from the first
 * one on, every slot result and closing of theirs, attestations of the claim or its controls, and the newest
 * page snapshot that shows the claim.
 */
export interface ClaimBundle extends Proven {
  type: 'vouchsafe/claim-bundle/v1'
  claim: string
  /**
   * The sentence as published, in its normalised form (statement/sentence.ts), whose digest bindings and the
   * snapshot name: two spellings of one sentence would be bytes that nothing covers.
   */
  text: string
}

/** One page: its newest snapshot, and the policy's source, in which the snapshot's offsets find each sentence. */
export interface PageBundle extends Proven {
  type: 'vouchsafe/page-bundle/v1'
  /** Base 64 of the policy's bytes as they were imported. */
  source: string
}

/** One public statement with its proof: for `verify FILE` on a downloaded entry. */
export interface EntryBundle extends Proven {
  type: 'vouchsafe/entry-bundle/v1'
  index: number
}

/**
 * One piece of private evidence, opened as far as somebody chose: the evidence statement, and the disclosures of
 * some of its fields. The slot result among the entries commits to it.
 */
export interface EvidenceBundle extends Proven {
  type: 'vouchsafe/evidence-bundle/v1'
  envelope: Envelope
  /** Base 64 of the private leaf's salt. */
  salt: string
  /** See statement/disclosure.ts. */
  disclosures: readonly string[]
}

/** The pooled proof of a bundle: what leads from these entries to the root of a tree of this size. */
export function nodesFor(indices: Iterable<number>, size: number, hashAt: HashAt): Record<string, string> {
  return Object.fromEntries([...poolFor(indices, size, hashAt)].map(([key, hash]) => [key, toBase64(hash)]))
}
