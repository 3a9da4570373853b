import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROBES, probeHost } from '@vouchsafe/verify/probe'
import { isControlId } from '#core/control'
import { systemClock } from '#core/clock'
import { checksFor, type Check } from '#core/check'
import { domainChecks, type DomainParts } from './probes.ts'

let hosts: readonly string[] = []
const parts = (more: Partial<DomainParts> = {}): DomainParts => ({ hosts: async () => hosts, allowPrivate: true, clock: systemClock, ...more })
const check = (id: string, more?: Partial<DomainParts>): Check => domainChecks(parts(more)).find(({ definition }) => definition.id === `domain/${id}`)!
const run = (one: Check) => one.run({ at: new Date(), attempt: 1, signal: new AbortController().signal })

describe('checks of public addresses', () => {
  it('are the probes, by their ids, each for a control of the catalogue, and a reader can see them again', () => {
    const checks = domainChecks(parts())
    expect(checks.map(({ definition }) => definition.id)).toEqual(PROBES.map(({ id }) => `domain/${id}`))
    for (const { definition } of checks) {
      expect(definition.controls.every(isControlId)).toBe(true)
      expect(definition.vouching).toBe('recheckable')
    }
  })

  it('of mail speak to no sentence about DKIM, whose keys none of them can see', () => {
    const checks = domainChecks(parts())
    const on = (text: string): string[] => checksFor({ text, controls: ['email-authentication'] }, checks).map(({ definition }) => definition.id)
    expect(on('Forged mail in our name is rejected by DMARC.')).toEqual(['domain/spf', 'domain/dmarc'])
    expect(on('Mail is signed with DKIM.')).toEqual([])
    expect(on('SPF, DKIM and DMARC protect the mail that we send.')).toEqual([])
  })

  it('are unknown without a host, waiting for a public address', async () => {
    hosts = []
    expect(await run(check('tls-versions'))).toEqual({ verdict: 'unknown', summary: 'waiting for a public address: no host is declared', targets: [], declared: 0, evidence: {} })
  })

  it('a host that is no host, and one at a private address without leave, are unknown', async () => {
    hosts = ['not a host', '127.0.0.1:1']
    const result = await run(check('tls-versions', { allowPrivate: false }))
    expect(result).toMatchObject({ verdict: 'unknown', declared: 2 })
    expect(result.targets.map(({ target, verdict }) => [target, verdict])).toEqual([['not a host', 'unknown'], ['127.0.0.1:1', 'unknown']])
  })

  it('a run that is told to stop does not say that all holds', async () => {
    hosts = ['127.0.0.1:1']
    const result = await check('tls-versions').run({ at: new Date(), attempt: 1, signal: AbortSignal.abort() })
    expect(result).toMatchObject({ verdict: 'unknown', targets: [], declared: 1 })
  })
})

describe.skipIf(!hasOpenSsl())('against a real TLS server', () => {
  let folder: string
  let server: Server
  let port: number
  let trust: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vouchsafe-tls-'))
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', join(folder, 'key'), '-out', join(folder, 'cert')], { stdio: 'pipe' })
    trust = readFileSync(join(folder, 'cert'), 'utf8')
    server = createServer({ key: readFileSync(join(folder, 'key')), cert: trust }, (_request, response) => response.writeHead(200, { 'strict-transport-security': 'max-age=63072000; includeSubDomains' }).end('ok'))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    port = (server.address() as { port: number }).port
    hosts = [`localhost:${port}`]
  })
  afterAll(async () => {
    server?.closeAllConnections()
    await new Promise((done) => server?.close(done))
    rmSync(folder, { recursive: true })
  })

  it.each(['tls-versions', 'certificate-name', 'certificate-validity', 'hsts'])('%s says here what the probe says by itself', async (id) => {
    const network = { trust: [trust] }
    const result = await run(check(id, { network }))
    const alone = (await probeHost({ host: 'localhost', port }, { at: new Date(), timeoutMs: 10_000, allowPrivate: true, ...network })).find((report) => report.id === id)!
    expect(result).toMatchObject({ verdict: alone.verdict, declared: 1 })
    expect(result.verdict).toBe('holds')
    expect(Object.keys(result.evidence)).toEqual([`seen of localhost:${port}`])
  })

  it('the worst host speaks for all', async () => {
    const good = hosts
    hosts = [...good, 'localhost:1']
    const result = await run(check('tls-versions', { network: { trust: [trust] } }))
    hosts = good
    expect(result).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('localhost:1: '), declared: 2 })
    expect(result.targets[0]).toMatchObject({ verdict: 'holds' })
  })

  it('a certificate that nobody trusts fails', async () => {
    expect((await run(check('certificate-chain'))).verdict).toBe('fails')
  })
})

function hasOpenSsl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
