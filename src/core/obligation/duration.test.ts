import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { durationText, parseDuration, withinOf } from './index.ts'
import type { Duration } from './index.ts'

describe('a duration in words', () => {
  it.each<[string, Duration]>([
    ['72 hours', { kind: 'elapsed', unit: 'hours', count: 72 }],
    ['within 24 hours', { kind: 'elapsed', unit: 'hours', count: 24 }],
    ['three business days', { kind: 'business-days', count: 3 }],
    ['Three  Working Days', { kind: 'business-days', count: 3 }],
    ['8 business hours', { kind: 'business-hours', count: 8 }],
    ['30 days', { kind: 'calendar', unit: 'days', count: 30 }],
    ['2 elapsed days', { kind: 'elapsed', unit: 'days', count: 2 }],
    ['two calendar weeks', { kind: 'calendar', unit: 'weeks', count: 2 }],
    ['one month', { kind: 'calendar', unit: 'months', count: 1 }],
    ['a year', { kind: 'calendar', unit: 'years', count: 1 }],
    ['4 quarters', { kind: 'calendar', unit: 'quarters', count: 4 }],
    ['daily', { kind: 'each', period: 'day' }],
    ['each quarter', { kind: 'each', period: 'quarter' }],
    ['every year', { kind: 'each', period: 'year' }],
    ['annually', { kind: 'each', period: 'year' }],
    ['until 2026-11-19', { kind: 'until', lastDay: '2026-11-19' }],
  ])('%s', (text, duration) => {
    expect(parseDuration(text)).toEqual(duration)
  })

  it.each(['', 'soon', '0 days', 'zero hours', '-3 days', '1.5 hours', 'each fortnight', 'constructor', '3 business weeks', '3 elapsed months', '101 years', '999999999 hours', 'until 2026-02-30', 'x'.repeat(100_000)])(
    'refuses %j',
    (text) => {
      expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'bad-input' }))
    },
  )

  it.each([null, 7, [], { kind: 'business-days' }, { kind: 'business-days', count: Number.NaN }, { kind: 'elapsed', unit: 'years', count: 1 }, { kind: 'each', period: 'decade' }, { kind: 'until' }])(
    'refuses the JSON %j',
    (value) => {
      expect(() => parseDuration(value)).toThrow(expect.objectContaining({ code: 'bad-input' }))
    },
  )

  it('says what it reads: words and JSON of a duration mean the same', () => {
    const durations = fc.oneof(
      fc.record({ kind: fc.constant('elapsed' as const), unit: fc.constantFrom('minutes' as const, 'hours' as const, 'days' as const), count: fc.integer({ min: 1, max: 30_000 }) }),
      fc.record({ kind: fc.constantFrom('business-hours' as const, 'business-days' as const), count: fc.integer({ min: 1, max: 5_000 }) }),
      fc.record({ kind: fc.constant('calendar' as const), unit: fc.constantFrom('days' as const, 'weeks' as const, 'months' as const, 'quarters' as const, 'years' as const), count: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ kind: fc.constant('each' as const), period: fc.constantFrom('day' as const, 'week' as const, 'month' as const, 'quarter' as const, 'year' as const) }),
    )
    fc.assert(
      fc.property(durations, (duration) => {
        expect(parseDuration(durationText(duration))).toEqual(duration)
        expect(parseDuration(JSON.parse(JSON.stringify(duration)))).toEqual(duration)
      }),
    )
  })

  it('takes the day of "until date" from the event', () => {
    expect(withinOf('until date', '2026-11-19')).toEqual({ kind: 'until', lastDay: '2026-11-19' })
    expect(withinOf('72 hours', '2026-11-19')).toEqual({ kind: 'elapsed', unit: 'hours', count: 72 })
    expect(() => withinOf('until date')).toThrow(/not a date/u)
  })
})
