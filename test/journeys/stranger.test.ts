import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { decodeStatement, fromBase64, verifyBytes, type ClaimBundle } from '@vouchsafe/verify'
import { verifyFile, verifyUrl } from '@vouchsafe/verify/node'
import { ManualClock } from '../../src/core/clock.ts'
import { asAdmin, startEmbedded } from '../../src/core/database/index.ts'
import { listen, type TestServer } from '../servers/listen.ts'
import { makePlace, openHere, publishPage, repositoryRoot, until, type Place, type RunningHere } from './installation.ts'

const HOUR = 3_600_000
/** With owners and modes: the database belongs to an account of its own. */
const copy = (from: string, to: string): Promise<unknown> => promisify(execFile)('cp', ['-a', from, to])

type Report = Awaited<ReturnType<typeof verifyUrl>>

let place: Place
let here: RunningHere
let clock: ManualClock
let service: TestServer
let state = 'good'
let claims: Map<string, string>
let database: string
let vkey: string

const writeChecks = (confirmations: number): void => {
  mkdirSync(join(place.data, 'checks'), { recursive: true })
  writeFileSync(
    join(place.data, 'checks', 'team.yaml'),
    `id: team/answer\ntitle: The service answers\nmethod: Asks the service\ncontrols: [backup-daily]\ncadence: 1h\nfreshness: 3h\nconfirmations: ${confirmations}\nattempts: 1\ntargets: [the service]\nsteps:\n  - name: state\n    http: { url: "${service.url}/state", retries: 0 }\n    assert: [{ at: $.state, equals: good }]\n`,
  )
}
const run = async (): Promise<{ verdict: string; recorded: number }> => (await here.operator('/api/v1/runs', { method: 'POST', body: { check: 'team/answer' } })).json()
const claimId = (): string => claims.get('Backups are made every day.')!
const stateShown = async (): Promise<string> => (await here.public(`/api/v1/claims/${claimId()}`)).json<{ state: string }>().state
const stepOf = (report: Report, name: string): { ok: boolean | 'unknown'; detail: string } | undefined => report.steps.findLast((step) => step.name === name)
const wrong = (report: Report): string[] => report.steps.filter((step) => step.ok === false).map((step) => `${step.name}: ${step.detail}`)

/** As a reader would: with the log's key from elsewhere, and a memory of one's own or none. */
const verify = (path: string, more: Partial<Parameters<typeof verifyUrl>[1]> = {}): Promise<Report> =>
  verifyUrl(`http://127.0.0.1:${here.port}${path}`, { at: clock.now().getTime(), vkey, memory: false, dns: false, ...more })
const verifyClaim = (more: Partial<Parameters<typeof verifyUrl>[1]> = {}): Promise<Report> => verify(`/claims/${claimId()}`, more)

/** Resolves when everything that was said is in the log, and the bundle is that of now. */
const settled = (): Promise<unknown> =>
  until(async () => {
    const { rows } = await here.installation.organisation.database.appPool.query<{ n: number }>('select count(*)::int as n from log.pending')
    const head = Number((await here.public('/log/checkpoint')).text.split('\n')[1])
    return rows[0]!.n === 0 && head === (await here.installation.log.size())
  }, 'the log taking in what waits')

const open = async (): Promise<void> => {
  here = await openHere(place, { clock })
  await settled()
}

beforeAll(async () => {
  place = await makePlace('stranger')
  clock = new ManualClock(new Date())
  service = await listen(() => ({ body: { state } }))
  writeChecks(2)
  await open()
  claims = await publishPage(here, 'team', [
    { text: 'Backups are made every day.', controls: 'backup-daily', checks: 'team/answer' },
    { text: 'This programme has an owner.', controls: 'program-documented' },
  ])
  for (const now of ['good', 'bad', 'bad', 'good']) {
    state = now
    await run()
    clock.advance(HOUR)
  }
  await here.installation.stop()
  writeChecks(5)
  await open()
  await run()
  clock.advance(HOUR)
  state = 'bad'
  await run()
  await settled()
  vkey = (await here.public('/log/vkey')).text.trim()
  database = here.installation.organisation.database.name
})
afterAll(async () => {
  await here?.installation.stop()
  await service?.close()
  place?.remove()
})

