import { VerifyError } from '../errors.ts'
import { completeSubtrees, foldRoot, HASH_BYTES, isCount, nodeHash, type HashAt, type Node } from './merkle.ts'

/**
 * One proof for many leaves of one tree: the complete subtrees that hold none of them and whose parents do, by
 * "level/index". The set follows from the indices and the size alone, so there is exactly one right pool.
 */
export type Pool = ReadonlyMap<string, Uint8Array>

export const nodeKey = ({ level, index }: Node): string => `${level}/${index}`

// A page has some hundred entries; a hostile bundle must not make us plan for millions.
const MAX_LEAVES = 200_000

/** The nodes of the pool, from left to right. @throws VerifyError `bad-proof` for an index outside the tree */
export function poolNodes(indices: Iterable<number>, size: number): Node[] {
  const sorted = [...new Set(indices)].sort((a, b) => a - b)
  if (!isCount(size) || sorted.some((index) => !isCount(index) || index >= size)) throw new VerifyError('bad-proof', `not leaves of a tree of size ${size}`)
  if (sorted.length > MAX_LEAVES) throw new VerifyError('too-large', `a pooled proof has at most ${MAX_LEAVES} leaves`)
  const nodes: Node[] = []
  for (const top of completeSubtrees(0, size)) visit(top, sorted, 0, sorted.length, nodes)
  return nodes
}

/** Adds what is needed of one subtree, given which of the sorted indices may lie in it. */
function visit(node: Node, sorted: readonly number[], from: number, to: number, nodes: Node[]): void {
  const width = 2 ** node.level
  const low = lowerBound(sorted, node.index * width, from, to)
  const high = lowerBound(sorted, (node.index + 1) * width, low, to)
  if (low === high) nodes.push(node)
  else if (node.level > 0) for (const side of [0, 1]) visit({ level: node.level - 1, index: node.index * 2 + side }, sorted, low, high, nodes)
}

function lowerBound(sorted: readonly number[], value: number, from: number, to: number): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

export function poolFor(indices: Iterable<number>, size: number, hashAt: HashAt): Map<string, Uint8Array> {
  return new Map(poolNodes(indices, size).map((node) => [nodeKey(node), hashAt(node.level, node.index)]))
}

/**
 * The root that the leaves and the pool lead to; the caller compares it with a signed one.
 * @param leaves leaf hash by index
 * @throws VerifyError `bad-proof` for a missing node, or one that the proof has no use for
 */
export function rootFromPool(leaves: ReadonlyMap<number, Uint8Array>, size: number, pool: Pool): Uint8Array {
  const needed = poolNodes(leaves.keys(), size)
  if (needed.length !== pool.size) throw new VerifyError('bad-proof', `the pooled proof has ${pool.size} nodes where ${needed.length} are needed`)
  const known = new Map<string, Uint8Array>()
  for (const [index, hash] of leaves) known.set(nodeKey({ level: 0, index }), sized(hash))
  for (const node of needed) {
    const key = nodeKey(node)
    const hash = pool.get(key)
    if (!hash) throw new VerifyError('bad-proof', `the pooled proof lacks node ${key}`)
    known.set(key, sized(hash))
  }
  const hashOf = (node: Node): Uint8Array => {
    const hash = known.get(nodeKey(node))
    if (hash) return hash
    const below = { level: node.level - 1, index: node.index * 2 }
    return nodeHash(hashOf(below), hashOf({ ...below, index: below.index + 1 }))
  }
  return foldRoot(completeSubtrees(0, size).map(hashOf))
}

function sized(hash: Uint8Array): Uint8Array {
  if (hash.length !== HASH_BYTES) throw new VerifyError('bad-proof', 'a hash of the tree has 32 bytes')
  return hash
}
