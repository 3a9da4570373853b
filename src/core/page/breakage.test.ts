import { expect, test } from 'vitest'
import { claimState, type Backing } from '@vouchsafe/verify'
import { brokenSince, noteOn } from './breakage.ts'
import type { ClaimNote } from './note.ts'
import type { ClaimStanding } from './states.ts'

const FIRST = Date.parse('2026-03-02T00:00:00Z')
const hour = (n: number): Date => new Date(FIRST + n * 3_600_000)
const check = (verdicts: string) => {
  const slots = [...verdicts].map((letter, slot) => ({ slot, verdict: letter === 'h' ? ('holds' as const) : ('fails' as const), observedAt: hour(slot) }))
  const backing: Backing = { covers: ['a'], freshnessSeconds: 360_000, confirmations: 2, canContradict: true, observations: slots.map(({ slot, verdict, observedAt }) => ({ slot, verdict, at: observedAt.getTime() })) }
  return { backing, slots }
}
const standing = (...checks: ReturnType<typeof check>[]) => ({ backings: checks, result: claimState({ strength: 'definite', controls: ['a'], backings: checks.map(({ backing }) => backing), attestations: [], at: hour(9).getTime() }) }) as unknown as ClaimStanding
/** Hourly runs; as the page has them, `spell` being the number of times that the check had come back. */
const returned = (verdicts: string, at: number) => {
  const { backing, slots } = check(verdicts)
  return { backing: { ...backing, spell: 1, observations: backing.observations.map((one) => ({ ...one, spell: one.slot < at ? 0 : 1 })) }, slots }
}

test('a claim is broken since the first failure after it last held, by a check that is itself broken', () => {
  expect(brokenSince(standing(check('hhfff')), hour(9))).toEqual(hour(2))
  expect(brokenSince(standing(check('hf'), check('hhhff')), hour(9))).toEqual(hour(3)) // the other is one failure that is not confirmed
  expect(brokenSince(standing(check('hf')), hour(9))).toBeUndefined()
})

test('a check that came back broken has been broken since before it left, though it held once since', () => {
  expect(brokenSince(standing(returned('hffh', 3)), hour(9))).toEqual(hour(1))
})

test('a note counts for the breakage that it was given for, and for none after it', () => {
  const note = (at: Date): ClaimNote => ({ claimId: 'c', cause: 'The disk was full.', mendBy: hour(90), role: 'Platform team', at })
  const again = standing(check('hffhff')) // broken, mended at the third hour, broken again
  expect(noteOn(again, note(hour(2)), hour(9)), 'of the breakage before').toBeUndefined()
  expect(noteOn(again, note(hour(3.5)), hour(9)), 'before the first failure').toBeUndefined()
  expect(noteOn(again, note(hour(4)), hour(9))).toBeDefined() // the first failure, not yet confirmed
  expect(noteOn(again, note(hour(6)), hour(9))).toBeDefined()
  expect(noteOn(standing(check('hffh')), note(hour(2)), hour(9)), 'mended').toBeUndefined()
  expect(noteOn(again, undefined, hour(9))).toBeUndefined()
})
