import {
  CompactRange,
  completeSubtrees,
  encodeBundle,
  hashInTile,
  HASH_BYTES,
  leafHash,
  nodesAtTileLevel,
  tileOfNode,
  tilePath,
  tilesOf,
  TILE_HEIGHT,
  TILE_WIDTH,
  type Tile,
} from '@vouchsafe/verify'

/**
 * The growing end of the tiles: what of the rightmost tile of each level, and of the last bundle, is there already.
 * Pure: takes entries, gives the tiles that they change.
 */
export class Edge {
  readonly #range: CompactRange
  /** Size up to which the tiles have been taken. */
  #taken: number
  readonly #bundle: { first: number; entries: Uint8Array[] }
  /** For each tile level the hashes from the first of its rightmost tile on. */
  readonly #levels: { first: number; hashes: Uint8Array[] }[]

  private constructor(range: CompactRange, entries: Uint8Array[], levels: Uint8Array[][]) {
    const start = (nodes: number): number => nodes - (nodes % TILE_WIDTH)
    this.#range = range
    this.#taken = range.size
    this.#bundle = { first: start(range.size), entries }
    this.#levels = levels.map((hashes, level) => ({ first: start(nodesAtTileLevel(level, range.size)), hashes }))
  }

  static empty(): Edge {
    return new Edge(new CompactRange(), [], [])
  }

  /**
   * The edge of a log of this size, from its stored tiles.
   * @param entries those from the first of the last, partial bundle on
   * @param tile gives the bytes of a tile of this size, or undefined when it is missing or short
   * @returns undefined when what is stored does not add up
   */
  static async load(size: number, entries: readonly Uint8Array[], tile: (tile: Tile) => Promise<Uint8Array | undefined>): Promise<Edge | undefined> {
    const levels: Uint8Array[][] = []
    const read = new Map<string, Uint8Array>()
    for (let level = 0; nodesAtTileLevel(level, size) > 0; level++) {
      const nodes = nodesAtTileLevel(level, size)
      const width = nodes % TILE_WIDTH
      const last = { level, index: Math.floor((nodes - 1) / TILE_WIDTH), width: width === 0 ? TILE_WIDTH : width }
      const bytes = await tile(last)
      if (bytes?.length !== last.width * HASH_BYTES) return undefined
      read.set(tilePath(last), bytes)
      levels.push(width === 0 ? [] : Array.from({ length: width }, (_, i) => bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)))
    }
    if (entries.length !== size % TILE_WIDTH || entries.some((entry, i) => !Buffer.from(leafHash(entry)).equals(levels[0]?.[i] ?? Buffer.alloc(0)))) return undefined
    const hashes: Uint8Array[] = []
    for (const node of completeSubtrees(0, size)) {
      const place = tileOfNode(node.level, node.index, size)
      const bytes = read.get(tilePath(place.tile)) ?? (await tile(place.tile))
      if (!bytes || bytes.length < place.to * HASH_BYTES) return undefined
      hashes.push(hashInTile(bytes, place.from, place.to))
    }
    return new Edge(new CompactRange(size, hashes), [...entries], levels)
  }

  get size(): number {
    return this.#range.size
  }

  root(): Uint8Array {
    return this.#range.root()
  }

  append(entry: Uint8Array): void {
    this.#bundle.entries.push(entry)
    this.#range.append(leafHash(entry), (level, _index, hash) => {
      if (level % TILE_HEIGHT !== 0) return
      const depth = level / TILE_HEIGHT
      ;(this.#levels[depth] ??= { first: 0, hashes: [] }).hashes.push(hash)
    })
  }

  /** The tiles and bundles that have changed since the last call, bundles first. */
  take(): { tile: Tile; bytes: Uint8Array }[] {
    const out = [...tilesOf(this.size, this.#taken)].map((tile) => ({ tile, bytes: this.#bytesOf(tile) }))
    this.#taken = this.size
    drop(this.#bundle, this.#bundle.entries)
    for (const level of this.#levels) drop(level, level.hashes)
    return out
  }

  #bytesOf({ level, index, width }: Tile): Uint8Array {
    const from = index * TILE_WIDTH
    if (level === 'entries') return encodeBundle(this.#bundle.entries.slice(from - this.#bundle.first, from - this.#bundle.first + width))
    const { first, hashes } = this.#levels[level] as { first: number; hashes: Uint8Array[] }
    return Buffer.concat(hashes.slice(from - first, from - first + width))
  }
}

/** Lets go of what lies in full tiles; only the rightmost, partial one is needed again. */
function drop(held: { first: number }, items: unknown[]): void {
  const full = items.length - (items.length % TILE_WIDTH)
  items.splice(0, full)
  held.first += full
}
