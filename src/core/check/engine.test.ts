import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { claimState, type Verdict } from '@vouchsafe/verify'
import { ManualClock } from '#core/clock'
import { startTemporaryServer, type OrganisationDatabase, type TemporaryServer } from '#core/database'
import { logMigrations } from '#core/log'
import { instantOf, statementMigrations } from '#core/statement'
import type { BindableClaim } from './binding.ts'
import type { Check, CheckDefinition, CheckResult } from './contract.ts'
import { definitionDigest, requireSound } from './definition.ts'
import { CheckEngine, type EngineParts } from './engine.ts'
import { createVault } from './evidence.ts'
import { allSlots, checkMigrations, latestRuns, listBindings, standing } from './store.ts'

const START = new Date('2026-03-02T12:00:00Z')
const HOUR = 3_600_000
const CLAIM: BindableClaim = { id: '0123456789abcdef', text: 'We back up every day.', digest: 'a'.repeat(64), strength: 'definite', policy: { id: 'p', version: 1, digest: 'b'.repeat(64) }, controls: ['backup-daily'] }

let server: TemporaryServer
let db: OrganisationDatabase
let clock: ManualClock

beforeAll(async () => {
  server = await startTemporaryServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  clock = new ManualClock(START)
  db = await server.createDatabase({ migrations: [logMigrations, statementMigrations, checkMigrations], clock })
})

const definition = (over: Partial<CheckDefinition> = {}): CheckDefinition => ({
  id: 'test/backup',
  kind: 'built-in',
  title: 'A backup was made',
  controls: ['backup-daily'],
  cadenceSeconds: 3600,
  freshnessSeconds: 7200,
  confirmations: 2,
  maxAttempts: 1,
  timeLimitSeconds: 1,
  canContradict: true,
  vouching: 'software',
  method: 'Asks.',
  revision: 1,
  ...over,
})
const result = (verdict: Verdict, over: Partial<CheckResult> = {}): CheckResult => ({ verdict, summary: verdict, targets: [{ target: 'a', verdict, summary: verdict }], declared: 1, evidence: {}, ...over })

/** A check that says what it is told to, and counts how often it was asked. */
function toldCheck(over: Partial<CheckDefinition> = {}): Check & { say: Verdict | (() => Promise<CheckResult>); runs: number; list: string[] } {
  const check = {
    definition: definition(over),
    say: 'holds' as Verdict | (() => Promise<CheckResult>),
    runs: 0,
    list: ['a'],
    targets: async () => check.list,
    async run() {
      check.runs++
      return typeof check.say === 'string' ? result(check.say) : check.say()
    },
  }
  return check
}

function engineWith(...parts: (Check | Pick<EngineParts, 'steady'>)[]): CheckEngine {
  const checks = parts.filter((part) => 'definition' in part)
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const bodies = new Map<string, Uint8Array>()
  return new CheckEngine({
    db,
    checks: new Map(checks.map((check) => [check.definition.id, check])),
    pushed: new Map(),
    signer: { publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), sign: (message) => sign(null, message, privateKey) },
    release: 'c'.repeat(64),
    vault: createVault({
      ring: { create: async () => randomBytes(8).toString('hex'), encrypt: async (_key, _run, bytes) => bytes, decrypt: async (_key, _run, bytes) => bytes, destroy: async () => {} },
      objects: { put: async (name, bytes) => void bodies.set(name, bytes), get: async (name) => bodies.get(name), delete: async (name) => void bodies.delete(name) },
    }),
    cosignedCheckpoint: async () => undefined,
    ...Object.assign({}, ...parts.filter((part) => 'steady' in part)),
  })
}

const slots = async () => allSlots(db, (await listBindings(db)).map((binding) => binding.digest))
const verdicts = async () => (await slots()).map(({ slot, verdict }) => [slot, verdict])

