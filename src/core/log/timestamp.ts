import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import type { ASN1Obj } from '@sigstore/core'
import { RFC3161Timestamp } from '@sigstore/core'
import { messageOf, VouchsafeError } from '#core/errors'
import type { Post } from './post.ts'

/** An RFC 3161 timestamp authority, as the operator names it. */
export interface TimestampAuthority {
  /** What it is called in the log's tables. */
  name: string
  url: string
  /** PEM of the certificate that signs its tokens: pinned, not merely chained to some authority. */
  certificate: string
}

export interface Timestamp {
  token: Uint8Array
  /** When the authority says that it saw the bytes. */
  at: Date
}

const OID_SHA256 = Uint8Array.from([0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01])
/** RFC 3161 §2.3: the certificate's one extended key usage. */
const EKU_TIMESTAMPING = '1.3.6.1.5.5.7.3.8'

/** DER of one value; everything in a request is shorter than 128 bytes. */
const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents)
  return Buffer.concat([Uint8Array.of(tag, content.length), content])
}

/** RFC 3161 §2.4.1: asks for SHA-256 of `bytes`, with a nonce, and for the certificate in the token. */
export function timestampRequest(bytes: Uint8Array, nonce: Uint8Array): Uint8Array {
  const imprint = der(0x30, der(0x30, OID_SHA256, der(0x05)), der(0x04, createHash('sha256').update(bytes).digest()))
  return der(0x30, der(0x02, Uint8Array.of(1)), imprint, der(0x02, nonce), der(0x01, Uint8Array.of(0xff)))
}

/**
 * Verifies a response over `bytes`: status, imprint, signature by the pinned certificate, its use and its dates.
 * @param nonce the one that was sent; leave it out for a token that is verified later
 * @throws VouchsafeError `bad-input`
 */
export function verifyTimestamp(token: Uint8Array, bytes: Uint8Array, certificate: string, nonce?: Uint8Array): Date {
  const refuse = (what: string, cause?: unknown): never => {
    throw new VouchsafeError('bad-input', `The timestamp does not hold: ${what}.`, { mend: 'Compare the authority’s certificate with the one configured; ask again.', cause })
  }
  try {
    const signer = new X509Certificate(certificate)
    const timestamp = RFC3161Timestamp.parse(Buffer.from(token))
    // 0 granted, 1 granted with changes (RFC 3161 §2.4.2)
    if (timestamp.status !== 0n && timestamp.status !== 1n) return refuse(`the authority refused it, status ${timestamp.status}`)
    const { tstInfo } = timestamp
    if (tstInfo.messageImprintHashAlgorithm !== 'sha256') refuse('it is over another digest than SHA-256')
    // Tokens of RSA authorities name rsaEncryption and leave the digest to the field beside it (RFC 5652 §5.3), which the parser does not join.
    if (signer.publicKey.asymmetricKeyType === 'rsa') Object.defineProperty(timestamp, 'signatureAlgorithm', { value: timestamp.signerDigestAlgorithm })
    timestamp.verify(Buffer.from(bytes), signer.publicKey)
    if (!signer.keyUsage?.includes(EKU_TIMESTAMPING)) refuse('the certificate is not one for timestamps')
    const at = tstInfo.genTime
    if (Number.isNaN(at.getTime()) || at < signer.validFromDate || at > signer.validToDate) refuse('it lies outside the dates of the certificate')
    if (nonce && !nonceOf(tstInfo.root)?.equals(nonce)) refuse('it answers another request')
    return at
  } catch (error) {
    if (error instanceof VouchsafeError) throw error
    return refuse(messageOf(error), error)
  }
}

/** RFC 3161 §2.4.2: after genTime come accuracy, ordering, nonce, tsa, extensions, all of them optional. */
function nonceOf(tstInfo: ASN1Obj): Buffer | undefined {
  const found = tstInfo.subs.slice(5).find((sub) => sub.tag.isInteger())
  return found ? Buffer.from(found.value) : undefined
}

/** Has an authority timestamp these bytes, and verifies what it says. @throws VouchsafeError `unreachable`, `bad-input` */
export async function askTimestamp(bytes: Uint8Array, authority: TimestampAuthority, post: Post): Promise<Timestamp> {
  const nonce = randomBytes(8)
  nonce[0] = ((nonce[0] as number) & 0x7f) | 0x40 // positive, and in its shortest form (X.690 §8.3)
  const response = await post(authority.url, timestampRequest(bytes, nonce), 'application/timestamp-query')
  if (response.status !== 200 || !response.contentType.startsWith('application/timestamp-reply'))
    throw new VouchsafeError('unreachable', `The timestamp authority ${authority.name} answered ${response.status} ${response.contentType.slice(0, 60)}.`, { mend: 'Check its address. The log goes on without.' })
  return { token: response.body, at: verifyTimestamp(response.body, bytes, authority.certificate, nonce) }
}
