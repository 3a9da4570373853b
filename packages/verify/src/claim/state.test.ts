import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backingState, claimState, type Backing, type EvidenceState, type Observation, type StateInput, type Vouching } from './state.ts'

const WEAKEST_FIRST: readonly EvidenceState[] = ['broken', 'unknown', 'stale', 'unbacked', 'attested', 'checked']
const rank = (state: EvidenceState): number => WEAKEST_FIRST.indexOf(state)

const HOUR = 3600_000
const NOW = 1000 * HOUR
const CONTROLS = ['a', 'b', 'c'] as const

/** Hourly results, the last of them at NOW: 'h', 'f', 'u', '-' for holds, fails, unknown, not-run. */
function run(letters: string): Observation[] {
  const verdicts = { h: 'holds', f: 'fails', u: 'unknown', '-': 'not-run' } as const
  return [...letters].map((letter, slot) => ({ slot, verdict: verdicts[letter as 'h'], at: NOW - (letters.length - 1 - slot) * HOUR }))
}
const backing = (letters: string, more: Partial<Backing> = {}): Backing => ({
  covers: ['a'],
  freshnessSeconds: 2 * 3600,
  confirmations: 2,
  canContradict: true,
  observations: run(letters),
  ...more,
})
const input = (more: Partial<StateInput> = {}): StateInput => ({ strength: 'definite', controls: ['a'], backings: [backing('h')], attestations: [], at: NOW, ...more })

