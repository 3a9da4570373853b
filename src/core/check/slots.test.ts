import fc from 'fast-check'
import { expect, test } from 'vitest'
import { owed, slotAt, slotEnd, slotStart } from './slots.ts'

const START = new Date('2026-03-02T12:00:00Z')
const aSchedule = fc.record({ start: fc.constant(START), cadenceSeconds: fc.integer({ min: 60, max: 90 * 86_400 }) })
const aMoment = fc.integer({ min: -86_400_000, max: 400 * 86_400_000 }).map((ms) => new Date(START.getTime() + ms))

test('every moment from the start on lies in exactly one slot, its first millisecond included, its last excluded', () => {
  fc.assert(
    fc.property(aSchedule, aMoment, (schedule, at) => {
      const slot = slotAt(schedule, at)
      expect(slot).toBeGreaterThanOrEqual(-1)
      if (at < START) expect(slot).toBe(-1)
      else expect(slotStart(schedule, slot) <= at && at < slotEnd(schedule, slot)).toBe(true)
    }),
  )
  expect(slotAt({ start: START, cadenceSeconds: 60 }, START)).toBe(0)
  expect(slotAt({ start: START, cadenceSeconds: 60 }, slotEnd({ start: START, cadenceSeconds: 60 }, 0))).toBe(1)
})

test('whatever is paid as it is owed, the numbering has no hole and no slot twice', () => {
  fc.assert(
    fc.property(aSchedule, fc.array(fc.integer({ min: -3, max: 40 }), { maxLength: 30 }), (schedule, steps) => {
      const entries: number[] = []
      let at = START.getTime()
      for (const step of steps) {
        at += (step * schedule.cadenceSeconds * 1000) / 8
        const { missed, due } = owed(schedule, entries.at(-1) ?? -1, new Date(at))
        entries.push(...missed, ...(due === undefined ? [] : [due]))
      }
      expect(entries).toEqual(entries.map((_, i) => i))
    }),
  )
})

test('a slot that ended is missed, the one that runs is due, and a clock that was set back owes nothing', () => {
  const schedule = { start: START, cadenceSeconds: 3600 }
  const at = (hours: number): Date => new Date(START.getTime() + hours * 3_600_000)
  expect(owed(schedule, -1, at(-1))).toEqual({ missed: [] })
  expect(owed(schedule, -1, at(0))).toEqual({ missed: [], due: 0 })
  expect(owed(schedule, 0, at(0.9))).toEqual({ missed: [] })
  expect(owed(schedule, 0, at(4))).toEqual({ missed: [1, 2, 3], due: 4 })
  expect(owed(schedule, 4, at(2))).toEqual({ missed: [] })
})
