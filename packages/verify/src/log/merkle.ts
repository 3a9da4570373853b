import { sha256 } from '#platform'
import { sameBytes } from '../bytes.ts'
import { VerifyError } from '../errors.ts'

/**
 * The Merkle tree of RFC 6962 §2.1 (the same as RFC 9162 §2.1). Sizes and indices are safe integers: a log of
 * 2^53 entries is out of reach, and anything larger is refused before it is rounded.
 */

/** One complete subtree: the 2^level leaves from index · 2^level on. */
export interface Node {
  level: number
  index: number
}

/** Gives the hash of a complete subtree. */
export type HashAt = (level: number, index: number) => Uint8Array

export const HASH_BYTES = 32

/** RFC 6962 §2.1: the root of the empty tree. */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0))

/** RFC 6962 §2.1: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + entry.length)
  input.set(entry, 1)
  return sha256(input)
}

// One buffer for the inner nodes of all trees: a fresh one for each would cost more than the hash itself.
const pair = new Uint8Array(1 + 2 * HASH_BYTES)
pair[0] = 1

/** RFC 6962 §2.1: SHA-256(0x01 ‖ left ‖ right). @throws VerifyError `bad-proof` for anything but two 32-byte hashes */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) throw new VerifyError('bad-proof', 'a hash of the tree has 32 bytes')
  pair.set(left, 1)
  pair.set(right, 1 + HASH_BYTES)
  return sha256(pair)
}

/** The largest power of two smaller than `size`, for a size of at least 2. */
function splitOf(size: number): number {
  let k = 1
  while (k * 2 < size) k *= 2
  return k
}

export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

/** Whether [start, end) is a subtree in the sense of draft-ietf-plants-merkle-tree-certs §4.1. */
export function isSubtree(start: number, end: number): boolean {
  if (!isCount(start) || !isCount(end) || start > end) return false
  let width = 1
  while (width < end - start) width *= 2
  return start % width === 0
}

/** The complete subtrees that [start, end) falls into, from left to right; `start` is aligned as in every proof. */
export function completeSubtrees(start: number, end: number): Node[] {
  const nodes: Node[] = []
  let at = start
  while (at < end) {
    let level = 0
    let width = 1
    while (at % (width * 2) === 0 && at + width * 2 <= end) {
      width *= 2
      level++
    }
    nodes.push({ level, index: at / width })
    at += width
  }
  return nodes
}

/** The root over subtrees that lie side by side, widest first. */
export function foldRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let root: Uint8Array | undefined
  for (let i = hashes.length - 1; i >= 0; i--) {
    const hash = hashes[i] as Uint8Array
    root = root === undefined ? hash : nodeHash(hash, root)
  }
  return root ?? EMPTY_ROOT
}

export const rootOf = (size: number, hashAt: HashAt): Uint8Array => foldRoot(completeSubtrees(0, size).map(({ level, index }) => hashAt(level, index)))

/**
 * What a proof is made of, before anything is read: for each hash of the proof the complete subtrees that it is
 * folded from. Lets a reader of tiles fetch all of them first.
 */
export type ProofPlan = readonly (readonly Node[])[]

/** @throws VerifyError `bad-proof` when the index is not in the tree */
export function inclusionPlan(index: number, size: number): ProofPlan {
  if (!isCount(index) || !isCount(size) || index >= size) throw new VerifyError('bad-proof', `a tree of size ${size} has no leaf ${index}`)
  return subtreePlan(index, index + 1, size)
}

/** @throws VerifyError `bad-proof` when the sizes are out of order */
export function consistencyPlan(oldSize: number, size: number): ProofPlan {
  if (!isCount(oldSize) || !isCount(size) || oldSize > size) throw new VerifyError('bad-proof', `no consistency proof leads from size ${oldSize} to ${size}`)
  return oldSize === 0 ? [] : subtreePlan(0, oldSize, size)
}

/** Consistency of the subtree [start, end) with the tree (draft-ietf-plants-merkle-tree-certs §4.4.1). */
export function subtreePlan(start: number, end: number, size: number): ProofPlan {
  if (!isSubtree(start, end) || !isCount(size) || end > size) throw new VerifyError('bad-proof', `[${start}, ${end}) is no subtree of a tree of size ${size}`)
  const plan: Node[][] = []
  if (start === end) return plan
  const walk = (from: number, to: number, low: number, high: number, known: boolean): void => {
    if (from === low && to === high) {
      if (!known) plan.push(completeSubtrees(low, high))
      return
    }
    const middle = low + splitOf(high - low)
    if (to <= middle) {
      walk(from, to, low, middle, known)
      plan.push(completeSubtrees(middle, high))
    } else if (middle <= from) {
      walk(from, to, middle, high, known)
      plan.push(completeSubtrees(low, middle))
    } else {
      // The subtree straddles the middle, so it begins where the range begins; what is left of it is not a node by itself.
      walk(middle, to, middle, high, false)
      plan.push(completeSubtrees(low, middle))
    }
  }
  walk(start, end, 0, size, true)
  return plan
}

export const proofOf = (plan: ProofPlan, hashAt: HashAt): Uint8Array[] =>
  plan.map((nodes) => foldRoot(nodes.map(({ level, index }) => hashAt(level, index))))

/**
 * RFC 9162 §2.1.3.2. `proof` runs from the leaf's sibling upwards.
 * @throws VerifyError `bad-proof`
 */
