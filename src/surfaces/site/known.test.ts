import { describe, expect, it } from 'vitest'
import { heldSince, inForce, knownBy } from './known.ts'
import { STATES } from './mark.tsx'
import type { ClaimView } from './view.ts'
import { AT, backingView, before, claimOf } from './view.fixture.ts'
import { agoWords, dayWords } from './when.tsx'

const words = (claim: ClaimView): string => {
  const { lead, parts } = knownBy(claim, AT)
  return lead + parts.map((part) => (typeof part === 'string' ? part : 'ago' in part ? agoWords(part.ago, AT) : dayWords(part.day))).join('')
}

describe('what the margin says', () => {
  it('each state has its own lead, and ends as a sentence', () => {
    const all = STATES.map((state) => claimOf(state))
    expect(new Set(all.map((claim) => knownBy(claim, AT).lead)).size).toBe(STATES.length)
    for (const claim of all) expect(words(claim)).toMatch(/\.$/)
  })

  it('says how fresh, how much and how often for a checked claim', () => {
    expect(words(claimOf('checked'))).toBe('Checked 4 min ago, 3 of 3 targets, each hour.')
  })

  it('names the oldest of several checks: a claim is as fresh as its stalest result', () => {
    const claim = claimOf('checked', { backings: [backingView(), backingView({ heldAt: before(200), cadenceSeconds: 86_400 })] })
    expect(words(claim)).toBe('Checked 3 h ago by two checks, 6 of 6 targets, each day.')
  })

  it('tells uncovered targets even when there is one', () => {
    expect(words(claimOf('checked', { backings: [backingView({ covered: 0, declared: 1 })] }))).toContain('0 of 1 targets')
  })

  it('is recheckable only where every check is', () => {
    expect(knownBy(claimOf('checked'), AT).recheckable).toBe(true)
    expect(knownBy(claimOf('checked', { backings: [backingView(), backingView({ vouching: 'software' })] }), AT).recheckable).toBe(false)
    expect(knownBy(claimOf('checked', { backings: [] }), AT).recheckable).toBe(false)
  })

  it('a broken claim tells since when, why and until when; a missed mend is said to be missed', () => {
    expect(words(claimOf('broken'))).toBe('Broken since 12 November 2026: The restore host ran out of disk. Mending promised by Head of Platform for 19 November 2026.')
    const missed = claimOf('broken', { note: { cause: 'Disk.', mendBy: before(60), role: 'Head of Platform', breached: true } })
    expect(words(missed)).toBe('Broken since 12 November 2026: Disk. Head of Platform promised mending by 14 November 2026, which has passed.')
  })

  it('holding details back hides summary and cause, never the state', () => {
    const held = claimOf('broken', { heldBackUntil: new Date('2026-11-15T00:00:00Z') })
    expect(words(held)).toBe('Broken since 12 November 2026: not currently confirmed; details by 15 November 2026.')
    // Past its hour the mark holds nothing back any more, even if nobody took it off.
    expect(words(claimOf('broken', { heldBackUntil: before(1) }))).toContain('restore host')
  })

  it('a negative claim without a contradicting check says what is missing', () => {
    expect(words(claimOf('unbacked', { strength: 'negative' }))).toBe('Not backed: no check that could find the opposite.')
  })

  it('hedged wording shows the results near it, good or bad', () => {
    expect(words(claimOf('unprovable'))).toBe('Cannot be checked: this wording promises no fact. One check near it holds.')
    const failing = claimOf('unprovable', { backings: [backingView({ state: 'broken' })] })
    expect(words(failing)).toBe('Cannot be checked: this wording promises no fact. The check near it does not hold.')
    const mixed = claimOf('unprovable', { backings: [backingView({ state: 'broken' }), backingView(), backingView()] })
    expect(words(mixed)).toBe('Cannot be checked: this wording promises no fact. Two of three checks near it hold.')
  })

  it('an attestation that has ended is stale, with its day', () => {
    const attestation = { role: 'Head of People', from: before(900_000), until: new Date('2026-10-01T00:00:00Z') }
    expect(words(claimOf('stale', { backings: [], attestations: [attestation] }))).toBe('Stale: what Head of People attested ended on 1 October 2026.')
  })

  it('states a scope that is not the chosen one', () => {
    expect(words(claimOf('checked', { scope: 'Enterprise', inScope: false }))).toMatch(/ Only for Enterprise\.$/)
  })

  it('an endless summary is cut at a word', () => {
    const text = words(claimOf('unknown', { backings: [backingView({ state: 'unknown', summary: 'word '.repeat(400) })] }))
    expect(text.length).toBeLessThan(230)
    expect(text).toContain('word …')
  })
})

describe('a moment in the margin', () => {
  it('is that of the last run that held, not of a failure that is not confirmed yet', () => {
    const claim = claimOf('checked', { backings: [backingView({ observedAt: before(1), heldAt: before(90), summary: 'x' })] })
    expect(knownBy(claim, AT).parts).toContainEqual({ ago: before(90) })
    expect(heldSince(claim)).toEqual(before(90))
  })
  it('is that of the attestation in force, whichever was recorded last', () => {
    const day = (n: number): Date => new Date(AT.getTime() + n * 86_400_000)
    const claim = claimOf('attested', { attestations: [{ role: 'Head of Infrastructure', from: day(-9), until: day(9) }, { role: 'Intern', from: day(-5), until: day(-1) }, { role: 'Successor', from: day(5), until: day(50) }, { role: 'Ending now', from: day(-5), until: AT }] })
    expect(inForce(claim, AT).map(({ role }) => role)).toEqual(['Head of Infrastructure'])
    expect(knownBy(claim, AT).parts).toContainEqual({ day: day(9) })
  })
})
