import { generateRegistrationOptions, verifyAuthenticationResponse, verifyRegistrationResponse, type AuthenticationResponseJSON, type RegistrationResponseJSON } from '@simplewebauthn/server'
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { VouchsafeError } from '#core/errors'

/** A passkey as it is kept. */
export interface Passkey {
  id: string
  personId: string
  /** base64url */
  credentialId: string
  /** What the authenticator calls the account (user.id): random, base64url. */
  userHandle: string
  /** COSE_Key (RFC 9052 §7) */
  publicKey: Uint8Array
  counter: number
  transports: readonly string[]
  name: string
  aaguid: string
  /** Kept in more than one place by whoever made it, such as a phone's cloud. */
  backedUp: boolean
  /** Whether it can derive keys (PRF extension); undefined: it did not say. */
  prf?: boolean
  createdAt: Date
  lastUsedAt?: Date
  suspectAt?: Date
}

/** Where passkeys are bound to: an origin, and its host as the relying party (WebAuthn §5.1.3). */
export interface RelyingParty {
  origin: string
  name: string
}

/** RP ids are hosts without scheme and port. */
export const rpIdOf = ({ origin }: RelyingParty): string => new URL(origin).hostname

/** The account's name for authenticators. One for all passkeys of a person, so that an authenticator replaces its own instead of keeping two. */
export const newUserHandle = (): string => randomBytes(16).toString('base64url')

/** ES256, EdDSA, RS256: what passkeys are made with. */
const ALGORITHMS = [-8, -7, -257]
const TIMEOUT_MS = 5 * 60_000

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/).max(20_000)
const extensions = z.looseObject({ prf: z.looseObject({ enabled: z.boolean().optional() }).optional() }).default({})

/** What the browser gives back (WebAuthn §5.1.8.1). Members that nobody reads are let through to nobody. */
export const Registration = z.object({
  id: base64url.max(1400),
  rawId: base64url.max(1400),
  type: z.literal('public-key'),
  response: z.object({ clientDataJSON: base64url, attestationObject: base64url, transports: z.array(z.string().max(30)).max(10).optional() }),
  clientExtensionResults: extensions,
})
export type Registration = z.infer<typeof Registration>

export const Assertion = z.object({
  id: base64url.max(1400),
  rawId: base64url.max(1400),
  type: z.literal('public-key'),
  response: z.object({ clientDataJSON: base64url, authenticatorData: base64url, signature: base64url, userHandle: base64url.nullish() }),
  clientExtensionResults: extensions,
})
export type Assertion = z.infer<typeof Assertion>

/** What `navigator.credentials.create` is asked for, as JSON. Discoverable, with user verification: one passkey is two factors. */
export async function registrationOptions(party: RelyingParty, person: { handle: string; name: string; displayName: string }, known: readonly Passkey[], challenge: string): Promise<object> {
  return generateRegistrationOptions({
    rpName: party.name,
    rpID: rpIdOf(party),
    // Random and nothing else: authenticators show it to whoever holds them (WebAuthn §14.6.1).
    userID: new Uint8Array(Buffer.from(person.handle, 'base64url')),
    userName: person.name,
    userDisplayName: person.displayName,
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    timeout: TIMEOUT_MS,
    attestationType: 'none',
    excludeCredentials: known.map(({ credentialId, transports }) => ({ id: credentialId, transports: [...transports] })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    extensions: { credProps: true, prf: {} },
    supportedAlgorithmIDs: ALGORITHMS,
  })
}

/**
 * What `navigator.credentials.get` is asked for. No list of credentials: it would tell a stranger who has an account, and
 * discoverable passkeys need none.
 */
export function assertionOptions(party: RelyingParty, challenge: string): object {
  return { challenge, rpId: rpIdOf(party), timeout: TIMEOUT_MS, userVerification: 'required', allowCredentials: [] }
}

/**
 * Registers (WebAuthn §7.1).
 * @throws VouchsafeError `bad-input` for whatever does not verify
 */
export async function verifyRegistration(party: RelyingParty, challenge: string, response: Registration): Promise<Pick<Passkey, 'credentialId' | 'publicKey' | 'counter' | 'transports' | 'aaguid' | 'backedUp' | 'prf'>> {
  requireTopLevel(response.response.clientDataJSON)
  const verified = await verifyRegistrationResponse({
    response: response as RegistrationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: rpIdOf(party),
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch((cause: unknown) => {
    throw notVerified(cause)
  })
  if (!verified.verified) throw notVerified()
  const { credential, aaguid, credentialBackedUp } = verified.registrationInfo
  const prf = response.clientExtensionResults.prf?.enabled
  return {
    credentialId: credential.id,
    publicKey: credential.publicKey,
    counter: credential.counter,
    transports: response.response.transports ?? [],
    aaguid,
    backedUp: credentialBackedUp,
    ...(prf === undefined ? {} : { prf }),
  }
}

export interface VerifiedAssertion {
  counter: number
  backedUp: boolean
  /** The counter did not grow though the authenticator counts: somebody may hold a copy (WebAuthn §6.1.1). */
  wentBack: boolean
}

/**
 * Verifies (WebAuthn §7.2). User verification is required: whoever holds the device alone is not enough.
 * @throws VouchsafeError `not-allowed` for whatever does not verify, in one text
 */
export async function verifyAssertion(party: RelyingParty, challenge: string, response: Assertion, passkey: Passkey): Promise<VerifiedAssertion> {
  requireTopLevel(response.response.clientDataJSON)
  const { userHandle, ...rest } = response.response
  // A discoverable passkey says whose it is; that must be who we think (§7.2 step 6).
  if (userHandle && userHandle !== passkey.userHandle) throw notVerified()
  const verified = await verifyAuthenticationResponse({
    response: { ...response, response: { ...rest, ...(userHandle ? { userHandle } : {}) } } as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: rpIdOf(party),
    requireUserVerification: true,
    // The counter is judged below: what is behind it must be told of, not only refused.
    credential: { id: passkey.credentialId, publicKey: new Uint8Array(passkey.publicKey), counter: 0, transports: [...passkey.transports] },
  }).catch((cause: unknown) => {
    throw notVerified(cause)
  })
  if (!verified.verified) throw notVerified()
  const { newCounter, credentialBackedUp } = verified.authenticationInfo
  return { counter: newCounter, backedUp: credentialBackedUp, wentBack: (newCounter > 0 || passkey.counter > 0) && newCounter <= passkey.counter }
}

/** Nobody embeds us: an answer made inside another site's frame is refused (WebAuthn §13.4.9). */
function requireTopLevel(clientDataJSON: string): void {
  try {
    const { crossOrigin } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8')) as { crossOrigin?: unknown }
    if (crossOrigin === undefined || crossOrigin === false) return
  } catch {
    // said below
  }
  throw notVerified()
}

export function notVerified(cause?: unknown): VouchsafeError {
  return new VouchsafeError('not-allowed', 'The passkey could not be verified.', { mend: 'Try again with a passkey of this site, or choose another way to sign in.', ...(cause === undefined ? {} : { cause }) })
}