export function verifyInclusion(index: number, size: number, leaf: Uint8Array, proof: readonly Uint8Array[], root: Uint8Array): void {
  if (!isCount(index) || !isCount(size) || index >= size) throw new VerifyError('bad-proof', `a tree of size ${size} has no leaf ${index}`)
  verifySubtreeInclusion(index, 0, size, leaf, proof, root)
}

/** Inclusion of the leaf in the subtree [start, end), whose hash is `root`. @throws VerifyError `bad-proof` */
export function verifySubtreeInclusion(index: number, start: number, end: number, leaf: Uint8Array, proof: readonly Uint8Array[], root: Uint8Array): void {
  if (!isSubtree(start, end) || !isCount(index) || index < start || index >= end) throw new VerifyError('bad-proof', `leaf ${index} is not in [${start}, ${end})`)
  if (leaf.length !== HASH_BYTES) throw new VerifyError('bad-proof', 'a hash of the tree has 32 bytes')
  const { tree } = rebuild(index - start, index - start + 1, end - start, leaf, proof)
  if (!sameBytes(tree, root)) throw new VerifyError('bad-proof', `leaf ${index} is not in the tree with this root`)
}

/**
 * RFC 9162 §2.1.4.2. From size 0 nothing can be proven, so only an equal size 0 passes.
 * @throws VerifyError `bad-proof`
 */
export function verifyConsistency(oldSize: number, size: number, oldRoot: Uint8Array, root: Uint8Array, proof: readonly Uint8Array[]): void {
  if (!isCount(oldSize) || !isCount(size) || oldSize > size) throw new VerifyError('bad-proof', `no consistency proof leads from size ${oldSize} to ${size}`)
  if (oldSize === 0 && size > 0) throw new VerifyError('bad-proof', 'consistency with the empty tree says nothing')
  verifySubtreeConsistency(0, oldSize, size, oldRoot, root, proof)
  // The empty subtree is in every tree; as a tree it has one root.
  if (size === 0 && !sameBytes(root, EMPTY_ROOT)) throw new VerifyError('bad-proof', 'the empty tree has another root')
}

/**
 * draft-ietf-plants-merkle-tree-certs §4.4.3: the subtree [start, end) with hash `subtreeRoot` is part of the tree.
 * @throws VerifyError `bad-proof`
 */
export function verifySubtreeConsistency(
  start: number,
  end: number,
  size: number,
  subtreeRoot: Uint8Array,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): void {
  if (!isSubtree(start, end) || !isCount(size) || end > size) throw new VerifyError('bad-proof', `[${start}, ${end}) is no subtree of a tree of size ${size}`)
  if (start === end) {
    if (proof.length > 0 || !sameBytes(subtreeRoot, EMPTY_ROOT)) throw new VerifyError('bad-proof', 'an empty subtree has the empty root and needs no proof')
    return
  }
  const { subtree, tree } = rebuild(start, end, size, subtreeRoot, proof)
  if (!sameBytes(subtree, subtreeRoot) || !sameBytes(tree, root)) throw new VerifyError('bad-proof', `[${start}, ${end}) is not in the tree with this root`)
}

/**
 * Both roots that a consistency proof leads to: when `tree` is a signed root, then `old` is what that tree had at
 * `oldSize`, whatever anybody remembers. Undefined when the proof needs the old root itself to be read.
 */
export function rootsOfConsistency(oldSize: number, size: number, proof: readonly Uint8Array[]): { old: Uint8Array; tree: Uint8Array } | undefined {
  const complete = completeSubtrees(0, oldSize).length === 1
  if (!isCount(oldSize) || !isCount(size) || oldSize < 1 || oldSize > size || complete) return undefined
  const { subtree, tree } = rebuild(0, oldSize, size, EMPTY_ROOT, proof)
  return { old: subtree, tree }
}

/** Both roots that a proof leads to: the inverse of `subtreePlan`, step for step. Every hash must be used. */
function rebuild(start: number, end: number, size: number, known: Uint8Array, proof: readonly Uint8Array[]): { subtree: Uint8Array; tree: Uint8Array } {
  let left = proof.length
  const next = (): Uint8Array => {
    const hash = proof[--left]
    if (hash === undefined) throw new VerifyError('bad-proof', 'the proof is too short')
    if (hash.length !== HASH_BYTES) throw new VerifyError('bad-proof', 'a hash of the tree has 32 bytes')
    return hash
  }
  const walk = (from: number, to: number, width: number, whole: boolean): { subtree: Uint8Array; tree: Uint8Array } => {
    if (from === 0 && to === width) {
      const hash = whole ? known : next()
      return { subtree: hash, tree: hash }
    }
    const middle = splitOf(width)
    const sibling = next()
    if (to <= middle) {
      const inner = walk(from, to, middle, whole)
      return { subtree: inner.subtree, tree: nodeHash(inner.tree, sibling) }
    }
    if (middle <= from) {
      const inner = walk(from - middle, to - middle, width - middle, whole)
      return { subtree: inner.subtree, tree: nodeHash(sibling, inner.tree) }
    }
    const inner = walk(0, to - middle, width - middle, false)
    return { subtree: nodeHash(sibling, inner.subtree), tree: nodeHash(sibling, inner.tree) }
  }
  const roots = walk(start, end, size, true)
  if (left !== 0) throw new VerifyError('bad-proof', 'the proof is too long')
  return roots
}
