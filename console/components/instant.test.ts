import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ago, exactly } from './instant.ts'

const now = new Date('2026-03-01T12:00:00Z')
const before = (seconds: number): Date => new Date(now.getTime() - seconds * 1000)

it.each([[5, 'just now'], [59, 'just now'], [60, '1 min ago'], [3599, '59 min ago'], [3600, '1 h ago'], [86_399, '23 h ago'], [86_400, 'yesterday'], [3 * 86_400, '3 days ago'], [-120, 'in 2 min'], [-2 * 86_400, 'in 2 days']])('%d seconds are "%s"', (seconds, words) => expect(ago(before(seconds), now)).toBe(words))

it('nothing is said to be longer ago than it is', () => {
  fc.assert(fc.property(fc.integer({ min: 60, max: 86_399 }), (seconds) => {
    const [, count = '', unit] = /^(\d+) (min|h) ago$/.exec(ago(before(seconds), now)) ?? []
    expect(Number(count) * (unit === 'h' ? 3600 : 60)).toBeLessThanOrEqual(seconds)
  }))
})

it('an exact instant reads the same in every zone', () => expect(exactly('2026-11-03T14:02:11.500Z')).toBe('3 November 2026, 14:02:11 UTC'))
