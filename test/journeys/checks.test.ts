import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeStatement, fromBase64, keyIdOf, toHex, type ClaimBundle } from '@vouchsafe/verify'
import { createRunnerKey, readSenderKey, signObservation, type PushedObservation, type SenderKey } from '../../src/core/check/index.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { ObligationKeeper, PLAIN_CALENDAR } from '../../src/core/obligation/index.ts'
import { SPINE_OBLIGATIONS, watch } from '../../src/surfaces/worker/watch.ts'
import { listen, type TestServer } from '../servers/listen.ts'
import { makePlace, openHere, program, publishPage, runProgram, until, type Place, type RunningHere } from './installation.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let place: Place
let here: RunningHere
let clock: ManualClock
let service: TestServer
let state = 'good'
let claims: Map<string, string>
let scanner: SenderKey
let stranger: SenderKey
let runnerKey: { keyId: string; publicKey: string }

const newSender = (): SenderKey => readSenderKey(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
const open = (): Promise<RunningHere> => openHere(place, { clock })

const declared = (id: string, more = ''): string => `
  - id: ${id}
    title: The service answers as promised
    method: Asks the service for its state
    controls: [backup-daily]
    cadence: 1h
    freshness: 3h
    confirmations: 2
    attempts: 1
    targets: [the service]
${more}    steps:
      - name: state
        http: { url: "${service.url}/state", retries: 0 }
        assert: [{ at: $.state, equals: good }]
`

beforeAll(async () => {
  place = await makePlace('checks')
  service = await listen(() => (state === 'gone' ? { status: 503, body: 'away' } : { body: { state } }))
  scanner = newSender()
  stranger = newSender()
  runnerKey = await createRunnerKey(join(place.state, 'runner.key'))
  for (const folder of ['runner', 'pushed']) mkdirSync(join(place.data, 'checks', folder), { recursive: true })
  writeFileSync(join(place.data, 'checks', 'here.yaml'), `checks:${declared('team/answer')}${declared('team/leak', '    canContradict: true\n')}`)
  writeFileSync(join(place.data, 'checks', 'runner', 'inner.yaml'), `checks:${declared('inner/answer')}`)
  writeFileSync(join(place.data, 'checks', 'pushed', 'scanner.yaml'), `id: scanner/images\ntitle: Images are scanned\nmethod: Reports what the scanner found\ncontrols: [daily-scan]\ncadence: 1 day\nconfirmations: 1\nsenders: [${keyIdOf(scanner.publicKey)}]\n`)
  clock = new ManualClock(new Date())
  here = await open()
  expect(await here.run('key', 'add', toHex(scanner.publicKey), '--purpose', 'sender', '--role', 'image scanner')).toMatchObject({ code: 0, err: '' })
  await here.run('key', 'add', runnerKey.publicKey, '--purpose', 'runner', '--role', 'runner in the office')
  claims = await publishPage(here, 'team', [
    { text: 'Backups are made every day.', controls: 'backup-daily', checks: 'team/answer' },
    { text: 'We never sell backups.', controls: 'backup-daily', checks: 'team/answer', strength: 'negative' },
    { text: 'We never leak backups.', controls: 'backup-daily', checks: 'team/leak', strength: 'negative' },
    { text: 'We use commercially reasonable efforts to keep backups.', controls: 'backup-daily', checks: 'team/answer', strength: 'hedged' },
    { text: 'Images are scanned every day.', controls: 'daily-scan', checks: 'scanner/images' },
    { text: 'Inner backups are made every day.', controls: 'backup-daily', checks: 'inner/answer' },
    { text: 'This programme has an owner.', controls: 'program-documented' },
  ])
})
afterAll(async () => {
  await here?.installation.stop()
  await service?.close()
  place?.remove()
})

const idOf = (start: string): string => [...claims].find(([text]) => text.startsWith(start))![1]
const stateOf = async (start: string): Promise<string> => (await here.public(`/api/v1/claims/${idOf(start)}`)).json<{ state: string }>().state
const underlyingOf = async (start: string): Promise<string> => (await here.public(`/api/v1/claims/${idOf(start)}`)).json<{ underlying: string }>().underlying
const run = async (check: string) => (await here.operator('/api/v1/runs', { method: 'POST', body: { check } })).json<{ verdict: string; recorded: number }>()
const statements = async (start: string) => {
  const { entries } = (await here.public(`/claims/${idOf(start)}/bundle`)).json<ClaimBundle>()
  return entries.map((entry) => decodeStatement(fromBase64(entry.envelope.payload)))
}
const slotsOf = async (start: string) => (await statements(start)).flatMap((statement) => (statement.kind === 'slot-result' ? [[statement.predicate.slot, statement.predicate.verdict]] : []))
/** Both checks that are run here, in the slot that is open now. */
const runAll = async () => [await run('team/answer'), await run('team/leak')]

describe('what a claim shows follows from its results', () => {
  test('a result makes it checked, whatever its wording allows', async () => {
    expect(await stateOf('Backups')).toBe('unknown')
    await runAll()
    expect(await stateOf('Backups')).toBe('checked')
    expect(await stateOf('We never sell'), 'a check that could not have seen the opposite says nothing of a negative claim').toBe('unbacked')
    expect(await stateOf('We never leak')).toBe('checked')
    expect([await stateOf('We use'), await underlyingOf('We use')]).toEqual(['unprovable', 'checked'])
    expect((await here.public('/')).text).toMatch(/cannot be checked/i)
  })

  test('a rerun in the same slot is shown to whoever asked, and recorded nowhere', async () => {
    state = 'bad'
    const size = await here.installation.log.size()
    expect(await run('team/answer')).toMatchObject({ verdict: 'fails', recorded: 0 })
    expect(await here.installation.log.size()).toBe(size)
    expect(await stateOf('Backups')).toBe('checked')
  })

  test('one failure does not break it, the second in a row does, silence does not mend it', async () => {
    clock.advance(HOUR)
    await runAll()
    expect(await stateOf('Backups')).toBe('checked')
    clock.advance(HOUR)
    await runAll()
    expect(await stateOf('Backups')).toBe('broken')
    expect(await stateOf('We never leak')).toBe('broken')
    state = 'gone'
    clock.advance(HOUR)
    await runAll()
    expect(await stateOf('Backups')).toBe('broken')
    const slots = await until(async () => { const found = await slotsOf('Backups'); return found.length >= 4 && found }, 'four slots in the log')
    expect(slots).toEqual([[0, 'holds'], [1, 'fails'], [2, 'fails'], [3, 'unknown']])
  })

  test('a mend that was promised stands beside it, and shows as late when it is', async () => {
    const refused = await here.run('note', idOf('Inner'), '--cause', 'x', '--mend-by', new Date(clock.now().getTime() + DAY).toISOString(), '--role', 'Platform team')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('belongs to a broken one') })
    const told: string[] = []
    const keeper = new ObligationKeeper({ db: here.installation.organisation.database, obligations: SPINE_OBLIGATIONS, calendar: async () => PLAIN_CALENDAR })
    const look = () => watch({ db: here.installation.organisation.database, keeper, clock, tell: (message) => void told.push(message) })
    expect((await here.run('note', idOf('Backups'), '--cause', 'The disk of the backup host failed.', '--mend-by', new Date(clock.now().getTime() + DAY).toISOString(), '--role', 'Platform team', '--as', 'Ada Example')).code).toBe(0)
    const page = await here.public(`/claims/${idOf('Backups')}`)
    expect(page.text).toContain('The disk of the backup host failed.')
    expect(page.text).not.toContain('Ada Example')
    await look()
    expect((await here.run('obligations')).code).toBe(0)
    clock.advance(2 * DAY + HOUR)
    await look()
    await look()
    expect(told.filter((message) => message.includes('promised-mend'))).toHaveLength(1)
    expect(await here.run('obligations')).toMatchObject({ code: 1, out: expect.stringContaining('✕') })
  })

  test('a run that holds mends it', async () => {
    state = 'good'
    await runAll()
    expect(await stateOf('Backups')).toBe('checked')
    expect((await here.public(`/claims/${idOf('Backups')}`)).text).not.toContain('The disk of the backup host failed.')
  })

  test('with no new result it goes stale, and its owner is told once before', async () => {
    const told: string[] = []
    const db = here.installation.organisation.database
    const keeper = new ObligationKeeper({ db, obligations: SPINE_OBLIGATIONS, calendar: async () => PLAIN_CALENDAR })
    state = 'gone'
    clock.advance(2 * HOUR + HOUR / 2)
    for (let i = 0; i < 3; i++) await watch({ db, keeper, clock, tell: (message) => void told.push(message) })
    const { rows } = await sql<{ n: number }>`select count(*) as n from audit.event where action = 'claim.staleness-warning' and subject_id = ${idOf('Backups')}`.execute(db.reader)
    expect(rows[0]!.n).toBe(1)
    expect(told.filter((message) => message.startsWith('Soon stale: "Backups')).length).toBeLessThanOrEqual(1)
    clock.advance(HOUR)
    // The scheduler may have run it meanwhile: then it could not tell, which is no better.
    expect(['stale', 'unknown']).toContain(await stateOf('Backups'))
    state = 'good'
  })
})

