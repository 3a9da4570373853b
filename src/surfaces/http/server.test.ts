import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '#core/clock'
import { defineContract, routesOf } from '#core/module'
import { NO_ACCESS } from '#core/permission'
import { OWN_POLICY, pageView } from '../site/view.fixture.ts'
import { loadAssets } from '../site/index.ts'
import { createApp, type AppParts } from './app.ts'
import { ownHosts } from './own-hosts.ts'
import { createPreviewPass, mayPreview } from './preview.ts'
import { sharedFace } from './public-face.ts'
import { readyFor, type Ready } from './quick.ts'
import { listen, type Listening } from './server.ts'
import { mountSite, type ReadyPages, type SiteParts } from './site-routes.ts'

const view = pageView({ page: OWN_POLICY, state: () => 'checked' })
const assets = loadAssets()
const clock = new ManualClock(view.site.at)
const contract = defineContract({ id: 'tried', title: 'Tried', needs: [], tables: {}, permissions: { 'thing.change': 'x' }, events: {} })
const route = routesOf(contract)
const pass = createPreviewPass()
const hosts = ownHosts({ id: 'us', idAtHost: async (host) => (/^localhost(:\d+)?$/.test(host) ? 'us' : undefined), publicUrl: async () => 'https://security.example.com' })
let status: 'preview' | 'published'
let begun: boolean
let revision = 0
const face = sharedFace(() => revision, async () => ({ begun, front: begun, policies: new Map(begun ? [['own', new Set([1])]] : []), claims: new Set<string>(), scopes: new Set<string>(), addressed: false }))
const mayPreviewHere: AppParts['mayPreview'] = async (context) => {
  const { door, near = false } = context.env as { door: string; near?: boolean }
  return mayPreview({ operator: door === 'operator', near, cookies: context.req.header('cookie') }, await face.read(), pass, clock.now())
}

let folder: string
let pages: ReadyPages
let quick: Listening
let whole: Listening
let answeredQuickly = 0

function app() {
  return createApp({
    clock,
    version: '0',
    api: [
      {
        contract,
        routes: [
          route({ on: 'POST /things', permit: 'thing.change', summary: 'x', body: z.object({}), reply: z.string(), handle: async () => ({ body: 'x' }) }),
          route({ on: 'POST /observations', permit: 'anyone', summary: 'x', body: 'bytes', bodyLimitBytes: 1_000, reply: z.number(), handle: async ({ body }) => ({ body: body.length }) }),
        ],
      },
    ],
    idempotency: { once: (_request, answer) => answer() },
    isOurs: hosts.has,
    identity: {
      isTrustedProxy: () => false,
      originAt: async () => 'http://localhost',
      operatorToken: () => false,
      operatorAccess: NO_ACCESS,
      recognition: { recognise: async () => undefined },
      accessOf: async () => NO_ACCESS,
      accessAs: async () => NO_ACCESS,
    },
    feed: { join: () => () => {}, changed: () => {}, stop: async () => {} },
    requireOver: async () => {},
    faces: () => {},
    face: face.read,
    mayPreview: mayPreviewHere,
    ready: async () => ({ ok: true, parts: {} }),
    metrics: async () => '',
    report: () => {},
    site(hono) {
      pages = mountSite(hono, {
        views: { page: async () => ({ ...view, site: { ...view.site, status } }), site: async () => view.site, redirects: async () => new Map() } as unknown as SiteParts['views'],
        assets: () => assets,
        now: () => clock.now(),
        logAnswer: async () => ({ status: 404, headers: {}, body: new Uint8Array() }),
        claimBundle: () => Promise.reject(new Error()),
        pageBundle: () => Promise.reject(new Error()),
        face: face.read,
        mayPreview: mayPreviewHere,
        redeemPreview: () => undefined,
        schema: () => undefined,
        revision: () => revision,
        logSize: async () => 0,
      })
    },
  })
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vs-server-'))
  whole = await listen(app(), { host: '127.0.0.1', port: 0, socketPath: join(folder, 'whole') })
  const ready = readyFor({ pages: () => pages, hosts, face, pass, now: () => clock.now() })
  const counting: Ready = (incoming) => {
    const sealed = ready(incoming)
    if (sealed) answeredQuickly++
    return sealed
  }
  quick = await listen(app(), { host: '127.0.0.1', port: 0, socketPath: join(folder, 'quick'), ready: counting })
})
afterAll(async () => {
  await Promise.all([quick?.close(), whole?.close()])
  rmSync(folder, { recursive: true, force: true })
})

