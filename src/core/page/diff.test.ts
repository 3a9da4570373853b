import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffSentences } from './diff.ts'

type Sentence = Parameters<typeof diffSentences>[0][number]
const claim = (text: string, strength: Sentence['strength'] = 'definite'): Sentence => ({ text, claim: true, strength })
const plain = (text: string): Sentence => ({ text, claim: false, strength: 'definite' })

describe('a diff', () => {
  const aText = fc.constantFrom('We back up daily.', 'We back up weekly.', 'Access is reviewed.', 'Hello.', 'We encrypt all data at rest.', 'We encrypt data.')
  const aPage = fc.array(fc.record({ text: aText, claim: fc.boolean(), strength: fc.constantFrom('definite' as const, 'hedged' as const, 'negative' as const) }), { maxLength: 12 })

  test('tells every sentence of both versions once, each in its own order', () => {
    fc.assert(
      fc.property(aPage, aPage, (before, after) => {
        const lines = diffSentences(before, after)
        const told = (side: 'before' | 'after'): string[] => lines.flatMap((line) => line[side] ?? [])
        expect(told('before')).toEqual(before.map((sentence) => sentence.text))
        expect(told('after').sort()).toEqual(after.map((sentence) => sentence.text).sort())
      }),
    )
  })

  test('of a page with itself is the page', () => {
    fc.assert(fc.property(aPage, (page) => { expect(diffSentences(page, page).every((line) => line.kind === 'same')).toBe(true) }))
  })

  test('reads alike neighbours as one change, and unlike ones as removed and added', () => {
    expect(diffSentences([claim('We back up all data daily.')], [claim('We back up all data weekly.')])).toEqual([{ kind: 'changed', before: 'We back up all data daily.', after: 'We back up all data weekly.' }])
    expect(diffSentences([plain('Contact us.')], [plain('We are hiring engineers.')]).map((line) => line.kind)).toEqual(['removed', 'added'])
  })

  test.each<[string, Sentence, Sentence[], boolean]>([
    ['becomes hedged', claim('We back up all data daily.'), [claim('We try to back up all data daily.', 'hedged')], true],
    ['becomes firmer', claim('We try to back up all data daily.', 'hedged'), [claim('We back up all data daily.')], false],
    ['loses its commitment', claim('We back up all data daily.'), [plain('We back up all data daily, maybe.')], true],
    ['is removed', claim('We back up all data daily.'), [], true],
  ])('says when a promise %s', (_what, before, after, weakened) => expect(diffSentences([before], after)[0]!.weakened ?? false).toBe(weakened))

  test('of a sentence that promised nothing is never a weakening', () => expect(diffSentences([plain('Hello there.')], [])).toEqual([{ kind: 'removed', before: 'Hello there.' }]))
})
