import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ManualClock } from '#core/clock'
import { Workshop, type Issued } from '../servers/certificates.ts'
import { startNginx, tlsLines } from '../servers/nginx.ts'
import { findProgram, freePort, type Daemon } from '../servers/programs.ts'
import { makePlace, openHere, publishPage, until, type Place, type RunningHere } from './installation.ts'

const HOUR = 3_600_000
const missing = ['nginx', 'openssl'].filter((name) => findProgram(name) === undefined)

interface Report {
  ok: boolean
  steps: { name: string; ok: boolean | 'unknown'; detail: string }[]
  state?: { now: { state: string } }
}

describe.skipIf(missing.length > 0)(`a claim that strangers can recheck${missing.length > 0 ? ` (skipped: ${missing.join(', ')} absent)` : ''}`, () => {
  let place: Place
  let here: RunningHere
  let nginx: Daemon | undefined
  let port: number
  let certificate: Issued
  let id: string
  // Behind the reader's own clock, which the test cannot set: what is seen here later is still not seen in the future.
  const clock = new ManualClock(new Date(Date.now() - 26 * HOUR))

  const serve = async (protocols: string): Promise<void> => {
    await nginx?.stop()
    const folder = join(place.state, 'nginx')
    mkdirSync(folder, { recursive: true })
    nginx = await startNginx({ folder, http: `server { ${tlsLines({ port, certificate: certificate.certificate, key: certificate.key, protocols, ciphers: 'ALL:@SECLEVEL=0' })} }`, ready: [{ address: '127.0.0.1', port }] })
  }
  const recheck = async (...more: string[]): Promise<{ code: number; report: Report; recheck: Report['steps'] }> => {
    const { code, out, err } = await here.run('verify', `http://127.0.0.1:${here.port}/claims/${id}`, '--recheck', '--allow-private', '--no-dns', '--no-memory', '--format', 'json', ...more)
    if (out === '') throw new Error(err)
    const report = JSON.parse(out) as Report
    expect(report.steps.filter((step) => step.ok === false && step.name !== 'recheck')).toEqual([])
    return { code, report, recheck: report.steps.filter((step) => step.name === 'recheck') }
  }
  const state = async (): Promise<string> => (await here.public(`/api/v1/claims/${id}`)).json<{ state: string }>().state
  const look = async (): Promise<void> => {
    await here.operator('/api/v1/runs', { method: 'POST', body: { check: 'domain/tls-versions' } })
  }

  beforeAll(async () => {
    place = await makePlace('recheck')
    port = await freePort()
    certificate = new Workshop(place.state).issue({ name: 'localhost', dns: ['localhost'] })
    await serve('TLSv1.2 TLSv1.3')
    here = await openHere(place, { clock })
    const set = await here.run('settings', `hosts=localhost:${port}`)
    if (set.code !== 0) throw new Error(set.err)
    const claims = await publishPage(here, 'promises', [{ text: 'Connections to our service use TLS 1.2 or 1.3.', controls: 'encryption-in-transit', checks: 'domain/tls-versions' }])
    id = [...claims.values()][0]!
    await look()
    await until(async () => (await state()) === 'checked', 'the claim being checked')
  }, 120_000)
  afterAll(async () => {
    await here?.installation.stop()
    await nginx?.stop()
    place?.remove()
  }, 60_000)

  test('names the hosts on its page, and holds for the reader as for the installation', async () => {
    const page = (await here.public(`/claims/${id}`)).text
    expect(page).toContain(`data-recheck-target="localhost:${port}"`)
    expect(page).toContain(`vouchsafe verify --recheck http://localhost:${here.port}/claims/${id}`)
    const seen = await recheck()
    expect(seen.recheck).toEqual([expect.objectContaining({ ok: true, detail: expect.stringContaining(`domain/tls-versions of "localhost:${port}", run from here: holds`) })])
    expect(seen.report.state?.now.state).toBe('checked')
    expect(seen.code, 'the key is known from the page alone').toBe(3)
  })

  test('a reader sees it fail before the installation has looked again, and says so', async () => {
    await serve('TLSv1 TLSv1.1 TLSv1.2')
    const seen = await recheck()
    expect(await state()).toBe('checked')
    expect(seen.recheck).toMatchObject([{ ok: false, detail: expect.stringContaining('fails') }])
    expect(seen.code).toBe(1)
  })

  test('once the installation has confirmed it, both say the same: broken, and truly told', async () => {
    clock.advance(25 * HOUR) // the next slot, a day after the first; a check of once a day needs no second run to confirm
    await look()
    await until(async () => (await state()) === 'broken', 'the claim being broken')
    expect((await here.public('/')).text).toMatch(/is-broken/)
    const seen = await until(async () => {
      const one = await recheck()
      return one.report.state?.now.state === 'broken' ? one : undefined
    }, 'the log holding the second failure')
    expect(seen.recheck).toMatchObject([{ ok: true, detail: expect.stringContaining('the page says so too') }])
    expect(seen.code).toBe(3)
  })

  test('where targets are not to be named, a host that the reader guessed proves nothing against the page', async () => {
    expect((await here.run('settings', 'showTargets=false')).code).toBe(0)
    const page = await until(async () => {
      const { text } = await here.public(`/claims/${id}`)
      return text.includes('data-recheck-target') ? undefined : text
    }, 'the page without names')
    expect(page).not.toContain(`localhost:${port}`)
    const seen = await recheck()
    expect(seen.recheck.map(({ ok }) => ok)).toEqual(['unknown'])
    // Who knows the host names it.
    expect((await recheck('--target', `localhost:${port}`)).recheck).toMatchObject([{ ok: true, detail: expect.stringContaining('fails') }])
  })
})
