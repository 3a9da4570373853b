import { hash } from 'node:crypto'
import {
  decodeBundle,
  HASH_BYTES,
  nodesAtTileLevel,
  openCheckpoint,
  parseCheckpoint,
  parseVkey,
  sameBytes,
  tilePath,
  tilesOf,
  toHex,
  TILE_WIDTH,
  VerifyError,
  type SignedCheckpoint,
  type Tile,
} from '@vouchsafe/verify'
import type { Instant } from '#core/clock'
import type { LogSource } from './source.ts'
import { StatementAudit } from './statement-audit.ts'

export interface FsckReport {
  ok: boolean
  origin: string
  size: number
  /** Hexadecimal. */
  root: string
  problems: string[]
  /** What could not be looked at, and what a reader ought to know: signature lines by unknown keys, a key taken from the log itself. */
  notes: string[]
  checked: { entries: number; tiles: number; statements: number }
}

export interface FsckOptions {
  /** The log's key, from somewhere else than the log; without it the log's own word is taken, and that is noted. */
  vkey?: string
  /** The tree alone: for logs whose entries are not ours. */
  treeOnly?: boolean
  /** Now: slots that are due by then must be there. */
  at: Instant
}

/** Bundles read ahead of the one that is checked: hides the latency of a server. */
const READ_AHEAD = 16
/** More problems than these help nobody; the count goes on. */
const MOST_PROBLEMS = 200

/**
 * Audits a whole log: the checkpoint's signature, every entry, every tile, the root; every public statement, its
 * commitment, signature and shape; each binding's slots. Trusts nothing that is served.
 */
export async function fsck(source: LogSource, options: FsckOptions): Promise<FsckReport> {
  const report: FsckReport = { ok: false, origin: '', size: 0, root: '', problems: [], notes: [], checked: { entries: 0, tiles: 0, statements: 0 } }
  let more = 0
  const problem = (text: string): void => {
    if (report.problems.length < MOST_PROBLEMS) report.problems.push(text)
    else more++
  }

  const checkpoint = await openLog(source, options, report, problem)
  if (checkpoint) {
    report.origin = checkpoint.origin
    report.size = checkpoint.size
    report.root = toHex(checkpoint.root)
    const statements = options.treeOnly ? undefined : new StatementAudit(checkpoint.origin, problem)
    if (statements && !source.servesEntries) report.notes.push('Envelopes are not in this folder: statements were not read.')
    await auditTree(source, checkpoint, report, problem, statements)
    if (statements && source.servesEntries) {
      statements.slots(options.at)
      report.checked.statements = statements.count
    }
  }
  if (more > 0) report.problems.push(`and ${more} more`)
  report.ok = report.problems.length === 0
  return report
}

async function openLog(source: LogSource, options: FsckOptions, report: FsckReport, problem: (text: string) => void): Promise<SignedCheckpoint | undefined> {
  const bytes = await source.get('checkpoint')
  if (!bytes) {
    problem('checkpoint: missing')
    return undefined
  }
  let vkey = options.vkey
  if (!vkey) {
    const own = await source.get('vkey')
    if (own) vkey = Buffer.from(own).toString('utf8').replace(/\n$/, '')
    report.notes.push(own ? 'The key was taken from the log itself; give the one you know to be sure who signed.' : 'No key is known, so the signature was not checked.')
  }
  try {
    if (!vkey) return parseCheckpoint(bytes)
    const { others, ...checkpoint } = openCheckpoint(bytes, parseVkey(vkey))
    for (const { name, keyId } of others) report.notes.push(`Also signed by ${JSON.stringify(name)} (${keyId}), which is not judged here.`)
    return checkpoint
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error
    problem(`checkpoint: ${error.message}`)
  }
  try {
    return parseCheckpoint(bytes) // the tree may still be told about, though nobody vouches for it
  } catch {
    return undefined
  }
}

