import { createPublicKey, verify, constants, type JsonWebKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { distrust } from './refusal.ts'

interface Algorithm {
  hash: string | null
  kty: 'RSA' | 'EC' | 'OKP'
  curve?: string
  pss?: true
}

/** Signatures that are believed (RFC 7518 §3.1, RFC 8037 §3.1): all with a key pair; none with a shared secret, none with SHA-1, no `none`. */
export const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  RS256: { hash: 'sha256', kty: 'RSA' },
  RS384: { hash: 'sha384', kty: 'RSA' },
  RS512: { hash: 'sha512', kty: 'RSA' },
  PS256: { hash: 'sha256', kty: 'RSA', pss: true },
  PS384: { hash: 'sha384', kty: 'RSA', pss: true },
  PS512: { hash: 'sha512', kty: 'RSA', pss: true },
  ES256: { hash: 'sha256', kty: 'EC', curve: 'P-256' },
  ES384: { hash: 'sha384', kty: 'EC', curve: 'P-384' },
  ES512: { hash: 'sha512', kty: 'EC', curve: 'P-521' },
  EdDSA: { hash: null, kty: 'OKP', curve: 'Ed25519' },
}

const Header = z.object({ alg: z.string(), kid: z.string().optional(), typ: z.string().optional(), crit: z.unknown().optional() })
const Keys = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional(), use: z.string().optional(), alg: z.string().optional(), crv: z.string().optional(), key_ops: z.array(z.string()).optional() })).max(200) })
export type KeySet = z.infer<typeof Keys>

const MOST_CHARACTERS = 32 * 1024

export interface Token {
  header: z.infer<typeof Header>
  claims: Record<string, unknown>
  signed: string
  signature: Buffer
}

/** @throws Refusal `not-trusted` */
export function readKeySet(document: unknown): KeySet {
  const read = Keys.safeParse(document)
  if (!read.success) throw distrust('its key set cannot be read')
  return read.data
}

/** Takes a token apart (RFC 7515 §7.1), and believes nothing of it yet. @throws Refusal `not-trusted` */
export function readToken(text: string): Token {
  const [header, payload, signature, more] = text.length > MOST_CHARACTERS ? [] : text.split('.')
  if (header === undefined || payload === undefined || signature === undefined || more !== undefined) throw distrust('a token that is none')
  const read = Header.safeParse(json(header))
  const claims = json(payload)
  if (!read.success || typeof claims !== 'object' || claims === null || Array.isArray(claims)) throw distrust('a token that cannot be read')
  if (read.data.crit !== undefined) throw distrust('a token with extensions that are not understood') // RFC 7515 §4.1.11
  return { header: read.data, claims: claims as Record<string, unknown>, signed: `${header}.${payload}`, signature: bytesOf(signature) }
}

/** Whether a key set has a key that this token names. */
export const hasKeyFor = ({ header }: Token, { keys }: KeySet): boolean => keys.some((key) => header.kid === undefined || key.kid === header.kid)

/** @throws Refusal `not-trusted` unless a key of the set has signed it, by an algorithm that fits the key */
export function verifyToken({ header, signed, signature }: Token, { keys }: KeySet): void {
  const algorithm = Object.hasOwn(ALGORITHMS, header.alg) ? ALGORITHMS[header.alg] : undefined
  if (algorithm === undefined) throw distrust(`a token signed by ${JSON.stringify(header.alg.slice(0, 20))}`)
  const fitting = keys.filter((key) => key.kty === algorithm.kty && (algorithm.curve === undefined || key.crv === algorithm.curve) && (key.alg === undefined || key.alg === header.alg) && (key.use ?? 'sig') === 'sig' && (key.key_ops?.includes('verify') ?? true) && (header.kid === undefined || key.kid === header.kid))
  if (fitting.length === 0) throw distrust('a token signed with a key that the provider does not have')
  if (!fitting.some((jwk) => isSignedBy(jwk as JsonWebKey, algorithm, signed, signature))) throw distrust('a token whose signature does not fit')
}

function isSignedBy(jwk: JsonWebKey, { hash, kty, pss }: Algorithm, signed: string, signature: Buffer): boolean {
  let key: KeyObject
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return false
  }
  if (kty === 'RSA' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return false // RFC 7518 §3.3
  return verify(hash, Buffer.from(signed), { key, ...(kty === 'EC' ? { dsaEncoding: 'ieee-p1363' as const } : {}), ...(pss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {}) }, signature)
}

function bytesOf(part: string): Buffer {
  // Node skips what is no base64url: two texts would be one signature.
  if (!/^[A-Za-z0-9_-]*$/.test(part)) throw distrust('a token that is none')
  return Buffer.from(part, 'base64url')
}

function json(part: string): unknown {
  try {
    return JSON.parse(bytesOf(part).toString('utf8'))
  } catch {
    throw distrust('a token that cannot be read')
  }
}
