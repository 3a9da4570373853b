import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROBES, probeHost } from '@vouchsafe/verify/probe'
import type { CheckReport, ProbeOptions } from '@vouchsafe/verify/probe'
import { Workshop } from '../certificates.ts'
import type { Issued } from '../certificates.ts'
import { startNginx, tlsLines } from '../nginx.ts'
import { freePort, makeFolder, missingPrograms, removeFolder } from '../programs.ts'
import type { Daemon } from '../programs.ts'

const missing = missingPrograms('nginx', 'openssl')
const DAY_MS = 86_400_000

describe.skipIf(missing.length > 0)(`TLS of real servers${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let folder: string
  let nginx: Daemon
  let root: Issued
  const ports: Record<string, number> = {}
  let options: ProbeOptions

  beforeAll(async () => {
    folder = makeFolder('tls')
    const workshop = new Workshop(folder)
    root = workshop.root()
    const middle = workshop.issue({ name: 'Test Intermediate', authority: { pathLength: 0 } }, root)
    const good = workshop.issue({ name: 'good.test', dns: ['good.test', '*.wild.test'], ips: ['127.0.0.1'] }, middle)
    const goodBundle = workshop.bundle('good', good, middle)
    const past = { notBefore: new Date(Date.now() - 400 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) }
    const future = { notBefore: new Date(Date.now() + DAY_MS), notAfter: new Date(Date.now() + 30 * DAY_MS) }
    const leaf = (name: string, wish: Partial<Parameters<Workshop['issue']>[0]> = {}): { certificate: string; key: string } => {
      const issued = workshop.issue({ name, dns: ['good.test'], ...wish }, middle)
      return { certificate: workshop.bundle(name, issued, middle), key: issued.key }
    }
    const other = workshop.root('Foreign Root')
    const foreign = workshop.issue({ name: 'foreign', dns: ['good.test'] }, other)
    const selfSigned = workshop.issue({ name: 'self', dns: ['good.test'] })
    const imposter = workshop.issue({ name: 'imposter', dns: ['good.test'] }, good) // signed by a leaf, which may not
    const kinds: Record<string, Omit<Parameters<typeof tlsLines>[0], 'port'>> = {
      good: { certificate: goodBundle, key: good.key },
      old: { certificate: goodBundle, key: good.key, protocols: 'TLSv1 TLSv1.1 TLSv1.2', ciphers: 'ALL:@SECLEVEL=0' },
      only13: { certificate: goodBundle, key: good.key, protocols: 'TLSv1.3' },
      only12: { certificate: goodBundle, key: good.key, protocols: 'TLSv1.2' },
      null: { certificate: goodBundle, key: good.key, protocols: 'TLSv1.2', ciphers: 'ECDHE+AESGCM:NULL:@SECLEVEL=0' },
      anonymous: { certificate: goodBundle, key: good.key, protocols: 'TLSv1.2', ciphers: 'ECDHE+AESGCM:aNULL:@SECLEVEL=0' },
      noSecrecy: { certificate: goodBundle, key: good.key, protocols: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:AES256-SHA' },
      cbcOnly: { certificate: goodBundle, key: good.key, protocols: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA' },
      expired: leaf('expired', past),
      early: leaf('early', future),
      wrongName: leaf('wrong', { dns: ['other.test'] }),
      shortKey: leaf('short', { key: 'rsa:1024' }),
      sha1: leaf('sha1', { digest: 'sha1' }),
      curve: leaf('curve', { key: 'ec:prime256v1' }),
      unordered: { certificate: workshop.bundle('unordered', good, root, middle), key: good.key },
      unordered13: { certificate: workshop.bundle('unordered', good, root, middle), key: good.key, protocols: 'TLSv1.3' },
      missing: { certificate: good.certificate, key: good.key },
      selfSigned: { certificate: selfSigned.certificate, key: selfSigned.key },
      foreign: { certificate: workshop.bundle('foreign', foreign, other), key: foreign.key },
      imposter: { certificate: workshop.bundle('imposter', imposter, good, middle), key: imposter.key },
    }
    let http = ''
    for (const [kind, lines] of Object.entries(kinds)) {
      ports[kind] = await freePort()
      http += `server { ${tlsLines({ port: ports[kind], ...lines })} location / { return 200 "hello"; } }\n`
    }
    nginx = await startNginx({ folder, http, ready: Object.values(ports).map((port) => ({ address: '127.0.0.1', port })) })
    options = { at: new Date(), timeoutMs: 4000, trust: [root.pem], allowPrivate: true, resolver: { servers: ['127.0.0.1:1'] } }
  })

  afterAll(async () => {
    await nginx?.stop()
    removeFolder(folder)
  })

  const run = (id: string, kind: string, host = 'good.test'): Promise<CheckReport> => PROBES.find((probe) => probe.id === id)!.run({ host, port: ports[kind]!, address: '127.0.0.1' }, options)

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
    ['certificate-chain', 'expired', 'holds'],
    ['certificate-name', 'good', 'holds'],
    ['certificate-name', 'wrongName', 'fails'],
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
})