async function auditTree(source: LogSource, checkpoint: SignedCheckpoint, report: FsckReport, problem: (text: string) => void, statements: StatementAudit | undefined): Promise<void> {
  const { size } = checkpoint
  const rows = new TileRows(size)
  const ids = new Set<string>()
  const bundles = Math.ceil(size / TILE_WIDTH)
  const read = async (index: number): Promise<{ entries: Uint8Array[] | undefined; tile: Uint8Array | undefined; served: Uint8Array | undefined }> => {
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH)
    const [bundle, tile] = await Promise.all([readWithFallback(source, { level: 'entries', index, width }), readWithFallback(source, { level: 0, index, width })])
    let entries: Uint8Array[] | undefined
    if (!bundle) problem(`${tilePath({ level: 'entries', index, width })}: missing`)
    else {
      try {
        entries = decodeBundle(bundle.bytes, bundle.width).slice(0, width)
      } catch (error) {
        problem(`${tilePath({ level: 'entries', index, width })}: ${(error as Error).message}`)
      }
    }
    // Private leaves have nothing to be read: bundles that hold only such are not asked for.
    const wanted = statements && source.servesEntries && entries?.some((entry) => entry[1] === 1)
    const first = index * TILE_WIDTH
    return { entries, tile: tile?.bytes.subarray(0, width * HASH_BYTES), served: wanted ? await source.get(`entries/${first}-${first + width - 1}`) : undefined }
  }

  const ahead: Promise<Awaited<ReturnType<typeof read>>>[] = []
  for (let index = 0; index < bundles; index++) {
    while (ahead.length < READ_AHEAD && index + ahead.length < bundles) {
      const reading = read(index + ahead.length)
      reading.catch(() => {}) // awaited below
      ahead.push(reading)
    }
    const { entries, tile, served } = await (ahead.shift() as (typeof ahead)[number])
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH)
    const name = tilePath({ level: 0, index, width })
    if (!entries) {
      // What the tile says is taken over, so that one lost bundle is one problem and not a wrong root too.
      if (tile?.length !== width * HASH_BYTES) problem(`${name}: missing or truncated`)
      rows.addTile(tile?.length === width * HASH_BYTES ? tile : Buffer.alloc(width * HASH_BYTES))
      continue
    }
    const computed = leafRow(entries)
    report.checked.entries += entries.length
    compare(name, computed, tile, report, problem)
    rows.addTile(computed)
    if (!statements) continue
    for (const [i, entry] of entries.entries()) {
      const id = Buffer.from(entry.buffer, entry.byteOffset + 2, Math.min(16, Math.max(0, entry.length - 2))).toString('latin1')
      if (ids.has(id)) problem(`entry ${index * TILE_WIDTH + i}: a leaf that is in the log already`)
      ids.add(id)
    }
    if (source.servesEntries) statements.bundle(index * TILE_WIDTH, entries, served)
  }

  for (const tile of tilesOf(size)) {
    if (tile.level === 'entries' || tile.level === 0) continue
    compare(tilePath(tile), rows.tile(tile.level, tile.index, tile.width), (await readWithFallback(source, tile))?.bytes.subarray(0, tile.width * HASH_BYTES), report, problem)
  }
  const root = rows.root()
  if (!sameBytes(root, checkpoint.root)) problem(`checkpoint: its root is ${toHex(checkpoint.root)}, but the entries lead to ${toHex(root)}`)
}

function compare(name: string, computed: Uint8Array, served: Uint8Array | undefined, report: FsckReport, problem: (text: string) => void): void {
  report.checked.tiles++
  if (!served) return problem(`${name}: missing`)
  if (served.length !== computed.length) return problem(`${name}: ${served.length} bytes instead of ${computed.length}`)
  if (Buffer.compare(computed, served) === 0) return
  const at = computed.findIndex((byte, i) => byte !== served[i])
  problem(`${name}: hash ${Math.floor(at / HASH_BYTES)} is not that of what lies below it`)
}

