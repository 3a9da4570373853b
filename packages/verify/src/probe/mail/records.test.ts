import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDmarc, isDmarc } from './dmarc.ts'
import { coversExchanger, parseStrictMail, readAnnouncement } from './mta-sts.ts'
import { isSpf, parseSpf } from './spf.ts'

describe('SPF records (RFC 7208 §12)', () => {
  // The examples of RFC 7208 Appendix A.1, §5 and §7.4, and of common providers.
  it.each([
    'v=spf1 +all',
    'v=spf1 a -all',
    'v=spf1 a:example.org -all',
    'v=spf1 mx mx:example.org -all',
    'v=spf1 mx/30 mx:example.org/30 -all',
    'v=spf1 ptr -all',
    'v=spf1 ip4:192.0.2.128/28 -all',
    'v=spf1 ip6:2001:db8::/32 ~all',
    'v=spf1 a/24//64 mx//48 -all',
    'v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} -all',
    'v=spf1 redirect=_spf.example.com',
    'v=spf1 -include:ip4._spf.%{d} -include:ptr._spf.%{d} +all',
    'v=spf1 mx -all exp=explain._spf.%{d}',
    'v=spf1 include:_spf.example.com unknown-modifier=whatever ?all',
    'V=SPF1  a   -ALL',
    'v=spf1',
  ])('"%s" is valid', (text) => {
    expect(isSpf(text)).toBe(true)
    expect(parseSpf(text)).not.toHaveProperty('fault')
  })

  it.each([
    'v=spf1 ipv4:192.0.2.1 -all',
    'v=spf1 ip4:192.0.2.300 -all',
    'v=spf1 ip4:192.0.2.0/33 -all',
    'v=spf1 ip6:2001:db8::/129',
    'v=spf1 a/33 -all',
    'v=spf1 include -all',
    'v=spf1 include: -all',
    'v=spf1 all:example.com',
    'v=spf1 all/8',
    'v=spf1 -all.',
    'v=spf1 redirect=a.example redirect=b.example',
    'v=spf1 redirect=',
    'v=spf1 ptr:example.com/24',
    'v=spf1 a:%{q}.example.com -all',
    'v=spf1 include:localhost -all',
    'v=spf1 "quoted" -all',
  ])('"%s" is a permanent error', (text) => {
    expect(parseSpf(text)).toHaveProperty('fault')
  })

  it('only a whole version tag makes a TXT record an SPF record', () => {
    expect(['v=spf10 -all', 'v=spf1a', ' v=spf1 -all', 'spf1 -all'].map(isSpf)).toEqual([false, false, false, false])
  })

  it('any text is parsed or refused, and in time', () => {
    fc.assert(fc.property(fc.string({ maxLength: 500 }), (text) => void parseSpf(`v=spf1 ${text}`)), { numRuns: 1000 })
    expect(parseSpf(`v=spf1 ${'a'.repeat(20_000)}:${'%{d}'.repeat(5000)}`)).toHaveProperty('fault')
  })
})

describe('DMARC records (RFC 7489 §6.4)', () => {
  it.each([
    ['v=DMARC1; p=none; rua=mailto:dmarc@example.com', { policy: 'none', aggregateReports: ['mailto:dmarc@example.com'] }],
    ['v=DMARC1;p=reject', { policy: 'reject', subdomainPolicy: 'reject', percent: 100 }],
    ['v=DMARC1; p=quarantine; sp=none; pct=20; adkim=s; aspf=r', { policy: 'quarantine', subdomainPolicy: 'none', percent: 20, strictDkim: true, strictSpf: false }],
    ['v = DMARC1 ; p = Reject ; ', { policy: 'reject' }],
    ['v=DMARC1; p=none; rua=mailto:a@example.com!50m,mailto:b@example.org; fo=1', { policy: 'none' }],
  ])('"%s" is read', (text, expected) => {
    expect(isDmarc(text)).toBe(true)
    expect(parseDmarc(text)).toMatchObject(expected)
  })

  it.each(['v=DMARC1', 'v=DMARC1; p=block', 'v=DMARC1; p=none; p=reject', 'v=DMARC1; p=none; pct=101', 'v=DMARC1; p=none; sp=maybe', 'v=DMARC1; p'])('"%s" is ignored by receivers', (text) => {
    expect(parseDmarc(text)).toHaveProperty('fault')
  })

  it('the version comes first and is spelled exactly', () => {
    expect(['v=dmarc1; p=none', 'p=none; v=DMARC1', 'v=DMARC10; p=none'].map(isDmarc)).toEqual([false, false, false])
  })
})

describe('MTA-STS (RFC 8461)', () => {
  it('the example of §3.2 is read', () => {
    expect(parseStrictMail('version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: backupmx.example.com\nmax_age: 604800\n')).toEqual({
      mode: 'enforce',
      maxAgeSeconds: 604800,
      mx: ['mail.example.com', '*.example.net', 'backupmx.example.com'],
    })
  })

  it.each(['', 'version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 1', 'version: STSv1\nmode: maybe\nmx: a.example\nmax_age: 1', 'version: STSv1\nmode: enforce\nmx: a.example', 'version: STSv1\nmode: enforce\nmax_age: 5', 'version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 99999999', '<html>'])('%j is ignored by senders', (text) => {
    expect(parseStrictMail(text)).toHaveProperty('fault')
  })

  it('a wildcard covers exactly one label', () => {
    expect(coversExchanger(['*.example.net'], 'a.example.net')).toBe(true)
    expect(coversExchanger(['*.example.net'], 'a.b.example.net')).toBe(false)
    expect(coversExchanger(['*.example.net'], 'example.net')).toBe(false)
    expect(coversExchanger(['mail.example.com'], 'mail.example.com')).toBe(true)
  })

  it('there is one record or none, and it has an id', () => {
    expect(readAnnouncement(['v=STSv1; id=20160831085700Z;'])).toEqual({ id: '20160831085700Z' })
    expect(readAnnouncement(['v=STSv1; id=1', 'v=STSv1; id=2'])).toBe('many')
    expect(readAnnouncement(['v=STSv1;'])).toBe('malformed')
    expect(readAnnouncement(['v=spf1 -all'])).toBeUndefined()
  })
})
