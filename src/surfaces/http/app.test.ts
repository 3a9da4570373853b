import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineContract, routesOf } from '#core/module'
import { FULL_ACCESS, NO_ACCESS } from '#core/permission'
import { createApp } from './app.ts'

const tried = defineContract({ id: 'tried', title: 'Tried', needs: [], tables: {}, permissions: { 'claim.note': 'x' }, events: {} })
const route = routesOf(tried)
let begun = true
let now = new Date('2026-11-22T20:00:00Z')
const app = createApp({
  clock: { now: () => now },
  version: '0',
  api: [
    {
      contract: tried,
      routes: [route({ on: 'POST /claims/{id}/note', permit: 'claim.note', summary: 'x', params: z.object({ id: z.string() }), reply: z.string(), handle: async () => ({ body: 'noted' }) }), route({ on: 'GET /log', permit: 'anyone', summary: 'x', reply: z.string(), handle: async () => ({ body: 'log' }) }), route({ on: 'GET /claims', permit: 'anyone', summary: 'x', reply: z.string(), handle: async () => ({ body: 'all' }) }), route({ on: 'GET /claims/{id}/bundle', permit: 'anyone', summary: 'x', params: z.object({ id: z.string() }), reply: z.string(), handle: async ({ params }) => ({ body: params.id }) })],
    },
  ],
  idempotency: { once: (_request, answer) => answer() },
  isOurs: async (host) => host === 'localhost:7443',
  identity: {
    isTrustedProxy: () => false,
    originAt: async () => 'http://localhost:7443',
    operatorToken: (authorization) => authorization === 'Bearer right',
    operatorAccess: FULL_ACCESS,
    recognition: { recognise: async () => undefined },
    accessOf: async () => NO_ACCESS,
    accessAs: async () => NO_ACCESS,
  },
  requireOver: async () => {},
  feed: { join: () => () => {}, changed: () => {}, stop: async () => {} },
  face: async () => ({ begun, front: false, policies: new Map(), claims: new Set(['published']), scopes: new Set(), addressed: false }),
  mayPreview: async (context) => (context.env as { near: boolean; door: string }).near || (context.env as { door: string }).door === 'operator',
  site: (hono) => void hono.get('/', (context) => context.text('the page')).get('/log/*', (context) => context.text('a tile')).post('/log/add', (context) => context.text('x')),
  faces: () => {},
  ready: async () => ({ ok: true, parts: {} }),
  metrics: async () => '# EOF\n',
  report: () => {},
})
const ask = (path: string, headers: Record<string, string>, door: 'public' | 'operator' = 'public', near = false) => app.request(`http://x${path}`, { headers }, { door, near })

test('a name that is not ours gets no page, so that another site cannot be made to lead here', async () => {
  expect((await ask('/', { host: 'localhost:7443' })).status).toBe(200)
  const refused = await ask('/', { host: 'rebound.example' })
  expect(refused.status).toBe(421)
  const problem = await refused.text()
  expect(JSON.parse(problem)).toMatchObject({ type: 'urn:vouchsafe:problem:misdirected' })
  expect(problem).not.toContain('rebound.example')
})

test('metrics need the operator door and the token, and neither alone is enough', async () => {
  expect((await ask('/metrics', { host: 'localhost:7443', authorization: 'Bearer right' })).status).toBe(403)
  expect((await ask('/metrics', {}, 'operator')).status).toBe(403)
  expect((await ask('/metrics', { authorization: 'Bearer right' }, 'operator')).status).toBe(200)
})

test('an address that PostgreSQL could not even be asked about is not found', async () => {
  for (const path of ['/claims/%00', '/%zz', '/a%0ab']) expect((await ask(path, { host: 'localhost:7443' })).status).toBe(404)
})

