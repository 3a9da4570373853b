import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface Issued {
  /** Path of the certificate alone (PEM). */
  certificate: string
  key: string
  pem: string
  name: string
}

export interface Wish {
  /** Common name, also the name of the files. */
  name: string
  dns?: readonly string[]
  ips?: readonly string[]
  /** `rsa:2048` by default; `ec:prime256v1`, `ed25519`. */
  key?: string
  digest?: 'sha256' | 'sha384' | 'sha1' | 'md5'
  notBefore?: Date
  notAfter?: Date
  /** Makes it an authority, with this many authorities allowed below it. */
  authority?: {
    pathLength?: number
    /** Names that it may certify, as `example.test`; without one, any (RFC 5280 §4.2.1.10). */
    permittedName?: string
  }
}

const DAY_MS = 86_400_000

/**
 * A certificate authority for tests, made by `openssl` in a folder of its own. Nothing of it is kept: keys and
 * certificates are new in every run.
 */
export class Workshop {
  readonly folder: string
  #serial = 1000

  constructor(folder: string) {
    this.folder = path.join(folder, 'certificates')
    mkdirSync(this.folder, { recursive: true })
  }

  /** A root that signs itself. */
  root(name = 'Test Root'): Issued {
    return this.#make({ name, authority: {} }, undefined)
  }

  /** A certificate signed by `issuer`; without one it signs itself. */
  issue(wish: Wish, issuer?: Issued): Issued {
    return this.#make(wish, issuer)
  }

  /** A file with several certificates one after another, as servers send them. */
  bundle(name: string, ...parts: readonly Issued[]): string {
    const file = path.join(this.folder, `${name}.bundle.pem`)
    writeFileSync(file, parts.map((part) => part.pem).join(''))
    return file
  }

  #make(wish: Wish, issuer: Issued | undefined): Issued {
    const stem = path.join(this.folder, `${wish.name.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase()}-${this.#serial++}`)
    const files = { key: `${stem}.key`, request: `${stem}.csr`, certificate: `${stem}.pem`, config: `${stem}.cnf`, database: `${stem}.db`, serial: `${stem}.serial` }
    this.#openssl(...keyCommand(wish.key ?? 'rsa:2048', files.key))
    writeFileSync(files.config, config(wish, files, issuer))
    writeFileSync(files.database, '')
    writeFileSync(files.serial, this.#serial.toString(16).padStart(8, '0'))
    this.#openssl('req', '-new', '-key', files.key, '-out', files.request, '-config', files.config, '-subj', `/CN=${wish.name}`)
    const from = wish.notBefore ?? new Date(Date.now() - DAY_MS)
    const to = wish.notAfter ?? new Date(Date.now() + 90 * DAY_MS)
    this.#openssl(
      'ca', '-batch', '-notext', '-config', files.config, '-in', files.request, '-out', files.certificate, '-extensions', 'wished',
      '-startdate', stamp(from), '-enddate', stamp(to),
      ...(issuer === undefined ? ['-selfsign', '-keyfile', files.key] : ['-cert', issuer.certificate, '-keyfile', issuer.key]),
    )
    return { name: wish.name, key: files.key, certificate: files.certificate, pem: readFileSync(files.certificate, 'utf8') }
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] })
  }
}

function keyCommand(kind: string, out: string): string[] {
  const [type, detail = ''] = kind.split(':')
  if (type === 'ec') return ['genpkey', '-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${detail}`, '-out', out]
  if (type === 'ed25519') return ['genpkey', '-algorithm', 'ED25519', '-out', out]
  return ['genpkey', '-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${detail}`, '-out', out]
}

function config(wish: Wish, files: { database: string; serial: string }, issuer: Issued | undefined): string {
  const names = [...(wish.dns ?? []).map((name) => `DNS:${name}`), ...(wish.ips ?? []).map((ip) => `IP:${ip}`)]
  const limit = wish.authority?.pathLength === undefined ? '' : `,pathlen:${wish.authority.pathLength}`
  return `
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = here
[here]
database = ${files.database}
serial = ${files.serial}
new_certs_dir = ${path.dirname(files.database)}
default_md = ${wish.key === 'ed25519' && issuer === undefined ? 'default' : (wish.digest ?? 'sha256')}
policy = any
unique_subject = no
[any]
commonName = supplied
[wished]
basicConstraints = critical,${wish.authority === undefined ? 'CA:FALSE' : `CA:TRUE${limit}`}
subjectKeyIdentifier = hash
${issuer === undefined ? '' : 'authorityKeyIdentifier = keyid'}
keyUsage = critical,${wish.authority === undefined ? 'digitalSignature,keyEncipherment' : 'keyCertSign,cRLSign'}
${wish.authority === undefined ? 'extendedKeyUsage = serverAuth' : ''}
${wish.authority?.permittedName === undefined ? '' : `nameConstraints = critical,permitted;DNS:${wish.authority.permittedName}`}
${names.length === 0 ? '' : `subjectAltName = ${names.join(',')}`}
`
}

/** GeneralizedTime, which `openssl ca` takes for any year. */
const stamp = (date: Date): string => `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