describe('a slot', () => {
  test('gets exactly one entry, however many runs there are at once, on however many nodes', async () => {
    const check = toldCheck()
    const engines = [engineWith(check), engineWith(check), engineWith(check)]
    await engines[0]!.bind([CLAIM, { ...CLAIM, id: 'fedcba9876543210' }], clock.now())
    await Promise.all(engines.flatMap((engine) => [engine.runDue('test/backup'), engine.runDue('test/backup')]))
    expect((await slots()).map(({ slot }) => slot)).toEqual([0, 0]) // one for each of the two claims
    expect(await latestRuns(db)).toHaveLength(1)
  })

  test('that ended without a run is "not-run", so that the numbers have no holes', async () => {
    const check = toldCheck()
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    await engine.runDue('test/backup')
    clock.advance(4 * HOUR + 1)
    expect(await engine.due(clock.now())).toEqual(['test/backup'])
    await engine.runDue('test/backup')
    expect(await verdicts()).toEqual([[0, 'holds'], [1, 'not-run'], [2, 'not-run'], [3, 'not-run'], [4, 'holds']])
    expect(await engine.due(clock.now()), 'nothing is due twice').toEqual([])
  })

  test('missed on several nodes at once is written once', async () => {
    const check = toldCheck()
    const engines = [engineWith(check), engineWith(check), engineWith(check), engineWith(check)]
    await engines[0]!.bind([CLAIM], clock.now())
    clock.advance(1200 * HOUR)
    await Promise.all(engines.map((engine) => engine.due(clock.now())))
    while ((await slots()).length < 1200) await engines[0]!.due(clock.now())
    expect((await slots()).map(({ slot }) => slot)).toEqual(Array.from({ length: 1200 }, (_, i) => i))
  })

  test('is not replaced by a rerun, green or not', async () => {
    const check = toldCheck()
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    check.say = 'fails'
    await engine.runDue('test/backup')
    check.say = 'holds'
    const outcome = await engine.runDue('test/backup')
    expect(outcome.result.verdict).toBe('holds')
    expect(await engine.record(outcome)).toBe(0)
    expect(await verdicts()).toEqual([[0, 'fails']])
  })

  test('stays as it is when the clock is set back', async () => {
    const check = toldCheck()
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    clock.advance(2 * HOUR)
    await engine.runDue('test/backup')
    clock.advance(-2 * HOUR)
    expect(await engine.due(clock.now())).toEqual([])
    await engine.runDue('test/backup')
    expect((await verdicts()).length).toBe(3)
  })

  test('takes a late observation only while it is its turn', async () => {
    const check = toldCheck()
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    clock.advance(3 * HOUR)
    const late = { definition: check.definition, result: result('holds'), attempts: 1, observedAt: new Date(START.getTime() + HOUR) }
    expect(await engine.record(late)).toBe(1)
    expect(await verdicts()).toEqual([[0, 'not-run'], [1, 'holds']])
    expect(await engine.record({ ...late, observedAt: START })).toBe(0)
  })
})

describe('a clock that jumps ahead', () => {
  const JUMP = 30 * 24 * HOUR
  test('writes off no slot of the future, records no run there and ends no binding, unless it stays', async () => {
    let steady = 0
    const pass = (ms: number): void => {
      steady += ms
      clock.advance(ms)
    }
    const check = toldCheck()
    const engine = engineWith({ steady: () => steady }, check)
    await engine.bind([CLAIM], clock.now())
    await engine.runDue('test/backup')
    pass(HOUR)
    clock.advance(JUMP)
    for (const held of [() => engine.due(clock.now()), () => engine.runDue('test/backup'), () => engine.bind([], clock.now())]) await expect(held()).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('jumped ahead') })
    expect(await verdicts()).toEqual([[0, 'holds']])
    clock.advance(-JUMP)
    expect(await engine.due(clock.now()), 'put right').toEqual(['test/backup'])
    clock.advance(2 * HOUR)
    await expect(engine.due(clock.now())).rejects.toMatchObject({ code: 'unavailable' })
    pass(HOUR / 2)
    expect(await engine.due(clock.now()), 'it stayed: the machine had slept').toEqual(['test/backup'])
    expect(await verdicts()).toEqual([[0, 'holds'], [1, 'not-run'], [2, 'not-run']])
  })
})

