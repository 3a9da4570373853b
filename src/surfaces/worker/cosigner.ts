import { setTimeout as sleep } from 'node:timers/promises'
import { parseNote, parseVkey, verifyNote } from '@vouchsafe/verify'
import type { Clock } from '#core/clock'
import type { OrganisationDatabase } from '#core/database'
import { messageOf } from '#core/errors'
import type { AskedWitness, Log, Post } from '#core/log'
import type { Settings } from '#core/page'
import { listWitnesses, type WitnessRecord } from '#core/statement'

export interface CosignerParts {
  db: OrganisationDatabase
  log: Log
  clock: Clock
  post: Post
  get(url: string): Promise<{ status: number; body: Uint8Array }>
  settings(): Promise<Settings>
  report(problem: string): void
}

/** What an observer said that it saw: claim by claim, whether its own probe agreed. */
interface Observation {
  name: string
  operator: WitnessRecord['operator']
  at: Date
  claims: Readonly<Record<string, boolean | 'unknown'>>
}

const LOOK_EVERY_MS = 10_000
// A page is only as fresh as its last cosignature, so one is asked for even when nothing was added.
const AT_LEAST_EVERY_MS = 3_600_000
// An observer looks for itself after it has cosigned, and that takes it seconds: its note is there only later.
const READ_EVERY_MS = 30_000
const STAMP_EVERY_MS = 24 * 3_600_000
const AHEAD_MS = 120_000 // clocks of honest machines differ by seconds

/** Gathers cosignatures, observations and timestamps for the log's newest checkpoint. */
export class Cosigner {
  readonly #parts: CosignerParts
  readonly #stopping = new AbortController()
  readonly #observations = new Map<string, Observation>()
  #running: Promise<void> = Promise.resolve()
  #asked = { size: 0, at: 0 }
  #stampedAt = 0
  #readAt = 0
  constructor(parts: CosignerParts) {
    this.#parts = parts
  }

  /** Outside observers whose own probe agreed with a claim, the operator's own left out. */
  observersOf(claimId: string): { name: string; at: Date }[] {
    return [...this.#observations.values()].filter((seen) => seen.operator === 'other' && seen.claims[claimId] === true).map(({ name, at }) => ({ name, at }))
  }

  start(): void {
    this.#running = this.#look()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #look(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#round()
      } catch (error) {
        this.#parts.report(`cosigner: ${messageOf(error)}`)
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }

  async #round(): Promise<void> {
    const { db, log, clock, post } = this.#parts
    const size = await log.size()
    const now = clock.now().getTime()
    if (size === 0) return
    await this.#stamp(now)
    const witnesses = await listWitnesses(db)
    await this.#readObservations(witnesses, now)
    if (size === this.#asked.size && now - this.#asked.at < AT_LEAST_EVERY_MS) return
    if (witnesses.length === 0) return
    const asked: AskedWitness[] = witnesses.map((witness) => ({ key: parseVkey(witness.vkey), url: witness.url }))
    await log.cosigning(asked, post).round()
    this.#asked = { size, at: now }
  }

  /** What observers said last; those that are asked no longer count no longer. */
  async #readObservations(witnesses: readonly WitnessRecord[], now: number): Promise<void> {
    for (const url of this.#observations.keys()) if (!witnesses.some((witness) => witness.url === url && witness.observerVkey !== undefined)) this.#observations.delete(url)
    if (now - this.#readAt < READ_EVERY_MS) return
    this.#readAt = now
    await Promise.all(witnesses.map((witness) => this.#readObservation(witness).catch((error: unknown) => this.#parts.report(`observer ${witness.url}: ${messageOf(error)}`))))
  }

  /** Reads an observer's newest note; one that is not signed by its key, or is about another log, counts for nothing. */
  async #readObservation({ url, observerVkey, operator }: WitnessRecord): Promise<void> {
    if (observerVkey === undefined) return
    const { status, body } = await this.#parts.get(`${url.replace(/\/$/, '')}/observation`)
    if (status !== 200) return
    const seen = observationIn(body, observerVkey, this.#parts.log.origin, this.#parts.clock.now())
    if (seen) this.#observations.set(url, { operator, ...seen })
    else this.#parts.report(`observer ${url}: its note is about another log, or has no time that can be shown`)
  }

  async #stamp(now: number): Promise<void> {
    const { log, post, settings } = this.#parts
    const { timestampUrl: url, timestampCertificate: certificate } = await settings()
    if (url === undefined || certificate === undefined || now - this.#stampedAt < STAMP_EVERY_MS) return
    this.#stampedAt = now
    await log.stamp({ name: new URL(url).host, url, certificate }, post)
  }
}

/**
 * What an observer's note says. A time that is none, or is still to come, would stand on the page, or break it.
 * @returns undefined for a note about another log, or of no such time
 * @throws VerifyError for a note that the observer did not sign
 */
export function observationIn(body: Uint8Array, vkey: string, ofLog: string, now: Date): Omit<Observation, 'operator'> | undefined {
  const key = parseVkey(vkey)
  const note = parseNote(body)
  verifyNote(note, [key])
  const [header, origin, , time, seen] = note.text.split('\n')
  if (header !== 'vouchsafe/observation/v1' || origin !== ofLog || time === undefined || seen === undefined) return undefined
  const at = new Date(time)
  if (!(at.getTime() <= now.getTime() + AHEAD_MS)) return undefined
  const value = JSON.parse(seen) as { claims?: Record<string, boolean | 'unknown'> } | null
  return { name: key.name, at, claims: value?.claims ?? {} }
}
