import { describe, expect, test } from 'vitest'
import type { ClaimState, PageSnapshot } from '@vouchsafe/verify'
import { dayStrip, inSlotOrder, isShown } from './site-view.ts'

const DAY = 86_400_000
const FIRST = Date.parse('2026-03-02T00:00:00Z')

describe('the strip of days', () => {
  const said = (hours: number, ...states: ClaimState[]) => ({ at: new Date(FIRST + hours * 3_600_000), predicate: { claims: states.map((state) => ({ state, ...(state === 'unprovable' ? { underlying: 'checked' } : {}) })) } as unknown as PageSnapshot })
  const days = (end: number, ...snapshots: ReturnType<typeof said>[]) => dayStrip(snapshots, FIRST, FIRST + end * DAY)

  test('tells what broke and was mended within one day', () => {
    expect(days(0.9, said(1, 'checked'), said(9, 'broken'), said(10, 'checked'))[0]).toMatchObject({ checked: 0, broken: 1 })
  })
  test('begins a day with what the one before ended with', () => {
    expect(days(1.9, said(23, 'broken'), said(33, 'checked')).slice(0, 2)).toMatchObject([{ broken: 1 }, { broken: 1 }])
  })
  test('counts as checked neither hedged words nor what a person attested', () => {
    expect(days(0.5, said(1, 'checked', 'unprovable', 'attested', 'stale'))[0]).toMatchObject({ checked: 1, broken: 0, other: 3 })
  })
  test('says nothing good of days on which nobody looked, and nothing of those to come', () => {
    const strip = days(4.5, said(12, 'checked', 'checked'), said(100, 'checked', 'checked'))
    expect(strip.slice(0, 6)).toEqual([
      { day: '2026-03-02', checked: 2, broken: 0, other: 0 },
      { day: '2026-03-03', checked: 0, broken: 0, other: 2 },
      { day: '2026-03-04', checked: 0, broken: 0, other: 2 },
      { day: '2026-03-05', checked: 0, broken: 0, other: 2 },
      { day: '2026-03-06', checked: 2, broken: 0, other: 0 },
      null,
    ])
  })
  test('bears a snapshot a day that is a little later each time', () => {
    expect(days(2.5, said(23.99, 'checked'), said(48.01, 'checked'))[1]).toMatchObject({ checked: 1 })
  })
})

test('ticks stand in the order in which their slots were due, whenever they were written down', () => {
  const slot = (binding: string, number: number) => ({ binding, slot: number })
  const written = [slot('b', 1), slot('a', 2), slot('x', 0), slot('b', 0), slot('a', 0), slot('a', 10), slot('a', 9)]
  expect(inSlotOrder([{ digest: 'a' }, { digest: 'b' }], written)).toEqual([slot('a', 0), slot('a', 2), slot('a', 9), slot('a', 10), slot('b', 0), slot('b', 1)])
})

test('what was only ever a preview is not shown beside what is published', () => {
  for (const status of ['published', 'superseded'] as const) for (const page of ['preview', 'published'] as const) expect(isShown(status, page), `${status} ${page}`).toBe(true)
  expect([isShown('previewed', 'preview'), isShown('previewed', 'published')]).toEqual([true, false])
  for (const status of ['draft', 'approved', 'withdrawn'] as const) for (const page of ['preview', 'published'] as const) expect(isShown(status, page), `${status} ${page}`).toBe(false)
})
