import { expect, it } from 'vitest'
import { goneOf, keptByMonth } from './kept.ts'

const now = new Date('2026-03-15T12:00:00Z')

it('promises are counted in the month in which they ended, over a new year too', () => {
  const months = keptByMonth([{ id: 'a', endedAt: '2025-12-31T23:59:59Z', kept: true }, { id: 'b', endedAt: '2026-01-01T00:00:00Z', kept: false }, { id: 'c', state: 'running' }, { id: 'd', endedAt: '2025-03-31T00:00:00Z', kept: true }], now)
  expect(months).toHaveLength(12)
  expect(months[0]?.month).toBe('2025-04')
  expect(months.filter(({ kept, broken }) => kept + broken > 0)).toEqual([{ month: '2025-12', kept: 1, broken: 0 }, { month: '2026-01', kept: 0, broken: 1 }])
})

it('a clock is never more than used up', () => {
  expect(goneOf({ id: 'a', startedAt: '2026-03-15T00:00:00Z', dueAt: '2026-03-16T00:00:00Z' }, now)).toBe(0.5)
  expect(goneOf({ id: 'a', startedAt: '2026-03-01T00:00:00Z', dueAt: '2026-03-02T00:00:00Z' }, now)).toBe(1)
  expect(goneOf({ id: 'a', startedAt: '2026-03-01T00:00:00Z', dueAt: null }, now)).toBeUndefined()
})