test('every answer carries the security headers: a page, JSON, a problem, a refusal', async () => {
  for (const [path, host] of [['/', 'localhost:7443'], ['/healthz', 'localhost:7443'], ['/api/openapi.json', 'localhost:7443'], ['/api/nothing', 'localhost:7443'], ['/%zz', 'localhost:7443'], ['/', 'rebound.example']] as const) {
    const { headers } = await ask(path, { host })
    expect(headers.get('content-security-policy'), path).toContain("default-src 'none'")
    expect([headers.get('x-content-type-options'), headers.get('x-frame-options')], path).toEqual(['nosniff', 'DENY'])
  }
})

test('claims of a preview are for this machine only, those that were published for everyone', async () => {
  const host = { host: 'localhost:7443' }
  for (const path of ['/api/v1/claims', '/api/v1/claims/draft/bundle']) {
    expect((await ask(path, host)).status, path).toBe(404)
    expect((await ask(path, host, 'public', true)).status, path).toBe(200)
    expect((await ask(path, {}, 'operator')).status, path).toBe(200)
  }
  expect((await ask('/api/v1/claims/published/bundle', host)).status).toBe(200)
})

test('a stranger who writes to a claim is refused, whether it was published or not', async () => {
  for (const claim of ['draft', 'published']) expect((await app.request(`http://x/api/v1/claims/${claim}/note`, { method: 'POST', headers: { host: 'localhost:7443', via: '1.1 x' } }, { door: 'public' })).status).toBe(401)
})

test('before anything was published, strangers are told nothing of the log either', async () => {
  begun = false
  const host = { host: 'localhost:7443' }
  expect((await ask('/api/v1/log', host)).status).toBe(404)
  expect((await ask('/api/v1/log', host, 'public', true)).status).toBe(200)
  begun = true
  expect((await ask('/api/v1/log', host)).status).toBe(200)
})

test('a method that an address does not take is answered with those that it does', async () => {
  const ask = (method: string, path: string) => app.request(`http://x${path}`, { method, headers: { host: 'localhost:7443' } }, { door: 'public', near: true })
  for (const [method, path, allow] of [
    ['POST', '/', 'GET, HEAD'],
    ['PROPFIND', '/', 'GET, HEAD'],
    ['OPTIONS', '/log/checkpoint', 'GET, HEAD'],
    ['DELETE', '/log/add', 'GET, HEAD, POST'],
    ['PUT', '/api/v1/claims', 'GET, HEAD'],
    ['GET', '/api/v1/claims/published/note', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
  ] as const) {
    const answer = await ask(method, path)
    expect([answer.status, answer.headers.get('allow')], `${method} ${path}`).toEqual([405, allow])
    expect(await answer.json(), path).toMatchObject({ type: 'urn:vouchsafe:problem:method-not-allowed', status: 405 })
  }
  expect((await ask('HEAD', '/')).status).toBe(200)
  for (const path of ['/nothing', '/api/v1/nothing']) expect((await ask('POST', path)).status, path).toBe(404)
})

test('an address that asks too much of log or API is told when to come back, and others are not', async () => {
  const ask = (path: string, counted?: string) => app.request(`http://x${path}`, { headers: { host: 'localhost:7443' } }, { door: 'public', near: true, counted })
  let refused: Response | undefined
  for (let i = 0; i < 1_001; i++) refused = await ask('/api/v1/log', '203.0.113.9')
  expect([refused?.status, refused?.headers.get('retry-after'), refused?.headers.get('content-type')]).toEqual([429, '1', 'application/problem+json'])
  expect(await refused?.json()).toMatchObject({ type: 'urn:vouchsafe:problem:rate-limited', mend: expect.stringContaining('1 s') as string })
  for (const [path, counted] of [['/api/v1/log', '203.0.113.10'], ['/api/v1/log', undefined], ['/log/checkpoint', '203.0.113.9'], ['/', '203.0.113.9']] as const) expect((await ask(path, counted)).status, path).toBe(200)
  now = new Date(now.getTime() + 1_000)
  expect((await ask('/api/v1/log', '203.0.113.9')).status).toBe(200)
})
