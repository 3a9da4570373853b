import { expect, test } from 'vitest'
import { createApp } from './app.ts'

const app = createApp({
  clock: { now: () => new Date('2026-11-22T20:00:00Z') },
  version: '0',
  api: [],
  idempotency: { once: (_request, answer) => answer() },
  isOurs: async (host) => host === 'localhost:7443',
  operatorToken: (authorization) => authorization === 'Bearer right',
  site: (hono) => void hono.get('/', (context) => context.text('the page')),
  ready: async () => ({ ok: true, parts: {} }),
  metrics: async () => '# EOF\n',
  report: () => {},
})
const ask = (path: string, headers: Record<string, string>, door: 'public' | 'operator' = 'public') => app.request(`http://x${path}`, { headers }, { door })

test('a name that is not ours gets no page, so that another site cannot be made to lead here', async () => {
  expect((await ask('/', { host: 'localhost:7443' })).status).toBe(200)
  const refused = await ask('/', { host: 'rebound.example' })
  expect(refused.status).toBe(421)
  expect(await refused.json()).toMatchObject({ type: 'urn:vouchsafe:problem:misdirected', detail: expect.stringContaining('rebound.example') })
})

test('metrics need the operator door and the token, and neither alone is enough', async () => {
  expect((await ask('/metrics', { host: 'localhost:7443', authorization: 'Bearer right' })).status).toBe(403)
  expect((await ask('/metrics', {}, 'operator')).status).toBe(403)
  expect((await ask('/metrics', { authorization: 'Bearer right' }, 'operator')).status).toBe(200)
})

test('an address that PostgreSQL could not even be asked about is not found', async () => {
  for (const path of ['/claims/%00', '/%zz', '/a%0ab']) expect((await ask(path, { host: 'localhost:7443' })).status).toBe(404)
})
