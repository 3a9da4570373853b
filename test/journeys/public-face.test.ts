import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePlace, openHere, publishPage, type Call, type Place, type RunningHere } from './installation.ts'

let place: Place
let here: RunningHere
beforeAll(async () => {
  place = await makePlace('face')
  here = await openHere(place)
})
afterAll(async () => {
  await here?.installation.stop()
  place?.remove()
})

const LOCAL: Call = { headers: { host: 'localhost' } }
const FAR: Call = { headers: { host: 'localhost', 'x-forwarded-for': '203.0.113.9' } }
const statuses = async (call: Call, ...paths: string[]): Promise<number[]> => Promise.all(paths.map(async (path) => (await here.public(path, call)).status))
const browser = async (): Promise<Call> => {
  const { code, out } = await here.run('policy', 'preview')
  expect(code).toBe(0)
  const opened = await here.public(new URL(out.split('\n')[0]!).pathname, LOCAL)
  return { headers: { ...LOCAL.headers, cookie: String(opened.headers['set-cookie']).split(';')[0]! } }
}

// In order: each goes on from what the one before has decided.
test('at first start the preview is at / for this machine, and strangers find neither page nor log', async () => {
  const pages = ['/', '/policies/starter', '/llms.txt', '/verify', '/api/v1/claims']
  expect(await statuses(LOCAL, ...pages)).toEqual(pages.map(() => 200))
  expect(await statuses(FAR, ...pages, '/log/checkpoint', '/log/entry/0', '/api/v1/log', '/api/v1/checks')).toEqual([...pages, 1, 2, 3, 4].map(() => 404))
  const log = await here.public('/log/checkpoint', LOCAL)
  expect([log.status, log.headers['access-control-allow-origin']]).toEqual([200, undefined])
  expect((await here.public('/', LOCAL)).headers['cache-control']).toBe('private, no-store')
})

test('once a public address is set, a request that looks like one from here may be a stranger’s: only a link opens the preview', async () => {
  expect(await statuses(LOCAL, '/')).toEqual([200])
  expect((await here.run('settings', 'publicUrl=https://security.example.com')).code).toBe(0)
  expect(await statuses(LOCAL, '/', '/policies/starter', '/api/v1/claims')).toEqual([404, 404, 404])
  const invited = await browser()
  expect(await statuses(invited, '/', '/policies/starter', '/api/v1/claims')).toEqual([200, 200, 200])
  expect(await statuses(LOCAL, '/'), 'what was just rendered for somebody else').toEqual([404])
  expect((await here.operator('/')).status).toBe(200)
})

test('the link works once, and nobody but the operator makes one', async () => {
  const { out } = await here.run('policy', 'preview', '--format', 'json')
  const { url } = JSON.parse(out) as { url: string }
  const { pathname } = new URL(url)
  expect(await statuses(LOCAL, pathname, pathname)).toEqual([303, 404])
  expect((await here.public('/api/v1/preview-links', { method: 'POST' })).status).toBe(401)
})

test('what is published everyone sees, and what is only a preview beside it nobody', async () => {
  const claims = await publishPage(here, 'security', [{ text: 'Backups are made every day.', controls: 'backup-daily' }])
  const [claim] = [...claims.values()]
  expect(await statuses(FAR, '/', '/policies/security', '/policies/security/versions/1', `/claims/${claim}`, `/claims/${claim}/bundle`, '/log/checkpoint', '/api/v1/claims')).toEqual(Array(7).fill(200))
  expect((await here.public('/log/checkpoint', FAR)).headers['access-control-allow-origin']).toBe('*')
  for (const call of [FAR, LOCAL]) expect(await statuses(call, '/policies/starter', '/policies/starter/versions/1', '/policies/starter/bundle', '/policies/security/versions/2')).toEqual([404, 404, 404, 404])
  expect(await statuses(await browser(), '/policies/starter')).toEqual([200])
})

test('hundreds of addresses that are not there ask nothing of the database', async () => {
  const { appPool } = here.installation.organisation.database
  await statuses(FAR, '/nothing', '/claims/nothing', '/policies/nothing')
  let asked = 0
  const count = (): void => void asked++
  appPool.on('acquire', count)
  for (let i = 0; i < 100; i++) await statuses(FAR, `/a${i}`, `/claims/a${i}`, `/policies/a${i}`, `/policies/security/versions/${i + 2}`, `/claims/a${i}/bundle`, `/api/v1/claims/a${i}`)
  appPool.off('acquire', count)
  // Jobs that run meanwhile ask too, and pages are read anew after them.
  expect(asked).toBeLessThan(100)
})