describe('a stop', () => {
  test('leaves "not-run" for each slot that ended meanwhile', async () => {
    await runAll()
    await here.installation.stop()
    clock.advance(5 * HOUR)
    here = await open()
    const slots = await until(async () => { const found = await slotsOf('Backups'); return found.at(-1)?.[1] === 'holds' && found.filter(([, verdict]) => verdict === 'not-run').length >= 4 && found }, 'the slots that were missed')
    expect(slots.map(([slot]) => slot)).toEqual(slots.map((_, i) => i))
    expect(slots.slice(-5).map(([, verdict]) => verdict)).toEqual(['not-run', 'not-run', 'not-run', 'not-run', 'holds'])
  })

  test('with a definition changed meanwhile continues in a successor; a check that is gone is closed in public', async () => {
    await here.installation.stop()
    writeFileSync(join(place.data, 'checks', 'here.yaml'), `checks:${declared('team/answer').replace('confirmations: 2', 'confirmations: 5')}`)
    here = await open()
    const bindings = (await until(async () => { const found = (await statements('Backups')).flatMap((statement) => (statement.kind === 'binding' ? [statement.predicate] : [])); return found.length > 1 && found }, 'the successor'))
    expect(bindings.at(-1)!.confirmations).toBe(5)
    const before = (await slotsOf('Backups')).map(([slot]) => slot as number)
    expect(bindings.at(-1)!.predecessor!.lastSlot, 'the last slot of the binding before').toBe(Math.max(...before))
    expect((await statements('We never leak')).flatMap((statement) => (statement.kind === 'closing' ? [statement.predicate.reason] : []))).toEqual(['check-withdrawn'])
    expect(await stateOf('We never leak')).toBe('unbacked')
  })
})

