import { VouchsafeError } from '#core/errors'

/**
 * Why somebody who comes back from a provider is not let in, as the page for signing in says it. No text of the provider
 * is repeated: it is a stranger's.
 */
export const REFUSALS = {
  'unknown-provider': ['There is no such way to sign in.', 'Choose one of those on the page for signing in.'],
  'not-begun-here': ['This sign-in was not begun in this browser, or is too old.', 'Begin again, in one browser, within ten minutes.'],
  'used-already': ['This sign-in has been used already.', 'Begin again.'],
  declined: ['The identity provider did not sign you in.', 'Begin again, and agree there; if it goes on, ask whoever runs the provider whether you may use Vouchsafe.'],
  'provider-away': ['The identity provider does not answer.', 'Wait a little and begin again. Whoever is named for such days signs in with a passkey or a password.'],
  'not-trusted': ['What the identity provider sent cannot be trusted.', 'Begin again; if it goes on, whoever runs Vouchsafe finds the reason in the audit trail.'],
  'not-fresh': ['The identity provider did not ask you anew who you are.', 'Sign out there, and begin again.'],
  'no-account': ['Nobody here is linked to this account.', 'Sign in the way you always do and add the provider under your ways to sign in, or ask for an invitation.'],
  'no-address': ['The identity provider vouches for no e-mail address of yours, and without one nobody is created.', 'Ask whoever runs the provider to send your verified address.'],
  'address-not-allowed': ['People with your address are not created here by themselves.', 'Ask for an invitation.'],
  'address-taken': ['Somebody with your address is here already, and is not linked to this account.', 'If that is you: sign in the way you always do and add the provider under your ways to sign in, or use the link of your invitation.'],
  'already-linked': ['This account belongs to somebody else here.', 'Sign out at the provider and use the account that is yours.'],
  'another-linked': ['You have another account at this provider already.', 'Take that one away first, under your ways to sign in.'],
  'not-active': ['This account cannot sign in here.', 'Ask whoever manages people here.'],
  network: ['Nobody signs in from where you are.', 'Come from one of the networks that the organisation allows.'],
  'invitation-over': ['This invitation is not valid any more.', 'Ask whoever invited you to send it again.'],
  'signed-out': ['You were signed out while you were at the provider.', 'Sign in again, and add the provider then.'],
} as const satisfies Record<string, readonly [message: string, mend: string]>

export type Reason = keyof typeof REFUSALS

export const isReason = (text: string): text is Reason => Object.hasOwn(REFUSALS, text)

/** Somebody is not let in. `why` is for the audit: which rule it was, in words of ours, without anything that was sent. */
export class Refusal extends VouchsafeError {
  readonly reason: Reason
  readonly why: string
  constructor(reason: Reason, why: string = reason, cause?: unknown) {
    const [message, mend] = REFUSALS[reason]
    super(reason === 'provider-away' ? 'unreachable' : 'not-allowed', message, { mend, ...(cause === undefined ? {} : { cause }) })
    this.reason = reason
    this.why = why
  }
}

/** What was sent breaks a rule of the protocol. */
export const distrust = (why: string, cause?: unknown): Refusal => new Refusal('not-trusted', why, cause)
