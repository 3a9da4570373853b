import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROBES } from '@vouchsafe/verify/probe'
import type { CheckReport, ProbeOptions } from '@vouchsafe/verify/probe'
import { Workshop } from '../certificates.ts'
import { DNS_PROGRAMS, startDns } from '../dns.ts'
import type { DnsServers } from '../dns.ts'
import { startNginx, tlsLines } from '../nginx.ts'
import { canListen, makeFolder, missingPrograms, removeFolder } from '../programs.ts'
import type { Daemon } from '../programs.ts'

// RFC 8461 fixes port 443, so these servers need it, on loopback addresses that nothing else is likely to use.
const ADDRESS = '127.77.43.1'
const missing = missingPrograms('nginx', 'openssl', ...DNS_PROGRAMS)
const open = (await canListen(ADDRESS, 443)) && (await canListen(ADDRESS, 80))
const reason = missing.length > 0 ? `no ${missing.join(', ')}` : open ? '' : `ports 80 and 443 of ${ADDRESS} cannot be had`

const POLICIES: Record<string, string> = {
  good: 'version: STSv1\nmode: enforce\nmx: mail.good.test\nmax_age: 86400\n',
  testing: 'version: STSv1\nmode: testing\nmx: *.testing.test\nmax_age: 86400\n',
  left: 'version: STSv1\nmode: enforce\nmx: other.left.test\nmax_age: 86400\n',
  moved: '',
  lying: 'version: STSv1\nmode: enforce\nmx: mail.lying.test\nmax_age: 86400\n',
}

describe.skipIf(reason !== '')(`hosts on their real ports, by real DNS${reason === '' ? '' : ` (skipped: ${reason})`}`, () => {
  let folder: string
  let nginx: Daemon
  let dns: DnsServers
  let options: ProbeOptions

  beforeAll(async () => {
    folder = makeFolder('mta-sts')
    const workshop = new Workshop(folder)
    const root = workshop.root()
    const sites = Object.keys(POLICIES)
    const honest = workshop.issue({ name: 'honest', dns: sites.filter((name) => name !== 'lying').flatMap((name) => [`${name}.test`, `mta-sts.${name}.test`]) }, root)
    const liar = workshop.issue({ name: 'liar', dns: ['elsewhere.test'] }, root)
    let http = `server { listen ${ADDRESS}:80; return 301 https://$host$request_uri; }\n`
    for (const name of sites) {
      const home = path.join(folder, name, '.well-known')
      mkdirSync(home, { recursive: true })
      writeFileSync(path.join(home, 'mta-sts.txt'), POLICIES[name]!)
      const certificate = name === 'lying' ? liar : honest
      const moved = name === 'moved' ? 'location /.well-known/mta-sts.txt { return 301 https://good.test/.well-known/mta-sts.txt; }' : ''
      http += `server { server_name ${name}.test mta-sts.${name}.test; ${tlsLines({ address: ADDRESS, port: 443, certificate: certificate.certificate, key: certificate.key })} root ${path.join(folder, name)}; ${moved} }\n`
    }
    nginx = await startNginx({ folder, http, ready: [{ address: ADDRESS, port: 443 }] })
    dns = await startDns(
      folder,
      sites.map((name) => ({
        name: `${name}.test`,
        dnssec: 'signed',
        records: `@ A ${ADDRESS}\nmta-sts A ${ADDRESS}\n@ MX 5 mail.${name}.test.\nmail A ${ADDRESS}\n_mta-sts TXT "v=STSv1; id=1;"`,
      })),
    )
    options = { at: new Date(), timeoutMs: 3000, trust: [root.pem], allowPrivate: true, resolver: { servers: [dns.resolver] } }
  })
  afterAll(async () => {
    await nginx?.stop()
    await dns?.stop()
    removeFolder(folder)
  })

  const run = (id: string, host: string, more: Partial<ProbeOptions> = {}): Promise<CheckReport> => PROBES.find((probe) => probe.id === id)!.run({ host }, { ...options, ...more })

  it.each([
    ['good.test', 'holds', /enforced for 1 mail server/],
    ['testing.test', 'fails', /mode testing/],
    ['left.test', 'fails', /leaves out the mail server mail\.left\.test/],
    ['moved.test', 'fails', /status 301/], // RFC 8461 §3.3: redirects are not followed
    ['lying.test', 'fails', /certificate is not for mta-sts\.lying\.test/],
  ])('the MTA-STS policy of %s %s', async (host, verdict, summary) => {
    const report = await run('mta-sts', host)
    expect(report, report.summary).toMatchObject({ verdict })
    expect(report.summary).toMatch(summary)
  })

  it('a name found by DNS is probed on the default ports', async () => {
    expect(await run('tls-versions', 'good.test')).toMatchObject({ verdict: 'holds', observation: { address: ADDRESS, addresses: 1 } })
    expect(await run('certificate-name', 'good.test')).toMatchObject({ verdict: 'holds' })
    expect(await run('https-redirect', 'good.test')).toMatchObject({ verdict: 'holds', observation: { sameHost: true } })
  })

  it('without leave, a name that DNS leads to a private address is not called', async () => {
    for (const id of ['tls-versions', 'certificate-chain', 'https-redirect', 'security-txt', 'mta-sts']) {
      expect(await run(id, 'good.test', { allowPrivate: false }), id).toMatchObject({ verdict: 'unknown', observation: { error: 'private-address' } })
    }
  })
})
