import { mkdtemp, rm, writeFile, chmod } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Settings } from '#core/page'
import { runOnce } from './bench.fixture.ts'
import { errorAnswersCheck } from './error-answers.ts'
import { healthCheck } from './health.ts'
import { operatorDoorCheck } from './operator-door.ts'
import { ask } from './own-listener.ts'
import { judgeHeaders, pageHeadersCheck } from './page-headers.ts'
import { foreignLoads, loadsOf, pageCookiesCheck, pageSourcesCheck } from './page-sources.ts'
import type { InstallationParts } from './parts.ts'
import { publicAddressCheck } from './public-address.ts'
import { judgeSecurityTxt, securityTxtCheck } from './security-txt.ts'
import { writeProtectionCheck } from './write-protection.ts'

type Answer = { status?: number; headers?: Record<string, string>; body?: string }
const CSP = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const GOOD = { 'content-type': 'text/html', 'content-security-policy': CSP, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' }
const PAGE = '<!doctype html><html><head><link rel="canonical" href="https://elsewhere.example/"><link rel="stylesheet" href="/a.css"><script src="/a.js"></script></head><body><a href="https://other.example/">out</a><img src="data:,"></body></html>'

let server: Server
let url: string
let folder: string
let answer: (request: IncomingMessage) => Answer
let received: { path: string; method: string; headers: IncomingMessage['headers'] }[]
let settings: Settings
let parts: InstallationParts

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouchsafe-door-'))
  await writeFile(join(folder, 'token'), 'the-real-token-0123456789', { mode: 0o600 })
  server = createServer((request, response) => {
    received.push({ path: request.url ?? '', method: request.method ?? '', headers: request.headers })
    const { status = 200, headers = {}, body = '' } = answer(request)
    request.resume().on('end', () => response.writeHead(status, headers).end(body))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  received = []
  settings = {}
  answer = (request) => good(request.url ?? '')
  // Only what these checks look at: a slip into anything else fails loudly.
  parts = {
    localUrl: () => url,
    settings: async () => settings,
    clock: { now: () => new Date('2026-06-01T00:00:00Z') },
    operatorFolder: folder,
    dataFolder: '/srv/vouchsafe-data',
    releaseRoot: '/opt/vouchsafe-release',
    routes: () => [
      { method: 'GET', path: '/api/v1/claims', permit: 'anyone' },
      { method: 'GET', path: '/api/v1/settings', permit: 'settings.read' },
      { method: 'PUT', path: '/api/v1/policies/{slug}/claims/{claim}', permit: 'policy.draft' },
      { method: 'POST', path: '/api/v1/runs', permit: 'check.run' },
    ],
  } as Partial<InstallationParts> as InstallationParts
})

function good(path: string): Answer {
  if (path === '/a.css') return { headers: { 'content-type': 'text/css' }, body: '@font-face{src:url(/a.woff2)}' }
  if (path === '/a.js') return { headers: { 'content-type': 'text/javascript' }, body: 'fetch("/log/checkpoint")' }
  if (path.startsWith('/api') || path === '/metrics') return { status: 403 }
  if (/no-such|%|cursor/.test(path)) return { status: 404, headers: GOOD, body: 'not found' }
  return { headers: GOOD, body: PAGE }
}
const with_ = (change: (path: string) => Answer | undefined) => (answer = (request) => change(request.url ?? '') ?? good(request.url ?? ''))

describe('headers of pages', () => {
  it('hold for a strict policy', async () => {
    expect(await runOnce(pageHeadersCheck(parts))).toMatchObject({ verdict: 'holds', declared: 3 })
  })

  it.each([
    ['no policy at all', { 'content-security-policy': '' }, /directive|allows|no Content/],
    ['inline scripts', { 'content-security-policy': CSP.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'") }, /script-src allows 'unsafe-inline'/],
    ['scripts of another host', { 'content-security-policy': CSP.replace("script-src 'self'", 'script-src https://cdn.example') }, /script-src allows https:\/\/cdn.example/],
    ['evaluation', { 'content-security-policy': CSP.replace("script-src 'self'", "script-src 'unsafe-eval'") }, /unsafe-eval/],
    ['framing', { 'content-security-policy': CSP.replace("frame-ancestors 'none'", 'frame-ancestors *') }, /frame-ancestors/],
    ['a policy whose second word for scripts is the strict one', { 'content-security-policy': `script-src *; ${CSP}` }, /script-src allows \*/],
    ['sniffing', { 'x-content-type-options': 'none' }, /nosniff/],
    ['addresses passed on in full', { 'referrer-policy': 'unsafe-url' }, /Referrer-Policy is unsafe-url/],
  ])('%s fails', (_name, change, words) => {
    expect(judgeHeaders(new Headers({ ...GOOD, ...change }))).toMatchObject({ verdict: 'fails', summary: expect.stringMatching(words) })
  })

  it('one kind of page without the policy fails', async () => {
    with_((path) => (path === '/no-such-page' ? { status: 404, headers: { 'content-type': 'text/html' } } : undefined))
    expect(await runOnce(pageHeadersCheck(parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('an unknown page: there is no Content-Security-Policy') })
  })
})

describe('what the page loads', () => {
  it('holds where everything is from here; a link to follow and a canonical address are not loaded', async () => {
    expect(await runOnce(pageSourcesCheck(parts))).toMatchObject({ verdict: 'holds' })
    expect(received.map(({ path }) => path)).toEqual(expect.arrayContaining(['/a.css', '/a.js']))
    expect(loadsOf(PAGE)).toEqual(['/a.css', '/a.js', 'data:,'])
  })

  it.each([
    '<script src="https://cdn.example/x.js"></script>',
    "<script async src='//cdn.example/x.js'></script>",
    '<img alt="" src=https://pixel.example/1.gif>',
    '<link rel=stylesheet href="https://fonts.example/css">',
    '<link rel="preconnect" href="https://fonts.example">',
    '<iframe src="https://video.example"></iframe>',
    '<div style="background:url(https://pixel.example/2.gif)"></div>',
    '<style>@import "https://fonts.example/css";</style>',
    '<form action="https://collect.example"></form>',
  ])('%s is found', (html) => {
    expect(foreignLoads(html, 'http://localhost:4000')).toHaveLength(1)
  })

  it('a style sheet or a script that calls out fails', async () => {
    with_((path) => (path === '/a.css' ? { headers: { 'content-type': 'text/css' }, body: '@font-face{src:url("https://fonts.example/a.woff2")}' } : undefined))
    expect(await runOnce(pageSourcesCheck(parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('/a.css loads https://fonts.example') })
    with_((path) => (path === '/a.js' ? { headers: { 'content-type': 'text/javascript' }, body: 'navigator.sendBeacon("https://collect.example/x")' } : undefined))
    expect((await runOnce(pageSourcesCheck(parts))).verdict).toBe('fails')
  })

  it('a cookie fails, set by the page or by its script', async () => {
    expect((await runOnce(pageCookiesCheck(parts))).verdict).toBe('holds')
    with_((path) => (path === '/verify' ? { headers: { ...GOOD, 'set-cookie': 'id=1' }, body: PAGE } : undefined))
    expect(await runOnce(pageCookiesCheck(parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('/verify sets a cookie') })
    with_((path) => (path === '/a.js' ? { headers: { 'content-type': 'text/javascript' }, body: 'document.cookie = "id=1"' } : undefined))
    expect((await runOnce(pageCookiesCheck(parts))).verdict).toBe('fails')
  })

  it('a page that does not answer is unknown', async () => {
    with_(() => ({ status: 503 }))
    expect((await runOnce(pageSourcesCheck(parts))).verdict).toBe('unknown')
    expect((await runOnce(pageCookiesCheck(parts))).verdict).toBe('unknown')
  })
})

describe('writing over the network', () => {
  it('every guarded route is tried in three guises, and none that is open to anyone', async () => {
    const result = await runOnce(writeProtectionCheck(parts))
    expect(result).toMatchObject({ verdict: 'holds', summary: '3 guarded routes refused a stranger in 3 guises each' })
    expect(received).toHaveLength(9)
    expect(received.some(({ path }) => path === '/api/v1/claims')).toBe(false)
    expect(received.every(({ path }) => !path.includes('{'))).toBe(true)
    expect(JSON.stringify(received)).not.toContain('the-real-token')
  })

  it.each([[200], [201], [422], [404]])('a route that answers %i instead of refusing fails', async (status) => {
    with_((path) => (path.endsWith('/runs') ? { status } : undefined))
    expect(await runOnce(writeProtectionCheck(parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining(`POST /api/v1/runs: answered ${status} to a stranger with nothing`) })
  })

  it("a server that believes a proxy's headers fails", async () => {
    answer = (request) => (request.headers['x-forwarded-for'] === '127.0.0.1' ? { status: 200 } : good(request.url ?? ''))
    expect(await runOnce(writeProtectionCheck(parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('headers of a proxy') })
  })

  it('a server in trouble is unknown', async () => {
    with_(() => ({ status: 500 }))
    expect((await runOnce(writeProtectionCheck(parts))).verdict).toBe('unknown')
  })
})

describe("the operator's door", () => {
  it('holds where the token is refused over TCP; it is sent only to what reads', async () => {
    expect(await runOnce(operatorDoorCheck(parts))).toMatchObject({ verdict: 'holds' })
    expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /metrics', 'GET /api/v1/settings'])
  })

  it('a listener that takes the token over TCP fails, and the token is not told', async () => {
    answer = (request) => ({ status: request.headers.authorization === 'Bearer the-real-token-0123456789' ? 200 : 403 })
    const result = await runOnce(operatorDoorCheck(parts))
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining("took the operator's token over TCP") })
    expect(JSON.stringify(result)).not.toContain('the-real-token')
  })

  it('a token that others can read fails', async () => {
    await chmod(join(folder, 'token'), 0o644)
    const result = await runOnce(operatorDoorCheck(parts))
    await chmod(join(folder, 'token'), 0o600)
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('mode 0644') })
  })
})

describe('answers to bad requests', () => {
  const refused = (path: string): Answer => ({ status: 404, body: `there is no ${path.slice(0, 10)}` })

  it('hold where each is refused', async () => {
    with_(refused)
    expect(await runOnce(errorAnswersCheck(parts))).toMatchObject({ verdict: 'holds', declared: 7 })
  })

  it.each([
    ['a server error', { status: 500 }, /tripped over it/],
    ['a welcome', { status: 200 }, /instead of refusing/],
    ['a stack trace', { status: 400, body: 'Error: x\n    at parse (file:///opt/app/x.js:10:3)' }, /stack trace/],
    ['a path of this machine', { status: 404, body: 'ENOENT /srv/vouchsafe-data/objects' }, /path of this machine/],
    ['a name of the software', { status: 404, headers: { 'x-powered-by': 'Express' } }, /names its software/],
  ])('%s fails', async (_name, bad, words) => {
    with_((path) => (path.includes('%00') ? bad : refused(path)))
    expect(await runOnce(errorAnswersCheck(parts))).toMatchObject({ verdict: 'fails', summary: expect.stringMatching(words) })
  })
})

describe('security.txt', () => {
  const file = 'Contact: mailto:security@example.org\r\nExpires: 2026-12-01T00:00:00Z\r\n'
  const serve = (body: string | undefined) => with_((path) => (path.startsWith('/.well-known') ? (body === undefined ? { status: 404 } : { headers: { 'content-type': 'text/plain; charset=utf-8' }, body }) : undefined))

  it('unknown until a contact is set, then holds where it is served', async () => {
    serve(undefined)
    expect((await runOnce(securityTxtCheck(parts))).verdict).toBe('unknown')
    settings = { contacts: ['mailto:security@example.org'] }
    expect((await runOnce(securityTxtCheck(parts))).verdict).toBe('fails')
    serve(file)
    expect(await runOnce(securityTxtCheck(parts))).toMatchObject({ verdict: 'holds', summary: 'security.txt names 1 contact and is valid for 183 more days' })
  })

  it.each([
    ['another contact', file.replace('security@', 'old@'), /1 of 1 configured contacts are missing/],
    ['no expiry', file.replace(/Expires.*\r\n/, ''), /0 Expires fields/],
    ['two expiries', `${file}Expires: 2027-01-01T00:00:00Z\r\n`, /2 Expires fields/],
    ['an expiry that is over', file.replace('2026-12', '2025-12'), /has expired/],
  ])('%s fails', (_name, text, words) => {
    expect(judgeSecurityTxt(text, ['mailto:security@example.org'], new Date('2026-06-01T00:00:00Z'))).toMatchObject({ verdict: 'fails', summary: expect.stringMatching(words) })
  })
})

describe('health and the public address', () => {
  it('health holds where all answer, and fails where the database is not ready', async () => {
    with_((path) => ({ status: path.startsWith('/') ? 200 : 404 }))
    expect((await runOnce(healthCheck(parts))).verdict).toBe('holds')
    with_((path) => ({ status: path === '/readyz' ? 503 : 200 }))
    expect(await runOnce(healthCheck(parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('/readyz answered 503') })
  })

  it('the public address is unknown until there is one, and plain http fails', async () => {
    expect(await runOnce(publicAddressCheck(parts))).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('waiting for a public address') })
    settings = { publicUrl: 'http://trust.example.org' }
    expect(await runOnce(publicAddressCheck(parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('plain http') })
  })

  it('a public address where nobody speaks TLS does not hold', async () => {
    settings = { publicUrl: url.replace('http:', 'https:') }
    const result = await runOnce(publicAddressCheck({ ...parts, allowPrivate: true }))
    expect(result.verdict).not.toBe('holds')
    expect(result.targets.some(({ verdict }) => verdict === 'holds')).toBe(false)
  }, 120_000)
})

describe('the way to our own listener', () => {
  it('never leads to anybody else', async () => {
    await expect(ask(url, 'http://127.0.0.2:1/')).rejects.toMatchObject({ code: 'refused' })
    await expect(ask(url, '//elsewhere.example/')).rejects.toMatchObject({ code: 'refused' })
    await expect(ask('', '/')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('does not follow a redirect', async () => {
    with_(() => ({ status: 302, headers: { location: 'http://127.0.0.2:1/' } }))
    expect((await ask(url, '/')).status).toBe(302)
  })
})
