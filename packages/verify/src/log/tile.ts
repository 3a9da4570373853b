import { concat } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { HASH_BYTES, nodeHash } from './merkle.ts'

/** c2sp.org/tlog-tiles: a tile holds 256 hashes of one level of every eight; a bundle holds 256 entries. */
export const TILE_WIDTH = 256
export const TILE_HEIGHT = 8

export interface Tile {
  /** `entries` for a bundle. */
  level: number | 'entries'
  index: number
  /** Hashes or entries in it: 256 when full. */
  width: number
}

// Tiles of 2^53 entries have seven levels; the specification allows 63.
const MAX_LEVEL = 63

/** `tile/<L>/<N>[.p/<W>]`, with N in groups of three digits, all but the last prefixed by x. */
export function tilePath({ level, index, width }: Tile): string {
  let path = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) path = `x${String(rest % 1000).padStart(3, '0')}/${path}`
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

/** The tile that a path names, or undefined: only the one spelling that `tilePath` writes is a path. */
export function parseTilePath(path: string): Tile | undefined {
  if (path.length > 100) return undefined
  const match = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path)
  if (!match) return undefined
  const level = match[1] === 'entries' ? 'entries' : Number(match[1])
  const index = Number((match[2] as string).replaceAll(/[x/]/g, ''))
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3])
  const tile = { level, index, width } as const
  if ((level !== 'entries' && level > MAX_LEVEL) || !Number.isSafeInteger(index) || tilePath(tile) !== path) return undefined
  return tile
}

/** How many nodes of a tile level a tree of this size has. */
export function nodesAtTileLevel(level: number, size: number): number {
  let nodes = size
  for (let i = 0; i < level; i++) nodes = Math.floor(nodes / TILE_WIDTH)
  return nodes
}

/** The width that a tile has in a tree of this size; 0 when it is not in it. */
export function widthIn(size: number, level: number | 'entries', index: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, nodesAtTileLevel(level === 'entries' ? 0 : level, size) - index * TILE_WIDTH))
}

/** Every tile and bundle of a tree of this size that one of size `since` has not, or has narrower. Bundles come first. */
export function* tilesOf(size: number, since = 0): Generator<Tile> {
  for (const level of ['entries', ...Array(TILE_HEIGHT).keys()] as const) {
    const depth = level === 'entries' ? 0 : level
    const nodes = nodesAtTileLevel(depth, size)
    if (nodes === 0) return
    const before = nodesAtTileLevel(depth, since)
    if (nodes === before) continue
    for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < nodes; index++) {
      yield { level, index, width: Math.min(TILE_WIDTH, nodes - index * TILE_WIDTH) }
    }
  }
}

/** Where the hash of a complete subtree is to be had: a tile, and the range of its hashes that fold to it. */
export function tileOfNode(level: number, index: number, size: number): { tile: Tile; from: number; to: number } {
  const tileLevel = Math.floor(level / TILE_HEIGHT)
  const span = 2 ** (level % TILE_HEIGHT)
  const first = index * span
  const tileIndex = Math.floor(first / TILE_WIDTH)
  const from = first - tileIndex * TILE_WIDTH
  return { tile: { level: tileLevel, index: tileIndex, width: widthIn(size, tileLevel, tileIndex) }, from, to: from + span }
}

/** The hash of a complete subtree, out of the tile that holds it. @throws VerifyError `malformed` for a short tile */
export function hashInTile(tile: Uint8Array, from: number, to: number): Uint8Array {
  if (tile.length < to * HASH_BYTES) throw new VerifyError('malformed', `a tile has ${tile.length} bytes where ${to * HASH_BYTES} are needed`)
  let row: Uint8Array[] = []
  for (let i = from; i < to; i++) row.push(tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
  while (row.length > 1) {
    const above: Uint8Array[] = []
    for (let i = 0; i < row.length; i += 2) above.push(nodeHash(row[i] as Uint8Array, row[i + 1] as Uint8Array))
    row = above
  }
  return (row[0] as Uint8Array).slice()
}

/** Entries, each after its length as a big-endian uint16. @throws VerifyError `too-large` */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const entry of entries) {
    if (entry.length > 0xffff) throw new VerifyError('too-large', `an entry has at most 65,535 bytes, not ${entry.length}`)
    parts.push(Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry)
  }
  return concat(...parts)
}

/** Exactly `width` entries, and no byte after them. @throws VerifyError `malformed` */
export function decodeBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  let at = 0
  for (let i = 0; i < width; i++) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
    if (at + 2 + length > bytes.length) throw new VerifyError('malformed', `the entry bundle ends within entry ${i} of ${width}`)
    entries.push(bytes.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  if (at !== bytes.length) throw new VerifyError('malformed', `the entry bundle has ${bytes.length - at} bytes after its ${width} entries`)
  return entries
}
