import { Hono } from 'hono'
import { beforeEach, expect, test } from 'vitest'
import type { Bundle } from '@vouchsafe/verify'
import { claimPageView, OWN_POLICY, pageView } from '../site/view.fixture.ts'
import { loadAssets, SECURITY_HEADERS } from '../site/index.ts'
import { isFinished } from './finished.ts'
import { mountSite, type SiteParts } from './site-routes.ts'

const view = pageView({ page: OWN_POLICY, state: () => 'checked' })
const made: string[] = []
const assets = loadAssets()
let revision = 0
let published: string[] = []

function siteApp(): Hono {
  const app = new Hono()
  const noting = <T>(what: string, value: T) => async (): Promise<T> => (made.push(what), value)
  mountSite(app, {
    views: { page: noting('page', view), claim: noting('claim', claimPageView(view, view.claims[0]!)), versions: noting('versions', view), site: async () => view.site, redirects: async () => new Map([['/old', '/policies/own']]) } as unknown as SiteParts['views'],
    assets: () => assets,
    now: () => view.site.at,
    logAnswer: async () => ({ status: 404, headers: {}, body: new Uint8Array() }),
    claimBundle: noting('claim bundle', { type: 'x' } as unknown as Bundle),
    pageBundle: noting('page bundle', { type: 'x' } as unknown as Bundle),
    isPublished: async ({ slug, claim }) => published.includes(slug ?? claim ?? '/'),
    schema: () => undefined,
    revision: () => revision,
  })
  return app
}

let app: Hono
beforeEach(() => {
  made.length = 0
  published = []
  app = siteApp()
})
const ask = (path: string, near: boolean) => app.request(`http://x${path}`, {}, { door: 'public', near })

const SHOWN = ['/', '/llms.txt', '/verify', '/policies/own', '/policies/own.md', '/policies/own/bundle', '/policies/own/versions', '/policies/own/versions/1', '/claims/own', '/claims/own.md', '/claims/own/bundle']

test.each([...SHOWN, '/assets/nothing', '/nothing'])('%s has the security headers by itself: what is finished is not looked at again', async (path) => {
  const answer = await ask(path, true)
  expect(isFinished(answer)).toBe(true)
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) expect(answer.headers.get(name), name).toBe(value)
})

test.each(SHOWN)('%s of a preview is shown to this machine and to nobody else, also beside another policy that is public', async (path) => {
  expect((await ask(path, true)).status).toBe(200)
  made.length = 0
  if (path.startsWith('/policies') || path.startsWith('/claims')) published = ['/', 'another']
  const refused = await ask(path, false)
  expect([refused.status, made]).toEqual([404, []])
  published = ['/', 'own']
  expect((await ask(path, false)).status).toBe(200)
})

test('no other page may read the bundle of a preview; of what is public, any may', async () => {
  expect((await ask('/claims/own/bundle', true)).headers.get('access-control-allow-origin')).toBeNull()
  published = ['own']
  expect((await ask('/claims/own/bundle', true)).headers.get('access-control-allow-origin')).toBe('*')
})

test('what an address adds to itself makes no page anew, and a change of the page does', async () => {
  for (const query of ['', '?a=1', '?a=2&b', '?utm_source=x']) await ask(`/${query}`, true)
  for (const query of ['', '?a=1', '?a=2']) await ask(`/claims/own/bundle${query}`, true)
  expect(made).toEqual(['page', 'claim bundle'])
  await ask('/?scope=EU', true)
  revision++
  await ask('/', true)
  await ask('/claims/own/bundle', true)
  expect(made).toEqual(['page', 'claim bundle', 'page', 'page', 'claim bundle'])
})
