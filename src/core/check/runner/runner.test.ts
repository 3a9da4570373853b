import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fromBase64, keyIdOf } from '@vouchsafe/verify'
import { ManualClock } from '#core/clock'
import { isVouchsafeError } from '#core/errors'
import type { Fetch, FetchAnswer } from '../declared/fetch.ts'
import { definitionDigest } from '../definition.ts'
import { definitionOf } from '../declared/check.ts'
import { verifyObservation } from '../pushed/observation.ts'
import type { Sender, VerifiedObservation } from '../pushed/observation.ts'
import { verifyRequest } from '../pushed/request.ts'
import { readRunnerConfiguration } from './configuration.ts'
import { createRunnerKey } from './key.ts'
import { Runner, runRunner } from './runner.ts'
import type { RunnerParts } from './runner.ts'
import { slotAt } from './schedule.ts'
import { Spool } from './spool.ts'

const CHECK = `id: inner/health
title: The inner service is well
method: Asks the service itself
controls: [system-monitored]
cadence: 1 hour
attempts: 2
settings: { service: "http://127.0.0.1:9" }
secrets: [inner_token]
targets: [inner service]
steps:
  - http: { url: "\${settings.service}/health", auth: { bearer: "\${secrets.inner_token}" }, retries: 0 }
    assert: [{ at: $.well, equals: true, else: it is not well }]
`

/** The two sides that a runner talks to: the service that it checks, and a server that verifies what is pushed to it. */
class World {
  readonly clock = new ManualClock('2026-03-01T10:00:05Z')
  readonly received: VerifiedObservation[] = []
  readonly used = new Set<string>()
  sender: Sender | undefined
  definition: string | undefined
  away = false
  well: unknown = { well: true }
  loseAnswers = 0
  answerObservation: number | undefined
  readonly fetch: Fetch = async (url, request) => {
    const { pathname, port } = new URL(url)
    const reply = (status: number, body: unknown): FetchAnswer => ({ status, headers: { 'content-type': 'application/json' }, setCookies: [], body: Buffer.from(JSON.stringify(body)) })
    if (port === '9') return request.headers['authorization'] === 'Bearer inner-Token-123' ? reply(200, this.well) : reply(401, {})
    if (this.away) throw new Error('connect ECONNREFUSED')
    const keyById = (id: string): Sender | undefined => (this.sender && keyIdOf(this.sender.publicKey) === id ? this.sender : undefined)
    try {
      await verifyRequest(request.headers['authorization'], request.method, pathname, { keyById, at: this.clock.now() })
      if (pathname === '/api/v1/runner/schedule') {
        return reply(200, { checks: [{ check: 'inner/health', start: '2026-03-01T00:00:00Z', cadenceSeconds: 3600, maxAttempts: 2, ...(this.definition && { definition: this.definition }) }] })
      }
      if (this.answerObservation !== undefined) return reply(this.answerObservation, { title: 'no' })
      const verified = await verifyObservation(request.body ?? new Uint8Array(), { keyById, at: this.clock.now(), seen: { has: async (_key, nonce) => this.used.has(nonce) } })
      this.used.add(verified.observation.nonce)
      this.received.push(verified)
      if (this.loseAnswers-- > 0) throw new TypeError('socket hang up')
      return reply(202, {})
    } catch (error) {
      if (!isVouchsafeError(error)) throw error
      return reply(error.code === 'not-allowed' ? 403 : error.code === 'conflict' ? 409 : 400, { title: error.message })
    }
  }
}

