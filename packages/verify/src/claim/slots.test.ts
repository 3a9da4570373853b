import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Binding, Closing, SlotResult } from '../statement/predicate.ts'
import { lastDueSlot, reviewSlots, slotWindow, type Recorded } from './slots.ts'

const HOUR = 3600_000
const START = Date.parse('2026-03-02T00:00:00Z')
const HEX = 'a'.repeat(64)
const iso = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z')

const binding = (more: Partial<Binding> = {}): Recorded<Binding> => ({
  index: 1,
  digest: HEX,
  predicate: {
    claim: 'c', sentence: HEX, strength: 'definite', policy: { id: 'p', version: 1, digest: HEX }, controls: ['a'], covers: ['a'], check: { id: 'check', definition: HEX }, release: HEX,
    targets: { count: 1, commitment: HEX }, start: iso(START), cadenceSeconds: 3600, freshnessSeconds: 7200, confirmations: 1, maxAttempts: 3, canContradict: true, vouching: 'software', stateFunction: 1, ...more,
  },
})
const result = (slot: number, index: number, more: Partial<SlotResult> = {}): Recorded<SlotResult> => ({
  index,
  digest: HEX,
  predicate: { binding: HEX, slot, verdict: 'holds', attempts: 1, observedAt: iso(START + slot * HOUR + 60_000), targets: { covered: 1, declared: 1 }, ...more },
})
const closing = (lastSlot: number): Recorded<Closing> => ({ index: 1000, digest: HEX, predicate: { binding: HEX, lastSlot, reason: 'superseded', at: iso(START) } })
const at = (hours: number): { at: number; source: 'cosignature' } => ({ at: START + hours * HOUR, source: 'cosignature' })
const kinds = (results: readonly Recorded<SlotResult>[], hours: number, closed?: Recorded<Closing>): string[] => reviewSlots(binding(), results, closed, at(hours)).map(({ kind }) => kind)

describe('slots', () => {
  it('slot k is due at start + k · cadence, to the second', () => {
    expect(slotWindow(binding().predicate, 5)).toEqual({ begins: START + 5 * HOUR, ends: START + 6 * HOUR })
    // A result may take until the end of the next window.
    expect(lastDueSlot(binding().predicate, START + 2 * HOUR - 1)).toBe(-1)
    expect(lastDueSlot(binding().predicate, START + 2 * HOUR)).toBe(0)
    expect(lastDueSlot(binding().predicate, START - 99 * HOUR)).toBe(-1)
  })

  it('any dense history, in any order of recording, has no finding', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.integer(), (count, seed) => {
        const slots = Array.from({ length: count }, (_, slot) => slot).sort((a, b) => ((a * 7919 + seed) % 13) - ((b * 7919 + seed) % 13))
        expect(kinds(slots.map((slot, i) => result(slot, i + 2)), count)).toEqual([])
      }),
    )
  })

  it('of any dense history each slot that is taken out is missed, and only it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (count, which) => {
        const gone = which % count
        const results = Array.from({ length: count }, (_, slot) => result(slot, slot + 2)).filter(({ predicate }) => predicate.slot !== gone)
        const findings = reviewSlots(binding(), results, undefined, at(count + 1))
        expect(findings).toEqual([expect.objectContaining({ kind: gone === count - 1 ? 'overdue' : 'hole', weight: 'wrong', slot: gone })])
        // Nor does a closing hide it.
        expect(kinds(results, count + 1, closing(count - 1))).toEqual(['hole'])
      }),
    )
  })

  it('of any dense history each slot that is told twice is found, whatever it says the second time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.constantFrom('holds', 'fails', 'unknown'), (count, which, verdict) => {
        const results = Array.from({ length: count }, (_, slot) => result(slot, slot + 2))
        expect(kinds([...results, result(which % count, 900, { verdict })], count)).toEqual(['duplicate'])
      }),
    )
  })

  it('gaps are told as ranges, and cost nothing however long they are', () => {
    const findings = reviewSlots(binding({ start: '2001-01-01T00:00:00Z', cadenceSeconds: 1 }), [], undefined, at(0))
    expect(findings).toHaveLength(1)
    expect(findings[0]?.detail).toMatch(/^slots 0 to 79\d{7} of check: due 2001-01-01T00:00:00Z/)
  })

  it('a hostile number of findings is cut short, and counted', () => {
    const findings = reviewSlots(binding(), Array.from({ length: 500 }, (_, slot) => result(slot, slot + 2, { attempts: 9 })), undefined, at(500))
    expect(findings).toHaveLength(20)
    expect(findings.at(-1)?.detail).toContain('and 480 more like it')
  })

  it('a start that is out of all range is no crash', () => {
    expect(reviewSlots(binding({ cadenceSeconds: Number.MAX_SAFE_INTEGER }), [{ ...result(0, 2), predicate: { ...result(0, 2).predicate, slot: Number.MAX_SAFE_INTEGER } }], undefined, at(3)).map(({ kind }) => kind)).toContain('early')
  })

  it('a result before its binding is foreign to it', () => {
    expect(kinds([result(0, 0)], 1)).toContain('foreign-result')
  })

  it('a result after the last slot of a closed binding is foreign to it', () => {
    expect(kinds([result(0, 2), result(1, 3)], 2, closing(0))).toEqual(['foreign-result'])
  })

  it('a closing before the first slot was due leaves nothing to miss', () => {
    expect(kinds([], 99, closing(-1))).toEqual([])
  })

  it('not-run may be written down late, and never early', () => {
    const notRun = (slot: number): Recorded<SlotResult> => {
      const { observedAt: _, ...predicate } = result(slot, slot + 2, { verdict: 'not-run', attempts: 0, targets: { covered: 0, declared: 1 } }).predicate
      return { index: slot + 2, digest: HEX, predicate }
    }
    expect(kinds([notRun(0), notRun(1), notRun(2)], 50)).toEqual(['overdue'])
    expect(kinds([notRun(0), notRun(1), notRun(2)], 3)).toEqual([])
    expect(kinds([notRun(0), notRun(1), notRun(2), notRun(3)], 2)).toEqual(['early'])
  })

  it('a result a little late is noted, a result much later is wrong', () => {
    const late = (ms: number): [string, string][] => reviewSlots(binding(), [result(0, 2, { observedAt: iso(START + HOUR + ms) })], undefined, at(2)).map(({ kind, weight }) => [kind, weight])
    expect(late(-1000)).toEqual([])
    expect(late(0)).toEqual([['slow', 'note']])
    expect(late(HOUR)).toContainEqual(['late', 'wrong'])
  })

  it('a binding that begins long before it was recorded is backdated', () => {
    const spoken = (): number => START + 3 * HOUR
    const findings = reviewSlots(binding(), [], closing(-1), at(3), spoken)
    expect(findings.map(({ kind }) => kind)).toEqual(['backdated'])
    expect(reviewSlots(binding(), [], closing(-1), at(3), () => START + 2 * HOUR)).toEqual([])
  })
})
