import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROBES } from '@vouchsafe/verify/probe'
import type { CheckReport, ProbeOptions } from '@vouchsafe/verify/probe'
import { startTlsVariety } from '../tls-variety.ts'
import type { TlsVariety } from '../tls-variety.ts'
import { makeFolder, missingPrograms, removeFolder } from '../programs.ts'

const missing = missingPrograms('nginx', 'openssl')

describe.skipIf(missing.length > 0)(`TLS of real servers${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let folder: string
  let servers: TlsVariety
  let options: ProbeOptions

  beforeAll(async () => {
    folder = makeFolder('tls')
    servers = await startTlsVariety(folder)
    options = { at: new Date(), timeoutMs: 4000, trust: [servers.root.pem], allowPrivate: true, resolver: { servers: ['127.0.0.1:1'] } }
  })

  afterAll(async () => {
    await servers?.stop()
    removeFolder(folder)
  })

  const run = (id: string, kind: string, host = 'good.test'): Promise<CheckReport> => PROBES.find((probe) => probe.id === id)!.run({ host, port: servers.ports[kind]!, address: '127.0.0.1' }, options)

  it.each([
    ['tls-versions', 'good', 'holds'],
    ['tls-versions', 'only13', 'holds'],
    ['tls-versions', 'only12', 'holds'],
    ['tls-versions', 'old', 'fails'],
    ['tls-ciphers', 'good', 'holds'],
    ['tls-ciphers', 'only13', 'holds'],
    ['tls-ciphers', 'null', 'fails'],
    ['tls-ciphers', 'anonymous', 'fails'],
    ['tls-ciphers', 'noSecrecy', 'fails'],
    ['tls-ciphers', 'cbcOnly', 'fails'],
    ['tls-compression', 'good', 'holds'],
    ['tls-compression', 'only13', 'holds'],
    ['tls-renegotiation', 'good', 'holds'],
    ['certificate-chain', 'good', 'holds'],
    ['certificate-chain', 'only13', 'holds'],
    ['certificate-chain', 'unordered', 'holds'],
    ['certificate-chain', 'unordered13', 'holds'],
    ['certificate-chain', 'missing', 'fails'],
    ['certificate-chain', 'selfSigned', 'fails'],
    ['certificate-chain', 'foreign', 'fails'],
    ['certificate-chain', 'imposter', 'fails'],
    ['certificate-chain', 'deep', 'fails'],
    ['certificate-chain', 'outside', 'fails'],
    ['certificate-chain', 'expired', 'holds'],
    ['certificate-name', 'good', 'holds'],
    ['certificate-name', 'wrongName', 'fails'],
    ['certificate-name', 'only10', 'holds'], // a host too old for today's libraries is read all the same
    ['certificate-chain', 'only10', 'holds'],
    ['tls-versions', 'only10', 'fails'],
    ['tls-ciphers', 'only10', 'fails'],
    ['certificate-validity', 'good', 'holds'],
    ['certificate-validity', 'expired', 'fails'],
    ['certificate-validity', 'early', 'fails'],
    ['certificate-key', 'good', 'holds'],
    ['certificate-key', 'curve', 'holds'],
    ['certificate-key', 'shortKey', 'fails'],
    ['certificate-signature', 'good', 'holds'],
    ['certificate-signature', 'sha1', 'fails'],
  ])('%s of the server "%s" %s', async (id, kind, verdict) => {
    const report = await run(id, kind)
    expect(report, report.summary).toMatchObject({ id, verdict })
  })

  it.each([
    ['missing', 'missing-intermediate'],
    ['selfSigned', 'self-signed'],
    ['foreign', 'unknown-root'],
    ['imposter', 'not-an-authority'],
    ['deep', 'not-an-authority'],
  ])('the chain of "%s" is refused as %s', async (kind, reason) => {
    expect((await run('certificate-chain', kind)).observation).toMatchObject({ reason, orderSeen: true })
  })

  it.each([
    ['good', true, 0],
    ['only13', true, 0],
    ['unordered', false, 0],
    ['unordered13', false, 0],
    ['dual', true, 0],
    ['dual12', true, 0],
  ])('the order in which "%s" sends its chain is seen, in TLS 1.3 too', async (kind, ordered, surplus) => {
    expect((await run('certificate-chain', kind)).observation).toMatchObject({ orderSeen: true, ordered, surplus })
  })

  it('a name that an authority may not certify is left to the TLS library, which refuses it', async () => {
    expect((await run('certificate-chain', 'outside')).observation).toMatchObject({ complaint: 'UNSPECIFIED' }) // Node has no name of its own for this one
  })

  it('a chain shown with another certificate than the one proven is not used', async () => {
    // Odd connections, the proven handshake first among them, reach one server, and even ones another.
    let connections = 0
    const between = createServer((client) => {
      const server = connect(servers.ports[++connections % 2 === 1 ? 'good' : 'foreign']!, '127.0.0.1')
      client.pipe(server).pipe(client)
      for (const socket of [client, server]) socket.on('error', () => {}).on('close', () => (client.destroy(), server.destroy()))
    })
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve))
    try {
      const target = { host: 'good.test', port: (between.address() as AddressInfo).port, address: '127.0.0.1' }
      const report = await PROBES.find((probe) => probe.id === 'certificate-chain')!.run(target, options)
      expect(report).toMatchObject({ verdict: 'holds', observation: { orderSeen: false, sent: expect.arrayContaining([expect.objectContaining({ subject: 'CN=good.test' })]) } })
      expect(JSON.stringify(report)).not.toContain('foreign')
    } finally {
      between.close()
    }
  })

  it('dates are judged at the moment given, not at the clock of the machine', async () => {
    const later = { ...options, at: new Date(Date.now() + 200 * 86_400_000) }
    const report = await PROBES.find((probe) => probe.id === 'certificate-validity')!.run({ host: 'good.test', port: servers.ports['good']!, address: '127.0.0.1' }, later)
    expect(report).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('expired') })
  })

  it.each([
    ['a.wild.test', 'holds'],
    ['a.b.wild.test', 'fails'],
    ['wild.test', 'fails'],
    ['127.0.0.1', 'holds'],
    ['127.0.0.2', 'fails'],
  ])('as the name of a server with a wildcard, %s %s', async (host, verdict) => {
    expect(await run('certificate-name', 'good', host)).toMatchObject({ verdict })
  })
})