describe('a runner', () => {
  let folder: string
  let world: World
  const lines: string[] = []
  const signal = new AbortController().signal
  const configurationFile = (): string => path.join(folder, 'runner.yaml')
  const parts = (): RunnerParts => ({ fetch: world.fetch, clock: world.clock, wait: async (ms) => world.clock.advance(ms), report: (line) => void lines.push(line) })
  const openRunner = async (): Promise<Runner> => Runner.open(await readRunnerConfiguration(configurationFile(), { INNER: 'inner-Token-123' }), parts())
  const waiting = (): string[] => readdirSync(path.join(folder, 'spool')).filter((name) => name.endsWith('.json'))

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'vouchsafe-runner-'))
    world = new World()
    lines.length = 0
    mkdirSync(path.join(folder, 'checks'))
    writeFileSync(path.join(folder, 'checks/inner.yaml'), CHECK)
    writeFileSync(configurationFile(), 'server: https://vouchsafe.example\nkey: runner.key\nchecks: checks\nspool: spool\nsecrets: { inner_token: { env: INNER } }\n')
    const { publicKey } = await createRunnerKey(path.join(folder, 'runner.key'))
    world.sender = { publicKey: fromBase64(publicKey), checks: ['inner/health'] }
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('observes each slot once, signs, and delivers', async () => {
    const runner = await openRunner()
    await runner.turn(signal)
    await runner.turn(signal)
    expect(world.received.map(({ result, late }) => [result.verdict, late])).toEqual([['holds', false]])
    world.clock.set('2026-03-01T11:00:01Z')
    await runner.turn(signal)
    expect(world.received.length).toBe(2)
    expect(waiting()).toEqual([])
  })

  it('asks to be woken when the next slot opens, not later', async () => {
    world.clock.set('2026-03-01T10:59:50Z')
    expect(await (await openRunner()).turn(signal)).toBe(10_000)
  })

  it('tries again only while it cannot tell, and says how often', async () => {
    world.well = {}
    await (await openRunner()).turn(signal)
    expect(world.received[0]).toMatchObject({ attempts: 2, result: { verdict: 'unknown' } })
    world.well = { well: false }
    world.clock.set('2026-03-01T11:00:01Z')
    await (await openRunner()).turn(signal)
    expect(world.received[1]).toMatchObject({ attempts: 1, result: { verdict: 'fails' } })
  })

  it('while the server is away it goes on observing; then everything arrives, in order, what waited marked late', async () => {
    const runner = await openRunner()
    await runner.turn(signal)
    world.away = true
    for (const hour of [11, 12, 13]) {
      world.clock.set(`2026-03-01T${hour}:00:10Z`)
      world.well = { well: hour !== 12 }
      await runner.turn(signal)
    }
    expect(waiting().length).toBe(3)
    world.away = false
    world.clock.set('2026-03-01T13:08:00Z')
    await runner.turn(signal)
    expect(world.received.map(({ observedAt, result, late }) => [observedAt.toISOString().slice(11, 13), result.verdict, late])).toEqual([['10', 'holds', false], ['11', 'holds', true], ['12', 'fails', true], ['13', 'holds', false]])
    expect(waiting()).toEqual([])
  })

  it('a restart loses nothing that waits and repeats no slot', async () => {
    await (await openRunner()).turn(signal)
    world.clock.set('2026-03-01T11:00:10Z')
    const before = await openRunner()
    await before.turn(signal)
    world.away = true
    world.clock.set('2026-03-01T12:00:10Z')
    await before.turn(signal)
    writeFileSync(path.join(folder, 'spool/000000000099-00000000.json.part'), '{"torn')
    world.away = false
    world.clock.set('2026-03-01T12:20:10Z')
    await (await openRunner()).turn(signal)
    expect(world.received.map(({ observedAt }) => observedAt.toISOString().slice(11, 13))).toEqual(['10', '11', '12'])
    expect(readdirSync(path.join(folder, 'spool')).sort()).toEqual(['done', 'refused'])
  })

  it('an answer lost on its way makes no second observation', async () => {
    world.loseAnswers = 1
    const runner = await openRunner()
    await runner.turn(signal)
    expect(waiting().length).toBe(1)
    world.clock.advance(60_000)
    await runner.turn(signal)
    expect(waiting()).toEqual([])
    expect(world.received.length).toBe(1)
  })

  it('what the server refuses for good is set aside with its reason; a key not known yet only waits', async () => {
    const runner = await openRunner()
    world.answerObservation = 422
    await runner.turn(signal)
    expect(readdirSync(path.join(folder, 'spool/refused')).length).toBe(2)
    world.answerObservation = 403
    world.clock.set('2026-03-01T11:00:10Z')
    await runner.turn(signal)
    expect(waiting().length).toBe(1)
    world.answerObservation = undefined
    world.clock.advance(600_000)
    await runner.turn(signal)
    expect(waiting()).toEqual([])
  })

  it('pauses grow while the server is away', async () => {
    const runner = await openRunner()
    await runner.turn(signal)
    world.answerObservation = 503
    world.clock.set('2026-03-01T11:00:10Z')
    const pauses: number[] = []
    for (let i = 0; i < 5; i++) {
      const pause = await runner.turn(signal)
      pauses.push(pause)
      world.clock.advance(pause)
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16000])
  })

  it('commits to its own definition, and says when the server has bound another', async () => {
    world.definition = '0'.repeat(64)
    await (await openRunner()).turn(signal)
    const { checks } = await readRunnerConfiguration(configurationFile())
    expect(world.received[0]?.observation.definition).toBe(definitionDigest(definitionOf(checks[0]!)))
    expect(lines.join('\n')).toContain('declared otherwise')
  })

  it('stops when told to, and no line, file or observation shows the secret', async () => {
    const controller = new AbortController()
    let turns = 0
    await runRunner(await readRunnerConfiguration(configurationFile(), { INNER: 'inner-Token-123' }), {
      ...parts(),
      signal: controller.signal,
      wait: async () => {
        if (++turns === 3) controller.abort()
      },
    })
    expect(turns).toBe(3)
    expect(JSON.stringify([lines, world.received])).not.toContain('inner-Token-123')
  })
})

