import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseWitnessPolicy } from '@vouchsafe/verify'
import { verifyUrl } from '@vouchsafe/verify/node'
import { Workshop } from '../servers/certificates.ts'
import { startNginx, tlsLines } from '../servers/nginx.ts'
import { freePort, missingPrograms, type Daemon } from '../servers/programs.ts'
import { makePlace, openHere, program, publishPage, runProgram, until, type Child, type Place, type RunningHere } from './installation.ts'

const absent = missingPrograms('nginx', 'openssl')

interface Running {
  child: Child
  url: string
  vkey: string
  observer?: string
}

describe.skipIf(!existsSync(program) || absent.length > 0)(`witnesses in processes of their own${absent.length > 0 ? ` (absent: ${absent.join(', ')})` : ''}`, () => {
  let place: Place
  let here: RunningHere
  let nginx: Daemon
  let target: string
  let claim: string
  let vkey: string
  const witnesses: Running[] = []
  const folders: Place[] = []

  async function startWitness(name: string, ...more: string[]): Promise<Running> {
    const folder = await makePlace('witness')
    folders.push(folder)
    const child = runProgram(folder, ['log', 'witness', '--name', name, '--log', vkey, '--port', '0', '--dir', join(folder.data, 'w'), ...more])
    const [, url = ''] = await child.says(/witness +(http:\S+)/)
    const [, key = ''] = await child.says(/key +(\S+)/)
    const observer = more.includes('--observe') ? (await child.says(/observer +(\S+)/))[1] : undefined
    const running: Running = { child, url, vkey: key, ...(observer === undefined ? {} : { observer }) }
    witnesses.push(running)
    return running
  }

  beforeAll(async () => {
    place = await makePlace('cosigned')
    const web = join(place.state, 'web')
    mkdirSync(web)
    writeFileSync(join(web, 'index.html'), '<!doctype html><title>A site</title>')
    const certificate = new Workshop(place.state).issue({ name: 'localhost', dns: ['localhost'], ips: ['127.0.0.1'] })
    const port = await freePort()
    target = `localhost:${port}`
    nginx = await startNginx({ folder: web, http: `server { ${tlsLines({ port, certificate: certificate.certificate, key: certificate.key })} server_name localhost; }`, ready: [{ address: '127.0.0.1', port }] })
    here = await openHere(place)
    await here.operator('/api/v1/settings', { method: 'PATCH', body: { hosts: [target] } })
    const claims = await publishPage(here, 'tls', [{ text: 'Old versions of TLS are refused.', controls: 'encryption-in-transit', checks: 'domain/tls-versions' }])
    claim = claims.get('Old versions of TLS are refused.')!
    await here.operator('/api/v1/runs', { method: 'POST', body: { check: 'domain/tls-versions' } })
    vkey = (await here.public('/log/vkey')).text.trim()
  })
  afterAll(async () => {
    const ends = await Promise.all(witnesses.map(({ child }) => child.stop()))
    await here?.installation.stop()
    await nginx?.stop()
    for (const folder of [...folders, place]) folder?.remove()
    expect(ends.every((code) => code === 0)).toBe(true)
  })

  test('cosign the newest checkpoint once they are asked, and a reader’s own policy is satisfied', { timeout: 90_000 }, async () => {
    expect((await here.public(`/api/v1/claims/${claim}`)).json()).toMatchObject({ state: 'checked' })
    const first = await startWitness('witness.example/one')
    const second = await startWitness('witness.example/two', '--observe', `${here.installation.url.replace('localhost', '127.0.0.1')}/`, '--allow-private')
    expect((await here.run('log', 'ask', first.url, '--vkey', first.vkey, '--own')).err).toBe('')
    expect((await here.run('log', 'ask', second.url, '--vkey', second.vkey, '--observer', second.observer!)).err).toBe('')
    const note = await until(async () => {
      const answer = await here.public('/log/cosigned')
      return answer.status === 200 && answer.text.includes('witness.example/one') && answer.text.includes('witness.example/two') && answer.text
    }, 'both cosignatures', 45_000)
    expect(note.split('\n').filter((line) => line.startsWith('— '))).toHaveLength(3)
    const policy = parseWitnessPolicy(`witness one ${first.vkey}\nwitness two ${second.vkey}\ngroup both 2 one two\nquorum both\n`)
    const url = `http://127.0.0.1:${here.port}/claims/${claim}`
    const report = await until(async () => {
      const verified = await verifyUrl(url, { at: Date.now(), vkey, policy, memory: false, dns: false })
      return verified.steps.find((step) => step.name === 'witnesses')?.ok === true && verified
    }, 'a report that finds both', 45_000)
    expect(report.steps.filter((step) => step.ok === false)).toEqual([])
    expect(report.steps.find((step) => step.name === 'freshness')).toMatchObject({ ok: true })
    const { out } = await here.run('log', 'status')
    expect(out).toMatch(/witness\.example\/one \(our own\), \d{4}/)
    expect(out).toMatch(/witness\.example\/two \(independent\), \d{4}/)
  })

  test('a policy that names others is not satisfied by these', async () => {
    const stranger = await startWitness('witness.example/three')
    const policy = parseWitnessPolicy(`witness three ${stranger.vkey}\nquorum three\n`)
    const report = await verifyUrl(`http://127.0.0.1:${here.port}/claims/${claim}`, { at: Date.now(), vkey, policy, memory: false, dns: false })
    expect(report.steps.find((step) => step.name === 'witnesses')!.ok).not.toBe(true)
    expect(report.ok).toBe(false)
  })

  test('an outside observer whose own probe agreed stands beside the claim', { timeout: 90_000 }, async () => {
    const page = await until(async () => {
      const answer = await here.public(`/claims/${claim}`)
      return /(one|1) (outside )?observer/i.test(answer.text) && answer.text
    }, 'the observer on the page', 35_000).catch(async (error: unknown) => { throw new Error(`${String(error)}\n${await (await fetch(`${witnesses[1]!.url}/observation`)).text()}\n${witnesses[1]!.child.output()}\n${readFileSync(join(place.data, 'vouchsafe.log'), 'utf8').slice(-1500)}`) })
    expect(page).not.toMatch(/(two|2) (outside )?observers/i)
  })

  test('one that is asked no longer is in the log as removed, and not asked', async () => {
    const { vkey: gone } = witnesses[0]!
    expect((await here.run('log', 'dismiss', '--vkey', gone)).code).toBe(0)
    expect((await here.run('log', 'status')).out).not.toContain('witness.example/one')
    expect((await here.run('log', 'dismiss', '--vkey', gone)).code).toBe(2)
  })
})