describe('an observation that another tool pushes', () => {
  const observation = (over: Partial<PushedObservation> = {}): PushedObservation => ({
    check: 'scanner/images',
    verdict: 'holds',
    summary: '12 images scanned',
    targets: [{ target: 'web', verdict: 'holds', summary: 'no critical finding' }],
    evidence: { tool: 'scanner 4.2' },
    observedAt: clock.now().toISOString(),
    nonce: randomBytes(16).toString('hex'),
    ...over,
  })
  const push = (signed: Uint8Array) => here.public('/api/v1/observations', { method: 'POST', body: signed })

  test('signed with the key of its sender is recorded once', async () => {
    const signed = signObservation(observation(), scanner)
    const first = await push(signed)
    expect([first.status, first.json()], first.text).toEqual([202, { check: 'scanner/images', recorded: 1 }])
    expect(await stateOf('Images')).toBe('checked')
    expect((await push(signed)).status, 'the same again').toBe(409)
    expect((await push(signObservation(observation({ verdict: 'fails', targets: [{ target: 'web', verdict: 'fails', summary: 'x' }] }), scanner))).json()).toMatchObject({ recorded: 0 })
    expect(await stateOf('Images'), 'no slot has a second entry').toBe('checked')
  })

  test.each<[string, () => Uint8Array, number]>([
    ['with a key that nobody added', () => signObservation(observation(), stranger), 403],
    ['about a check that is another’s', () => signObservation(observation({ check: 'inner/answer' }), scanner), 403],
    ['from the future', () => signObservation(observation({ observedAt: new Date(clock.now().getTime() + HOUR).toISOString() }), scanner), 422],
    ['older than a fortnight', () => signObservation(observation({ observedAt: new Date(clock.now().getTime() - 20 * DAY).toISOString() }), scanner), 422],
    ['run under another definition', () => signObservation(observation({ definition: 'f'.repeat(64) }), scanner), 409],
    ['changed on its way', () => { const bytes = signObservation(observation(), scanner); bytes[30] = bytes[30]! === 65 ? 66 : 65; return bytes }, 403],
  ])('%s is refused', async (_what, signed, status) => {
    const answer = await push(signed())
    expect(answer.status, answer.text).toBe(status)
    expect(answer.json()['mend']).toEqual(expect.any(String))
  })

  test('that comes late goes into no slot that has its entry', async () => {
    clock.advance(3 * DAY)
    await here.installation.engine.due(clock.now())
    const late = await push(signObservation(observation({ observedAt: new Date(clock.now().getTime() - 2 * DAY).toISOString() }), scanner))
    expect(late.json(), late.text).toMatchObject({ recorded: 0 })
    expect((await slotsOf('Images')).filter(([, verdict]) => verdict === 'holds')).toHaveLength(1)
  })

  test('counts no longer once its key is revoked', async () => {
    expect((await here.run('key', 'revoke', keyIdOf(scanner.publicKey))).code).toBe(0)
    expect((await push(signObservation(observation(), scanner))).status).toBe(403)
    expect((await here.run('key', 'add', toHex(scanner.publicKey), '--purpose', 'sender', '--role', 'again')).code).toBe(1)
  })
})

