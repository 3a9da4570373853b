import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROBES } from '@vouchsafe/verify/probe'
import type { CheckReport, ProbeOptions } from '@vouchsafe/verify/probe'
import { DNS_PROGRAMS, startDns } from '../dns.ts'
import type { DnsServers, Zone } from '../dns.ts'
import { makeFolder, missingPrograms, removeFolder } from '../programs.ts'

const missing = missingPrograms(...DNS_PROGRAMS)

const many = (count: number, make: (index: number) => string): string => Array.from({ length: count }, (_, index) => make(index)).join('\n')

const ZONES: Zone[] = [
  {
    name: 'good.test',
    dnssec: 'signed',
    records: `
@ A 127.0.0.1
www CNAME @
@ MX 10 mail.good.test.
mail A 127.0.0.1
@ TXT "v=spf1 mx include:_spf.good.test " "-all"
_spf TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@good.test"
@ CAA 0 issue "ca.example"
@ CAA 0 iodef "mailto:security@good.test"
app A 127.0.0.1
partner CNAME plain.test.
loop1 CNAME loop2
loop2 CNAME loop1
`,
  },
  { name: 'plain.test', dnssec: 'unsigned', records: '@ A 127.0.0.1\n@ MX 0 .\n@ TXT "v=spf1 ~all"\n_dmarc TXT "v=DMARC1; p=none"\n@ CAA 128 future "yes"\n@ CAA 0 issue ";"' },
  { name: 'bogus.test', dnssec: 'bogus', records: '@ A 127.0.0.1' },
  { name: 'bare.test', dnssec: 'signed', records: '@ A 127.0.0.1\n@ TXT "something else"' },
  { name: 'twice.test', dnssec: 'signed', records: '@ A 127.0.0.1\n@ TXT "v=spf1 -all"\n@ TXT "v=spf1 +all"\n_dmarc TXT "v=DMARC1; p=reject"\n_dmarc TXT "v=DMARC1; p=none"\n@ CAA 0 iodef "mailto:a@twice.test"' },
  { name: 'open.test', dnssec: 'signed', records: '@ A 127.0.0.1\n@ TXT "v=spf1 +all"\n_dmarc TXT "v=DMARC1; p=reject; sp=none"' },
  { name: 'wrong.test', dnssec: 'signed', records: '@ A 127.0.0.1\n@ TXT "v=spf1 ipv4:192.0.2.1 -all"\n_dmarc TXT "v=DMARC1; rua=mailto:a@wrong.test"' },
  { name: 'heavy.test', dnssec: 'signed', records: `@ A 127.0.0.1\n@ TXT "v=spf1 ${many(6, (index) => `include:i${index}.heavy.test`).replaceAll('\n', ' ')} -all"\n${many(6, (index) => `i${index} TXT "v=spf1 a:a.heavy.test ~all"`)}\na A 192.0.2.1\n_dmarc TXT "v=DMARC1; p=quarantine; pct=20"` },
  { name: 'void.test', dnssec: 'signed', records: '@ A 127.0.0.1\n@ TXT "v=spf1 a:x1.void.test a:x2.void.test a:x3.void.test -all"' },
  { name: 'circle.test', dnssec: 'signed', records: '@ A 127.0.0.1\n@ TXT "v=spf1 include:b.circle.test -all"\nb TXT "v=spf1 include:circle.test -all"' },
  { name: 'lost.test', dnssec: 'signed', records: '@ A 127.0.0.1\n@ TXT "v=spf1 redirect=nothing.lost.test"' },
  { name: 'moved.test', dnssec: 'signed', records: '@ A 127.0.0.1\n@ TXT "v=spf1 redirect=_spf.good.test"' },
  // More text than a datagram of 1232 octets carries: the answer is cut, and had by TCP.
  { name: 'large.test', dnssec: 'signed', records: `@ A 127.0.0.1\n${many(12, (index) => `@ TXT "${String(index).padStart(2, '0').repeat(100)}"`)}\n@ TXT "v=spf1 -all"` },
]

