import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, fromBase64, fromHex, sameBytes, textOf, toBase64, toHex, utf8 } from './bytes.ts'

describe('Base 64', () => {
  // RFC 4648 §10
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('writes "%s" as RFC 4648 does', (plain, encoded) => {
    expect(toBase64(utf8(plain))).toBe(encoded)
    expect(textOf(fromBase64(encoded))).toBe(plain)
  })

  it('round-trips all bytes, and agrees with Buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(sameBytes(fromBase64(toBase64(bytes)), bytes)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('reads back only what it would write', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('ABab01+/=-_ \n')) }), (text) => {
        let bytes
        try {
          bytes = fromBase64(text)
        } catch {
          return
        }
        expect(toBase64(bytes)).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  it.each(['Zg', 'Zg=', 'Zh==', 'Zm9=', 'Zm9v\n', ' Zm9v', 'Zm-_', '====', 'Z==='])('refuses %j', (text) => {
    expect(() => fromBase64(text)).toThrow(expect.objectContaining({ code: 'not-canonical' }))
  })
})

describe('hexadecimal', () => {
  it('round-trips', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => sameBytes(fromHex(toHex(bytes)), bytes)))
  })
  it.each(['0', 'AB', '0x', 'zz', ' 00', '00\n'])('refuses %j', (text) => {
    expect(() => fromHex(text)).toThrow(expect.objectContaining({ code: 'not-canonical' }))
  })
})

describe('bytes', () => {
  it('differ when one is a prefix of the other', () => {
    expect(sameBytes(utf8('ab'), utf8('abc'))).toBe(false)
    expect(sameBytes(concat(utf8('a'), utf8('b')), utf8('ab'))).toBe(true)
  })
  it('that are not UTF-8 are refused, not replaced', () => {
    expect(() => textOf(Uint8Array.of(0x80))).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
