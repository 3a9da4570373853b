import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#core/clock'
import { isVouchsafeError, messageOf, VouchsafeError } from '#core/errors'
import type { Check } from '../contract.ts'
import { toCheck } from '../declared/check.ts'
import type { Fetch, FetchAnswer } from '../declared/fetch.ts'
import { definitionDigest } from '../definition.ts'
import { runIsolated } from '../isolation.ts'
import { signObservation } from '../pushed/observation.ts'
import { signRequest } from '../pushed/request.ts'
import type { RunnerConfiguration } from './configuration.ts'
import { dueChecks, nextLook, readSchedule, slotKey } from './schedule.ts'
import type { ScheduledCheck } from './schedule.ts'
import { Spool } from './spool.ts'

/** The world as a runner has it. */
export interface RunnerParts {
  fetch: Fetch
  clock: Clock
  /** Waits; resolves early, without an error, when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  /** One line for the operator; never holds a secret. */
  report(line: string): void
}

const SCHEDULE_PATH = '/api/v1/runner/schedule'
const OBSERVATIONS_PATH = '/api/v1/observations'
const SCHEDULE_EVERY_MS = 60_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000 // a server that was away for a night is found within five minutes
const ATTEMPT_PAUSE_MS = 2_000
const OWN_LIMITS = { maxBytes: 4 * 1024 * 1024, timeoutMs: 30_000, maxRedirects: 0 as const }

/**
 * Runs declared checks inside a network and pushes what they saw, by outgoing calls alone. The schedule is the server's (so
 * that slots are those of the public bindings); the last one known goes on being kept while the server is away, and what was
 * seen meanwhile waits on disk, in order.
 */
export class Runner {
  readonly #configuration: RunnerConfiguration
  readonly #parts: RunnerParts
  readonly #checks: ReadonlyMap<string, Check>
  readonly #spool: Spool
  readonly #done: Map<string, string>
  #schedule: ScheduledCheck[] = []
  #scheduleAt = -Infinity
  #failures = 0
  #pushAfter = -Infinity
  private constructor(configuration: RunnerConfiguration, parts: RunnerParts, spool: Spool, done: Map<string, string>) {
    this.#configuration = configuration
    this.#parts = parts
    this.#spool = spool
    this.#done = done
    const { settings, secrets, allowPrivate, allowCommands } = configuration
    this.#checks = new Map(configuration.checks.map((declared) => [declared.id, toCheck(declared, { fetch: parts.fetch, clock: parts.clock, settings, secrets, allowPrivate, allowCommands })]))
  }

  static async open(configuration: RunnerConfiguration, parts: RunnerParts): Promise<Runner> {
    const spool = await Spool.open(configuration.spool)
    return new Runner(configuration, parts, spool, await readDone(configuration.spool))
  }

