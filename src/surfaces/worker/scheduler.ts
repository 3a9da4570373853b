import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckEngine, CheckId } from '#core/check'
import type { Clock } from '#core/clock'
import type { OrganisationDatabase } from '#core/database'
import { messageOf, VouchsafeError } from '#core/errors'
import type { Handlers } from '#core/jobs'

export interface SchedulerParts {
  db: OrganisationDatabase
  engine: CheckEngine
  clock: Clock
  /** Makes the page and its snapshot follow new results. */
  settle(at: Date): Promise<void>
  /** Looks after promises with a clock. */
  watch(): Promise<void>
  report(problem: string): void
}

interface Jobs {
  'check.run': { check: CheckId }
}

// Fine beside the shortest cadence (a minute), and cheap: one query over the standing bindings.
const LOOK_EVERY_MS = 5_000
const WATCH_EVERY_MS = 60_000 // clocks are read to the minute
// Most runs end within it; a probe of a silent host may take minutes, and nobody waits for that at a stop.
const GRACE_MS = 3_000
const SCHEDULER = { kind: 'system', name: 'scheduler' } as const

/** Finds what is due and queues it; jobs do the work, so that several nodes share it and none does it twice. */
export class Scheduler {
  readonly #parts: SchedulerParts
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()
  constructor(parts: SchedulerParts) {
    this.#parts = parts
  }

  get handlers(): Handlers<Jobs> {
    const { engine, settle, clock } = this.#parts
    return {
      'check.run': async ({ payload }) => {
        await this.#unlessStopped(engine.runDue(payload.check))
        await settle(clock.now())
      },
    }
  }

  /** Runs everything that is due at once, before the first regular look, telling how far it is. */
  async firstRound(tell: (done: number, of: number, note: string) => void, atOnce: number): Promise<void> {
    const { engine, clock, settle, report } = this.#parts
    const waiting = await engine.due(clock.now())
    const of = waiting.length
    let done = 0
    const lane = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined && !this.#stopping.signal.aborted; id = waiting.shift()) {
        await this.#unlessStopped(engine.runDue(id)).catch((error: unknown) => report(`check ${id}: ${messageOf(error)}`))
        tell(++done, of, id)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    await settle(clock.now())
  }

  /** A run that goes on after the grace of a stop is left to itself: its slot stays open, and the next start runs it. */
  async #unlessStopped<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {}) // nobody may be waiting for it any more
    const over = new AbortController()
    const stopped = async (): Promise<never> => {
      const { signal } = this.#stopping
      if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true, signal: over.signal }))
      await sleep(GRACE_MS, undefined, { signal: over.signal })
      throw new VouchsafeError('unavailable', 'The installation is stopping; the run is left for the next start.')
    }
    const giveUp = stopped()
    giveUp.catch(() => {})
    try {
      return await Promise.race([work, giveUp])
    } finally {
      over.abort()
    }
  }

  start(): void {
    this.#running = this.#look()
  }

  /** Begins no further check; what runs may end. */
  abandon(): void {
    this.#stopping.abort()
  }

  async stop(): Promise<void> {
    this.abandon()
    await this.#running
  }

  async #look(): Promise<void> {
    const { signal } = this.#stopping
    let watchedAt = 0
    while (!signal.aborted) {
      try {
        await this.#queueDue()
        if (performance.now() - watchedAt > WATCH_EVERY_MS || watchedAt === 0) {
          watchedAt = performance.now()
          await this.#parts.watch()
        }
      } catch (error) {
        // The database may be away; the next look finds what is still due.
        this.#parts.report(`scheduler: ${messageOf(error)}`)
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }

  async #queueDue(): Promise<void> {
    const { db, engine, clock, settle } = this.#parts
    const due = await engine.due(clock.now())
    if (due.length > 0) {
      await db.change({ actor: SCHEDULER, action: 'check.queue', subject: { kind: 'check', id: 'due' }, detail: { checks: due.length } }, async (tx) => {
        // One job a check at a time: a second look replaces the job that has not begun.
        for (const check of due) await tx.job('check.run', { check }, { key: `check:${check}`, maxAttempts: 3 })
      })
    } else {
      // Time alone turns a page: a result goes stale, an attestation ends.
      await settle(clock.now())
    }
  }
}
