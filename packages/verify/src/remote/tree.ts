import { consistencyPlan, proofOf, type HashAt, type Node, type ProofPlan } from '../log/merkle.ts'
import { HASH_BYTES } from '../log/merkle.ts'
import { nodeKey } from '../log/nodes.ts'
import { hashInTile, TILE_WIDTH, tileOfNode, tilePath, type Tile } from '../log/tile.ts'

/** How to read one tile; in Node by a bounded fetch, in a page by its own. */
export type ReadTile = (path: string, maxBytes: number) => Promise<Uint8Array>

/** Reads the hashes of some nodes of a tree of this size from its tiles. What they are worth is for a proof to show. */
export async function readNodes(nodes: readonly Node[], size: number, read: ReadTile): Promise<HashAt> {
  const tiles = new Map<string, Uint8Array>()
  const places = new Map(nodes.map((node) => [nodeKey(node), tileOfNode(node.level, node.index, size)]))
  const needed = new Map<string, Tile>([...places.values()].map(({ tile }) => [tilePath(tile), tile]))
  for (const path of needed.keys()) tiles.set(path, await read(`/log/${path}`, TILE_WIDTH * HASH_BYTES))
  return (level, index) => {
    const place = places.get(nodeKey({ level, index })) ?? tileOfNode(level, index, size)
    return hashInTile(tiles.get(tilePath(place.tile)) ?? new Uint8Array(), place.from, place.to)
  }
}

/** The consistency proof between two sizes of one log, from its tiles. */
export async function readConsistency(from: number, to: number, read: ReadTile): Promise<Uint8Array[]> {
  const plan: ProofPlan = consistencyPlan(from, to)
  return proofOf(plan, await readNodes(plan.flat(), to, read))
}
