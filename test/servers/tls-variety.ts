import { Workshop } from './certificates.ts'
import type { Issued } from './certificates.ts'
import { startNginx, tlsLines } from './nginx.ts'
import { freePort } from './programs.ts'

const DAY_MS = 86_400_000

export interface TlsVariety {
  /** The root that the good ones among the certificates lead to. */
  root: Issued
  /** Port on 127.0.0.1 by the kind of server; all of them are meant to be good.test. */
  ports: Readonly<Record<string, number>>
  stop(): Promise<void>
}

/** One nginx with a server of each kind, good and bad, that differ in what TLS alone can show. */
export async function startTlsVariety(folder: string): Promise<TlsVariety> {
  const ports: Record<string, number> = {}
  const workshop = new Workshop(folder)
  const root = workshop.root()
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
  const plain = workshop.issue({ name: 'plain', dns: ['plain.test'] }, root)
  const imposter = workshop.issue({ name: 'imposter', dns: ['good.test'] }, plain) // signed by a leaf, which may not
  const below = workshop.issue({ name: 'Test Lower', authority: {} }, middle) // one more authority than its issuer may have below it
  const deep = workshop.issue({ name: 'deep', dns: ['good.test'] }, below)
  const narrow = workshop.issue({ name: 'Test Narrow', authority: { permittedName: 'other.test' } }, root)
  const outside = workshop.issue({ name: 'outside', dns: ['good.test'] }, narrow) // a name that its issuer may not certify
  const kinds: Record<string, Omit<Parameters<typeof tlsLines>[0], 'port'>> = {
    good: { certificate: goodBundle, key: good.key },
    hsts: { certificate: goodBundle, key: good.key },
    old: { certificate: goodBundle, key: good.key, protocols: 'TLSv1 TLSv1.1 TLSv1.2', ciphers: 'ALL:@SECLEVEL=0' },
    only10: { certificate: goodBundle, key: good.key, protocols: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
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
    deep: { certificate: workshop.bundle('deep', deep, below, middle), key: deep.key },
    outside: { certificate: workshop.bundle('outside', outside, narrow), key: outside.key },
    imposter: { certificate: workshop.bundle('imposter', imposter, plain), key: imposter.key },
  }
  for (const kind of ['dual', 'dual12']) kinds[kind] = { ...kinds['good']!, protocols: kind === 'dual12' ? 'TLSv1.2' : 'TLSv1.2 TLSv1.3' }
  const second = `ssl_certificate ${kinds['curve']!.certificate}; ssl_certificate_key ${kinds['curve']!.key};`
  let http = ''
  for (const [kind, lines] of Object.entries(kinds)) {
    ports[kind] = await freePort()
    http += `server { ${tlsLines({ port: ports[kind], ...lines })} ${kind === 'hsts' ? 'add_header Strict-Transport-Security "max-age=31536000" always;' : ''} ${kind.startsWith('dual') ? second : ''} location / { return 200 "hello"; } }\n`
  }
  const nginx = await startNginx({ folder, http, ready: Object.values(ports).map((port) => ({ address: '127.0.0.1', port })) })
  return { root, ports, stop: nginx.stop }
}
