import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { formatNote, signCheckpoint, tilePath, TILE_WIDTH, utf8, type Signer } from '@vouchsafe/verify'
import type { Clock } from '#core/clock'
import type { OrganisationDatabase, PendingLeaf } from '#core/database'
import { messageOf, VouchsafeError, isVouchsafeError } from '#core/errors'
import type { Edge } from './edge.ts'
import type { Guard } from './guard.ts'
import type { LogObjects } from './objects.ts'
import { recover } from './recovery.ts'
import type { EntryRow, LogIdentity, LogStore } from './store.ts'

export interface SequencerParts {
  database: OrganisationDatabase
  store: LogStore
  log: LogIdentity
  /** The log's own key. */
  signer: Signer
  objects: LogObjects
  guards: readonly Guard[]
  clock: Clock
  /** Hears of failures that are tried again, and of tiles that had to be written anew. */
  report: (problem: string) => void
}

/** One batch: bounds what a crash makes us do again, and the memory it takes. */
const MAX_BATCH = 4096
/** Without a notification (a listener's connection can be lost unheard) the wait is at most this. */
const POLL_MS = 1000
/** Any number that no other part uses; advisory locks belong to one database, and so to one organisation. */
const SEQUENCER_LOCK = 7443_0002
/** Parallel writes of tiles: a batch changes two to some forty. */
const WRITES_AT_ONCE = 8

/** Takes pending leaves into the log, batch by batch. At most one in a database leads; the others wait to take over. */
export class Sequencer {
  readonly #parts: SequencerParts
  readonly #waiting = new Map<string, { resolve: (index: number) => void; reject: (error: unknown) => void }[]>()
  #stopped = false
  #wake: () => void = () => {}
  #woken = false
  #running: Promise<void> = Promise.resolve()
  #halted: VouchsafeError | undefined
  #inbox: { leaf: PendingLeaf; resolve: () => void; reject: (error: unknown) => void }[] = []
  #delivering = false
  #doubtful = false
  #mirrored: Uint8Array | undefined
  #mirroring: Promise<void> = Promise.resolve()

  private constructor(parts: SequencerParts) {
    this.#parts = parts
  }

  /**
   * Starts one. When it leads at once, what a crash left half done is finished before this resolves.
   * @throws VouchsafeError `refused` or `corrupt` when the log must not sign
   */
  static async start(parts: SequencerParts): Promise<Sequencer> {
    const sequencer = new Sequencer(parts)
    const first = Promise.withResolvers<void>()
    sequencer.#running = sequencer.#run(first)
    await first.promise
    return sequencer
  }

  /** Why the log signs no more; undefined while all is well. */
  get halted(): VouchsafeError | undefined {
    return this.#halted
  }

  /** Writes a leaf to disk, and gives its index once it is in the log, its tiles written and its checkpoint signed. */
  async append(leaf: PendingLeaf): Promise<number> {
    const integrated = this.#wait(leaf.id)
    integrated.catch(() => {}) // reported through the insert below when that is what fails
    await this.submit(leaf)
    return integrated
  }

