import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8, textOf } from './bytes.ts'
import { canonicalBytes, canonicalJson, parseCanonical } from './canonical.ts'

/** JSON values in our subset: whole numbers, well-formed text. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()), tie('value'), { maxKeys: 4 }),
  ),
})).value

describe('canonical JSON', () => {
  it('sorts members as RFC 8785 §3.2.3 shows', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    const names = (JSON.parse(`[${canonicalJson(value).slice(1, -1).replace(/("[^"]*"):"[^"]*"/g, '$1')}]`) as string[]).map((name) => value[name as '1'])
    expect(names).toEqual(['Carriage Return', 'One', 'Control', 'Latin Small Letter O With Diaeresis', 'Euro Sign', 'Emoji: Grinning Face', 'Hebrew Letter Dalet With Dagesh'])
  })

  it('writes text as RFC 8785 §3.2.2 shows', () => {
    const value = { string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/', literals: [null, true, false] }
    expect(canonicalJson(value)).toBe('{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}')
  })

  it('gives every value one spelling, which reads back as that value', () => {
    fc.assert(
      fc.property(json, (value) => {
        const bytes = canonicalBytes(value)
        expect(parseCanonical(bytes)).toEqual(value)
        expect(canonicalBytes(JSON.parse(JSON.stringify(value)))).toEqual(bytes)
      }),
    )
  })

  it('refuses every other spelling: of any changed document either nothing or itself is read back', () => {
    fc.assert(
      fc.property(json, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('flip', 'insert', 'delete'), (value, where, byte, kind) => {
        const bytes = [...canonicalBytes(value)]
        const at = where % (bytes.length + (kind === 'insert' ? 1 : 0))
        if (kind === 'flip') bytes[at] = byte
        else if (kind === 'insert') bytes.splice(at, 0, byte)
        else bytes.splice(at, 1)
        let read
        try {
          read = parseCanonical(Uint8Array.from(bytes))
        } catch {
          return
        }
        expect([...canonicalBytes(read)]).toEqual(bytes)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['white space', '{"a": 1}'],
    ['a trailing newline', '{"a":1}\n'],
    ['a member twice', '{"a":1,"a":1}'],
    ['members out of order', '{"b":1,"a":1}'],
    ['an escape that is not needed', '"\\u0041"'],
    ['an upper-case escape', '"\\u001F"'],
    ['an escaped slash', '"\\/"'],
    ['an exponent', '1e2'],
    ['a fraction', '1.5'],
    ['a zero fraction', '1.0'],
    ['minus nought', '-0'],
    ['a number past 2^53', '9007199254740993'],
    ['a byte order mark', '\ufeff{}'],
    ['a lone surrogate', '"\\ud800"'],
    ['an empty document', ''],
    ['two documents', '{}{}'],
  ])('refuses %s', (_name, text) => {
    expect(() => parseCanonical(utf8(text))).toThrow(expect.objectContaining({ name: 'VerifyError' }))
  })

  it('refuses overlong and broken UTF-8', () => {
    for (const bytes of [[0x22, 0xc0, 0xaf, 0x22], [0x22, 0xff, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]]) expect(() => parseCanonical(Uint8Array.from(bytes))).toThrow('not JSON')
  })

  it('refuses nesting deep enough to exhaust a stack', () => {
    for (const depth of [66, 100_000]) expect(() => parseCanonical(utf8('['.repeat(depth) + ']'.repeat(depth)))).toThrow(/nested|JSON/)
    expect(textOf(canonicalBytes(parseCanonical(utf8('['.repeat(64) + ']'.repeat(64)))))).toHaveLength(128)
  })

  it('refuses what would quietly become {} or nothing', () => {
    // eslint-disable-next-line no-sparse-arrays
    for (const value of [new Date(0), new Map(), Uint8Array.of(1), [, 1], [undefined], () => 1, 1n, Symbol('x'), Number.NaN, Infinity]) expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('leaves out undefined members, and keeps one called __proto__', () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}')
    expect(canonicalJson(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}')
  })
})