describe('an honest history', () => {
  test('is confirmed from its address, whole: each slot, each change, the state', async () => {
    const report = await verifyClaim()
    expect(wrong(report)).toEqual([])
    expect(report.outcome, JSON.stringify(report.steps.filter((step) => step.ok !== true))).toBe('good')
    expect(report.history!.slots).toEqual({ holds: 3, fails: 3, unknown: 0, 'not-run': 0 })
    expect(report.history!.bindings).toBe(2)
    expect(report.state!.now.state).toBe(await stateShown())
    expect(report.state!.page).toMatchObject({ status: 'published', shown: 'checked', computed: 'checked' })
    expect(stepOf(report, 'whole log')).toMatchObject({ ok: true })
    expect(report.doesNotShow).toContain('does not show')
  })

  test('the bundle of a claim holds public entries alone', async () => {
    const bundle = (await here.public(`/claims/${claimId()}/bundle`)).json<ClaimBundle>()
    expect(bundle.entries.length).toBeGreaterThan(8)
    for (const entry of bundle.entries) expect(Buffer.from(entry.leaf, 'base64')[1], 'class 1 is public').toBe(1)
  })

  test('shows that the definition was changed, and that this made it weaker', async () => {
    const report = await verifyClaim()
    expect(report.history!.changes.length).toBeGreaterThan(0)
    expect(JSON.stringify(report.history!.changes)).toMatch(/confirm/i)
    expect(stepOf(report, 'definition')!.detail).toMatch(/weak|chang/i)
  })

  test('is confirmed from a page with all its claims', async () => {
    const report = await verify('/')
    expect(wrong(report)).toEqual([])
    expect(Object.keys(report.claims!).sort()).toEqual([...claims.values()].sort())
    expect(stepOf(report, 'states')!.ok).toBe(true)
  })

  test('is confirmed from saved files, by the library and by the program that strangers install', async () => {
    const file = join(place.state, 'claim.json')
    const page = join(place.state, 'page.json')
    writeFileSync(file, (await here.public(`/claims/${claimId()}/bundle`)).text)
    writeFileSync(page, (await here.public('/policies/team/bundle')).text)
    const report = await verifyFile(file, { at: clock.now().getTime(), vkey, memory: false })
    expect(wrong(report)).toEqual([])
    expect(report.outcome).toBe('good')
    const both = await verifyFile(page, { at: clock.now().getTime(), vkey, memory: false, claims: [file] })
    expect(wrong(both)).toEqual([])
    const bin = join(repositoryRoot, 'packages/verify/bin/vouchsafe-verify.mjs')
    if (!existsSync(join(repositoryRoot, 'packages/verify/dist/node/index.js'))) return
    // The program has the real clock, which is behind this test's; it still finds nothing wrong with the past.
    const { stdout } = await promisify(execFile)(process.execPath, [bin, file, '--vkey', vkey, '--no-memory', '--format', 'json']).catch((error: { stdout: string }) => error)
    expect((JSON.parse(stdout) as Report).steps.find((step) => step.name === 'entries')).toMatchObject({ ok: true })
  })

  test('with any byte changed is no longer confirmed', async () => {
    const text = (await here.public(`/claims/${claimId()}/bundle`)).text
    const at = clock.now().getTime()
    expect(verifyBytes(Buffer.from(text), { at, vkey }).ok).toBe(true)
    for (let i = 0; i < 60; i++) {
      const bytes = Buffer.from(text)
      const place = Math.floor(((i + 0.5) / 60) * bytes.length)
      bytes[place] = bytes[place]! ^ 1
      expect(verifyBytes(bytes, { at, vkey }).ok, `byte ${place}: ${text.slice(place - 20, place + 20)}`).toBe(false)
    }
  })

  test('under another key is refused; without one the reader is told so', async () => {
    const report = await verifyClaim({ vkey: undefined as never })
    expect(report.outcome).toBe('could-not-tell')
    expect(stepOf(report, 'log key')!.ok).toBe('unknown')
    // The API gives the same bundle, in the same spelling.
    expect(verifyBytes(Buffer.from((await here.public(`/api/v1/claims/${claimId()}/bundle`)).text), { at: clock.now().getTime(), vkey }).ok).toBe(true)
    const other = vkey.replace(/^[^+]+/, (name) => `${name}x`)
    await expect(verifyClaim({ vkey: other }).then(wrong, (error: Error) => [error.message])).resolves.not.toEqual([])
  })

  test('opens a private piece of evidence as far as somebody chose, and proves it against the log', async () => {
    const { items } = (await here.operator('/api/v1/runs?check=team%2Fanswer')).json<{ items: { run: string }[] }>()
    const bundle = (await here.operator(`/api/v1/runs/${items[0]!.run}/disclosure`, { method: 'POST', body: { fields: ['summary'] } })).text
    const file = join(place.state, 'evidence.json')
    writeFileSync(file, bundle)
    const report = await verifyFile(file, { at: clock.now().getTime(), vkey, memory: false })
    expect(wrong(report)).toEqual([])
    expect(stepOf(report, 'evidence')).toMatchObject({ ok: true })
    expect(stepOf(report, 'disclosures')!.detail).toMatch(/^1 field of \d+/)
    expect(report.notes.join('\n')).toContain('"summary"')
    expect(report.notes.join('\n'), 'what was not opened stays hidden').not.toContain('"targets"')
    const forged = Buffer.from(bundle.replace(/("disclosures":\[")([^"]+)/, (_, start: string, disclosure: string) => start + Buffer.from(Buffer.from(disclosure, 'base64url').toString().replace(/.(?="]?$)/, 'X')).toString('base64url')))
    expect(verifyBytes(forged, { at: clock.now().getTime(), vkey }).ok).toBe(false)
    expect((await here.public(`/api/v1/runs/${items[0]!.run}/disclosure`, { method: 'POST', body: { fields: ['summary'] } })).status).toBe(401)
  })
})

describe('a company that forges its own database', () => {
  let base: string
  beforeAll(async () => {
    await here.installation.stop()
    base = join(place.state, '..', 'base')
    mkdirSync(base)
    await copy(place.data, join(base, 'data'))
    await copy(place.state, join(base, 'state'))
  })

  /** Puts the honest data back, does what it is told with a superuser's rights, and opens it. */
  async function forge(...statements: string[]): Promise<void> {
    rmSync(place.data, { recursive: true, force: true })
    rmSync(place.state, { recursive: true, force: true })
    await copy(join(base, 'data'), place.data)
    await copy(join(base, 'state'), place.state)
    if (statements.length > 0) {
      const server = await startEmbedded({ dataFolder: place.data })
      try {
        await asAdmin(server, database, async (admin) => {
          await admin.query('set session_replication_role = replica')
          for (const table of ['"check".slot', '"check".binding', '"check".closing', 'page.version', 'page.snapshot', 'page.wording', 'log.entry']) await admin.query(`alter table ${table} disable trigger user`)
          for (const statement of statements) await admin.query(statement)
        })
      } finally {
        await server.stop()
      }
    }
    await open()
  }
  afterEach(() => here.installation.stop())
  const first = (slot: number) => `binding = (select digest from "check".binding where check_id = 'team/answer' and predecessor is null) and slot = ${slot}`

  test('with nothing forged all is well after the copy', async () => {
    await forge()
    expect(wrong(await verifyClaim())).toEqual([])
  })

  test('a verdict that was changed shows: the state of the page does not follow from the log', async () => {
    // The last failures, so that the page is greener than it is: with two confirmations restored the claim would be broken.
    await forge(`update "check".slot set verdict = 'fails' where verdict = 'holds'`)
    await here.operator('/api/v1/settings', { method: 'PATCH', body: { name: 'Forged Ltd' } })
    await settled()
    expect(await stateShown()).toBe('broken')
    const report = await verifyClaim()
    expect(wrong(report).join('\n')).toMatch(/page state/)
  })

  test('a slot that was deleted shows as missing', async () => {
    await forge(`delete from "check".slot where ${first(1)}`)
    const report = await verifyClaim()
    expect(report.outcome).toBe('found')
    expect(wrong(report).join('\n')).toMatch(/slot 1/)
  })

  test('rerun until green shows: two entries of one slot are in the log, and the bundle left one out', async () => {
    state = 'good'
    await forge(`delete from "check".slot where binding = (select digest from "check".binding where check_id = 'team/answer' and predecessor is not null) and verdict = 'fails'`)
    // The open slot seems to have no entry, so the check is run again at the start, and holds now.
    await run()
    await settled()
    const { entries } = (await here.public(`/claims/${claimId()}/bundle`)).json<ClaimBundle>()
    expect(entries.flatMap((entry) => { const statement = decodeStatement(fromBase64(entry.envelope.payload)); return statement.kind === 'slot-result' ? [statement.predicate.verdict] : [] }), 'the bundle tells the better story').toEqual(['holds', 'fails', 'fails', 'holds', 'holds', 'holds'])
    const report = await verifyClaim()
    expect(report.outcome).toBe('found')
    expect(wrong(report).join('\n')).toMatch(/whole log|slots/)
    state = 'bad'
  })

  test('a definition changed quietly shows: the binding before is in the log', async () => {
    await forge(
      `delete from "check".slot where binding in (select digest from "check".binding where check_id = 'team/answer' and predecessor is null)`,
      `update "check".binding set predecessor = null where check_id = 'team/answer'`,
      `delete from "check".binding where check_id = 'team/answer' and not (predicate ? 'predecessor')`,
    )
    const report = await verifyClaim()
    expect(report.outcome).toBe('found')
  })

  test('a changed source shows: it is not the text that was signed for', async () => {
    await forge(`update page.version set source = convert_to(replace(convert_from(source, 'UTF8'), 'every day', 'every hour'), 'UTF8') where title = 'team'`)
    const page = await verify('/')
    expect(page.outcome).not.toBe('good')
    expect(wrong(page).join('\n')).toMatch(/source|sentences|claims/)
  })

  test('a changed snapshot shows: its entry is not in the tree', async () => {
    await forge(`update log.entry set envelope = set_byte(envelope, length(envelope) - 20, get_byte(envelope, length(envelope) - 20) # 1) where leaf_id = (select leaf_id from page.snapshot order by at desc limit 1)`)
    const report = await verifyClaim()
    expect(report.outcome).not.toBe('good')
  })

  test('an entry whose envelope is gone is a failure that is said, not a page without it', async () => {
    await forge(`update log.entry set envelope = null where leaf_id = (select leaf_id from "check".slot where ${first(2)})`)
    const bundle = await here.public(`/claims/${claimId()}/bundle`)
    expect(bundle.status).toBe(500)
    expect(bundle.json()).toMatchObject({ type: 'urn:vouchsafe:problem:corrupt', mend: expect.stringContaining('log fsck') })
    expect((await verifyClaim()).ok).toBe(false)
  })

  test('an old copy put back is refused while the checkpoint outside is there; without it, the reader’s memory shouts', async () => {
    const memory = join(place.state, '..', 'memory')
    await forge()
    clock.advance(HOUR)
    await run()
    await settled()
    expect(wrong(await verifyClaim({ memory }))).toEqual([])
    const size = await here.installation.log.size()
    await here.installation.stop()

    rmSync(place.data, { recursive: true, force: true })
    await copy(join(base, 'data'), place.data)
    await expect(openHere(place, { clock })).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('old copy'), mend: expect.stringContaining('log succeed') })

    rmSync(place.state, { recursive: true, force: true })
    mkdirSync(place.state)
    clock.advance(-HOUR)
    await open()
    expect(await here.installation.log.size()).toBeLessThan(size)
    const report = await verifyClaim({ memory })
    expect(report.outcome).toBe('found')
    expect(wrong(report).join('\n')).toMatch(/ROLLBACK|FORK/)
    expect((await verifyClaim()).outcome, 'a reader without a memory cannot know').toBe('good')
  })
})
