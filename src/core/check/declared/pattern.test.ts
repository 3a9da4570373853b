import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from './pattern.ts'

// Small patterns over a small alphabet: so that most of them match something of what is tried.
const atom = fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '[a-c]', '\\d', '\\w', '\\s', '\\.', '^', '$', '\\b', '1', '-', 'é')
const { pattern } = fc.letrec<{ pattern: string; sequence: string; piece: string }>((tie) => ({
  piece: fc.oneof({ depthSize: 'small' }, atom, fc.tuple(tie('pattern'), fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '{0,}', '*?', '+?')).map(([inner, times]) => `(?:${inner})${times}`)),
  sequence: fc.array(tie('piece'), { minLength: 0, maxLength: 4 }).map((pieces) => pieces.join('')),
  pattern: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((branches) => branches.join('|')),
}))
const subject = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '.', '-', ' ', '\n', 'é', '😀'), maxLength: 12 })

describe('patterns', () => {
  it('mean what the same ECMAScript pattern means', () => {
    fc.assert(
      fc.property(pattern, subject, fc.boolean(), (source, text, ignoreCase) => {
        fc.pre(source.length <= 150) // longer ones may outgrow the limits on patterns, which have a test of their own
        expect(compilePattern(source, ignoreCase).test(text)).toBe(new RegExp(source, ignoreCase ? 'ui' : 'u').test(text))
      }),
      { numRuns: 3_000 },
    )
  })

  it.each([
    ['^v?\\d+\\.\\d+\\.\\d+(?:-[0-9A-Za-z.-]+)?$', 'v1.20.3-rc.1', true],
    ['^v?\\d+\\.\\d+\\.\\d+$', '1.20', false],
    ['[^\\s@]+@example\\.com', 'mail ann@example.com now', true],
    ['^.{3}$', '😀é1', true],
    ['', 'anything', true],
  ])('%s on %s is %s', (source, text, wanted) => {
    expect(compilePattern(source).test(text)).toBe(wanted)
  })

  it('answer at once where a backtracking engine would take years', () => {
    // 2^100,000 ways for (a+)+$; the test would never end.
    expect(compilePattern('^(a+)+$').test(`${'a'.repeat(100_000)}!`)).toBe(false)
    expect(compilePattern('(a|a)*b').test('a'.repeat(50_000))).toBe(false)
    expect(compilePattern('(?:(?:(?:a*)*)*)*b').test('a'.repeat(50_000))).toBe(false)
  })

  it.each(['(', 'a)', '[a', 'a{2', '*a', 'a**', '(?=a)', '(?<n>a)', '\\1', 'a{3,2}', '[b-a]', '\\', 'x'.repeat(501), '(?:a{1000}){1000}', `${'('.repeat(60)}a${')'.repeat(60)}`])('%s is refused with what to mend', (source) => {
    expect(() => compilePattern(source)).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })
})
