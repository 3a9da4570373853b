import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { asProbeError } from '../failure.ts'
import { malformed, readElements, readOid, readOne, readTime } from './der.ts'
import type { Element } from './der.ts'

/** What the probe reads of a certificate (RFC 5280 §4.1). Names come from its bytes, not from a printed form. */
export interface Certificate {
  x509: X509Certificate
  /** Shown to people; hostile until quoted. */
  subject: string
  issuer: string
  /** The same names as encoded; equal bytes are what links a chain (RFC 5280 §7.1, in its binary form). */
  subjectBytes: Buffer
  issuerBytes: Buffer
  notBefore: Date
  notAfter: Date
  signatureAlgorithm: string
  dnsNames: readonly string[]
  ipAddresses: readonly string[]
  isAuthority: boolean
  /** How many more authorities may follow it in a chain (RFC 5280 §4.2.1.9); undefined without a limit. */
  pathLength: number | undefined
  /** True when the subject signs itself. */
  selfIssued: boolean
  key: { type: string; bits: number; curve?: string }
}

/** @throws ProbeError `malformed` */
export function readCertificate(der: Buffer): Certificate {
  let x509: X509Certificate
  try {
    x509 = new X509Certificate(der)
  } catch (error) {
    throw asProbeError(error, 'reading a certificate')
  }
  const [body, algorithm] = readElements(readOne(der, 0x30).contents, 3)
  if (body === undefined || algorithm === undefined) throw malformed('no certificate at all')
  const fields = readElements(body.contents, 12)
  if (fields[0]?.tag === 0xa0) fields.shift() // the version
  const validity = fields[3]
  const issuerBytes = fields[2]?.contents
  const subjectBytes = fields[4]?.contents
  if (validity === undefined || issuerBytes === undefined || subjectBytes === undefined) throw malformed('no names or validity')
  const [from, to] = readElements(validity.contents, 2)
  if (from === undefined || to === undefined) throw malformed('no validity')
  const extensions = readExtensions(fields)
  const names = readAlternativeNames(extensions.get('2.5.29.17'))
  const constraints = readBasicConstraints(extensions.get('2.5.29.19'))
  return {
    x509,
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    subjectBytes,
    issuerBytes,
    notBefore: readTime(from),
    notAfter: readTime(to),
    signatureAlgorithm: readOid(readElements(algorithm.contents, 3)[0]?.contents ?? Buffer.alloc(0)),
    ...names,
    ...constraints,
    selfIssued: subjectBytes.equals(issuerBytes),
    key: readKey(x509),
  }
}

function readExtensions(fields: readonly Element[]): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  const wrapper = fields.find((field) => field.tag === 0xa3)
  if (wrapper === undefined) return found
  for (const entry of readElements(readOne(wrapper.contents, 0x30).contents, 100)) {
    const parts = readElements(entry.contents, 3)
    const oid = readOid(parts[0]?.contents ?? Buffer.alloc(0))
    const value = parts[parts.length - 1]
    if (value?.tag !== 0x04) throw malformed('an extension without a value')
    // RFC 5280 §4.2: no extension twice; two would let two readers disagree.
    if (found.has(oid)) throw malformed('an extension twice')
    found.set(oid, value.contents)
  }
  return found
}

function readAlternativeNames(value: Buffer | undefined): { dnsNames: string[]; ipAddresses: string[] } {
  const dnsNames: string[] = []
  const ipAddresses: string[] = []
  if (value === undefined) return { dnsNames, ipAddresses }
  for (const name of readElements(readOne(value, 0x30).contents)) {
    if (name.tag === 0x82) dnsNames.push(name.contents.toString('latin1').toLowerCase())
    else if (name.tag === 0x87) ipAddresses.push(ipText(name.contents))
  }
  return { dnsNames, ipAddresses }
}

/** An address in the one spelling that `comparableIp` gives too. */
function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return ''
  return comparableIp(Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':'))
}

/** The WHATWG spelling of an address, so that two texts of one address are equal. */
export function comparableIp(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address.split('%')[0]}]/`).hostname.slice(1, -1) : address
}

function readBasicConstraints(value: Buffer | undefined): { isAuthority: boolean; pathLength: number | undefined } {
  if (value === undefined) return { isAuthority: false, pathLength: undefined }
  const parts = readElements(readOne(value, 0x30).contents, 2)
  const isAuthority = parts[0]?.tag === 0x01 && parts[0].contents[0] === 0xff
  const limit = parts.find((part) => part.tag === 0x02)?.contents
  return { isAuthority, pathLength: limit === undefined || limit.length > 2 ? undefined : limit.readUIntBE(0, limit.length) }
}

// Sizes of the named curves that certificates use, in bits.
const CURVE_BITS: Record<string, number> = { prime256v1: 256, secp384r1: 384, secp521r1: 521, secp256k1: 256, secp224r1: 224, prime192v1: 192, brainpoolP256r1: 256, brainpoolP384r1: 384, brainpoolP512r1: 512 }

function readKey(x509: X509Certificate): Certificate['key'] {
  try {
    const key = x509.publicKey
    const details = key.asymmetricKeyDetails ?? {}
    if (details.namedCurve !== undefined) return { type: 'ec', bits: CURVE_BITS[details.namedCurve] ?? 0, curve: details.namedCurve }
    if (key.asymmetricKeyType === 'ed25519') return { type: 'ed25519', bits: 256 }
    if (key.asymmetricKeyType === 'ed448') return { type: 'ed448', bits: 456 }
    return { type: key.asymmetricKeyType ?? 'unknown', bits: details.modulusLength ?? 0 }
  } catch {
    return { type: 'unknown', bits: 0 } // a kind of key that this runtime does not know
  }
}

const oneLine = (name: string): string => name.split('\n').join(', ')
