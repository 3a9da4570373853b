import { canonicalBytes, encodeBundle, formatNote, formatVkey, HASH_BYTES, hashInTile, leafHash, parseCanonical, parseTilePath, tilePath, TILE_WIDTH, toBase64, utf8, widthIn, type Tile } from '@vouchsafe/verify'
import { VouchsafeError } from '#core/errors'
import { logKeyOf } from './origin.ts'
import { readTile, type LogObjects } from './objects.ts'
import { bestCheckpoint, checkpointOf } from './receipt.ts'
import type { LogIdentity, LogStore, ServedEntry } from './store.ts'

export interface LogResponse {
  status: 200 | 404
  headers: Record<string, string>
  body: Uint8Array
}

// A tile of a given path never changes: RFC 9111, and RFC 8246 for `immutable`.
const FOREVER = 'public, max-age=31536000, immutable'
/** Entries in one answer: a bundle's worth. */
const MOST_ENTRIES = TILE_WIDTH

/**
 * Answers GET for what follows `/log/`: `checkpoint`, `cosigned` (the newest that a witness has cosigned), `vkey`,
 * `tile/…`, `entry/<n>`, `entries/<from>-<to>` (both included, at most 256), `timestamps` (of each RFC 3161 authority the
 * newest token, with the signed checkpoint that it is over).
 * @throws VouchsafeError `corrupt` for a public entry whose envelope is not there: a failure of the log, never a 404
 */
export class LogServing {
  readonly #store: LogStore
  readonly #log: LogIdentity
  readonly #objects: LogObjects
  readonly #report: (problem: string) => void

  constructor(parts: { store: LogStore; log: LogIdentity; objects: LogObjects; report: (problem: string) => void }) {
    this.#store = parts.store
    this.#log = parts.log
    this.#objects = parts.objects
    this.#report = parts.report
  }

  async answer(path: string): Promise<LogResponse> {
    if (path === 'vkey') return text(`${formatVkey(logKeyOf(this.#log.origin, this.#log.publicKey))}\n`, 'public, max-age=300')
    if (path === 'checkpoint' || path === 'cosigned') return this.#checkpoint(path)
    if (path === 'timestamps') return this.#timestamps()
    const tile = parseTilePath(path)
    if (tile) return this.#tile(tile)
    const entry = /^entry\/(0|[1-9]\d{0,15})$/.exec(path)
    if (entry) return this.#entries(Number(entry[1]), Number(entry[1]), true)
    const range = /^entries\/(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})$/.exec(path)
    if (range) return this.#entries(Number(range[1]), Number(range[2]), false)
    return missing('The log has no such resource.', 'See checkpoint, cosigned, vkey, timestamps, tile/<level>/<n>, tile/entries/<n>, entry/<n> and entries/<from>-<to>.')
  }

  async #checkpoint(which: 'checkpoint' | 'cosigned'): Promise<LogResponse> {
    const published = await this.#store.publishedSize(this.#log.number)
    if (published === 0) return missing('The log has no checkpoint yet.', 'Its first entry is on the way; ask again in a second.')
    const checkpoint = which === 'cosigned' ? await bestCheckpoint(this.#store, this.#log, 1) : await checkpointOf(this.#store, this.#log, published)
    return text(formatNote(checkpoint.note), 'no-cache')
  }

  async #timestamps(): Promise<LogResponse> {
    const timestamps = (await this.#store.newestTimestamps(this.#log.number)).map(({ authority, size, note, token, at }) => ({ authority, size, checkpoint: note, token: toBase64(token), at: at.toISOString() }))
    return { status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' }, body: canonicalBytes({ timestamps }) }
  }

  async #tile(tile: Tile): Promise<LogResponse> {
    const published = await this.#store.publishedSize(this.#log.number)
    if (widthIn(published, tile.level, tile.index) < tile.width) return missing(`A log of ${published} entries has no ${tilePath(tile)}.`, 'Ask for the tiles that the checkpoint calls for.')
    let bytes = await readTile(this.#objects, tile)
    // A partial bundle that a full one has replaced is not stored any more, and that is no fault.
    if (!bytes && tile.level === 'entries' && tile.width < TILE_WIDTH) bytes = await this.#build(tile)
    if (!bytes) {
      this.#report(`${tilePath(tile)} is missing or truncated; it is written anew.`)
      bytes = await this.#build(tile)
      await this.#objects.put(tilePath(tile), bytes)
    }
    return { status: 200, headers: { 'content-type': 'application/octet-stream', 'cache-control': FOREVER }, body: bytes }
  }

  /** A tile from the entries in the database, and the tiles below it. */
  async #build({ level, index, width }: Tile): Promise<Uint8Array> {
    const from = index * TILE_WIDTH
    if (level === 'entries' || level === 0) {
      const rows = await this.#store.leaves(this.#log.number, from, from + width)
      if (rows.length !== width) throw new VouchsafeError('corrupt', `Entries ${from} to ${from + width - 1} are not all in the database.`, { mend: 'Run `vouchsafe log fsck`, and restore the newest backup.' })
      return level === 0 ? Buffer.concat(rows.map(({ leaf }) => leafHash(leaf))) : encodeBundle(rows.map(({ leaf }) => leaf))
    }
    const hashes: Uint8Array[] = []
    for (let i = from; i < from + width; i++) {
      const below: Tile = { level: level - 1, index: i, width: TILE_WIDTH }
      hashes.push(hashInTile((await readTile(this.#objects, below)) ?? (await this.#build(below)), 0, TILE_WIDTH))
    }
    return Buffer.concat(hashes, width * HASH_BYTES)
  }

  async #entries(from: number, to: number, single: boolean): Promise<LogResponse> {
    const published = await this.#store.publishedSize(this.#log.number)
    if (to < from || to - from >= MOST_ENTRIES) return missing(`Entries ${from} to ${to} cannot be had at once.`, `Ask for at most ${MOST_ENTRIES}, lowest first.`)
    if (!Number.isSafeInteger(to) || to >= published) return missing(`The log has ${published} entries, and none at ${to}.`, 'Ask for entries that the checkpoint covers.')
    const rows = await this.#store.entries(this.#log.number, from, to + 1)
    if (rows.length !== to - from + 1) throw new VouchsafeError('corrupt', `Entries ${from} to ${to} are not all in the database.`, { mend: 'Run `vouchsafe log fsck`, and restore the newest backup.' })
    const served = rows.map(servedEntry)
    return { status: 200, headers: { 'content-type': 'application/json', 'cache-control': FOREVER }, body: canonicalBytes(single ? served[0] : served) }
  }
}

/** A public entry in full, of a private one the leaf alone. @throws VouchsafeError `corrupt` */
export function servedEntry({ index, class: kind, leaf, envelope, salt }: ServedEntry): Record<string, unknown> {
  if (kind !== 1) return { class: 'private', index, leaf: toBase64(leaf) }
  if (!envelope || !salt) throw new VouchsafeError('corrupt', `The public entry ${index} has lost its envelope.`, { mend: 'Restore it from a backup: readers count a missing envelope as a failure of the log.' })
  return { envelope: parseCanonical(envelope), index, leaf: toBase64(leaf), salt: toBase64(salt) }
}

const text = (body: string, caching: string): LogResponse => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': caching }, body: utf8(body) })

/** RFC 9457. */
function missing(title: string, detail: string): LogResponse {
  return { status: 404, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }, body: canonicalBytes({ status: 404, title, detail }) }
}