describe.skipIf(missing.length > 0)(`DNS of real servers${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let folder: string
  let dns: DnsServers
  const options = (servers: string[], timeoutMs = 3000): ProbeOptions => ({ at: new Date(), timeoutMs, allowPrivate: true, resolver: { servers } })
  const run = (id: string, host: string, servers = [dns.resolver]): Promise<CheckReport> => PROBES.find((probe) => probe.id === id)!.run({ host }, options(servers))

  beforeAll(async () => {
    folder = makeFolder('dns')
    dns = await startDns(folder, ZONES)
  })
  afterAll(async () => {
    await dns?.stop()
    removeFolder(folder)
  })

  it.each([
    ['dnssec', 'good.test', 'holds', /validated/],
    ['dnssec', 'www.good.test', 'holds', /validated/],
    ['dnssec', 'plain.test', 'fails', /not signed/],
    ['dnssec', 'bogus.test', 'fails', /do not validate/],
    ['dnssec', '127.0.0.1', 'unknown', /IP address/],
    ['dnssec', 'localhost', 'unknown', /public DNS/],
    ['caa', 'good.test', 'holds', /ca\.example/],
    ['caa', 'app.good.test', 'holds', /ca\.example/],
    ['caa', 'www.good.test', 'holds', /ca\.example/],
    ['caa', 'bare.test', 'fails', /any authority/],
    ['caa', 'plain.test', 'fails', /critical/],
    ['caa', 'twice.test', 'fails', /leave issuing open/],
    ['spf', 'good.test', 'holds', /-all/],
    ['spf', 'www.good.test', 'holds', /-all/],
    ['spf', 'app.good.test', 'holds', /SPF of good\.test/],
    ['spf', 'partner.good.test', 'holds', /SPF of good\.test/],
    ['spf', 'plain.test', 'holds', /~all/],
    ['spf', 'bare.test', 'fails', /no SPF record/],
    ['spf', 'twice.test', 'fails', /2 SPF records/],
    ['spf', 'open.test', 'fails', /\+all/],
    ['spf', 'wrong.test', 'fails', /no SPF term/],
    ['spf', 'heavy.test', 'fails', /more than 10/],
    ['spf', 'void.test', 'fails', /find nothing/],
    ['spf', 'circle.test', 'fails', /includes itself/],
    ['spf', 'lost.test', 'fails', /no SPF record/],
    ['spf', 'moved.test', 'holds', /~all/],
    ['spf', 'large.test', 'holds', /-all/],
    ['dmarc', 'good.test', 'holds', /reject/],
    ['dmarc', 'app.good.test', 'holds', /reject/],
    ['dmarc', 'plain.test', 'fails', /only watches/],
    ['dmarc', 'bare.test', 'fails', /no DMARC record/],
    ['dmarc', 'twice.test', 'fails', /2 DMARC records/],
    ['dmarc', 'open.test', 'fails', /subdomains/],
    ['dmarc', 'wrong.test', 'fails', /p is missing/],
    ['dmarc', 'heavy.test', 'fails', /20 %/],
    ['mta-sts', 'good.test', 'fails', /no MTA-STS record/],
    ['mta-sts', 'plain.test', 'holds', /takes no mail/],
    ['mta-sts', 'bare.test', 'unknown', /no mail server/],
    ['spf', 'unregistered.test', 'unknown', /not found/],
    ['spf', 'bogus.test', 'unknown', /SERVFAIL/],
  ])('%s of %s %s', async (id, host, verdict, summary) => {
    const report = await run(id, host)
    expect(report, report.summary).toMatchObject({ id, verdict })
    expect(report.summary).toMatch(summary)
  })

  it('a resolver that does not validate leaves DNSSEC unknown', async () => {
    expect(await run('dnssec', 'good.test', [dns.authority])).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('does not validate') })
  })

  it('a server that does not answer is passed over for the next', async () => {
    expect(await run('spf', 'good.test', ['127.0.0.1:1', dns.resolver])).toMatchObject({ verdict: 'holds' })
  })

  it('without any server that answers, every DNS check is unknown and says so', async () => {
    for (const id of ['caa', 'dnssec', 'spf', 'dmarc', 'mta-sts']) {
      expect(await run(id, 'good.test', ['127.0.0.1:1']), id).toMatchObject({ verdict: 'unknown', summary: expect.stringMatching(/DNS/) })
    }
  })

  it('aliases in a circle end as unknown, not as a hang', async () => {
    const report = await run('caa', 'loop1.good.test')
    expect(report.verdict).toBe('unknown')
  })
})