describe("a runner's configuration", () => {
  let folder: string
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'vouchsafe-runner-'))
    mkdirSync(path.join(folder, 'checks'))
    await createRunnerKey(path.join(folder, 'runner.key'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const read = (text: string) => {
    writeFileSync(path.join(folder, 'runner.yaml'), text)
    return readRunnerConfiguration(path.join(folder, 'runner.yaml'))
  }
  const good = 'server: https://vouchsafe.example\nkey: runner.key\nchecks: checks\nspool: spool\n'

  it('sends nothing over plain http, loopback apart', async () => {
    await expect(read(good.replace('https://vouchsafe', 'http://vouchsafe'))).rejects.toMatchObject({ code: 'bad-input' })
    expect((await read(good.replace('https://vouchsafe.example', 'http://127.0.0.1:8080'))).server.port).toBe('8080')
  })

  it('a key that others can read is refused, and made so that they cannot', async () => {
    expect(statSync(path.join(folder, 'runner.key')).mode & 0o777).toBe(0o600)
    chmodSync(path.join(folder, 'runner.key'), 0o640)
    await expect(read(good)).rejects.toMatchObject({ code: 'refused', mend: expect.stringContaining('chmod 600') as string })
  })

  it('a key in use is never overwritten', async () => {
    const before = readFileSync(path.join(folder, 'runner.key'))
    await expect(createRunnerKey(path.join(folder, 'runner.key'))).rejects.toMatchObject({ code: 'conflict' })
    expect(readFileSync(path.join(folder, 'runner.key'))).toEqual(before)
    expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([])
  })

  it('names file, line and member of a fault', async () => {
    await expect(read(`${good}colour: red\n`)).rejects.toMatchObject({ message: expect.stringMatching(/runner\.yaml, line \d+: .*colour/) as string })
  })
})

describe('slots', () => {
  it('are numbered from the start, and none is open before it', () => {
    const schedule = { start: new Date('2026-03-01T00:00:00Z'), cadenceSeconds: 3600 }
    expect([slotAt(schedule, new Date('2026-02-28T23:59:59Z')), slotAt(schedule, schedule.start), slotAt(schedule, new Date('2026-03-01T00:59:59.999Z')), slotAt(schedule, new Date('2026-03-01T01:00:00Z'))]).toEqual([-1, 0, 0, 1])
  })
})

describe('the spool', () => {
  it('keeps the order across restarts beyond ten', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'vouchsafe-spool-'))
    for (let i = 0; i < 12; i++) await (await Spool.open(folder)).add(Buffer.from(String(i)))
    const spool = await Spool.open(folder)
    expect(await Promise.all((await spool.waiting()).map(async (name) => Number(Buffer.from(await spool.read(name)).toString())))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    rmSync(folder, { recursive: true })
  })
})
