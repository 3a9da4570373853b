import { randomInt, scrypt, timingSafeEqual } from 'node:crypto'

// Crockford's base 32: no I, L, O, U, so that nothing is misread from a terminal and no word is spelt.
const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 8 // × 5 bits = 40 bits; with five tries the odds of a guess are 1 in 2·10^11

/** How long a set-up code waits. */
export const SET_UP_MINUTES = 15
/** Wrong codes that end it. */
export const MOST_WRONG_TRIES = 5

/** A new code, in the form `K7QF-2M9D`. */
export function newCode(): string {
  const symbols = Array.from({ length: LENGTH }, () => SYMBOLS[randomInt(SYMBOLS.length)]).join('')
  return `${symbols.slice(0, 4)}-${symbols.slice(4)}`
}

/** The eight symbols of a code as somebody typed it, whatever its case, gaps and misread letters; undefined for what is no code. */
export function readCode(typed: string): string | undefined {
  if (typed.length > 40) return undefined
  const symbols = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return symbols.length === LENGTH && [...symbols].every((symbol) => SYMBOLS.includes(symbol)) ? symbols : undefined
}

/** scrypt with 32 MB: about 0.1 s a try, and the code is worth nothing 15 minutes later. */
export const hashCode = (symbols: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(symbols, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }, (error, hash) => (error ? reject(error) : resolve(hash)))
  })

export const isCode = async (symbols: string, salt: Buffer, hash: Buffer): Promise<boolean> => timingSafeEqual(await hashCode(symbols, salt), hash)