describe('a run', () => {
  test('that hangs is abandoned at its time limit, and the slot says unknown', async () => {
    const check = toldCheck()
    check.say = () => new Promise(() => {})
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    await engine.runDue('test/backup')
    expect(await verdicts()).toEqual([[0, 'unknown']])
    expect((await latestRuns(db))[0]!.summary).toContain('did not end within')
  })

  test('counts by the targets of its binding, whatever became of it', async () => {
    const check = toldCheck()
    check.list = ['a', 'b']
    check.say = () => Promise.reject(new Error('broke off'))
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    await engine.runDue('test/backup')
    clock.advance(HOUR)
    check.say = 'holds' // of the one target that is left
    await engine.runDue('test/backup')
    expect((await slots()).map(({ verdict, covered, declared }) => [verdict, covered, declared])).toEqual([['unknown', 0, 2], ['unknown', 1, 2]])
  })

  test('that could not tell is tried again, as often as is said, and the tries are counted', async () => {
    const check = toldCheck({ maxAttempts: 2 })
    check.say = async () => result(check.runs < 2 ? 'unknown' : 'holds')
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    await engine.runDue('test/backup')
    expect((await slots()).map(({ verdict, attempts }) => [verdict, attempts])).toEqual([['holds', 2]])
  })

  test('that could tell is never tried again, though it failed', async () => {
    const check = toldCheck({ maxAttempts: 3 })
    check.say = async () => result(check.runs < 2 ? 'fails' : 'holds')
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    await engine.runDue('test/backup')
    expect((await slots()).map(({ verdict, attempts }) => [verdict, attempts])).toEqual([['fails', 1]])
  })

  test.each<[string, () => Promise<CheckResult>]>([
    ['throws', async () => { throw new Error('connection refused') }],
    ['gives nonsense', async () => ({ verdict: 'green' }) as never],
    ['says holds of fewer targets than were declared', async () => result('holds', { declared: 3 })],
    ['says holds though a target fails', async () => result('holds', { targets: [{ target: 'a', verdict: 'fails', summary: '' }] })],
  ])('that %s is unknown, never green', async (_what, say) => {
    const check = toldCheck()
    check.say = say
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    await engine.runDue('test/backup')
    expect(await verdicts()).toEqual([[0, 'unknown']])
  })
})

describe('a binding', () => {
  test('begins once, though several nodes begin it at once', async () => {
    const check = toldCheck()
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => db.appPool.query('select pg_sleep(0.1)'))) // connections that are open already, so that all begin at one moment
    await Promise.all([1, 2, 3, 4].map(() => engineWith(check).bind([CLAIM], clock.now())))
    expect(standing(await listBindings(db))).toHaveLength(1)
    expect(await listBindings(db)).toHaveLength(1)
  })

  test('that says the same is left alone', async () => {
    const check = toldCheck()
    const engine = engineWith(check)
    expect(await engine.bind([CLAIM], clock.now())).toEqual({ begun: 1, succeeded: 0, closed: 0 })
    expect(await engine.bind([CLAIM], clock.now())).toEqual({ begun: 0, succeeded: 0, closed: 0 })
  })

  test.each<[string, (check: ReturnType<typeof toldCheck>) => { check: Check; claim?: BindableClaim }]>([
    ['the definition', () => ({ check: toldCheck({ confirmations: 1 }) })],
    ['the revision of the code', () => ({ check: toldCheck({ revision: 2 }) })],
    ['the list of targets', (check) => (check.list.push('b'), { check })],
    ['the version of the policy', (check) => ({ check, claim: { ...CLAIM, policy: { ...CLAIM.policy, version: 2 } } })],
  ])('changed in %s gets a successor that names it and its last slot', async (_what, change) => {
    const check = toldCheck()
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    await engine.runDue('test/backup')
    clock.advance(HOUR)
    await engine.runDue('test/backup')
    const next = change(check)
    expect(await engineWith(next.check).bind([next.claim ?? CLAIM], clock.now())).toEqual({ begun: 0, succeeded: 1, closed: 0 })
    const [first, second] = await listBindings(db)
    expect(first).toMatchObject({ succeeded: true, closed: true })
    expect(second!.predicate.predecessor).toEqual({ binding: first!.digest, lastSlot: 1 })
    expect(second!.predicate.check.definition).toBe(definitionDigest(next.check.definition))
  })

  test('whose missed slots are not written yet is not ended before they are', async () => {
    const check = toldCheck()
    await engineWith(check).bind([CLAIM], clock.now())
    clock.advance(3 * HOUR)
    await engineWith().bind([CLAIM], clock.now())
    expect(await verdicts()).toEqual([[0, 'not-run'], [1, 'not-run'], [2, 'not-run']])
    expect(await db.app.withTables<{ 'check.closing': { last_slot: number; reason: string } }>().selectFrom('check.closing').select(['last_slot', 'reason']).execute()).toEqual([{ last_slot: 2, reason: 'check-withdrawn' }])
  })

  test('is closed with its claim, and gets no result after that', async () => {
    const check = toldCheck()
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    await engine.bind([], clock.now())
    expect(standing(await listBindings(db))).toEqual([])
    await engine.runDue('test/backup')
    expect(await verdicts()).toEqual([])
  })

  test.each([
    ['its check', 'check-withdrawn'],
    ['its claim', 'claim-withdrawn'],
  ])('that was closed with %s is continued when that comes back, by one binding however many nodes see it', async (what, reason) => {
    const check = toldCheck()
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    check.say = 'fails'
    for (let run = 0; run < 2; run++) {
      await engine.runDue('test/backup')
      clock.advance(HOUR)
    }
    await (what === 'its check' ? engineWith().bind([CLAIM], clock.now()) : engine.bind([], clock.now()))
    clock.advance(5 * HOUR)
    await Promise.all([1, 2, 3, 4].map(() => engineWith(check).bind([CLAIM], clock.now())))
    const [first, second, ...more] = await listBindings(db)
    expect(more).toEqual([])
    expect(first).toMatchObject({ closing: { reason, lastSlot: 1 }, succeeded: true })
    expect(second!.predicate).toMatchObject({ predecessor: { binding: first!.digest, lastSlot: 1 }, start: instantOf(clock.now()) })
    // And once more: the last one is continued, never the first again.
    clock.advance(1000)
    await engine.bind([], clock.now())
    await engine.bind([CLAIM], clock.now())
    expect((await listBindings(db)).at(-1)!.predicate.predecessor).toEqual({ binding: second!.digest, lastSlot: -1 })
  })

  test('never gets a slot after its last one, while results and changes of it race', async () => {
    const check = toldCheck()
    const engine = engineWith(check)
    await engine.bind([CLAIM], clock.now())
    for (let round = 0; round < 12; round++) {
      clock.advance(HOUR)
      await Promise.all([engine.runDue('test/backup'), engineWith(check).bind([{ ...CLAIM, policy: { ...CLAIM.policy, version: round + 2 } }], clock.now())])
    }
    const all = await listBindings(db)
    expect(all).toHaveLength(13)
    for (const binding of all) {
      const next = all.find((other) => other.predecessor === binding.digest)
      if (next) expect(next.predicate.predecessor!.lastSlot).toBe(binding.lastSlot)
    }
  })

  test('under another definition takes no result of this one', async () => {
    const engine = engineWith(toldCheck())
    await engine.bind([CLAIM], clock.now())
    expect(await engine.record({ definition: definition({ revision: 2 }), result: result('holds'), attempts: 1, observedAt: clock.now() })).toBe(0)
  })
})

