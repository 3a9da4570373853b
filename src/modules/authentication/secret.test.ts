import { describe, expect, it } from 'vitest'
import { newRecoveryCodes, recoveryDigest } from './recovery-code.ts'
import { digestOf, randomLetters, randomSecret } from './secret.ts'
import { newTotpSecret } from './totp.ts'

const MANY = 5000

describe('a secret that we make', () => {
  it('has 256 random bits, and none comes twice', () => {
    const made = Array.from({ length: MANY }, randomSecret)
    expect(new Set(made).size).toBe(MANY)
    for (const secret of made.slice(0, 100)) expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
    // No bit of them leans to either side: with fair bits, a deviation of six standard deviations comes once in 10^9.
    for (let bit = 0; bit < 256; bit++) {
      const set = made.filter((secret) => ((Buffer.from(secret, 'base64url')[bit >> 3] ?? 0) >> (bit & 7)) & 1).length
      expect(Math.abs(set - MANY / 2), `bit ${bit}`).toBeLessThan(6 * Math.sqrt(MANY / 4))
    }
  })

  it('is kept as a digest of 32 bytes, which does not hold it', () => {
    const secret = randomSecret()
    expect(digestOf(secret)).toHaveLength(32)
    expect(digestOf(secret).includes(Buffer.from(secret, 'base64url'))).toBe(false)
  })
})

describe('a recovery code', () => {
  it('has 120 bits, more than one round of hashing needs, and none comes twice', () => {
    const codes = Array.from({ length: 100 }, newRecoveryCodes).flat()
    expect(new Set(codes).size).toBe(codes.length)
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/)
    const letters = randomLetters(32 * MANY)
    for (const letter of new Set(letters)) expect(Math.abs(letters.split(letter).length - 1 - MANY), letter).toBeLessThan(6 * Math.sqrt(MANY))
    expect(new Set(letters).size).toBe(32)
  })

  it('is kept as a digest that is of one person alone', () => {
    const [code = ''] = newRecoveryCodes()
    expect(recoveryDigest('ada', code)).toHaveLength(32)
    expect(recoveryDigest('ada', code)).not.toEqual(recoveryDigest('bo', code))
    expect(recoveryDigest('ada', code.slice(0, -1))).toBeUndefined()
  })
})

it('the secret of an authenticator app has 160 bits, and none comes twice', () => {
  const made = Array.from({ length: MANY }, () => Buffer.from(newTotpSecret()).toString('hex'))
  expect(new Set(made).size).toBe(MANY)
  for (const secret of made) expect(secret).toHaveLength(40)
})
