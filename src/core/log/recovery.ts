import { encodeBundle, openCheckpoint, sameBytes, tilePath, TILE_WIDTH, utf8, VerifyError } from '@vouchsafe/verify'
import { VouchsafeError } from '#core/errors'
import { Edge } from './edge.ts'
import { refuseRollback } from './guard.ts'
import { readTile, type LogObjects } from './objects.ts'
import { logKeyOf } from './origin.ts'
import { writeTiles, type SequencerParts } from './sequencer.ts'
import type { CheckpointRow, EntryRow, LogIdentity, LogStore } from './store.ts'

/** Where a log stands after what a crash left half done has been finished. */
export interface Recovered {
  edge: Edge
  /** Number of the newest checkpoint, 0 before the first. */
  number: number
  /** Staged and not yet signed: they have their places, and come first. */
  staged: EntryRow[]
  /** Widths of the partial tiles that are stored, by the path of the full one. */
  partials: Map<string, number[]>
}

/** Entries read at a time when tiles are written anew: some 200 kB. */
const CHUNK = 4096

/**
 * Finds out how far the last commit came, and finishes it. Nothing is signed here.
 * @throws VouchsafeError `refused` when a guard remembers more than the data holds, `corrupt` when the data was changed
 */
export async function recover(parts: Pick<SequencerParts, 'store' | 'log' | 'objects' | 'guards' | 'clock' | 'report'>): Promise<Recovered> {
  const { store, log, objects, guards, clock, report } = parts
  const head = await store.head(log.number)
  if (head) verifyRow(head, log)
  await refuseRollback(
    {
      origin: log.origin,
      size: head?.size ?? 0,
      async rootAt(size) {
        // Every checkpoint that was ever signed has a row: one that a guard knows and the data does not was not signed by this data.
        return (await store.checkpointAt(log.number, size))?.root ?? new Uint8Array(32)
      },
    },
    guards,
    logKeyOf(log.origin, log.publicKey),
  )

  const published = await store.publishedSize(log.number)
  let edge = await edgeAt(store, log, objects, published)
  if (!edge) {
    report(`Tiles of ${log.origin} are missing or changed; they are written anew from the database.`)
    edge = await rewriteTiles(store, log, objects, published)
  }
  const partials = new Map<string, number[]>()
  if (head && head.size > published) {
    for (let at = published; at < head.size; at += CHUNK) for (const { leaf } of await store.leaves(log.number, at, Math.min(at + CHUNK, head.size))) edge.append(leaf)
    requireRoot(edge, head)
    await writeTiles(objects, edge, partials)
    await store.publish(log.number, head.size, clock.now())
  }
  if (head) {
    // What readers of the folder see; the swap happened, so every guard may know it too.
    await Promise.all(guards.map((guard) => guard.write(log.origin, utf8(head.note))))
    await objects.put('checkpoint', utf8(head.note))
  }
  const staged = await store.leaves(log.number, head?.size ?? 0, Number.MAX_SAFE_INTEGER)
  return { edge, number: head?.number ?? 0, staged, partials }
}

/** The edge out of the stored tiles; undefined when they do not lead to the root that was signed at this size. */
async function edgeAt(store: LogStore, log: LogIdentity, objects: LogObjects, size: number): Promise<Edge | undefined> {
  if (size === 0) return Edge.empty()
  const row = await store.checkpointAt(log.number, size)
  const bundle = { level: 'entries', index: Math.floor((size - 1) / TILE_WIDTH), width: size % TILE_WIDTH || TILE_WIDTH } as const
  const leaves = (await store.leaves(log.number, size - bundle.width, size)).map(({ leaf }) => leaf)
  const edge = await Edge.load(size, bundle.width === TILE_WIDTH ? [] : leaves, (tile) => readTile(objects, tile))
  if (!edge || !row || !sameBytes(edge.root(), row.root)) return undefined
  const stored = await objects.get(tilePath(bundle))
  return stored && sameBytes(stored, encodeBundle(leaves)) ? edge : undefined
}

/**
 * Computes every tile from the entries in the database, and writes those that differ.
 * @throws VouchsafeError `corrupt` when the entries do not lead to the root that was signed
 */
export async function rewriteTiles(store: LogStore, log: LogIdentity, objects: LogObjects, size: number): Promise<Edge> {
  const edge = Edge.empty()
  const checked: LogObjects = {
    ...objects,
    get: (key) => objects.get(key),
    delete: (key) => objects.delete(key),
    async put(key, bytes) {
      const stored = await objects.get(key)
      if (!stored || !sameBytes(stored, bytes)) await objects.put(key, bytes)
    },
  }
  for (let at = 0; at < size; ) {
    const rows = await store.leaves(log.number, at, Math.min(at + CHUNK, size))
    if (rows.length === 0 || rows[0]?.index !== at) throw corrupt(log, `entry ${at} is not in the database`)
    for (const { leaf } of rows) edge.append(leaf)
    at += rows.length
    await writeTiles(checked, edge, new Map())
  }
  const row = await store.checkpointAt(log.number, size)
  if (size > 0 && !row) throw corrupt(log, `the checkpoint of size ${size} is not in the database`)
  if (row) requireRoot(edge, row, log)
  return edge
}

function verifyRow(head: CheckpointRow, log: LogIdentity): void {
  try {
    const signed = openCheckpoint(head.note, logKeyOf(log.origin, log.publicKey))
    if (signed.size === head.size && sameBytes(signed.root, head.root)) return
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error
    throw corrupt(log, `its newest checkpoint was changed: ${error.message}`)
  }
  throw corrupt(log, 'its newest checkpoint is not the one that was signed')
}

function requireRoot(edge: Edge, row: CheckpointRow, log?: LogIdentity): void {
  if (edge.size !== row.size || !sameBytes(edge.root(), row.root)) throw corrupt(log, `its entries do not lead to the root that was signed at size ${row.size}`)
}

function corrupt(log: LogIdentity | undefined, what: string): VouchsafeError {
  return new VouchsafeError('corrupt', `The log${log ? ` ${log.origin}` : ''} was altered: ${what}.`, {
    mend: 'Nothing is signed. Restore the newest backup; if that is behind what was published, run `vouchsafe log succeed`.',
  })
}