  /**
   * One turn: asks for the schedule when it is time, runs what is due, delivers what waits.
   * @returns milliseconds until the next turn is worth while
   */
  async turn(signal: AbortSignal): Promise<number> {
    const { clock } = this.#parts
    await this.#refreshSchedule(signal)
    for (const { scheduled, slot } of dueChecks(this.#schedule, this.#done, clock.now())) {
      if (signal.aborted) return 0
      const check = this.#checks.get(scheduled.check)
      if (check) await this.#observe(check, scheduled, slot, signal)
    }
    await this.#deliver(signal)
    const now = clock.now()
    const waits = (await this.#spool.waiting()).length > 0
    return Math.min(nextLook(this.#schedule, now, SCHEDULE_EVERY_MS), waits ? Math.max(FIRST_PAUSE_MS, this.#pushAfter - now.getTime()) : Infinity)
  }

  async #refreshSchedule(signal: AbortSignal): Promise<void> {
    const { clock, report } = this.#parts
    const now = clock.now().getTime()
    if (now - this.#scheduleAt < SCHEDULE_EVERY_MS) return
    this.#scheduleAt = now
    try {
      const answer = await this.#call('GET', SCHEDULE_PATH, undefined, signal)
      if (answer.status !== 200) throw new VouchsafeError('unreachable', `the server answered ${answer.status}`)
      this.#schedule = readSchedule(JSON.parse(Buffer.from(answer.body).toString()))
      for (const { check, definition } of this.#schedule) {
        const own = this.#checks.get(check)
        if (!own) report(`${check} is scheduled for this runner, but its folder of checks does not declare it`)
        else if (definition !== undefined && definition !== definitionDigest(own.definition)) report(`${check} is declared otherwise here than the server has bound it; its observations will be refused until both agree`)
      }
    } catch (error) {
      if (!signal.aborted) report(`no schedule: ${messageOf(error)}; ${this.#schedule.length > 0 ? 'the last one stays in force' : 'trying again'}`)
    }
  }

  /** Runs a check for a slot: again only while it cannot tell, as often as the binding allows. */
  async #observe(check: Check, scheduled: ScheduledCheck, slot: number, signal: AbortSignal): Promise<void> {
    const { clock, wait, report } = this.#parts
    const { definition } = check
    for (let attempt = 1; ; attempt++) {
      const result = await runIsolated(check, { at: clock.now(), attempt, timeLimitSeconds: definition.timeLimitSeconds })
      if (signal.aborted) return // stopped in the middle: the slot is still open at the next start
      if (result.verdict === 'unknown' && attempt < scheduled.maxAttempts) {
        await wait(ATTEMPT_PAUSE_MS, signal)
        continue
      }
      const body = signObservation(
        {
          check: definition.id,
          verdict: result.verdict,
          summary: result.summary === '' ? 'no summary' : result.summary,
          targets: result.targets.map(({ target, verdict, summary }) => ({ target, verdict, summary: summary === '' ? verdict : summary })),
          declared: Math.max(result.declared, result.targets.length),
          evidence: result.evidence,
          observedAt: clock.now().toISOString(),
          nonce: randomBytes(24).toString('base64url'),
          attempts: attempt,
          definition: definitionDigest(definition),
        },
        this.#configuration.key,
      )
      // On disk first, then marked as done: a crash between the two observes twice, and the server keeps one entry a slot.
      await this.#spool.add(body)
      this.#done.set(definition.id, slotKey(scheduled, slot))
      await writeDone(this.#configuration.spool, this.#done)
      report(`${definition.id}: ${result.verdict}. ${result.summary}`)
      return
    }
  }

  /** Sends what waits, oldest first; stops at the first that cannot be delivered now, so that the order is kept. */
  async #deliver(signal: AbortSignal): Promise<void> {
    const { clock, report } = this.#parts
    if (clock.now().getTime() < this.#pushAfter) return
    for (const name of await this.#spool.waiting()) {
      if (signal.aborted) return
      let answer: FetchAnswer
      try {
        answer = await this.#call('POST', OBSERVATIONS_PATH, await this.#spool.read(name), signal)
      } catch (error) {
        return this.#later(messageOf(error), undefined)
      }
      if (answer.status >= 200 && answer.status < 300) await this.#spool.delivered(name)
      // Received before: the answer to an earlier push was lost on its way.
      else if (answer.status === 409) await this.#spool.delivered(name)
      else if (answer.status === 400 || answer.status === 413 || answer.status === 422) {
        const reason = Buffer.from(answer.body).toString().slice(0, 2_000)
        await this.#spool.refuse(name, reason)
        report(`an observation was refused for good (${answer.status}); it is kept in refused/${name}`)
      } else return this.#later(`the server answered ${answer.status}`, answer.headers['retry-after'])
      this.#failures = 0
      this.#pushAfter = -Infinity
    }
  }

  /** 401 and 403 too: a key that is not registered yet must not cost what was seen. */
  #later(reason: string, retryAfter: string | undefined): void {
    const pause = retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures)
    this.#failures++
    this.#pushAfter = this.#parts.clock.now().getTime() + Math.min(pause, LONGEST_PAUSE_MS)
    this.#parts.report(`not delivered: ${reason}; what was seen waits on disk`)
  }

  #call(method: 'GET' | 'POST', at: string, body: Uint8Array | undefined, signal: AbortSignal): Promise<FetchAnswer> {
    const { server, key } = this.#configuration
    const url = new URL(at, server)
    const headers = { accept: 'application/json', 'user-agent': 'vouchsafe-runner/1', authorization: signRequest(method, url.pathname, this.#parts.clock.now(), key), ...(body && { 'content-type': 'application/json' }) }
    // The operator named the server: it may well stand inside.
    return this.#parts.fetch(url.href, { method, headers, ...(body && { body }), ...OWN_LIMITS, allowPrivate: true, signal })
  }
}

/** Runs until the signal aborts; returns then, with everything seen delivered or on disk. */
export async function runRunner(configuration: RunnerConfiguration, parts: RunnerParts & { signal: AbortSignal }): Promise<void> {
  const runner = await Runner.open(configuration, parts)
  while (!parts.signal.aborted) {
    let pause = FIRST_PAUSE_MS
    try {
      pause = await runner.turn(parts.signal)
    } catch (error) {
      // A full disk, say: nothing is marked as done, so the slot is tried again.
      parts.report(`${messageOf(error)}${isVouchsafeError(error) && error.mend !== undefined ? ` ${error.mend}` : ''}`)
      pause = 30_000
    }
    await parts.wait(pause, parts.signal)
  }
}

const doneFile = (spool: string): string => path.join(spool, 'done')

/** The slots that were observed already, so that a restart does not run a check twice within one. */
async function readDone(spool: string): Promise<Map<string, string>> {
  try {
    const value: unknown = JSON.parse(await readFile(doneFile(spool), 'utf8'))
    return new Map(Object.entries(value as object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return new Map() // absent or torn: at worst a slot is observed twice, and the server keeps one
  }
}

async function writeDone(spool: string, done: ReadonlyMap<string, string>): Promise<void> {
  await writeFile(`${doneFile(spool)}.part`, JSON.stringify(Object.fromEntries(done)), { mode: 0o600 })
  await rename(`${doneFile(spool)}.part`, doneFile(spool))
}
