import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 random bits: nobody guesses them, so one round of SHA-256 keeps them (SP 800-63B-4 §5.1.1). */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is kept instead of a random secret. @returns 32 bytes */
export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

export function hmacOf(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** In a time that depends on the lengths alone. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

/** Crockford's alphabet: no I, L, O, U, which people misread or misspeak. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Five random bits a character. */
export function randomLetters(count: number): string {
  return [...randomBytes(count)].map((byte) => ALPHABET[byte & 31]).join('')
}

/** What people typed, as it was printed: capitals, no separators, the misread letters put right. */
export function lettersAsPrinted(text: string): string {
  return text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
}
