import { VerifyError } from '../errors.ts'
import { completeSubtrees, foldRoot, HASH_BYTES, nodeHash } from './merkle.ts'

/**
 * The right edge of a growing tree: the hashes of its complete subtrees, widest first (a compact range).
 * Appending needs nothing else of the tree.
 */
export class CompactRange {
  #size: number
  #hashes: Uint8Array[]

  /** @throws VerifyError `malformed` when the hashes are not those of a tree of this size */
  constructor(size = 0, hashes: readonly Uint8Array[] = []) {
    if (!Number.isSafeInteger(size) || size < 0 || hashes.length !== completeSubtrees(0, size).length || hashes.some((hash) => hash.length !== HASH_BYTES))
      throw new VerifyError('malformed', `not the edge of a tree of size ${size}`)
    this.#size = size
    this.#hashes = [...hashes]
  }

  get size(): number {
    return this.#size
  }

  get hashes(): readonly Uint8Array[] {
    return this.#hashes
  }

  /** Adds one leaf hash; `completed` hears of every subtree that this completes, the leaf itself first. */
  append(leaf: Uint8Array, completed?: (level: number, index: number, hash: Uint8Array) => void): void {
    let hash = leaf
    let level = 0
    let index = this.#size
    completed?.(level, index, hash)
    while (index % 2 === 1) {
      hash = nodeHash(this.#hashes.pop() as Uint8Array, hash)
      level++
      index = (index - 1) / 2
      completed?.(level, index, hash)
    }
    this.#hashes.push(hash)
    this.#size++
  }

  root(): Uint8Array {
    return foldRoot(this.#hashes)
  }
}
