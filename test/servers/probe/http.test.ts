import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROBES, probeHost } from '@vouchsafe/verify/probe'
import type { CheckReport, ProbeOptions } from '@vouchsafe/verify/probe'
import { Workshop } from '../certificates.ts'
import { startNginx, tlsLines } from '../nginx.ts'
import { freePort, makeFolder, missingPrograms, removeFolder } from '../programs.ts'
import type { Daemon } from '../programs.ts'

const missing = missingPrograms('nginx', 'openssl')
const DAY_MS = 86_400_000

const GOOD_HEADERS = `
add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
add_header Content-Security-Policy "default-src 'self'; frame-ancestors 'none'" always;
add_header X-Content-Type-Options nosniff always;
add_header Referrer-Policy no-referrer always;
`

const expires = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString()

describe.skipIf(missing.length > 0)(`HTTP of real servers${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let folder: string
  let nginx: Daemon
  let options: ProbeOptions
  const https: Record<string, number> = {}
  const http: Record<string, number> = {}

  beforeAll(async () => {
    folder = makeFolder('http')
    const workshop = new Workshop(folder)
    const root = workshop.root()
    const good = workshop.issue({ name: 'site.test', dns: ['site.test'] }, root)
    const bad = workshop.issue({ name: 'bad', dns: ['other.test'] }, root)
    for (const name of ['hung', 'never', 'port']) https[name] = await freePort()

    /** Locations of the https server of each kind, in nginx's own words. */
    const kinds: Record<string, string> = {
      good: `${GOOD_HEADERS} location / { add_header Set-Cookie "__Host-session=secretvalue; Secure; HttpOnly; SameSite=Lax; Path=/"; ${GOOD_HEADERS} return 200 "<p>hello"; }`,
      bare: `location / { return 200 "<p>hello"; }`,
      shortHsts: `add_header Strict-Transport-Security "max-age=3600"; location / { return 200 hi; }`,
      twiceHsts: `add_header Strict-Transport-Security "max-age=31536000; max-age=1"; location / { return 200 hi; }`,
      forgetHsts: `add_header Strict-Transport-Security "max-age=0"; location / { return 200 hi; }`,
      openPolicy: `add_header Content-Security-Policy "script-src 'self' 'unsafe-inline' https:"; add_header X-Content-Type-Options nosniff; add_header X-Frame-Options SAMEORIGIN; location / { return 200 hi; }`,
      badCookies: `location / { add_header Set-Cookie "PHPSESSID=secretvalue; Path=/"; return 200 hi; }`,
      prefixCookies: `location / { add_header Set-Cookie "__Host-id=secretvalue; Secure; HttpOnly; Domain=site.test; Path=/"; return 200 hi; }`,
      scriptCookie: `location / { add_header Set-Cookie "csrf=x; Secure; SameSite=Strict; Path=/"; return 200 hi; }`,
      loop: `location / { return 302 /again; } location /again { return 302 /; }`,
      inward: `location / { return 302 https://10.0.0.1/; }`,
      login: `${GOOD_HEADERS} location = / { ${GOOD_HEADERS} return 302 /login; } location = /login { ${GOOD_HEADERS} return 200 hi; }`,
      error: `location / { return 503; }`,
      flood: `location / { ${Array.from({ length: 60 }, (_, index) => `add_header X-Flood-${index} "${'x'.repeat(1000)}";`).join(' ')} return 200 hi; }`,
      upstream: `location / { proxy_pass http://127.0.0.1:${https['hung']}; proxy_read_timeout 30s; }`,
    }

    /** Files served as security.txt, by kind, with the type they are sent with. */
    const files: Record<string, { text: string | Buffer; type?: string }> = {
      txtGood: { text: `# Ours\nContact: https://site.test:PORT/report\nContact: tel:+1-201-555-0123\nExpires: ${expires(100)}\nPreferred-Languages: en, de-CH\nCanonical: https://site.test:PORT/.well-known/security.txt\nEncryption: https://site.test:PORT/key.asc\n` },
      txtCrlf: { text: `Contact: mailto:security@site.test\r\nExpires: ${expires(100)}\r\n` },
      txtExpired: { text: `Contact: mailto:security@site.test\nExpires: ${expires(-1)}\n` },
      txtNoExpiry: { text: 'Contact: mailto:security@site.test\n' },
      txtTwice: { text: `Contact: mailto:a@site.test\nExpires: ${expires(5)}\nExpires: ${expires(6)}\n` },
      txtPlainMail: { text: `Contact: security@site.test\nExpires: ${expires(5)}\n` },
      txtHttp: { text: `Contact: http://site.test/report\nExpires: ${expires(5)}\n` },
      txtElsewhere: { text: `Contact: mailto:a@site.test\nExpires: ${expires(5)}\nCanonical: https://other.test/.well-known/security.txt\n` },
      txtHtml: { text: `Contact: mailto:a@site.test\nExpires: ${expires(5)}\n`, type: 'text/html' },
      txtNoCharset: { text: `Contact: mailto:a@site.test\nExpires: ${expires(5)}\n`, type: 'text/plain' },
      txtLatin: { text: Buffer.from(`# caf\xe9\nContact: mailto:a@site.test\nExpires: ${expires(5)}\n`, 'latin1') },
      txtNoEnd: { text: `Contact: mailto:a@site.test\nExpires: ${expires(5)}` },
      txtHuge: { text: `# ${'x'.repeat(200_000)}\nContact: mailto:a@site.test\n` },
      txtSigned: { text: `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nContact: mailto:a@site.test\nExpires: ${expires(5)}\nEncryption: https://site.test:PORT/key.asc\n-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n` },
      txtDeadContact: { text: `Contact: https://site.test:PORT/gone\nExpires: ${expires(5)}\n` },
    }
    const move: Record<string, string> = {
      txtMoved: 'location = /.well-known/security.txt { return 301 /security.txt; } location = /security.txt { types {} default_type "text/plain; charset=utf-8"; }',
      txtOldPlace: 'location = /security.txt { types {} default_type "text/plain; charset=utf-8"; }',
      txtDown: 'location = /.well-known/security.txt { return 301 http://site.test/security.txt; }',
      txtBroken: 'location = /.well-known/security.txt { return 502; }',
    }

    let text = ''
    const serve = async (kind: string, body: string, files: { certificate: string; key: string } = good): Promise<void> => {
      const port = (https[kind] ??= await freePort())
      text += `server { server_name site.test; ${tlsLines({ port, ...files })} root ${path.join(folder, kind)}; ${body} }\n`
    }
    for (const [kind, body] of Object.entries(kinds)) await serve(kind, body)
    await serve('wrongName', kinds['good']!, bad)
    for (const [kind, { text: content, type }] of Object.entries(files)) {
      const port = (https[kind] = await freePort())
      const home = path.join(folder, kind, '.well-known')
      mkdirSync(home, { recursive: true })
      writeFileSync(path.join(home, 'security.txt'), typeof content === 'string' ? content.replaceAll('PORT', String(port)) : content)
      await serve(kind, `location = /.well-known/security.txt { types {} default_type "${type ?? 'text/plain; charset=utf-8'}"; } location = /report { return 200 ok; } location = /gone { return 404; } location = /key.asc { return 200 "the key"; }`)
    }
    for (const [kind, body] of Object.entries(move)) {
      mkdirSync(path.join(folder, kind), { recursive: true })
      writeFileSync(path.join(folder, kind, 'security.txt'), files['txtCrlf']!.text)
      await serve(kind, body)
    }

    /** What plain http answers, by kind. */
    const plain: Record<string, string> = {
      toHttps: 'return 301 https://site.test$request_uri;',
      toOtherHttps: 'return 301 https://www.site.test$request_uri;',
      detour: 'return 301 http://www.site.test/;',
      stays: 'return 200 "hello";',
      circle: 'return 301 http://site.test:$server_port/;',
      twoSteps: 'location = / { return 301 http://site.test:$server_port/next; } location = /next { return 301 https://site.test/; }',
      forbidden: 'return 403;',
      failing: 'return 503;',
      gopher: 'return 301 gopher://site.test/;',
    }
    for (const [kind, body] of Object.entries(plain)) {
      http[kind] = await freePort()
      text += `server { listen 127.0.0.1:${http[kind]}; ${body} }\n`
    }
    http['closed'] = await freePort()
    // Accepts, and never says a word: the backlog of a listener that nobody serves.
    const { createServer } = await import('node:net')
    const hung = createServer((socket) => socket.on('error', () => {}))
    await new Promise<void>((resolve) => hung.listen(https['hung'], '127.0.0.1', () => resolve()))
    http['silent'] = https['hung']!
    nginx = await startNginx({ folder, http: text, ready: Object.entries(https).filter(([kind]) => !['hung', 'never', 'port'].includes(kind)).map(([, port]) => ({ address: '127.0.0.1', port })) })
    const stop = nginx.stop
    nginx.stop = async () => {
      await stop()
      hung.close()
    }
    options = { at: new Date(), timeoutMs: 1500, trust: [root.pem], allowPrivate: true, resolver: { servers: ['127.0.0.1:1'] } }
  })

  afterAll(async () => {
    await nginx?.stop()
    removeFolder(folder)
  })

  const run = (id: string, kind: string, more: Partial<ProbeOptions> = {}): Promise<CheckReport> =>
    PROBES.find((probe) => probe.id === id)!.run({ host: 'site.test', port: https[kind]!, address: '127.0.0.1' }, { ...options, ...more })

  it.each([
    ['hsts', 'good', 'holds', /365 days, subdomains included/],
    ['hsts', 'login', 'holds', /365 days/],
    ['hsts', 'bare', 'fails', /no Strict-Transport-Security/],
    ['hsts', 'shortHsts', 'fails', /0 days/],
    ['hsts', 'twiceHsts', 'fails', /appears twice/],
    ['hsts', 'forgetHsts', 'fails', /max-age is 0/],
    ['hsts', 'wrongName', 'fails', /certificate/],
    ['hsts', 'error', 'unknown', /503/],
    ['hsts', 'upstream', 'unknown', /in time/],
    ['hsts', 'hung', 'unknown', /in time/],
    ['hsts', 'flood', 'unknown', /32 KiB/],
    ['header-policy', 'good', 'holds', /restricted/],
    ['header-policy', 'login', 'holds', /restricted/],
    ['header-policy', 'bare', 'fails', /no Content-Security-Policy; .*nosniff.*frame/],
    ['header-policy', 'openPolicy', 'fails', /'unsafe-inline' and https:/],
    ['header-policy', 'loop', 'fails', /circle/],
    ['header-policy', 'inward', 'unknown', /10\.0\.0\.1/],
    ['cookies', 'good', 'holds', /1 cookie/],
    ['cookies', 'bare', 'holds', /no cookies/],
    ['cookies', 'badCookies', 'fails', /PHPSESSID is not Secure and is not HttpOnly/],
    ['cookies', 'prefixCookies', 'fails', /rules of __Host-/],
    ['cookies', 'scriptCookie', 'holds', /1 cookie/],
    ['security-txt', 'txtGood', 'holds', /99 more days/],
    ['security-txt', 'txtCrlf', 'holds', /99 more days/],
    ['security-txt', 'txtMoved', 'holds', /by way of 1 redirect/],
    ['security-txt', 'txtExpired', 'fails', /expired on/],
    ['security-txt', 'txtNoExpiry', 'fails', /Expires is missing/],
    ['security-txt', 'txtTwice', 'fails', /Expires must not appear more than once \(line 3\)/],
    ['security-txt', 'txtPlainMail', 'fails', /mailto: before/],
    ['security-txt', 'txtHttp', 'fails', /Contact must use https/],
    ['security-txt', 'txtElsewhere', 'fails', /no Canonical field lists/],
    ['security-txt', 'txtHtml', 'fails', /not text\/plain/],
    ['security-txt', 'txtNoCharset', 'fails', /charset=utf-8/],
    ['security-txt', 'txtLatin', 'fails', /not UTF-8/],
    ['security-txt', 'txtNoEnd', 'fails', /no line end/],
    ['security-txt', 'txtHuge', 'fails', /larger than 64 KiB/],
    ['security-txt', 'txtOldPlace', 'fails', /old place/],
    ['security-txt', 'txtDown', 'fails', /without https/],
    ['security-txt', 'txtBroken', 'unknown', /502/],
    ['security-txt', 'bare', 'fails', /charset=utf-8/],
    ['security-txt', 'wrongName', 'fails', /certificate is not for site\.test/],
    ['security-txt', 'hung', 'unknown', /in time/],
    ['security-txt-signature', 'txtGood', 'fails', /not signed/],
    ['security-txt-signature', 'txtSigned', 'unknown', /no OpenPGP/],
    ['disclosure-contact', 'txtGood', 'holds', /1 of 2 contacts/],
    ['disclosure-contact', 'txtDeadContact', 'fails', /404/],
    ['disclosure-contact', 'txtCrlf', 'unknown', /DNS/],
  ])('%s of the server "%s" %s', async (id, kind, verdict, summary) => {
    const report = await run(id, kind)
    expect(report, report.summary).toMatchObject({ id, verdict })
    expect(report.summary).toMatch(summary)
  })

  it.each([
    ['toHttps', 'holds', /at once$/],
    ['toOtherHttps', 'holds', /www\.site\.test/],
    ['detour', 'fails', /another host in the clear/],
    ['stays', 'fails', /200 instead/],
    ['circle', 'fails', /circle/],
    ['twoSteps', 'holds', /after 2 redirects/],
    ['forbidden', 'holds', /403/],
    ['failing', 'unknown', /503/],
    ['gopher', 'fails', /neither http nor https/],
    ['closed', 'holds', /is closed/],
    ['silent', 'unknown', /in time/],
  ])('plain http that answers "%s" %s', async (kind, verdict, summary) => {
    const report = await run('https-redirect', 'good', { http: { port: http[kind]! } })
    expect(report, report.summary).toMatchObject({ verdict })
    expect(report.summary).toMatch(summary)
  })

  it('a closed plain port proves nothing about a host whose https is down too', async () => {
    expect(await run('https-redirect', 'never', { http: { port: http['closed']! } })).toMatchObject({ verdict: 'unknown' })
  })

  it.each([
    ['good', 'holds', { kind: 'good', fingerprint: 'ab12' }],
    ['bad', 'fails', { kind: 'bad', detail: 'the text was changed' }],
    ['made by an unknown key', 'unknown', { kind: 'no-key', detail: 'no such key' }],
  ] as const)('a signature that is %s %s, with the key that the file names', async (_, verdict, answer) => {
    let given: { text: string; keys: readonly { uri: string; bytes: Uint8Array }[] } | undefined
    const report = await run('security-txt-signature', 'txtSigned', {
      verifyOpenPgp: async (text, keys) => {
        given = { text, keys }
        return answer
      },
    })
    expect(report.verdict).toBe(verdict)
    expect(given?.text).toMatch(/^-----BEGIN PGP SIGNED MESSAGE-----\n/)
    expect(given?.keys.map((key) => Buffer.from(key.bytes).toString())).toEqual(['the key'])
  })

  it('an OpenPGP reader that fails leaves the signature unknown', async () => {
    expect(await run('security-txt-signature', 'txtSigned', { verifyOpenPgp: () => Promise.reject(new Error('broken')) })).toMatchObject({ verdict: 'unknown' })
  })

  it('no address of a private network is reached without leave, by name or by redirect', async () => {
    const closed = await run('hsts', 'good', { allowPrivate: false })
    expect(closed).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('private address'), observation: { error: 'private-address' } })
  })

  it('cookie values never appear in a report', async () => {
    const reports = await probeHost({ host: 'site.test', port: https['badCookies']!, address: '127.0.0.1' }, options)
    expect(JSON.stringify(reports)).toContain('PHPSESSID')
    expect(JSON.stringify(reports)).not.toContain('secretvalue')
  })

  it('a host that is not there is unknown in every check', async () => {
    const reports = await probeHost({ host: 'site.test', port: https['never']!, address: '127.0.0.1' }, options)
    expect(reports.map((report) => report.id)).toEqual(PROBES.map((probe) => probe.id))
    expect(reports.filter((report) => report.verdict !== 'unknown')).toEqual([])
  })

  it('a host that accepts and stays silent is unknown in every check', async () => {
    const reports = await probeHost({ host: 'site.test', port: https['hung']!, address: '127.0.0.1' }, { ...options, timeoutMs: 300 })
    expect(reports.filter((report) => report.verdict !== 'unknown')).toEqual([])
  })
})
