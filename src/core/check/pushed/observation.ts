import { createHash, createPrivateKey, createPublicKey, sign as signBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { canonicalBytes, ed25519Verify, fromBase64, keyIdOf, preAuthenticationEncoding, textOf, toBase64 } from '@vouchsafe/verify'
import type { Json, Verdict } from '@vouchsafe/verify'
import type { Instant } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import { verdictOf } from '../contract.ts'
import type { CheckId, CheckResult, TargetObservation } from '../contract.ts'

/** The type of what is signed; DSSE binds it into the signature, so that an observation cannot pass for anything else. */
export const OBSERVATION_TYPE = 'application/vnd.vouchsafe.observation+json'

/** What another tool, or a runner, saw: the payload of the envelope that it pushes. */
export interface PushedObservation {
  check: CheckId
  verdict: Verdict
  summary: string
  targets: readonly TargetObservation[]
  /** How many targets there are, seen or not; as many as `targets` when absent. */
  declared?: number
  evidence: Readonly<Record<string, Json>>
  /** RFC 3339 in UTC. */
  observedAt: string
  /** 16 to 64 characters that this sender never uses twice. */
  nonce: string
  /** How many tries the run took, 1 when absent. */
  attempts?: number
  /** Digest of the check's definition, for senders that know it: an observation under another definition is refused. */
  definition?: string
}

/** A key that may push, and what about. */
export interface Sender {
  /** 32 bytes, Ed25519. */
  publicKey: Uint8Array
  checks: readonly CheckId[]
}

export interface VerifiedObservation {
  keyId: string
  observation: PushedObservation
  result: CheckResult
  observedAt: Instant
  attempts: number
  /** It waited somewhere: it was observed longer ago than the clock window, and may only be recorded as late. */
  late: boolean
  /** SHA-256 of the bytes that were signed, in hexadecimal: what a replay is known by. */
  digest: string
  /** When its nonce may be forgotten. */
  rememberUntil: Instant
}

/** Whether a sender has used a nonce before; the caller keeps them, in the transaction that records the observation. */
export interface SeenNonces {
  has(keyId: string, nonce: string): Promise<boolean>
}

export const MAX_OBSERVATION_BYTES = 1024 * 1024
const AHEAD_SECONDS = 120 // clocks of honest machines differ by seconds; two minutes ahead is a wrong clock
const FRESH_SECONDS = 600 // a push that takes longer has waited in a spool
const LATE_SECONDS = 14 * 86_400 // a fortnight without the server; older observations say nothing that still counts

const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/, 'must be an RFC 3339 time in UTC').refine((text) => !Number.isNaN(Date.parse(text)), 'is a time that does not exist')
const verdict = z.enum(['holds', 'fails', 'unknown'], { error: 'must be holds, fails or unknown' })
const line = (most: number) => z.string().min(1).max(most).regex(/^[^\u0000-\u001f\u007f]*$/u, 'must be one line of text')
const payload = z.strictObject({
  check: line(100),
  verdict,
  summary: line(500),
  targets: z.array(z.strictObject({ target: line(300), verdict, summary: line(500) })).max(10_000),
  declared: z.number().int().min(0).max(1_000_000).optional(),
  evidence: z.record(z.string().max(200), z.unknown()),
  observedAt: instant,
  nonce: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'must be 16 to 64 letters, digits, _ or -'),
  attempts: z.number().int().min(1).max(100).optional(),
  definition: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits').optional(),
})
const envelope = z.strictObject({
  payload: z.string().max(MAX_OBSERVATION_BYTES * 2),
  payloadType: z.literal(OBSERVATION_TYPE, { error: `must be ${OBSERVATION_TYPE}` }),
  signatures: z.array(z.strictObject({ keyid: z.string().max(100), sig: z.string().max(200) })).length(1, 'must be exactly one'),
})

/**
 * Reads and verifies a pushed observation (DSSE v1, Ed25519). The envelope may be any spelling of its JSON; what counts
 * is the payload, whose exact bytes were signed.
 *
 * INVARIANT: nothing of the payload is looked at before its signature is right.
 *
 * @param bytes the body of `POST /api/v1/observations`
 * @param parts.keyById the sender of a key id (SHA-256 of the key, hexadecimal), or undefined
 * @throws VouchsafeError `too-large`, `bad-input`, `not-allowed` (unknown key, bad signature, not this sender's check),
 * `conflict` (replayed)
 */
