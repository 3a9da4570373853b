import { VouchsafeError } from '#core/errors'
import type { BreachedList } from './breached-list.ts'
import { guessable } from './common-passwords.ts'

/** SP 800-63B-4 §3.1.1.2: eight where a second factor is asked for, fifteen where the password is all there is. */
const LEAST_WITH_SECOND_FACTOR = 8
const LEAST_ALONE = 15
/** Far above the 64 that must be taken; the hash takes the same time for all of them. */
export const MOST_CHARACTERS = 256

/** One spelling for what looks the same, whatever keyboard it came from (RFC 8265 §4.2.2; SP 800-63B-4 §3.1.1.2). */
export function normalisedPassword(typed: string): string {
  return typed.normalize('NFC')
}

export interface PasswordCircumstances {
  /** Whether a second factor is asked for at sign-in. */
  withSecondFactor: boolean
  /** Words that belong to the person and the place: organisation, e-mail address, name. */
  context: readonly string[]
  breached?: BreachedList
}

/**
 * Whether people may take this password. Length and lists only: no rules of composition, no expiry.
 * @returns the normalised password, which is what gets hashed
 * @throws VouchsafeError `bad-input` saying why not; the password is in no message
 */
export async function acceptPassword(typed: string, { withSecondFactor, context, breached }: PasswordCircumstances): Promise<string> {
  const password = normalisedPassword(typed)
  const length = [...password].length // by code points, as SP 800-63B-4 counts
  const least = withSecondFactor ? LEAST_WITH_SECOND_FACTOR : LEAST_ALONE
  if (length < least) throw refused(`it has ${length} characters; it needs at least ${least}`)
  if (length > MOST_CHARACTERS) throw refused(`it has ${length} characters; more than ${MOST_CHARACTERS} are not taken`)
  if (/[\u0000-\u0008\u000a-\u001f\u007f]|\p{Cs}|\p{Cn}/u.test(password)) throw refused('it holds control characters or characters that Unicode does not know, which you might not be able to type elsewhere')
  const why = guessable(password, context)
  if (why !== undefined) throw refused(why)
  if (breached !== undefined && (await breached.timesSeen(password)) > 0) throw refused('it was found in a breach of some other service')
  return password
}

function refused(why: string): VouchsafeError {
  return new VouchsafeError('bad-input', `This password cannot be taken: ${why}.`, { mend: 'Choose another one; several unrelated words make a good one.', fields: [{ pointer: '/password', message: why }] })
}
