import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readJson, requirePlain } from './json.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('a body', () => {
  test('of plain JSON is read as it is', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 10, stringUnit: 'grapheme' }), (value) => {
      const text = JSON.stringify(value)
      fc.pre(!text.includes('\\u0000'))
      expect(readJson(bytes(text))).toEqual(JSON.parse(text))
    }))
  })

  test.each([
    ['a NUL', '{"a":["b\\u0000"]}', '/a/0'],
    ['a NUL in a name', '{"a":{"\\u0000":1}}', '/a'],
    ['the first half of a pair', '{"a/b":"\\ud83d"}', '/a~1b'],
    ['the second half of a pair', '["\\ude00"]', '/0'],
    ['a level too many', `${'['.repeat(33)}${']'.repeat(33)}`, '/0'.repeat(32)],
  ])('with %s is refused, and says where', (_what, text, pointer) => {
    expect(() => readJson(bytes(text))).toThrow(expect.objectContaining({ code: 'bad-input', fields: [expect.objectContaining({ pointer })] }))
  })

  test('as deep as may be is taken', () => {
    expect(readJson(bytes(`${'['.repeat(32)}${']'.repeat(32)}`))).toBeDefined()
  })

  test.each(['', '{', 'nonsense', '\u0000'])('that is no JSON is refused: %j', (text) => {
    expect(() => readJson(bytes(text))).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })

  test('nested a million deep does not end the program', () => {
    expect(() => readJson(bytes(`${'['.repeat(100_000)}${']'.repeat(100_000)}`))).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })
})

test('parameters are held to the same', () => {
  expect(() => requirePlain({ slug: 'a\u0000' }, '/path')).toThrow(expect.objectContaining({ fields: [expect.objectContaining({ pointer: '/path/slug' })] }))
  expect(() => requirePlain({ slug: 'a' }, '/path')).not.toThrow()
})