export async function verifyObservation(bytes: Uint8Array, parts: { keyById(keyId: string): Sender | undefined | Promise<Sender | undefined>; at: Instant; seen: SeenNonces }): Promise<VerifiedObservation> {
  if (bytes.length > MAX_OBSERVATION_BYTES) throw new VouchsafeError('too-large', `An observation is larger than ${MAX_OBSERVATION_BYTES} bytes.`, { mend: 'Send less evidence: a digest of a large report is enough.' })
  const sealed = read(envelope, parse(bytes, 'The body'), 'The envelope')
  const [signature] = sealed.signatures
  const sender = signature && (await parts.keyById(signature.keyid))
  if (!signature || !sender || keyIdOf(sender.publicKey) !== signature.keyid) {
    throw new VouchsafeError('not-allowed', 'The observation is signed by a key that is not known here.', { mend: 'Register the public key of the sender first; the key id is the SHA-256 of its 32 bytes in hexadecimal.' })
  }
  const signed = decode(sealed.payload, 'payload')
  if (!ed25519Verify(sender.publicKey, preAuthenticationEncoding(OBSERVATION_TYPE, signed), decode(signature.sig, 'signatures[0].sig'))) {
    throw new VouchsafeError('not-allowed', 'The signature does not fit the observation.', { mend: 'Sign the DSSE pre-authentication encoding of the payload: see docs/declared-checks.md.' })
  }
  const given = read(payload, parse(signed, 'The payload'), 'The observation')
  const observation = given as PushedObservation
  if (!sender.checks.includes(observation.check)) throw new VouchsafeError('not-allowed', `This sender may not report on ${observation.check}.`, { mend: 'Allow the check for this key, or correct the name.' })

  const observedAt = new Date(observation.observedAt)
  const age = (parts.at.getTime() - observedAt.getTime()) / 1000
  if (age < -AHEAD_SECONDS) throw new VouchsafeError('bad-input', `The observation is dated ${Math.round(-age)} s ahead of our clock.`, { mend: 'Set the clock of the sender.' })
  if (age > LATE_SECONDS) throw new VouchsafeError('bad-input', `The observation is older than ${LATE_SECONDS / 86_400} days.`, { mend: 'Observe again.' })
  if (await parts.seen.has(signature.keyid, observation.nonce)) throw new VouchsafeError('conflict', 'This observation was received before.', { mend: 'Nothing: it is recorded. A new observation needs a new nonce.' })
  return {
    keyId: signature.keyid,
    observation,
    result: resultOf(observation),
    observedAt,
    attempts: observation.attempts ?? 1,
    late: age > FRESH_SECONDS,
    digest: createHash('sha256').update(signed).digest('hex'),
    rememberUntil: new Date(observedAt.getTime() + (LATE_SECONDS + AHEAD_SECONDS) * 1000),
  }
}

/** A sender cannot say that all holds while one of its targets does not, or while it did not see them all, or saw none. */
function resultOf(observation: PushedObservation): CheckResult {
  const declared = observation.declared ?? observation.targets.length
  if (declared < observation.targets.length) throw new VouchsafeError('bad-input', 'The observation has more targets than it declares.', { mend: 'Correct declared, or leave it out.' })
  const twice = new Set(observation.targets.map(({ target }) => target)).size < observation.targets.length
  if (twice) throw new VouchsafeError('bad-input', 'The observation names a target twice.', { mend: 'Report on each target once.' })
  const unseen = declared > observation.targets.length || declared === 0 ? [{ verdict: 'unknown' as const }] : []
  const whole = verdictOf([...observation.targets, ...unseen, observation])
  if (whole !== observation.verdict) throw new VouchsafeError('bad-input', `The observation says ${observation.verdict}, but its targets come to ${whole}.`, { mend: 'The verdict of a whole is that of its weakest target: fails, then unknown, then holds.' })
  return { verdict: observation.verdict, summary: observation.summary, targets: observation.targets, declared, evidence: observation.evidence }
}

function parse(bytes: Uint8Array, what: string): unknown {
  try {
    const value: unknown = JSON.parse(textOf(bytes))
    canonicalBytes(value) // depth, fractions, lone surrogates: what has no canonical form cannot become evidence
    return value
  } catch (cause) {
    throw new VouchsafeError('bad-input', `${what} is not JSON that we take${cause instanceof SyntaxError ? '' : cause instanceof Error ? `: ${cause.message}` : ''}.`, { cause, mend: 'Send UTF-8 JSON; numbers are whole, fractions go as text.' })
  }
}

function read<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value, { reportInput: false })
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map((issue) => ({ pointer: issue.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''), message: issue.message }))
  throw new VouchsafeError('bad-input', `${what} is not well formed: ${fields[0]?.pointer ?? ''} ${fields[0]?.message ?? ''}.`, { fields, mend: 'Look at the members of an observation in docs/declared-checks.md.' })
}

function decode(text: string, member: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch (cause) {
    throw new VouchsafeError('bad-input', `${member} is not Base 64.`, { cause, mend: 'Use the standard alphabet with padding and without line breaks.' })
  }
}

/** Signs an observation: for runners, and for tools written in JavaScript. Gives the body to post. */
export function signObservation(observation: PushedObservation, key: SenderKey): Uint8Array {
  const signed = canonicalBytes(observation)
  const sig = key.sign(preAuthenticationEncoding(OBSERVATION_TYPE, signed))
  return canonicalBytes({ payload: toBase64(signed), payloadType: OBSERVATION_TYPE, signatures: [{ keyid: keyIdOf(key.publicKey), sig: toBase64(sig) }] })
}

export interface SenderKey {
  publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** @param pem an Ed25519 private key, PKCS#8 in PEM. @throws VouchsafeError `bad-input`, never showing the key */
export function readSenderKey(pem: string): SenderKey {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('another kind')
  } catch {
    throw new VouchsafeError('bad-input', "The sender's key is not an Ed25519 private key in PEM.", { mend: 'Make one by `vouchsafe runner keygen`, or `openssl genpkey -algorithm ed25519`.' })
  }
  return { publicKey: rawPublicKey(key), sign: (message) => signBytes(null, message, key) }
}

// RFC 8410 §4: the last 32 bytes of an Ed25519 SubjectPublicKeyInfo are the key.
const rawPublicKey = (key: KeyObject): Uint8Array => new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32))
