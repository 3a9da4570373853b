import { digestOf, lettersAsPrinted, randomLetters } from './secret.ts'

/** Ten: enough for years of lost phones, few enough to print. */
export const RECOVERY_CODES = 10
// 24 letters are 120 bits: from 112 on, one hash keeps a look-up secret (SP 800-63B-4 §3.1.2.2).
const LETTERS = 24

/** Codes as they are shown, once: `4T7Q-9XKM-…`, six groups of four. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => (randomLetters(LETTERS).match(/.{4}/g) ?? []).join('-'))
}

/** What is kept of a code, or looked for; undefined for what cannot be one. Bound to the person, so that equal digests never meet. */
export function recoveryDigest(personId: string, typed: string): Buffer | undefined {
  const letters = lettersAsPrinted(typed)
  return letters.length === LETTERS ? digestOf(`vouchsafe/recovery/v1|${personId}|${letters}`) : undefined
}
