import { expect, it } from 'vitest'
import { every, lasting } from './check-record.ts'

it('a cadence is said in the largest unit that it is whole in', () => {
  expect([60, 3_600, 21_600, 86_400, 604_800, 5_400, 45].map(every)).toEqual(['every minute', 'every hour', 'every 6 hours', 'every day', 'every 7 days', 'every 90 minutes', 'every 45 seconds'])
  expect([3_600, 21_600].map(lasting)).toEqual(['1 hour', '6 hours'])
})
