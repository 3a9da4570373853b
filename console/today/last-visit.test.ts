import { expect, it } from 'vitest'
import { visit } from './last-visit.ts'

const at = (minutes: number): Date => new Date(Date.UTC(2026, 0, 1) + minutes * 60_000)
const text = (minutes: number): string => at(minutes).toISOString()

it('what is new stays new for as long as one looks at it', () => {
  const first = visit(undefined, at(0))
  expect(first.since).toBeUndefined()
  const next = visit(first.keep, at(600))
  expect(next.since).toBe(text(0))
  const reload = visit(next.keep, at(605))
  expect(reload.since).toBe(text(0))
  expect(visit(reload.keep, at(1200)).since).toBe(text(605))
})
