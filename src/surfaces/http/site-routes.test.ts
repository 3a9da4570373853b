import { Hono } from 'hono'
import { beforeEach, expect, test } from 'vitest'
import type { Bundle } from '@vouchsafe/verify'
import { claimPageView, OWN_POLICY, pageView } from '../site/view.fixture.ts'
import { loadAssets, SECURITY_HEADERS } from '../site/index.ts'
import { VouchsafeError } from '#core/errors'
import { isFinished } from './finished.ts'
import { mountSite, type ReadyPages, type SiteParts } from './site-routes.ts'

const view = pageView({ page: OWN_POLICY, state: () => 'checked' })
const made: string[] = []
const assets = loadAssets()
let revision = 0
let published: string[] = []
let asked = 0
let moved = 0
let status: 'preview' | 'published' = 'published'

let pages: ReadyPages
function siteApp(): Hono {
  const app = new Hono()
  const noting = <T>(what: string, value: T) => async (): Promise<T> => (made.push(what), value)
  pages = mountSite(app, {
    views: {
      page: async ({ number }: { number?: number }) => {
        made.push('page')
        if (number !== undefined && number > 2) throw new VouchsafeError('not-found', `Version ${number} is not here.`)
        return { ...view, site: { ...view.site, status } }
      },
      claim: noting('claim', claimPageView(view, view.claims[0]!)),
      versions: noting('versions', view),
      site: async () => (asked++, view.site),
      redirects: async () => (moved++, new Map([['/old', '/policies/own']])),
    } as unknown as SiteParts['views'],
    assets: () => assets,
    now: () => view.site.at,
    logAnswer: async () => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: new Uint8Array() }),
    claimBundle: noting('claim bundle', { type: 'x' } as unknown as Bundle),
    pageBundle: noting('page bundle', { type: 'x' } as unknown as Bundle),
    face: async () => ({ begun: published.length > 0, front: published.includes('/'), policies: new Map(published.map((slug) => [slug, new Set([1, 2])])), claims: new Set(published), scopes: new Set(['EU']), addressed: false }),
    mayPreview: async (context) => (context.env as { near: boolean }).near,
    redeemPreview: (token) => (token === 'good' ? 'value' : undefined),
    schema: () => undefined,
    revision: () => revision,
    logSize: async () => 0,
  })
  return app
}

let app: Hono
beforeEach(() => {
  made.length = 0
  published = []
  asked = moved = 0
  status = 'published'
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

test('a page that says of itself that it is a preview is shown to no stranger, whatever was thought of it, and kept by no cache', async () => {
  published = ['/', 'own']
  status = 'preview'
  for (const path of ['/', '/policies/own', '/policies/own/versions/2']) {
    expect((await ask(path, false)).status, path).toBe(404)
    const near = await ask(path, true)
    expect([near.status, near.headers.get('cache-control')], path).toEqual([200, 'private, no-store'])
  }
})

test('addresses without anything behind them cost no reading, however many there are', async () => {
  published = ['/', 'own']
  for (let i = 0; i < 50; i++) {
    for (const path of [`/nothing/${i}`, `/policies/none-${i}`, `/claims/none${i}`, `/policies/own/versions/${i + 3}`, `/policies/own/versions/1..${i + 3}`]) expect((await ask(path, false)).status, path).toBe(404)
    await ask(`/?scope=nowhere-${i}`, false)
  }
  expect({ asked, moved, made }).toEqual({ asked: 2, moved: 1, made: ['page'] })
  expect((await ask('/old', false)).headers.get('location')).toBe('/policies/own')
})

test('a former address tells a stranger nothing of a preview', async () => {
  expect((await ask('/old', false)).status).toBe(404)
  expect((await ask('/old', true)).status).toBe(301)
})

test('before anything was published, the log is for this machine, and for no other page on it', async () => {
  const log = async (near: boolean) => {
    const answer = await ask('/log/checkpoint', near)
    return [answer.headers.get('content-type'), answer.headers.get('access-control-allow-origin')]
  }
  expect(await log(false)).toEqual(['application/problem+json', null])
  expect(await log(true)).toEqual(['text/plain', null])
  published = ['own']
  expect(await log(false)).toEqual(['text/plain', '*'])
})

test('a link of the operator lets a browser in with a cookie that no script and no other site can use', async () => {
  const answer = await ask('/preview/good', false)
  expect([answer.status, answer.headers.get('location'), answer.headers.get('cache-control')]).toEqual([303, '/', 'no-store'])
  expect(answer.headers.get('set-cookie')).toBe('vouchsafe-preview=value; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure')
  expect((await ask('/preview/good', true)).headers.get('set-cookie')).not.toContain('Secure')
  for (const [path, method] of [['/preview/bad', 'GET'], ['/preview/good', 'HEAD']] as const) {
    const refused = await app.request(`http://x${path}`, { method }, { door: 'public' })
    expect([refused.status, refused.headers.get('set-cookie')], path).toEqual([404, null])
  }
})

test('a page lies ready until the pages change, and under no other address', async () => {
  expect(pages.at('/')).toBeUndefined()
  status = 'preview'
  await ask('/', true)
  expect(pages.at('/')).toMatchObject({ preview: true, sealed: { status: 200 } })
  for (const target of ['', '/?scope=EU', '//', '/#', 'http://x/']) expect(pages.at(target), target).toBeUndefined()
  revision++
  expect(pages.at('/')).toBeUndefined()
})
