import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineContract, routesOf } from '#core/module'
import { FULL_ACCESS, NO_ACCESS } from '#core/permission'
import { createApp } from './app.ts'

const tried = defineContract({ id: 'tried', title: 'Tried', needs: [], tables: {}, permissions: { 'claim.note': 'x' }, events: {} })
const route = routesOf(tried)
const app = createApp({
  clock: { now: () => new Date('2026-11-22T20:00:00Z') },
  version: '0',
  api: [
    {
      contract: tried,
      routes: [route({ on: 'POST /claims/{id}/note', permit: 'claim.note', summary: 'x', params: z.object({ id: z.string() }), reply: z.string(), handle: async () => ({ body: 'noted' }) }), route({ on: 'GET /claims', permit: 'anyone', summary: 'x', reply: z.string(), handle: async () => ({ body: 'all' }) }), route({ on: 'GET /claims/{id}/bundle', permit: 'anyone', summary: 'x', params: z.object({ id: z.string() }), reply: z.string(), handle: async ({ params }) => ({ body: params.id }) })],
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
  isPublished: async ({ claim }) => claim === 'published',
  faces: () => {},
  site: (hono) => void hono.get('/', (context) => context.text('the page')),
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
