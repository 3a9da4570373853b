import type { Factor, Provenance } from './session.ts'

/** How somebody may go on. */
export type Way = 'passkey' | 'password' | 'totp' | 'recovery-code'

/** A secret that waits in the database until a ceremony ends, sealed with the key ring. */
export interface Sealed {
  keyId: string
  /** base64 */
  bytes: string
}

/** Why somebody enrols: they were invited, they set the installation up, or their password now needs a second factor. */
export type EnrolmentOrigin =
  | { by: 'invitation'; token: Sealed }
  | { by: 'set-up'; code: Sealed; displayName: string; email: string }
  | { by: 'sign-in'; shown: Factor[]; provenance?: Provenance }

/**
 * Where somebody stands between naming themselves and holding a session. It lies on the server; the cookie is only a
 * random name for it, so that no step can be skipped or replayed from outside.
 */
export type Ceremony =
  | { kind: 'sign-in'; shown: Factor[]; provenance?: Provenance }
  | { kind: 'reset'; shown: Factor[] }
  | { kind: 'enrolment'; origin: EnrolmentOrigin; person: { id?: string; displayName: string; email: string }; userHandle: string; passwordHash?: string; totp?: Sealed }
  /** Of somebody who is signed in: a step-up, or a way to sign in that is being added. */
  | { kind: 'own'; userHandle?: string; totp?: Sealed }

/** Minutes from beginning to end. A reset includes reading mail on a phone; an enrolment, installing an app. */
export const CEREMONY_MINUTES: Readonly<Record<Ceremony['kind'], number>> = { 'sign-in': 10, reset: 15, enrolment: 30, own: 10 }

/** Wrong second factors before the password must be shown again. */
export const MOST_TRIES = 5

/** What a person has enrolled. */
export interface Enrolled {
  passkeys: number
  password: boolean
  totp: boolean
  recoveryCodes: number
}

export type Step =
  /** More must be shown. */
  | { kind: 'show'; ways: readonly Way[] }
  /** Enough was shown; but a second factor must be set up before a session begins. */
  | { kind: 'enrol' }
  /** A reset: the new password may be set. */
  | { kind: 'choose-password' }
  | { kind: 'done' }

/**
 * The state machine of signing in: what comes after what was shown.
 * INVARIANT: whoever has a second factor shows it, whatever the settings say and whichever way they came.
 * @param enrolled undefined for somebody who is not known yet, or does not exist: they are answered alike
 */
export function nextStep(ceremony: Extract<Ceremony, { kind: 'sign-in' | 'reset' }>, enrolled: Enrolled | undefined, settings: { requireSecondFactor: boolean }): Step {
  const { shown } = ceremony
  const strong = shown.includes('passkey') || shown.includes('totp') || shown.includes('recovery-code')
  if (ceremony.kind === 'sign-in') {
    if (shown.length === 0 || enrolled === undefined) return { kind: 'show', ways: ['passkey', 'password'] }
    // A passkey with user verification is two factors: the device, and what unlocks it.
    if (shown.includes('passkey')) return { kind: 'done' }
  }
  const second = secondWays(enrolled)
  if (!strong && hasSecondFactor(enrolled)) return { kind: 'show', ways: second }
  if (ceremony.kind === 'reset') return { kind: 'choose-password' }
  if (!strong && settings.requireSecondFactor) return { kind: 'enrol' }
  return { kind: 'done' }
}

/** Recovery codes alone are a second factor too: whoever lost the app still has them. */
export const hasSecondFactor = (enrolled: Enrolled | undefined): boolean => enrolled !== undefined && (enrolled.totp || enrolled.passkeys > 0)

/**
 * How somebody who is signed in shows anew that it is them: both factors, as at the sign-in (ASVS 7.5.1). A passkey is both,
 * the code of an app needs the password beside it, and a password stands alone only for whoever has no second factor.
 */
export function stepUpWays(enrolled: Enrolled): Way[] {
  const code: Way[] = enrolled.totp && enrolled.password ? ['totp'] : []
  if (hasSecondFactor(enrolled)) return [...(enrolled.passkeys > 0 ? (['passkey'] as const) : []), ...code]
  return enrolled.password ? ['password'] : []
}

function secondWays(enrolled: Enrolled | undefined): Way[] {
  if (enrolled === undefined) return []
  return [...(enrolled.totp ? (['totp'] as const) : []), ...(enrolled.passkeys > 0 ? (['passkey'] as const) : []), ...(enrolled.recoveryCodes > 0 ? (['recovery-code'] as const) : [])]
}
