import { decodeBundle, HASH_BYTES, hashInTile, nodeKey, tileOfNode, tilePath, TILE_WIDTH, type HashAt, type Node, type Tile } from '@vouchsafe/verify'
import { VouchsafeError } from '#core/errors'
import type { ObjectStore } from '#core/objects'

/** Where tiles are kept: the part of an object store that the log needs. Keys are relative to this log's own prefix. */
export interface LogObjects {
  get(key: string): Promise<Uint8Array | undefined>
  /** Resolves once the bytes are durable; a reader sees the old ones or the new ones, never half. */
  put(key: string, bytes: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
}

/** A tile out of the store, or the front of the full tile that has taken its place; undefined when missing or short. */
export async function readTile(objects: LogObjects, tile: Tile): Promise<Uint8Array | undefined> {
  const exact = await objects.get(tilePath(tile))
  if (tile.level === 'entries') return exact && isBundle(exact, tile.width) ? exact : undefined
  const wanted = tile.width * HASH_BYTES
  if (exact?.length === wanted) return exact
  if (tile.width === TILE_WIDTH) return undefined
  const full = await objects.get(tilePath({ ...tile, width: TILE_WIDTH }))
  return full?.length === TILE_WIDTH * HASH_BYTES ? full.subarray(0, wanted) : undefined
}

/**
 * Reads all tiles that these nodes lie in, each once, and gives the hashes.
 * @param size of a tree whose tiles are all published
 */
export async function readHashes(objects: LogObjects, size: number, nodes: Iterable<Node>): Promise<HashAt> {
  const tiles = new Map<string, Promise<Uint8Array | undefined>>()
  const hashes = new Map<string, Uint8Array>()
  for (const node of nodes) {
    const { tile, from, to } = tileOfNode(node.level, node.index, size)
    const path = tilePath(tile)
    let reading = tiles.get(path)
    if (!reading) tiles.set(path, (reading = readTile(objects, tile)))
    const bytes = await reading
    if (!bytes)
      throw new VouchsafeError('corrupt', `The log's ${path} is missing or truncated.`, { mend: 'Run `vouchsafe log fsck`; starting the server again writes the tiles anew from the database.' })
    hashes.set(nodeKey(node), hashInTile(bytes, from, to))
  }
  return (level, index) => {
    const hash = hashes.get(nodeKey({ level, index }))
    if (!hash) throw new VouchsafeError('internal', `Node ${level}/${index} was not asked for.`)
    return hash
  }
}

function isBundle(bytes: Uint8Array, width: number): boolean {
  try {
    return decodeBundle(bytes, width).length === width
  } catch {
    return false
  }
}

/** The log's view of an object store, for `Log.open`: all keys lie under `log/<name of the log>/`. */
export const objectsOf =
  (store: Pick<ObjectStore, 'get' | 'put' | 'delete'>) =>
  (prefix: string): LogObjects => ({
    get: (key) => store.get(prefix + key),
    put: (key, bytes) => store.put(prefix + key, bytes),
    delete: (key) => store.delete(prefix + key),
  })