/** Sends bytes as they are; resolves with all that comes back until the server closes, or `enough` says so. */
function raw(port: number, request: string, enough: (text: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
      if (enough(text)) socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}
const get = (target: string, headers: Record<string, string> = {}, method = 'GET'): string =>
  `${method} ${target} HTTP/1.1\r\n${Object.entries({ Host: 'localhost', Connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])
const set = (now: { status: 'preview' | 'published'; begun: boolean }): void => {
  ;({ status, begun } = now)
  revision++
}

describe.each([
  ['a published page', { status: 'published', begun: true } as const],
  ['a preview', { status: 'preview', begun: false } as const],
])('%s that lies ready is answered as the router would', (_what, now) => {
  const etag = async (): Promise<string> => /etag: (\S+)/.exec(await raw(whole.port, get('/')))![1]!
  const asked = async (request: string): Promise<{ same: boolean; status: number; quickly: boolean }> => {
    // The order of header fields of different names means nothing (RFC 9110 §5.3).
    const told = (text: string): string => {
      const end = text.indexOf('\r\n\r\n')
      const [first, ...fields] = text.slice(0, end).split('\r\n')
      return [first, ...fields.filter((field) => !/^date: /i.test(field)).sort(), text.slice(end)].join('\r\n')
    }
    // Once the page and the host are known, and still fresh.
    for (const { port } of [whole, quick]) await raw(port, get('/'))
    const before = answeredQuickly
    const [one, other] = [await raw(whole.port, request), await raw(quick.port, request)].map(told)
    expect(other).toBe(one)
    return { same: one === other, status: statusOf(one!), quickly: answeredQuickly > before }
  }

  test.each<[string, Record<string, string>, number, boolean, string?]>([
    ['plainly', {}, 200, true],
    ['by HEAD', {}, 200, true, 'HEAD'],
    ['in Brotli', { 'Accept-Encoding': 'gzip, deflate, br' }, 200, true],
    ['in gzip', { 'Accept-Encoding': 'gzip' }, 200, true],
    ['by HEAD in Brotli', { 'Accept-Encoding': 'br' }, 200, true, 'HEAD'],
    ['with an encoding refused', { 'Accept-Encoding': 'br;q=0, *' }, 200, true],
    ['with a validator of another page', { 'If-None-Match': '"other"' }, 200, true],
    ['with any validator', { 'If-None-Match': '*' }, 304, true],
    ['with any validator by HEAD', { 'If-None-Match': '*' }, 304, true, 'HEAD'],
    ['under a name that is not ours', { Host: 'rebound.example' }, 421, false],
    ['under no name', { Host: '' }, 400, false],
    ['by a method of its own', {}, 405, false, 'POST'],
    ['with a body', { 'Content-Length': '0' }, 200, false],
    ['for a range', { Range: 'bytes=0-9' }, 200, true],
  ])('asked %s', async (_how, headers, expected, quickly, method) => {
    set(now)
    expect(await asked(get('/', headers, method))).toEqual({ same: true, status: expected, quickly })
  })

  test.each(['/?scope=EU', '/?x', '//', '/.', '/%2e', '/nothing', '/%00'])('asked for %s', async (target) => {
    set(now)
    expect((await asked(get(target))).quickly).toBe(false)
  })

  test('asked with the validator that it gave', async () => {
    set(now)
    expect(await asked(get('/', { 'If-None-Match': `"x", W/${await etag()}` }))).toEqual({ same: true, status: 304, quickly: true })
  })

  test('asked by what a proxy passed on', async () => {
    set(now)
    const expected = now.status === 'preview' ? { status: 404, quickly: false } : { status: 200, quickly: true }
    expect(await asked(get('/', { 'X-Forwarded-For': '203.0.113.9' }))).toMatchObject(expected)
    expect(await asked(get('/').replace('HTTP/1.1', 'HTTP/1.0'))).toMatchObject(expected)
  })
})

describe('a hostile client', () => {
  test('whose page was made to lead here by DNS (rebinding) reads nothing, whatever it calls the host', async () => {
    set({ status: 'preview', begun: false })
    for (const host of ['rebound.example', 'localhost.rebound.example', 'rebound.example:7443', '127.0.0.1.rebound.example', 'localhost@rebound.example', 'localhost,rebound.example']) {
      const text = await raw(quick.port, get('/', { Host: host }))
      expect([400, 421], host).toContain(statusOf(text))
      expect(text, host).not.toContain('rebound')
    }
  })

  test('that names a host in its target is answered for that host, not for the one beside it', async () => {
    set({ status: 'preview', begun: false })
    for (const { port } of [whole, quick]) {
      expect(statusOf(await raw(port, get('http://rebound.example/')))).toBe(421)
      expect(statusOf(await raw(port, get('http://localhost/', { Host: 'rebound.example' })))).toBe(421)
      // Ours, but asked as a proxy is asked: no preview.
      expect(statusOf(await raw(port, get('http://localhost/')))).toBe(404)
    }
    set({ status: 'published', begun: true })
    expect(statusOf(await raw(quick.port, get('http://security.example.com/')))).toBe(200)
    for (const target of ['ftp://localhost/', '*', 'localhost', 'http://', 'http://localhost:99999/', '/\\evil']) expect([400, 404], target).toContain(statusOf(await raw(quick.port, get(target))))
  })

  test('that sends two names of hosts, or none, gets nothing', async () => {
    for (const headers of ['Host: localhost\r\nHost: rebound.example\r\n', '']) expect(statusOf(await raw(quick.port, `GET / HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`))).toBe(400)
  })

  test('that never ends its body is refused before it is read, and holds nobody up', async () => {
    const slow = connect(quick.port, '127.0.0.1')
    slow.write(`${get('/api/v1/observations', { 'Content-Length': '1000', Connection: 'keep-alive' }, 'POST')}a few bytes`)
    expect(statusOf(await raw(quick.port, `${get('/api/v1/things', { 'Content-Length': '1000' }, 'POST')}a few bytes`, (text) => text.includes('\r\n\r\n')))).toBe(401)
    expect(statusOf(await raw(quick.port, get('/healthz')))).toBe(200)
    slow.destroy()
  })

  test('that sends more than it may is cut off, whether it says so before or not', async () => {
    expect(statusOf(await raw(quick.port, `${get('/api/v1/observations', { 'Content-Length': '1001' }, 'POST')}${'x'.repeat(1001)}`))).toBe(413)
    expect(statusOf(await raw(quick.port, `${get('/api/v1/observations', { 'Transfer-Encoding': 'chunked' }, 'POST')}3e9\r\n${'x'.repeat(1001)}\r\n`, (text) => text.includes('\r\n\r\n')))).toBe(413)
  })

  test('that hides a second request in the body of the first gets no second answer', async () => {
    const smuggled = get('/healthz')
    const text = await raw(quick.port, `${get('/', { 'Content-Length': String(smuggled.length), 'Transfer-Encoding': 'chunked' })}${smuggled}`)
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    expect(statusOf(text)).toBe(400)
  })
})

test('answers of one connection come whole and in order, quick ones and others in turn', async () => {
  set({ status: 'published', begun: true })
  await raw(quick.port, get('/'))
  const text = await raw(quick.port, ['/', '/nothing', '/', '/healthz'].map((target, i) => get(target, { Connection: i === 3 ? 'close' : 'keep-alive' }, target === '/' ? 'HEAD' : 'GET')).join(''))
  expect([...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1])).toEqual(['200', '404', '200', '200'])
})
