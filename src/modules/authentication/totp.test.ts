import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newTotpSecret, stepAt, stepOfCode, totpOffer } from './totp.ts'

// RFC 6238 appendix B, SHA-1: eight digits there; six digits are the last six of them (RFC 4226 §5.3).
const SECRET = Buffer.from('12345678901234567890')
const VECTORS: readonly (readonly [number, string])[] = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
]

describe('codes of authenticator apps', () => {
  it.each(VECTORS)('at %d s are those of RFC 6238', (seconds, code) => {
    const at = new Date(seconds * 1000)
    expect(stepOfCode(SECRET, code.slice(2), at)).toBe(Math.floor(seconds / 30))
    expect(stepAt(at)).toBe(Math.floor(seconds / 30))
  })

  it('count one step early and one step late, and no further', () => {
    const code = '287082' // of step 1
    const at = (step: number) => new Date((step * 30 + 10) * 1000)
    expect([0, 1, 2].map((step) => stepOfCode(SECRET, code, at(step)))).toEqual([1, 1, 1])
    expect(stepOfCode(SECRET, code, at(3))).toBeUndefined()
    expect(stepOfCode(SECRET, code, at(4))).toBeUndefined()
  })

  it('may be typed with spaces, and are six digits', () => {
    const at = new Date(59_000)
    expect(stepOfCode(SECRET, '287 082', at)).toBe(1)
    for (const wrong of ['', '28708', '2870822', '94287082', '28708x', '２８７０８２', '-287082 1']) expect(stepOfCode(SECRET, wrong, at)).toBeUndefined()
  })

  it('fit no other secret, but by chance', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (other) => {
        fc.pre(!Buffer.from(other).equals(SECRET))
        const hits = VECTORS.filter(([seconds, code]) => stepOfCode(other, code.slice(2), new Date(seconds * 1000)) !== undefined)
        return hits.length < 2 // one in 300,000 by chance each; two would be a defect
      }),
    )
  })
})

describe('what an app takes the secret from', () => {
  it('names place and person, and nothing they are called breaks the address', () => {
    const { uri, secret, svg } = totpOffer(newTotpSecret(), 'Harbour: the /place?&', 'ada@example.com')
    const url = new URL(uri)
    expect(url.protocol).toBe('otpauth:')
    expect(url.searchParams.get('issuer')).toBe('Harbour  the /place?&')
    expect(url.searchParams.get('secret')).toBe(secret)
    expect([url.searchParams.get('digits'), url.searchParams.get('period'), url.searchParams.get('algorithm')]).toEqual(['6', '30', 'SHA1'])
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(svg).toMatch(/^<svg[^>]*>/)
    expect(svg).not.toContain(secret)
    expect(svg).not.toMatch(/<script|style=|href/i)
  })
})
