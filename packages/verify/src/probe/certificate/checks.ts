import { fails, holds, quoted, unknown } from '../report.ts'
import type { Json } from '../../canonical.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import { presentedBySite } from './presented.ts'
import { speaksFor } from './name.ts'
import type { Certificate } from './certificate.ts'

const DAY_MS = 86_400_000
// Automatic renewal (RFC 8555 clients) acts at 30 days; a certificate this close to its end was not renewed.
const RENEW_BEFORE_DAYS = 14

const REASONS = {
  'self-signed': 'the certificate is signed by itself; use one from a certificate authority',
  'unknown-root': 'the chain ends at a root that is not trusted; use a certificate from a public authority, or name your own root',
  'missing-intermediate': 'the chain is not whole: the host must send the intermediate certificate too',
  'not-an-authority': 'a certificate in the chain may not sign others',
} as const

/** RFC 5280 §6 and RFC 8446 §4.4.2: the certificates sent lead to a root. */
export async function checkChain(visit: Visit): Promise<Finding> {
  const { sent, path, complaint, orderSeen } = await presentedBySite(visit)
  const observation = { sent: sent.map(describe), chain: path.chain.map((certificate) => quoted(certificate.subject)), orderSeen, ...(complaint === undefined ? {} : { complaint: quoted(complaint) }) }
  if (path.kind === 'untrusted') return fails(REASONS[path.reason], { ...observation, reason: path.reason })
  if (complaint !== undefined) return fails(`the TLS library refuses the chain (${quoted(complaint, 60)}); renew the certificate from its authority`, observation)
  const notes: string[] = []
  if (orderSeen && !path.ordered) notes.push('sent out of order')
  if (path.surplus > 0) notes.push(`${path.surplus} of no use sent too`)
  const summary = `${path.chain.length} certificate${path.chain.length === 1 ? '' : 's'} from the host to a trusted root${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`
  return holds(summary, { ...observation, ordered: path.ordered, surplus: path.surplus })
}

export async function checkName(visit: Visit): Promise<Finding> {
  const { leaf } = await presentedBySite(visit)
  const { host } = visit.site
  const names = [...leaf.dnsNames, ...leaf.ipAddresses]
  const observation = { host, names: names.slice(0, 50).map((name) => quoted(name, 255)), more: Math.max(0, names.length - 50) }
  if (speaksFor(leaf, host)) return holds(`the certificate names ${host}`, observation)
  const shown = names.length === 0 ? 'no name at all' : quoted(names.slice(0, 3).join(', '), 120)
  return fails(`the certificate names ${shown}, not ${host}; get one that names it`, observation)
}

export async function checkValidity(visit: Visit): Promise<Finding> {
  const { sent, path } = await presentedBySite(visit)
  const { at } = visit.options
  const chain = path.chain.length > 0 ? path.chain : sent.slice(0, 1)
  // The whole chain ends with its shortest-lived member.
  const first = chain.reduce((a, b) => (b.notAfter < a.notAfter ? b : a))
  const daysLeft = Math.floor((first.notAfter.getTime() - at.getTime()) / DAY_MS)
  const observation = { at: at.toISOString(), notBefore: chain[0]!.notBefore.toISOString(), notAfter: first.notAfter.toISOString(), daysLeft, subject: quoted(first.subject) }
  const early = chain.find((certificate) => at < certificate.notBefore)
  if (early !== undefined) return fails(`a certificate is valid only from ${day(early.notBefore)}; check the clock of the machine that made it`, observation)
  if (at > first.notAfter) return fails(`a certificate expired on ${day(first.notAfter)}; renew it`, observation)
  if (daysLeft < RENEW_BEFORE_DAYS) return holds(`valid, but only ${daysLeft} days are left; renew it now`, observation)
  return holds(`valid for ${daysLeft} more days`, observation)
}

/** RFC 9325 §4.5 and NIST SP 800-57: RSA from 2048 bits, elliptic curves from 256. */
export async function checkKey(visit: Visit): Promise<Finding> {
  const { sent, path } = await presentedBySite(visit)
  const chain = path.chain.length > 0 ? path.chain : sent
  const weak = chain.find((certificate) => !isStrong(certificate))
  const observation = { keys: chain.map((certificate) => ({ subject: quoted(certificate.subject), type: certificate.key.type, bits: certificate.key.bits })) }
  const own = chain[0]!.key
  if (weak === undefined) return holds(`${own.type.toUpperCase()} key of ${own.bits} bits`, observation)
  if (weak.key.type === 'unknown' || weak.key.bits === 0) return unknown('a key of the chain is of a kind not known here; nothing can be told', observation)
  return fails(`a key of the chain (${weak.key.type.toUpperCase()}, ${weak.key.bits} bits) is too short; use RSA of 2048 bits or more, or a curve of 256`, observation)
}

function isStrong({ key }: Certificate): boolean {
  if (key.type === 'rsa' || key.type === 'rsa-pss') return key.bits >= 2048
  if (key.type === 'ec') return key.bits >= 256
  return key.type === 'ed25519' || key.type === 'ed448'
}

// RFC 3279 §2.2, RFC 4055, RFC 5758: what signs with MD2, MD5 or SHA-1.
const BROKEN_HASHES: Record<string, string> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.3.14.3.2.29': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
}
const SOUND_HASHES: Record<string, string> = {
  '1.2.840.113549.1.1.11': 'SHA-256',
  '1.2.840.113549.1.1.12': 'SHA-384',
  '1.2.840.113549.1.1.13': 'SHA-512',
  '1.2.840.113549.1.1.14': 'SHA-224',
  '1.2.840.113549.1.1.10': 'RSASSA-PSS',
  '1.2.840.10045.4.3.2': 'SHA-256',
  '1.2.840.10045.4.3.3': 'SHA-384',
  '1.2.840.10045.4.3.4': 'SHA-512',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
}

/** RFC 9155: no SHA-1 or MD5 in the chain. The signature of a root on itself protects nothing and is left out. */
export async function checkSignature(visit: Visit): Promise<Finding> {
  const { sent, path } = await presentedBySite(visit)
  const chain = path.chain.length > 0 ? path.chain : sent.slice(0, 1)
  const judged = chain.filter((certificate, index) => index === 0 || index < chain.length - 1 || !certificate.selfIssued)
  const observation = { signatures: judged.map((certificate) => ({ subject: quoted(certificate.subject), algorithm: nameOf(certificate.signatureAlgorithm) })) }
  const broken = judged.find((certificate) => certificate.signatureAlgorithm in BROKEN_HASHES)
  if (broken !== undefined) return fails(`a certificate is signed with ${nameOf(broken.signatureAlgorithm)}, which can be forged; have it issued anew`, observation)
  const strange = judged.find((certificate) => !(certificate.signatureAlgorithm in SOUND_HASHES))
  if (strange !== undefined) return unknown(`a certificate is signed with an algorithm not known here (${strange.signatureAlgorithm})`, observation)
  return holds(`signed with ${nameOf(judged[0]!.signatureAlgorithm)}`, observation)
}

const nameOf = (oid: string): string => BROKEN_HASHES[oid] ?? SOUND_HASHES[oid] ?? oid

const day = (date: Date): string => date.toISOString().slice(0, 10)

function describe(certificate: Certificate): Json {
  return {
    subject: quoted(certificate.subject),
    issuer: quoted(certificate.issuer),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    sha256: certificate.x509.fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}
