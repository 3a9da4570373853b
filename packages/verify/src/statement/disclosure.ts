import { sha256 } from '#platform'
import { fromBase64, fromHex, toBase64, toHex, utf8 } from '../bytes.ts'
import { canonicalBytes, parseCanonical, type Json } from '../canonical.ts'
import { VerifyError } from '../errors.ts'
import type { Evidence, Hex } from './predicate.ts'

/**
 * Selective disclosure after RFC 9901 (SD-JWT) §4.2: a disclosure is the base64url of a JSON array
 * [salt, name, value], and the statement holds digests alone. Ours are canonical JSON, with 32-byte salts, so that
 * a short or guessable value stays hidden; digests are hexadecimal, as everywhere in our statements.
 */
export type Disclosure = string

export interface DisclosedField {
  name: string
  value: Json
}

export const disclosureDigest = (disclosure: Disclosure): Hex => toHex(sha256(utf8(disclosure)))

/**
 * Hides each field behind its own salt.
 * @param about what the evidence is of
 * @param salts 32 random bytes for each field, in the order of `Object.keys(fields)`; never used twice
 * @returns the statement's predicate, and the disclosures to keep, by field name
 */
export function createEvidence(
  about: Pick<Evidence, 'check' | 'observedAt'>,
  fields: Readonly<Record<string, Json>>,
  salts: readonly Uint8Array[],
): { predicate: Evidence; disclosures: Readonly<Record<string, Disclosure>> } {
  const names = Object.keys(fields)
  if (salts.length !== names.length || salts.some((salt) => salt.length !== 32) || new Set(salts.map(toHex)).size !== salts.length)
    throw new VerifyError('malformed', 'each field has a salt of its own, of 32 bytes')
  const disclosures = Object.fromEntries(names.map((name, i) => [name, toBase64Url(canonicalBytes([toHex(salts[i] as Uint8Array), name, fields[name]]))]))
  // Sorted: the order of digests must not tell which field is which.
  return { predicate: { ...about, _sd: Object.values(disclosures).map(disclosureDigest).sort() }, disclosures }
}

/**
 * Reads a disclosure, and shows that the statement holds its digest exactly once.
 * @throws VerifyError `bad-proof` when it does not, `malformed` or `not-canonical` for another form
 */
export function verifyDisclosure(evidence: Evidence, disclosure: Disclosure): DisclosedField {
  const digest = disclosureDigest(disclosure)
  if (evidence._sd.filter((one) => one === digest).length !== 1) throw new VerifyError('bad-proof', 'the evidence does not hold this disclosure')
  const value = parseCanonical(fromBase64Url(disclosure))
  if (!Array.isArray(value) || value.length !== 3) throw new VerifyError('malformed', 'a disclosure is [salt, name, value]')
  const [salt, name, field] = value as [Json, Json, Json]
  if (typeof salt !== 'string' || fromHex(salt).length !== 32 || typeof name !== 'string') throw new VerifyError('malformed', 'a disclosure is [salt, name, value]')
  return { name, value: field }
}

const toBase64Url = (bytes: Uint8Array): string => toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

function fromBase64Url(text: string): Uint8Array {
  if (/[+/=]/.test(text)) throw new VerifyError('not-canonical', 'expected base64url without padding')
  const standard = text.replaceAll('-', '+').replaceAll('_', '/')
  return fromBase64(standard + '='.repeat((4 - (standard.length % 4)) % 4))
}