/** A tile, or the full one that has replaced a partial. */
async function readWithFallback(source: LogSource, tile: Tile): Promise<{ bytes: Uint8Array; width: number } | undefined> {
  const exact = await source.get(tilePath(tile))
  if (exact || tile.width === TILE_WIDTH) return exact && { bytes: exact, width: tile.width }
  const full = await source.get(tilePath({ ...tile, width: TILE_WIDTH }))
  return full && { bytes: full, width: TILE_WIDTH }
}

/** RFC 6962 leaf hashes of a bundle, side by side. */
function leafRow(entries: readonly Uint8Array[]): Buffer {
  const row = Buffer.allocUnsafe(entries.length * HASH_BYTES)
  let input = Buffer.alloc(64)
  for (const [i, entry] of entries.entries()) {
    if (input.length < entry.length + 1) input = Buffer.alloc(entry.length + 1)
    input.set(entry, 1)
    row.set(hash('sha256', input.subarray(0, entry.length + 1), 'buffer'), i * HASH_BYTES)
  }
  return row
}

// One buffer for the inner nodes: a million of them are made, one after another.
const pair = Buffer.alloc(1 + 2 * HASH_BYTES)
pair[0] = 1

/** The root over a row of hashes, as RFC 6962 §2.1 splits it. */
function rowRoot(row: Buffer): Buffer {
  let current = row
  while (current.length > HASH_BYTES) {
    const count = current.length / HASH_BYTES
    // An odd last hash rises as it is: the same tree as splitting at the largest power of two.
    const above = Buffer.allocUnsafe(Math.ceil(count / 2) * HASH_BYTES)
    for (let i = 0; i + 1 < count; i += 2) {
      current.copy(pair, 1, i * HASH_BYTES, (i + 2) * HASH_BYTES)
      above.set(hash('sha256', pair, 'buffer'), (i / 2) * HASH_BYTES)
    }
    if (count % 2 === 1) current.copy(above, above.length - HASH_BYTES, current.length - HASH_BYTES)
    current = above
  }
  return current
}

/** The hashes of all tile levels above 0, 1/256 of the leaves' own: 32 MB for a thousand million entries. */
class TileRows {
  readonly #size: number
  readonly #levels: Buffer[][] = []
  #last: Buffer = Buffer.alloc(0)

  constructor(size: number) {
    this.#size = size
  }

  /** Level 0, from left to right. */
  addTile(row: Uint8Array): void {
    const bytes = Buffer.from(row.buffer, row.byteOffset, row.length)
    if (bytes.length === TILE_WIDTH * HASH_BYTES) this.#rise(1, rowRoot(bytes))
    else this.#last = bytes
  }

  #rise(level: number, root: Buffer): void {
    const row = (this.#levels[level] ??= [])
    row.push(root)
    if (row.length % TILE_WIDTH === 0) this.#rise(level + 1, rowRoot(Buffer.concat(row.slice(-TILE_WIDTH))))
  }

  tile(level: number, index: number, width: number): Buffer {
    return Buffer.concat((this.#levels[level] ?? []).slice(index * TILE_WIDTH, index * TILE_WIDTH + width))
  }

  /** Over the partial tiles, lowest level last: each is the right edge of the one above. */
  root(): Buffer {
    if (this.#size === 0) return hash('sha256', Buffer.alloc(0), 'buffer')
    let right: Buffer | undefined = this.#last.length > 0 ? rowRoot(this.#last) : undefined
    for (let level = 1; nodesAtTileLevel(level, this.#size) > 0; level++) {
      const nodes = this.#levels[level] as Buffer[]
      const own = nodes.slice(nodes.length - (nodes.length % TILE_WIDTH))
      if (own.length === 0) continue
      right = rowRoot(Buffer.concat(right ? [...own, right] : own))
    }
    return right as Buffer
  }
}