describe('one check', () => {
  it.each([
    ['', 'unknown', 'nothing is known yet'],
    ['h', 'checked', 'it held'],
    ['f', 'unknown', 'a failure that is not confirmed, with nothing good before it'],
    ['hf', 'checked', 'one failure of the two that it takes'],
    ['hff', 'broken', 'confirmed'],
    ['hffu', 'broken', '"could not tell" does not mend'],
    ['hff-----', 'broken', 'silence does not mend'],
    ['hfuf', 'broken', 'a run that could not tell does not break the row'],
    ['hffh', 'checked', 'a run that holds mends'],
    ['hfhf', 'checked', 'never two in a row'],
    ['hu', 'unknown', 'the newest could not tell'],
    ['hu-', 'unknown', 'silence after "could not tell" does not bring back the older news'],
    ['uh', 'checked', 'found out after all'],
    ['h--', 'checked', 'not run, still fresh'],
    ['h---', 'stale', 'not run, no longer fresh'],
    ['hf--', 'stale', 'the run that failed does not refresh'],
    ['-', 'unknown', 'never run'],
  ])('%j is %s: %s', (letters, state) => {
    expect(backingState(backing(letters), NOW)).toBe(state)
  })

  /** As `run`, with a bar where the check was withdrawn and came back. */
  const spells = (letters: string, confirmations: number): Backing => {
    const parts = letters.split('|')
    const of = parts.flatMap((part, spell) => [...part].map(() => spell))
    const observations = run(parts.join('')).map((one, i) => ({ ...one, spell: of[i] ?? 0 }))
    return backing('', { confirmations, observations, spell: parts.length - 1 })
  }
  it.each([
    ['hhhh|', 2, 'unknown', 'what was seen before it left is no ground to be green'],
    ['hhhh|h', 2, 'unknown', 'held once of the two that it takes'],
    ['hhhh|hh', 2, 'checked', 'held twice since'],
    ['hhhh|hfh', 2, 'checked', 'two that held, a failure between them that was never confirmed'],
    ['hhhh|hf', 2, 'unknown', 'failing, not confirmed, and not settled'],
    ['hhhh|ff', 2, 'broken', 'confirmed after the return'],
    ['hhhf|f', 2, 'broken', 'the row goes on: leaving does not break it'],
    ['hhff|', 2, 'broken', 'broken when it left'],
    ['hhff|h', 2, 'broken', 'one run that holds does not mend what left broken'],
    ['hhff|hu', 2, 'broken', 'nor does "could not tell"'],
    ['hhff|hh', 2, 'checked', 'mended: held as often as it takes'],
    ['hhff|h|', 2, 'broken', 'left again before it had settled'],
    ['hhff|h|h', 2, 'broken', 'each return counts anew'],
    ['hhff|h|hh', 2, 'checked', 'and then it counts'],
    ['hhff|hh|', 2, 'unknown', 'was mended when it left'],
    ['hf|h', 1, 'checked', 'where one run confirms, one run mends'],
    ['hf|', 1, 'broken', 'but none does not'],
    ['|h', 2, 'unknown', 'withdrawn before it ever ran'],
  ])('%j, confirmed by %i, is %s: %s', (letters, confirmations, state) => {
    expect(backingState(spells(letters, confirmations), NOW)).toBe(state)
  })

  it('that left and came back is never greener than one that stayed', () => {
    const parts = fc.array(fc.string({ unit: fc.constantFrom('h', 'f', 'u', '-'), maxLength: 5 }), { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(parts, confirmations, fc.nat(5), (told, confirmed, ageHours) => {
        const at = NOW + ageHours * HOUR
        const stayed = backingState(spells(told.join(''), confirmed), at)
        expect(rank(backingState(spells(told.join('|'), confirmed), at))).toBeLessThanOrEqual(rank(stayed))
      }),
      { numRuns: 2000 },
    )
  })

  it('is stale one millisecond past its limit, and not before', () => {
    const one = backing('h')
    expect(backingState(one, NOW + 2 * HOUR)).toBe('checked')
    expect(backingState(one, NOW + 2 * HOUR + 1)).toBe('stale')
  })

  it('is judged by what had been observed by then', () => {
    expect(backingState(backing('hff'), NOW - HOUR)).toBe('checked')
    expect(backingState(backing('hff'), NOW - 3 * HOUR)).toBe('unknown')
  })

  const letters = fc.string({ unit: fc.constantFrom('h', 'f', 'u', '-'), maxLength: 12 })
  const confirmations = fc.integer({ min: 1, max: 4 })

  it.each(['u', '-'])('a further %j never makes it greener', (letter) => {
    fc.assert(
      fc.property(letters, confirmations, fc.nat(10), (before, confirmed, ageHours) => {
        const at = NOW + ageHours * HOUR
        const one = backing(before, { confirmations: confirmed })
        const slot = one.observations.length
        const verdict = letter === 'u' ? ('unknown' as const) : ('not-run' as const)
        const more = { ...one, observations: [...one.observations, { slot, verdict, at }] }
        expect(rank(backingState(more, at))).toBeLessThanOrEqual(rank(backingState(one, at)))
      }),
      { numRuns: 1000 },
    )
  })

  it('time alone never makes it greener', () => {
    fc.assert(
      fc.property(letters, confirmations, fc.nat(10), fc.nat(10), (before, confirmed, early, more) => {
        const one = backing(before, { confirmations: confirmed })
        expect(rank(backingState(one, NOW + (early + more) * HOUR))).toBeLessThanOrEqual(rank(backingState(one, NOW + early * HOUR)))
      }),
    )
  })

  it('broken stays broken until a run holds', () => {
    fc.assert(
      fc.property(letters, fc.string({ unit: fc.constantFrom('f', 'u', '-'), maxLength: 6 }), (before, after) => {
        if (backingState(backing(before), NOW) !== 'broken') return
        expect(backingState(backing(before + after), NOW)).toBe('broken')
        expect(backingState(backing(`${before + after}h`), NOW)).toBe('checked')
      }),
    )
  })

  it('a looser confirmation rule never makes it weaker, a stricter one never greener', () => {
    fc.assert(
      fc.property(letters, confirmations, (before, confirmed) => {
        const strict = backingState(backing(before, { confirmations: confirmed }), NOW)
        const loose = backingState(backing(before, { confirmations: confirmed + 1 }), NOW)
        expect(rank(strict)).toBeLessThanOrEqual(rank(loose))
      }),
    )
  })
})

describe('a claim', () => {
  const states = { broken: 'ff', unknown: 'hu', stale: 'h------', checked: 'h' }

  it('is as weak as its weakest link', () => {
    for (const [weak, weakLetters] of Object.entries(states))
      for (const [other, otherLetters] of Object.entries(states)) {
        const expected = WEAKEST_FIRST.find((state) => state === weak || state === other)
        const spread = input({ controls: ['a', 'b'], backings: [backing(weakLetters), backing(otherLetters, { covers: ['b'] })] })
        const same = input({ backings: [backing(weakLetters), backing(otherLetters)] })
        expect(claimState(spread).state).toBe(expected)
        expect(claimState(same).state).toBe(expected)
      }
  })

  it('with a control that nothing covers is not backed', () => {
    expect(claimState(input({ controls: ['a', 'b'] })).state).toBe('unbacked')
    expect(claimState(input({ controls: [] })).state).toBe('unbacked')
  })

  it('keeps a control of any name', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const result = claimState(input({ controls: ['a', name] }))
      expect(result.state).toBe('unbacked')
      expect(Object.entries(result.byControl)).toContainEqual([name, 'unbacked'])
    }
  })

  const vouching = (from: number, until: number): Vouching => ({ covers: ['a'], from: NOW + from * HOUR, until: NOW + until * HOUR })
  it('is attested from the first instant to the last but one, and stale after', () => {
    const at = (vouched: Vouching[]): string => claimState(input({ backings: [], attestations: vouched })).state
    expect(at([vouching(0, 1)])).toBe('attested')
    expect(at([vouching(-1, 0)])).toBe('stale')
    expect(at([vouching(1, 2)])).toBe('unbacked')
    expect(at([vouching(-2, -1), vouching(-1, 1)])).toBe('attested')
  })

  it('that a check finds broken is not mended by an attestation', () => {
    expect(claimState(input({ backings: [backing('ff')], attestations: [vouching(-1, 1)] })).state).toBe('broken')
    expect(claimState(input({ backings: [backing('')], attestations: [vouching(-1, 1)] })).state).toBe('unknown')
  })

  it('in the negative counts only a check that could have found the opposite', () => {
    const negative = (backings: Backing[], attestations: Vouching[] = []): string => claimState(input({ strength: 'negative', backings, attestations })).state
    expect(negative([backing('h')])).toBe('checked')
    expect(negative([backing('h', { canContradict: false })])).toBe('unbacked')
    expect(negative([], [vouching(-1, 1)])).toBe('unbacked')
    expect(negative([backing('ff')])).toBe('broken')
  })

  const aBacking = fc.record({
    covers: fc.subarray([...CONTROLS], { minLength: 1 }),
    freshnessSeconds: fc.integer({ min: 1, max: 5 * 3600 }),
    confirmations: fc.integer({ min: 1, max: 3 }),
    canContradict: fc.boolean(),
    observations: fc.string({ unit: fc.constantFrom('h', 'f', 'u', '-'), maxLength: 6 }).map(run),
  })
  const aVouching = fc.record({ covers: fc.subarray([...CONTROLS], { minLength: 1 }), from: fc.integer({ min: NOW - 5 * HOUR, max: NOW + HOUR }), until: fc.integer({ min: NOW - HOUR, max: NOW + 5 * HOUR }) })
  const anInput = fc.record({
    strength: fc.constantFrom('definite' as const, 'hedged' as const, 'negative' as const),
    controls: fc.subarray([...CONTROLS]),
    backings: fc.array(aBacking, { maxLength: 4 }),
    attestations: fc.array(aVouching, { maxLength: 3 }),
    at: fc.constant(NOW),
  })

  it('that is hedged cannot be checked, whatever the results say; they stay visible', () => {
    fc.assert(
      fc.property(anInput, (one) => {
        const hedged = claimState({ ...one, strength: 'hedged' })
        expect(hedged.state).toBe('unprovable')
        expect(hedged.underlying).toBe(claimState({ ...one, strength: 'definite' }).state)
        if (one.strength !== 'hedged') expect(claimState(one).state).not.toBe('unprovable')
      }),
    )
  })

  it('does not depend on the order of its controls, checks or attestations', () => {
    fc.assert(
      fc.property(anInput, (one) => {
        const turned = { ...one, controls: one.controls.toReversed(), backings: one.backings.toReversed(), attestations: one.attestations.toReversed() }
        expect(claimState(turned)).toEqual(claimState(one))
      }),
    )
  })

  it('gains nothing from one more thing to rest on, nor from one more check of what a check covers already', () => {
    fc.assert(
      fc.property(anInput, aBacking, (one, more) => {
        const before = claimState(one).underlying
        const covered = more.covers.filter((control) => one.backings.some((b) => b.covers.includes(control) && (one.strength !== 'negative' || b.canContradict)))
        expect(rank(claimState({ ...one, backings: [...one.backings, { ...more, covers: covered }] }).underlying)).toBeLessThanOrEqual(rank(before))
        if (one.controls.length > 0) expect(rank(claimState({ ...one, controls: CONTROLS }).underlying)).toBeLessThanOrEqual(rank(before))
      }),
    )
  })

  it('is the weakest of its controls, each judged alone', () => {
    fc.assert(
      fc.property(anInput, (one) => {
        const alone = one.controls.map((control) => claimState({ ...one, controls: [control] }).underlying)
        const expected = WEAKEST_FIRST.find((state) => alone.includes(state)) ?? 'unbacked'
        expect(claimState(one).underlying).toBe(expected)
      }),
    )
  })
})
