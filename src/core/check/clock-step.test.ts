import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClockStep, HOLD_MS, MOST_STEP_MS } from './clock-step.ts'

const START = Date.parse('2026-03-02T12:00:00Z')
const MINUTE = 60_000
/** What is held back at each look: minutes of the steady clock, and by how many the machine's clock is ahead of it. */
const looks = (...told: [steady: number, ahead: number][]): number[] => {
  const step = new ClockStep()
  return told.map(([steady, ahead]) => step.holdMs(new Date(START + (steady + ahead) * MINUTE), steady * MINUTE) / MINUTE)
}

test('a clock that jumps ahead is not believed at once, and is when it stays there', () => {
  expect(looks([0, 0], [1, 0], [2, 600], [3, 600], [31, 600], [32, 600], [33, 600])).toEqual([0, 0, 30, 29, 1, 0, 0])
})

test('a clock that is put right again is believed at once, and the next jump is held in full', () => {
  expect(looks([0, 0], [1, 600], [20, 600], [21, 0], [22, 600])).toEqual([0, 30, 11, 0, 30])
})

test('a clock that jumps on while it is held gains no time', () => {
  expect(looks([0, 0], [1, 600], [11, 6000], [31, 6000])).toEqual([0, 30, 20, 0])
})

test('time that passes, small steps and steps back hold nothing', () => {
  const step = fc.tuple(fc.integer({ min: 0, max: 10_000 * MINUTE }), fc.integer({ min: -10_000 * MINUTE, max: MOST_STEP_MS }))
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const watched = new ClockStep()
      let [steady, ahead] = [0, 0]
      for (const [passed, moved] of steps) {
        steady += passed
        ahead += moved
        expect(watched.holdMs(new Date(START + steady + ahead), steady)).toBe(0)
      }
    }),
  )
  expect(looks([0, 0], [1, MOST_STEP_MS / MINUTE + 1])[1]).toBe(HOLD_MS / MINUTE)
})
