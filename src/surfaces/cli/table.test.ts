import fc from 'fast-check'
import { expect, test } from 'vitest'
import { STATES, STATE_WORDS } from '@vouchsafe/verify'
import { table, wrap } from './table.ts'
import { summary } from './policy.ts'

test('columns are as wide as their widest cell, and no line ends in spaces', () => {
  expect(table([['a', 'bb', ''], ['aaa', 'b', 'last one']])).toBe('a    bb\naaa  b   last one')
})

test('wrapping loses no word, and keeps to the width wherever a word fits it', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 12 }), { minLength: 1 }), fc.integer({ min: 12, max: 40 }), (words, width) => {
      const lines = wrap(words.join(' '), width, '>').split('\n').map((line, i) => (i === 0 ? line : line.slice(1)))
      expect(lines.join(' ').split(' ')).toEqual(words)
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
    }),
  )
})

test('states are told as readers meet them, good ones first, and none is left out', () => {
  expect(summary(['unbacked', 'checked', 'broken', 'checked', 'unprovable'])).toBe('2 checked · 1 broken · 1 not backed · 1 cannot be checked')
  expect(summary([])).toBe('')
  expect([...STATES].toSorted()).toEqual(Object.keys(STATE_WORDS).toSorted())
  for (const state of STATES) expect(summary([state])).toBe(`1 ${STATE_WORDS[state]}`)
})