  /** Resolves when the leaf is durable: from here on it will be in the log. Leaves that come together share one commit. */
  submit(leaf: PendingLeaf): Promise<void> {
    if (this.#stopped) return Promise.reject(this.#away())
    return new Promise((resolve, reject) => {
      this.#inbox.push({ leaf, resolve, reject })
      void this.#deliver()
    })
  }

  /** The index of a leaf that was handed in by a change, once it is in the log. */
  settled(leafId: string): Promise<number> {
    const waiting = this.#wait(leafId)
    this.#doubtful = true // it may be in already
    this.nudge()
    return waiting
  }

  #wait(leafId: string): Promise<number> {
    if (this.#halted) return Promise.reject(this.#halted)
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(leafId) ?? []
      waiting.push({ resolve, reject })
      this.#waiting.set(leafId, waiting)
    })
  }

  /** There is something to do: spares the wait for the database's own notification. */
  nudge(): void {
    this.#woken = true
    this.#wake()
  }

  /** Finishes the batch at hand and lets go. What is pending stays pending. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.nudge()
    await this.#running
    await this.#mirroring
    for (const waiting of this.#waiting.values()) for (const { reject } of waiting) reject(this.#away())
    this.#waiting.clear()
  }

  #away(): VouchsafeError {
    return this.#halted ?? new VouchsafeError('unavailable', 'The log has been stopped.', { mend: 'What was handed in is kept, and goes into the log at the next start.' })
  }

  async #deliver(): Promise<void> {
    if (this.#delivering) return
    this.#delivering = true
    while (this.#inbox.length > 0) {
      // Those who come in the same turn of the event loop come along.
      await new Promise((resolve) => setImmediate(resolve))
      const batch = this.#inbox.splice(0, MAX_BATCH)
      try {
        await this.#parts.store.addPending(batch.map(({ leaf }) => leaf))
        for (const { resolve } of batch) resolve()
        this.nudge()
      } catch (error) {
        // One bad leaf must not take the others with it: alone, each gets its own answer.
        if (batch.length === 1) batch[0]?.reject(error)
        else for (const item of batch) await this.#parts.store.addPending([item.leaf]).then(item.resolve, item.reject)
      }
    }
    this.#delivering = false
  }

  async #run(first: { resolve: () => void; reject: (error: unknown) => void }): Promise<void> {
    let pauseMs = 50
    while (!this.#stopped) {
      try {
        const client = await this.#parts.database.appPool.connect()
        let healthy = false
        try {
          const led = await this.#lead(client, () => {
            pauseMs = 50
            first.resolve()
          })
          healthy = true
          if (!led) {
            first.resolve() // another process leads; this one stands by
            await this.#checkWaiting()
            await sleep(POLL_MS / 2)
          }
        } finally {
          // The lock goes with the connection; a doubtful connection is not given back.
          client.release(!healthy)
        }
      } catch (error) {
        if (isVouchsafeError(error, 'refused') || isVouchsafeError(error, 'corrupt')) {
          this.#halted = error
          first.reject(error)
          for (const waiting of this.#waiting.values()) for (const { reject } of waiting) reject(error)
          this.#waiting.clear()
          this.#parts.report(error.message)
          return
        }
        this.#parts.report(`The log waits: ${messageOf(error)}`)
        await sleep(pauseMs)
        pauseMs = Math.min(pauseMs * 2, 5000)
        if (pauseMs >= 1000) first.resolve()
      }
    }
    first.resolve()
  }

  /** Leads until stopped or until something fails. @returns false when another process leads */
  async #lead(client: PoolClient, ready: () => void): Promise<boolean> {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [SEQUENCER_LOCK])
    if (rows[0]?.taken !== true) return false
    let lost: Error | undefined
    const onEnd = (): void => {
      lost = new VouchsafeError('unavailable', 'The connection that holds the log lock was lost.')
      this.nudge()
    }
    const onNotification = (): void => this.nudge()
    client.on('end', onEnd)
    client.on('error', onEnd)
    client.on('notification', onNotification)
    try {
      await client.query('listen log_pending')
      const state = await recover(this.#parts)
      if (state.staged.length > 0) await this.#commit(state, state.staged)
      await this.#checkWaiting()
      ready()
      while (!this.#stopped && !lost) {
        this.#woken = false
        // Stage: the leaves get their places, for good once the swap is.
        const staged = await this.#parts.store.stage(this.#parts.log.number, state.edge.size, MAX_BATCH)
        if (staged.length > 0) await this.#commit(state, staged)
        else if (this.#doubtful || (await this.#pause())) await this.#checkWaiting()
      }
      if (lost) throw lost
      await client.query('unlisten log_pending')
      await client.query('select pg_advisory_unlock($1)', [SEQUENCER_LOCK])
      return true
    } finally {
      client.off('end', onEnd)
      client.off('error', onEnd)
      client.off('notification', onNotification)
    }
  }

  /**
   * What follows staging, in the order that a crash between any two steps can be mended from: sign, swap, guard,
   * tiles, publish. Anything that throws leaves it to recovery.ts to find out how far it came.
   */
  async #commit(state: { edge: Edge; number: number; partials: Map<string, number[]> }, staged: readonly EntryRow[]): Promise<void> {
    const { log, signer, store, guards, objects, clock } = this.#parts
    for (const [i, row] of staged.entries()) {
      if (row.index !== state.edge.size) throw new VouchsafeError('internal', `Entry ${row.index} was staged where ${state.edge.size} is next (${i}).`)
      state.edge.append(row.leaf)
    }
    const size = state.edge.size
    const root = state.edge.root()
    const at = clock.now()

    // Sign. Nobody sees the signature before the swap.
    const signed = await signCheckpoint({ origin: log.origin, size, root, extensions: [] }, signer)
    const note = formatNote(signed.note)

    // Swap. INVARIANT: from here on this is the one tree of this size; two who sign at once cannot both get past.
    if (!(await store.swap(log.number, { number: state.number + 1, size, root, note, signedAt: at }))) throw new VouchsafeError('conflict', 'Another process signed the next checkpoint.')
    state.number++

    // Guard and tiles: both before anybody outside can have seen the checkpoint.
    // All are waited for, also when one fails: nothing of this commit may still be writing when recovery begins.
    const done = await Promise.allSettled([...guards.map((guard) => guard.write(log.origin, utf8(note))), writeTiles(objects, state.edge, state.partials)])
    for (const one of done) if (one.status === 'rejected') throw one.reason

    // Publish.
    await store.publish(log.number, size, at)

    for (const { leafId, index } of staged) this.#settle(leafId, index)
    this.#mirror(utf8(note))
  }

  /** Puts the checkpoint beside the tiles, for whoever reads the folder. Nobody waits for it, and only the newest counts. */
  #mirror(note: Uint8Array): void {
    const busy = this.#mirrored !== undefined
    this.#mirrored = note
    if (busy) return
    this.#mirroring = (async () => {
      while (this.#mirrored) {
        const next = this.#mirrored
        await this.#parts.objects.put('checkpoint', next).catch((error: unknown) => this.#parts.report(`The checkpoint could not be put beside the tiles: ${messageOf(error)}`))
        if (this.#mirrored === next) this.#mirrored = undefined
      }
    })()
  }

  #settle(leafId: string, index: number): void {
    const waiting = this.#waiting.get(leafId)
    if (!waiting) return
    this.#waiting.delete(leafId)
    for (const { resolve } of waiting) resolve(index)
  }

  /** For leaves that went in before anybody waited, or through another process. */
  async #checkWaiting(): Promise<void> {
    this.#doubtful = false
    if (this.#waiting.size === 0) return
    const { store, log } = this.#parts
    const published = await store.publishedSize(log.number)
    for (const place of await store.placesOf([...this.#waiting.keys()])) if (place.log < log.number || place.index < published) this.#settle(place.leafId, place.index)
  }

  /** @returns whether the wait ended by itself */
  async #pause(): Promise<boolean> {
    if (this.#woken || this.#stopped) return false
    const woken = Promise.withResolvers<boolean>()
    this.#wake = () => woken.resolve(false)
    const timer = setTimeout(() => woken.resolve(true), POLL_MS)
    const alone = await woken.promise
    clearTimeout(timer)
    return alone
  }
}

/** Writes what the edge has gained, and drops the partial tiles that full ones have replaced. */
export async function writeTiles(objects: LogObjects, edge: Edge, partials: Map<string, number[]>): Promise<void> {
  const changed = edge.take()
  for (let at = 0; at < changed.length; at += WRITES_AT_ONCE) {
    await Promise.all(changed.slice(at, at + WRITES_AT_ONCE).map(({ tile, bytes }) => objects.put(tilePath(tile), bytes)))
  }
  // Only once all is written: until then a reader of the old checkpoint may need a partial tile.
  for (const { tile } of changed) {
    const full = tilePath({ ...tile, width: TILE_WIDTH })
    if (tile.width < TILE_WIDTH) partials.set(full, [...(partials.get(full) ?? []), tile.width])
    else {
      for (const width of partials.get(full) ?? []) await objects.delete(tilePath({ ...tile, width }))
      partials.delete(full)
    }
  }
}

