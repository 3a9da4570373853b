import { createPublicKey, generateKeyPair, randomBytes, sign, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { VouchsafeError } from '#core/errors'

/** NIST SP 800-131A rev. 2 §3: the shortest RSA key whose signatures may still be believed. */
const LEAST_RSA_BITS = 2048

export interface Certificate {
  /** In one spelling, so that two copies are one text. */
  pem: string
  validTo: Date
  fingerprint: string
}

/**
 * A certificate as people paste it: PEM, or the bare base64 that SAML metadata holds. Only its key counts (SAML 2.0
 * metadata, and whoever configures it, vouch for it); that it has run out is reported, not refused.
 * @throws VouchsafeError `bad-input` for what is none, and for keys too short to be believed
 */
export function readCertificate(text: string): Certificate {
  const bare = text.replace(/-----(BEGIN|END) CERTIFICATE-----/g, '').replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]{100,}={0,2}$/.test(bare)) throw new VouchsafeError('bad-input', 'This is no certificate.', { mend: 'Paste it in PEM, from -----BEGIN CERTIFICATE-----.' })
  let read: X509Certificate
  try {
    read = new X509Certificate(Buffer.from(bare, 'base64'))
  } catch (cause) {
    throw new VouchsafeError('bad-input', 'This certificate cannot be read.', { mend: 'Copy it from the provider again.', cause })
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = read.publicKey
  // xml-crypto verifies RSA signatures alone.
  if (asymmetricKeyType !== 'rsa') throw new VouchsafeError('bad-input', 'The key of this certificate is not an RSA key.', { mend: 'Have the provider sign with RSA and SHA-256.' })
  if ((asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_RSA_BITS) throw new VouchsafeError('bad-input', `The key of this certificate is shorter than ${LEAST_RSA_BITS} bits.`, { mend: 'Have the provider make a longer one.' })
  return { pem: pem('CERTIFICATE', read.raw), validTo: new Date(read.validTo), fingerprint: read.fingerprint256 }
}

export interface KeyPair {
  /** PKCS #8, PEM: to be sealed. */
  privateKey: string
  publicKey: string
}

export async function newKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 3072 }) // 128 bits of strength, SP 800-57 part 1 §5.6.1
  return { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}

/** Ten years: providers pin it, and whoever changes it makes a new one here. */
const YEARS = 10

/**
 * A self-signed certificate around a key (RFC 5280 §4.1), since SAML metadata carries keys in no other form. Nobody looks
 * at more of it than the key.
 * @returns PEM
 */
export function selfSigned({ privateKey, publicKey }: KeyPair, commonName: string, at: Date): string {
  const algorithm = sequence(oid('1.2.840.113549.1.1.11'), Buffer.of(0x05, 0)) // sha256WithRSAEncryption
  const name = sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(commonName.slice(0, 64))))))
  const until = new Date(at)
  until.setUTCFullYear(until.getUTCFullYear() + YEARS)
  const serial = Buffer.concat([Buffer.of(0x01), randomBytes(15)]) // positive, and not padded (§4.1.2.2)
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))), // v3
    der(0x02, serial),
    algorithm,
    name,
    sequence(time(at), time(until)),
    name,
    createPublicKey(publicKey).export({ type: 'spki', format: 'der' }),
  )
  return pem('CERTIFICATE', sequence(body, algorithm, der(0x03, Buffer.of(0), sign('sha256', body, privateKey))))
}

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...head), content])
}

const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents)

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const groups = [part & 0x7f]
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return der(0x06, Buffer.from(bytes))
}

/** GeneralizedTime from 2050 on, UTCTime before (RFC 5280 §4.1.2.5). */
function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return at.getUTCFullYear() >= 2050 ? der(0x18, Buffer.from(`${digits}Z`)) : der(0x17, Buffer.from(`${digits.slice(2)}Z`))
}

export const pem = (label: string, bytes: Uint8Array): string => `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`
