import type { ServerResponse } from 'node:http'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canonicalBytes, entriesOfClaim } from '../src/index.ts'
import { formatReport, runVerify, verifyFile, verifyUrl, type UrlOptions } from '../src/node/index.ts'
import { buildHistory, CLAIMS, digestOf, instantOf, START, type History } from './history.ts'
import { entries, serve, type Site } from './site.ts'

const HOUR = 3600_000
let history: History
let shown: History
let site: Site
let folder: string
beforeAll(async () => {
  history = await buildHistory()
  site = await serve(() => shown)
})
afterAll(() => site.close())
beforeEach(async () => {
  shown = history
  site.lies.clear()
  site.asked.length = 0
  folder = await mkdtemp(join(tmpdir(), 'vouchsafe-verify-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const options = (more: Partial<UrlOptions> = {}): UrlOptions => ({ at: history.at, vkey: history.log.vkey, policy: history.policy, memory: join(folder, 'state'), ...more })
const verify = (path: string, more: Partial<UrlOptions> = {}) => verifyUrl(`${site.url}${path}`, options(more))
const detail = (report: Awaited<ReturnType<typeof verify>>, name: string) => report.steps.find((step) => step.name === name)

/** The same log, some hours later. */
async function later(): Promise<History> {
  const made = await buildHistory()
  for (let hour = 12; hour < 15; hour++) for (const claim of CLAIMS) for (const check of claim.checks) await made.result(made.bindings.get(check.id) as never, { slot: hour - 6 })
  await made.snapshot(START + 15 * HOUR)
  made.at = START + 15 * HOUR + 600_000
  return made
}

describe('an address', () => {
  it('of a page is verified whole: each claim, each state, the whole log', async () => {
    const report = await verify('/')
    expect(report.steps.filter((step) => step.ok !== true && !step.advisory)).toEqual([])
    expect(report).toMatchObject({ ok: true, outcome: 'good' })
    expect(detail(report, 'claims')).toMatchObject({ ok: true, detail: expect.stringContaining('5 histories confirmed') })
    expect(detail(report, 'states')).toMatchObject({ ok: true, detail: expect.stringContaining('5 states recomputed') })
    expect(detail(report, 'whole log')).toMatchObject({ ok: true, detail: expect.stringContaining(`all ${history.log.size} entries read`) })
    expect(Object.keys(report.claims ?? {})).toHaveLength(5)
  })

  it('of a claim is verified with its history', async () => {
    const report = await verify('/claims/claim-tls')
    expect(report).toMatchObject({ ok: true, state: { now: { state: 'checked' } } })
    expect(report.notes.join()).not.toContain('A bundle cannot show')
  })

  it('that was never seen, with no key from elsewhere, is a first use: not good, and nothing wrong', async () => {
    const { vkey: _vkey, policy: _policy, ...first } = options()
    const report = await verifyUrl(site.url, first)
    expect(report).toMatchObject({ ok: false, outcome: 'could-not-tell' })
    expect(detail(report, 'log key')?.detail).toContain('taken from the page itself')
    // The second time the key is the one that was seen the first time.
    expect(await verifyUrl(site.url, first)).toMatchObject({ ok: true })
  })

  it('is remembered in a file of the reader\'s own', async () => {
    await verify('/')
    const names = await readdir(join(folder, 'state'))
    expect(names).toHaveLength(2)
    for (const name of names) expect((await stat(join(folder, 'state', name))).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700)
  })

  it('whose log grew is shown to continue, and only what is new is read', async () => {
    await verify('/')
    shown = await later()
    site.asked.length = 0
    const report = await verify('/', { at: shown.at })
    expect(report).toMatchObject({ ok: true })
    expect(detail(report, 'last visit')?.detail).toContain('nothing before them changed')
    expect(site.asked.filter((path) => path.startsWith('/log/entries/'))).toEqual([`/log/entries/${history.log.size}-${shown.log.size - 1}`])
  })

  it('that shows an older log than before is shouted about', async () => {
    shown = await later()
    await verify('/', { at: shown.at })
    shown = history
    const report = await verify('/')
    expect(report).toMatchObject({ ok: false, outcome: 'found' })
    expect(detail(report, 'last visit')?.detail).toMatch(/^ROLLBACK/)
  })

  it.each([['of the same size', false], ['that grew', true]])('that shows another log %s is a fork; both checkpoints are kept', async (_name, grew) => {
    await verify('/')
    const other = grew ? await later() : await buildHistory()
    // The same log key and origin, and another past.
    const forked = await buildHistory({ open: true })
    await forked.snapshot(START + 12 * HOUR, (claims) => claims.slice(1))
    if (grew) for (let i = 0; i < 20; i++) await forked.result(forked.bindings.get('tls-versions') as never, { slot: 6 + i })
    shown = forked
    const report = await verify('/', { at: other.at })
    expect(report.outcome).toBe('found')
    expect(detail(report, 'last visit')?.detail).toMatch(/^FORK/)
    const kept = (await readdir(join(folder, 'state'))).find((name) => name.includes('.fork-'))
    expect(JSON.parse(await readFile(join(folder, 'state', kept ?? ''), 'utf8'))).toMatchObject({ notes: [await history.log.checkpoint(history.at), await forked.log.checkpoint(forked.at)] })
    // It is not forgotten at the next visit.
    expect((await verify('/', { at: other.at })).outcome).toBe('found')
  })

  it('may serve a bundle a little older than its newest checkpoint, when that continues it', async () => {
    const bundle = await history.log.claimBundle('claim-tls', CLAIMS[0]?.text ?? '', history.at)
    shown = await later()
    site.lies.set('/claims/claim-tls/bundle', (_request, response) => void response.end(bundle))
    const report = await verify('/claims/claim-tls', { at: shown.at })
    expect(report.steps.filter(({ name, ok }) => name === 'checkpoint' && ok !== true)).toEqual([])
    expect(detail(report, 'whole log')?.ok).toBe(true)
  })

  it.each([['smaller', false], ['of the same size', true]])('that serves a bundle of a forked log, %s, is found out at the first visit', async (_name, same) => {
    const forked = await buildHistory({ open: true })
    await forked.snapshot(START + 12 * HOUR, (claims) => claims.slice(0, 1))
    const bundle = await forked.log.claimBundle('claim-tls', CLAIMS[0]?.text ?? '', forked.at)
    if (!same) shown = await later()
    site.lies.set('/claims/claim-tls/bundle', (_request, response) => void response.end(bundle))
    const report = await verify('/claims/claim-tls', { at: shown.at })
    expect(report.steps).toContainEqual(expect.objectContaining({ name: 'checkpoint', ok: false, detail: expect.stringContaining('not shown to be one log') }))
  })

  it('that now shows another log altogether is asked about', async () => {
    await verify('/')
    shown = await buildHistory({ origin: 'vouchsafe.log/ffffffffffffffffffffffffffffffff' })
    const report = await verify('/', { vkey: shown.log.vkey, policy: shown.policy })
    expect(report.ok).toBe(false)
    expect(detail(report, 'last visit')?.detail).toContain('another log before')
  })

  it('whose bundle leaves out an entry of its claim is found out', async () => {
    // A second binding of the claim, hidden from the bundle and from the page.
    const made = await buildHistory({ open: true })
    await made.snapshot(START + 12 * HOUR)
    const hidden = await made.bind({ check: { id: 'tls-strict', definition: digestOf('strict') }, start: instantOf(START + 12 * HOUR) })
    shown = made
    const indices = entriesOfClaim(made.log.placed, 'claim-tls').filter((index) => index !== hidden.index)
    const bundle = await made.log.claimBundle('claim-tls', CLAIMS[0]?.text ?? '', made.at, indices)
    site.lies.set('/claims/claim-tls/bundle', (_request, response) => void response.end(bundle))
    const report = await verify('/claims/claim-tls')
    expect(detail(report, 'whole log')).toMatchObject({ ok: false, detail: expect.stringContaining(`entry ${hidden.index} (binding)`) })
  })

  it('whose log holds back a public envelope is found out', async () => {
    const all = entries(history, 0, history.log.size - 1) as { index: number; leaf: string; salt?: string; envelope?: unknown }[]
    const public_ = all.findLast((entry) => entry.envelope !== undefined && history.log.placed.find(({ index }) => index === entry.index)?.statement.kind === 'slot-result')
    const lie = all.map((entry) => (entry === public_ ? { class: 'private', index: entry.index, leaf: entry.leaf } : entry))
    site.lies.set(`/log/entries/0-${history.log.size - 1}`, (_request, response) => void response.end(canonicalBytes(lie)))
    expect(detail(await verify('/'), 'whole log')).toMatchObject({ ok: false, detail: expect.stringContaining('its envelope is not served') })
  })

  it('whose log serves other entries than it signed is found out', async () => {
    const all = entries(history, 0, history.log.size - 1) as { leaf: string }[]
    const lie = all.map((entry, i) => (i === 40 ? { ...entry, leaf: (all[41] as { leaf: string }).leaf } : entry))
    site.lies.set(`/log/entries/0-${history.log.size - 1}`, (_request, response) => void response.end(canonicalBytes(lie)))
    expect(detail(await verify('/'), 'whole log')?.ok).toBe(false)
  })

  it('of a page whose claim has a hole is found out, by name', async () => {
    const made = await buildHistory({ open: true })
    await made.result(made.bindings.get('tls-versions') as never, { slot: 8, observedAt: instantOf(START + 14 * HOUR + 60_000) })
    await made.snapshot(START + 14 * HOUR + 120_000)
    made.at = START + 15 * HOUR
    shown = made
    const report = await verify('/', { at: made.at })
    expect(report.steps.filter(({ name, ok }) => name === 'claims' && ok === false)).toContainEqual(expect.objectContaining({ detail: expect.stringContaining('slots 6 to 7 of tls-versions have no result') }))
  })

  it('that serves a claim\'s bundle under another claim\'s name is found out', async () => {
    const bundle = await history.log.claimBundle('claim-keys', CLAIMS[2]?.text ?? '', history.at)
    site.lies.set('/claims/claim-tls/bundle', (_request, response) => void response.end(bundle))
    expect(await verify('/')).toMatchObject({ ok: false, outcome: 'found' })
  })
})

describe('a hostile or broken server', () => {
  const lie = (path: string, answer: (response: ServerResponse) => void): void => void site.lies.set(path, (_request, response) => answer(response))
  const limits = { timeoutMs: 500, totalMs: 3000, totalBytes: 4_000_000 }

  it.each<[string, string, (response: ServerResponse) => void]>([
    ['never answers', '/claims/claim-tls/bundle', () => undefined],
    ['stops in the middle', '/claims/claim-tls/bundle', (response) => void response.write('{"checkpoint"')],
    ['is not there', '/claims/claim-tls/bundle', (response) => void response.destroy()],
    ['answers 500', '/log/checkpoint', (response) => void response.writeHead(500).end()],
    ['redirects in a circle', '/log/vkey', (response) => void response.writeHead(302, { location: '/log/vkey' }).end()],
    ['redirects to nowhere', '/log/vkey', (response) => void response.writeHead(302, { location: 'http://[' }).end()],
    ['redirects elsewhere', '/log/vkey', (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['redirects to a file', '/log/vkey', (response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end()],
  ])('that %s cannot be judged, and is not called good', async (_name, path, answer) => {
    lie(path, answer)
    expect(await verify('/claims/claim-tls', { limits })).toMatchObject({ ok: false, outcome: 'could-not-tell' })
  })

  it.each<[string, string, string | Uint8Array]>([
    ['a page that is no bundle', '/claims/claim-tls/bundle', '<!doctype html>'],
    ['a checkpoint that is none', '/log/checkpoint', 'hello\n'],
    ['a log key that is none', '/log/vkey', 'hello\n'],
    ['a bundle of binary rubbish', '/claims/claim-tls/bundle', Uint8Array.of(0xff, 0xfe, 0)],
    ['entries that are none', '/log/entries/0-124', '[]'],
  ])('%s is not called good', async (_name, path, body) => {
    lie(path, (response) => void response.end(body))
    expect((await verify('/claims/claim-tls', { limits })).ok).toBe(false)
  })

  it.each([['links that never end', '<link '.repeat(1_000_000)], ['a link to nowhere', '<link rel="vouchsafe-bundle" href="http://[">'], ['a link elsewhere', '<link rel="vouchsafe-bundle" href="https://example.com/bundle">'], ['no link', '<html></html>']])('whose page holds %s is given up', async (_name, html) => {
    lie('/about', (response) => void response.end(html))
    expect(await verify('/about', { limits: { ...limits, totalBytes: 20_000_000 } })).toMatchObject({ outcome: 'could-not-tell' })
  })

  it('that sends more than it may is cut off, also when it is compressed', async () => {
    lie('/log/checkpoint', (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000))))
    // With all the time it may want: only its size can be what ends it.
    expect((await verify('/claims/claim-tls', { limits: { ...limits, timeoutMs: 30_000, totalMs: 30_000 } })).steps.at(-1)?.detail).toContain('larger than')
  })

  it('cannot write to the terminal', async () => {
    const text = 'Ordinary \u001b[2J words \u202e gnihtemos'
    // eslint-disable-next-line no-control-regex -- these must be gone
    expect(formatReport({ ok: false, outcome: 'found', steps: [{ name: 'container', ok: false, detail: text }], notes: [text], shows: '', doesNotShow: '' }, text)).not.toMatch(/[\u001b\u202e]/)
  })
})

describe('a file', () => {
  const file = async (name: string, bytes: Uint8Array): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, bytes)
    return path
  }
  it('of each kind is verified', async () => {
    const { log, at } = history
    const shared = { at, policy: history.policy, vkey: log.vkey, memory: false as const }
    const claims = await Promise.all(CLAIMS.map(async ({ id, text }) => file(`${id}.json`, await log.claimBundle(id, text, at))))
    expect(await verifyFile(claims[0] as string, shared)).toMatchObject({ ok: true })
    expect(await verifyFile(await file('page.json', await log.pageBundle('security', history.source, at)), { ...shared, claims })).toMatchObject({ ok: true })
    const index = log.placed[10]?.index ?? 0
    const entry = await file('entry.json', canonicalBytes(log.bundled([index])[0]))
    expect(await verifyFile(await file('proof', await log.proof(index, at, false)), { ...shared, entry })).toMatchObject({ ok: true })
  })

  it('larger than any bundle is not read', async () => {
    const path = join(folder, 'large')
    await writeFile(path, '')
    await (await import('node:fs/promises')).truncate(path, 65 * 1024 * 1024)
    await expect(verifyFile(path, { at: history.at, memory: false })).rejects.toMatchObject({ code: 'too-large' })
  })
})

describe('the command', () => {
  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', '']
    const code = await runVerify(args, { at: history.at, out: (text) => void (out += text), err: (text) => void (err += text) })
    return { code, out, err }
  }
  const trust = async (): Promise<string[]> => {
    await writeFile(join(folder, 'policy'), history.policyText)
    return ['--witness-policy', join(folder, 'policy'), '--memory', join(folder, 'state')]
  }

  it('says 0 for good, in text and in JSON of the shape that programs rely on', async () => {
    const text = await run(`${site.url}/claims/claim-tls`, ...(await trust()))
    expect(text).toMatchObject({ code: 0 })
    expect(text.out).toContain('✓ slots')
    expect(text.out).toContain('It does not show that the software observed honestly')
    const json = await run(`${site.url}/claims/claim-tls`, '--format', 'json', ...(await trust()))
    const report = JSON.parse(json.out) as { ok: boolean; steps: { name: string; ok: boolean; detail: string }[] }
    expect(report.ok).toBe(true)
    for (const step of report.steps) expect(step).toEqual(expect.objectContaining({ name: expect.any(String), detail: expect.any(String) }))
  })

  it('says 1 when something was found', async () => {
    shown = await buildHistory({ open: true })
    await shown.snapshot(START + 12 * HOUR, (claims) => claims.map((claim) => ({ ...claim, state: 'checked' })))
    expect(await run(site.url, ...(await trust()))).toMatchObject({ code: 1 })
  })

  it('says 2 for wrong use', async () => {
    for (const args of [[], ['--no-such-option', 'x'], ['x', '--format', 'xml'], [site.url, '--vkey', 'nonsense'], [join(folder, 'x'), '--recheck'], [site.url, site.url], ['http://exa mple/']]) {
      const { code, err } = await run(...args)
      expect([args, code]).toEqual([args, 2])
      expect(err).not.toBe('')
    }
  })

  it('says 3 when it could not tell', async () => {
    expect(await run(join(folder, 'no such file'))).toMatchObject({ code: 3 })
    expect(await run('http://127.0.0.1:1/', '--no-memory')).toMatchObject({ code: 3 })
    expect(await run(`${site.url}/claims/claim-tls`, '--no-memory')).toMatchObject({ code: 3 })
  })

  it('takes the hosts of each claim from the page of all of them as from the page of the claim', async () => {
    const spans = (...named: [string, string][]): string => named.map(([claim, host]) => `<span data-recheck-claim="${claim}" data-recheck-target="${host}">${host}</span>`).join(', ')
    const page = (bundle: string, body: string) => (_: unknown, response: ServerResponse) => void response.writeHead(200, { 'content-type': 'text/html' }).end(`<link rel="vouchsafe-bundle" href="${bundle}">${body}`)
    site.lies.set('/', page('/policies/security/bundle', spans(['claim-backups', '127.0.0.1:3'], ['claim-tls', '127.0.0.1:1'], ['claim-tls', '127.0.0.1:2'])))
    site.lies.set('/claims/claim-tls', page('/claims/claim-tls/bundle', spans(['claim-tls', '127.0.0.1:1'], ['claim-tls', '127.0.0.1:2'])))
    const rechecked = async (address: string): Promise<string[]> => {
      const { out } = await run(address, '--recheck', '--allow-private', '--format', 'json', '--vkey', history.log.vkey, ...(await trust()))
      const report = JSON.parse(out) as { steps: { name: string; detail: string }[] }
      return report.steps.flatMap(({ name, detail }) => (name === 'recheck' ? [/^tls-versions of "(.*?)"/.exec(detail)?.[1] ?? detail] : []))
    }
    try {
      site.asked.length = 0
      expect(await rechecked(site.url)).toEqual(['127.0.0.1:1', '127.0.0.1:2'])
      expect(site.asked, 'the page said all of it').not.toContain('/claims/claim-tls')
      expect(await rechecked(`${site.url}/claims/claim-tls`)).toEqual(['127.0.0.1:1', '127.0.0.1:2'])
    } finally {
      site.lies.clear()
    }
  })

  it('rechecks from here what the claim says can be rechecked', async () => {
    // Nothing listens there: the probe cannot tell, and neither can the command.
    const { code, out } = await run(`${site.url}/claims/claim-tls`, '--recheck', '--target', '127.0.0.1:1', '--allow-private', '--vkey', history.log.vkey, ...(await trust()))
    expect(out).toContain('tls-versions of "127.0.0.1:1"')
    expect(code).toBe(3)
    const other = await run(`${site.url}/claims/claim-backups`, '--recheck', '--vkey', history.log.vkey, ...(await trust()))
    expect(other.out).toContain('can be rechecked from outside')
    expect(other.code).toBe(0)
  })
})

