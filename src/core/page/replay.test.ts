import fc from 'fast-check'
import { expect, it } from 'vitest'
import { claimState, type Verdict } from '@vouchsafe/verify'
import { replay, type PastRun, type ReplayClaim } from './replay.ts'

const T0 = Date.UTC(2026, 0, 1)
const at = (minutes: number): Date => new Date(T0 + minutes * 60_000)
const check = { id: 'domain/tls', controls: ['encryption-in-transit'], freshnessSeconds: 2 * 3600, confirmations: 2, canContradict: true }
const claim: ReplayClaim = { line: 3, strength: 'definite', controls: ['encryption-in-transit'], checks: [check] }
const past = (...verdicts: Verdict[]): Map<string, PastRun[]> => new Map([['domain/tls', verdicts.map((verdict, hour) => ({ verdict, observedAt: at(hour * 60) }))]])
const told = (runs: Map<string, PastRun[]>, hours: number, of = claim) => replay([of], runs, { from: at(0), until: at(hours * 60) }).get(of.line)!.map(({ from, state }) => [(from.getTime() - T0) / 60_000, state])

it('one failure among good runs breaks nothing, and two in a row do, from the second on', () => {
  expect(told(past('holds', 'fails', 'holds', 'fails', 'fails', 'holds'), 5)).toEqual([[0, 'checked'], [240, 'broken'], [300, 'checked']])
})

it('a run that held goes stale a moment after its limit, though nothing ran then', () => {
  const [first, second] = told(past('holds'), 10)
  expect(first).toEqual([0, 'checked'])
  expect(second![1]).toBe('stale')
  expect(second![0]).toBeCloseTo(120, 1)
})

it('a wording that no check speaks to was never backed', () => expect(told(new Map(), 5, { ...claim, checks: [] })).toEqual([[0, 'unbacked']]))

it('what happened before the time asked about is known at its start', () => {
  const spells = replay([claim], past('fails', 'fails'), { from: at(90), until: at(200) }).get(3)
  expect(spells).toEqual([{ from: at(90), state: 'broken' }])
})

it('at every moment it says what the state function says of all runs until then', () => {
  const verdict = fc.constantFrom<Verdict>('holds', 'fails', 'unknown')
  fc.assert(
    fc.property(fc.array(fc.record({ verdict, minutes: fc.integer({ min: 0, max: 2000 }) }), { maxLength: 25 }), fc.integer({ min: 1, max: 4 }), fc.constantFrom('definite', 'negative', 'hedged'), fc.integer({ min: 0, max: 2000 }), (given, confirmations, strength, probe) => {
      const runs = given.toSorted((a, b) => a.minutes - b.minutes).map(({ verdict: one, minutes }) => ({ verdict: one, observedAt: at(minutes) }))
      const one: ReplayClaim = { ...claim, strength, checks: [{ ...check, confirmations }] }
      const spells = replay([one], new Map([['domain/tls', runs]]), { from: at(0), until: at(2000) }).get(3)!
      const replayed = spells.findLast(({ from }) => from <= at(probe))!.state
      const observations = runs.filter(({ observedAt }) => observedAt <= at(probe)).map(({ verdict: seen, observedAt }, slot) => ({ slot, verdict: seen, at: observedAt.getTime() }))
      const { covers, freshnessSeconds, canContradict } = { covers: check.controls, ...check }
      expect(replayed).toBe(claimState({ strength, controls: claim.controls, backings: [{ covers, freshnessSeconds, confirmations, canContradict, observations }], attestations: [], at: at(probe).getTime() }).state)
    }),
  )
})