describe('an attestation by command line', () => {
  const env = { XDG_CONFIG_HOME: '' }
  const attest = async (...args: string[]) => (await import('./installation.ts')).vouchsafe(place, ['attest', ...args], { env: { ...env, XDG_CONFIG_HOME: place.state } })

  test('makes a claim attested until its date, and stale after', async () => {
    const until = new Date(clock.now().getTime() + 40 * DAY).toISOString().slice(0, 10)
    const id = idOf('This programme')
    expect(await attest(id, '--until', until)).toMatchObject({ code: 2, err: expect.stringContaining('--role') })
    expect((await attest(id, '--role', 'Head of Security', '--until', until, '--as', 'Ada Example')).err).toBe('')
    expect(await stateOf('This programme')).toBe('attested')
    expect((await here.public(`/claims/${id}`)).text).toContain('Head of Security')
    expect((await attest(id, '--role', 'Somebody Else', '--until', until)).code, 'a key speaks for one role').toBe(2)
    expect((await attest(id, '--until', '2099-01-01')).code, 'not for ever').toBe(2)
    expect((await attest('0000000000000000', '--until', until)).code).toBe(2)
    clock.advance(41 * DAY)
    expect(await stateOf('This programme')).toBe('stale')
  })

  test('with a key file that others can read is refused', async () => {
    const { chmodSync } = await import('node:fs')
    chmodSync(join(place.state, 'vouchsafe/keys/default.json'), 0o644)
    expect(await attest(idOf('This programme'), '--until', '2099-01-01')).toMatchObject({ code: 1, err: expect.stringContaining('chmod 600') })
  })
})

describe.skipIf(!existsSync(program))('a runner in a process of its own', () => {
  test('asks when it is due, and its signed result makes the claim checked', async () => {
    // A runner has no clock but the real one.
    clock.set(new Date())
    await here.installation.stop()
    const other = await makePlace('runner')
    place.remove = ((remove) => () => { remove(); other.remove() })(place.remove)
    for (const folder of ['runner']) mkdirSync(join(other.data, 'checks', folder), { recursive: true })
    writeFileSync(join(other.data, 'checks', 'runner', 'inner.yaml'), `checks:${declared('inner/answer')}`)
    process.env['XDG_STATE_HOME'] = other.state
    here = await openHere(other)
    // As `runner keygen` shows it.
    expect(await here.run('key', 'add', runnerKey.publicKey, '--purpose', 'runner', '--role', 'runner in the office')).toMatchObject({ code: 0, err: '' })
    claims = await publishPage(here, 'inner', [{ text: 'Inner backups are made every day.', controls: 'backup-daily', checks: 'inner/answer' }])
    mkdirSync(join(place.state, 'checks'))
    writeFileSync(join(place.state, 'checks', 'inner.yaml'), `checks:${declared('inner/answer')}`)
    writeFileSync(join(place.state, 'runner.yaml'), `server: ${here.installation.url.replace('localhost', '127.0.0.1')}\nkey: runner.key\nchecks: checks\nspool: spool\nallowPrivate: true\nallowCommands: false\n`)
    const runner = runProgram(place, ['runner', join(place.state, 'runner.yaml')])
    try {
      await until(async () => (await stateOf('Inner')) === 'checked', 'the runner’s result').catch((error: unknown) => Promise.reject(new Error(`${String(error)}\n${runner.output()}`)))
      expect((await slotsOf('Inner')).at(-1)).toEqual([0, 'holds'])
    } finally {
      expect(await runner.stop(), runner.output()).toBe(0)
    }
  })
})