test('a failure breaks a claim once it is confirmed, and one run that holds mends it', async () => {
  const check = toldCheck({ confirmations: 2 })
  const engine = engineWith(check)
  await engine.bind([CLAIM], clock.now())
  const states: string[] = []
  for (const verdict of ['holds', 'fails', 'unknown', 'fails', 'unknown', 'holds'] as const) {
    check.say = verdict
    await engine.runDue('test/backup')
    const observations = (await slots()).map((slot) => ({ slot: slot.slot, verdict: slot.verdict, at: slot.observedAt!.getTime() }))
    states.push(claimState({ strength: 'definite', controls: ['backup-daily'], backings: [{ covers: ['backup-daily'], freshnessSeconds: 7200, confirmations: 2, canContradict: true, observations }], attestations: [], at: clock.now().getTime() }).state)
    clock.advance(HOUR)
  }
  expect(states).toEqual(['checked', 'checked', 'unknown', 'broken', 'broken', 'checked'])
})

describe('a definition', () => {
  test.each<[string, Partial<CheckDefinition>]>([
    ['no slash in its id', { id: 'backup' }],
    ['capitals in its id', { id: 'Test/Backup' }],
    ['no control', { controls: [] }],
    ['a freshness limit shorter than its cadence', { freshnessSeconds: 3599 }],
    ['no confirmation', { confirmations: 0 }],
    ['a time limit longer than its cadence', { timeLimitSeconds: 3601 }],
  ])('with %s is refused', (_what, over) => {
    expect(() => requireSound(definition())).not.toThrow()
    expect(() => requireSound(definition(over))).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })

  test('has another digest after any change of it', () => {
    const digests = [definition(), definition({ title: 'x' }), definition({ revision: 2 }), definition({ maxAttempts: 2 }), definition({ canContradict: false })].map(definitionDigest)
    expect(new Set(digests).size).toBe(digests.length)
  })
})
