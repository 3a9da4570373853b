import { describe, expect, it } from 'vitest'
import { utf8 } from '../bytes.ts'
import { sentenceDigest } from './sentence.ts'
import { wordingAt } from './wording.ts'

const found = (source: string, sentence: string): string => wordingAt(utf8(source), 0, utf8(source).length, sentenceDigest(sentence))

describe('the wording at a place', () => {
  it.each([
    ['We back up daily.', 'We back up daily.', 'raw'],
    ['We  back\n   up daily.', 'We back up daily.', 'raw'],
    ['We **back up** _daily_.', 'We back up daily.', 'shown'],
    ['We [back up](https://example.com/a_(b)) `daily`.', 'We back up daily.', 'shown'],
    ['We [back up][1] daily.[^2]', 'We back up daily.', 'shown'],
    ['> We back up\n> daily.', 'We back up daily.', 'shown'],
    ['We <b>back&nbsp;up</b> daily &amp; nightly.', 'We back up daily & nightly.', 'shown'],
    ['Write to <security@example.com>.', 'Write to security@example.com.', 'shown'],
    ['Use snake_case names\\*.', 'Use snake_case names*.', 'shown'],
    ['We back up weekly.', 'We back up daily.', 'no'],
    ['We **never** back up.', 'We back up daily.', 'cannot-tell'],
  ])('of %j is found to be %j: %s', (source, sentence, wanted) => {
    expect(found(source, sentence)).toBe(wanted)
  })

  it('is counted in bytes, and never begins within a character', () => {
    const source = utf8('Über alles: We back up daily.')
    const sentence = sentenceDigest('We back up daily.')
    expect(wordingAt(source, 13, source.length, sentence)).toBe('raw')
    expect(wordingAt(source, 1, source.length, sentence)).toBe('no')
    expect(wordingAt(source, 13, source.length + 1, sentence)).toBe('no')
    expect(wordingAt(source, 13, 13, sentence)).toBe('no')
  })

  it('of hostile markup is read, or given up, without delay', () => {
    for (const piece of ['<', '[', '*', '_', '![', '> ', '&#', '`', '<!--', '[a](', '](', '\\'])
      expect(['no', 'cannot-tell']).toContain(wordingAt(utf8(piece.repeat(1000)), 0, piece.length * 1000, 'f'.repeat(64)))
    expect(wordingAt(utf8('<!--'.repeat(1_000_000)), 0, 4_000_000, 'f'.repeat(64))).toBe('cannot-tell')
  })
})
