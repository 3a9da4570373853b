import { claimState } from '@vouchsafe/verify'
import { describe, expect, it } from 'vitest'
import { PLAIN_CALENDAR, attestationExpiry, parseCalendar, parseDuration, parseMendNote, promisedMend, stalenessWarning } from './index.ts'

const at = (text: string): Date => new Date(text)
const berlin = parseCalendar({ timeZone: 'Europe/Berlin', workingDays: ['mon', 'tue', 'wed', 'thu', 'fri'] })

describe('an attestation', () => {
  const given = at('2025-03-01T10:00:00Z')
  const year = { within: parseDuration('1 year') }

  it('is warned about a month and a week before it ends', () => {
    const { expiresAt, warnAt } = attestationExpiry(given, year, berlin, given)
    expect(expiresAt.toISOString()).toBe('2026-03-01T23:00:00.000Z')
    expect(warnAt.map((instant) => instant.toISOString())).toEqual(['2026-01-30T23:00:00.000Z', '2026-02-22T23:00:00.000Z'])
    const state = (text: string) => attestationExpiry(given, year, berlin, at(text)).state
    expect([state('2026-01-30T22:59:59Z'), state('2026-01-30T23:00:00Z'), state('2026-03-01T22:59:59.999Z'), state('2026-03-01T23:00:00Z')]).toEqual(['valid', 'warned', 'warned', 'expired'])
  })

  it('expires at the very instant at which the page stops saying attested', () => {
    const { expiresAt } = attestationExpiry(given, year, berlin, given)
    const page = (instant: number) =>
      claimState({ strength: 'definite', controls: ['penetration-test'], backings: [], attestations: [{ covers: ['penetration-test'], from: given.getTime(), until: expiresAt.getTime() }], at: instant }).state
    for (const instant of [expiresAt.getTime() - 1, expiresAt.getTime()]) {
      expect(attestationExpiry(given, year, berlin, new Date(instant)).state === 'expired').toBe(page(instant) !== 'attested')
    }
  })

  it('may name its last day, and a short one is warned about late in its time', () => {
    const week = attestationExpiry(at('2025-03-01T00:00:00Z'), { lastDay: '2025-03-05' }, PLAIN_CALENDAR, at('2025-03-04T23:59:59Z'))
    expect(week.expiresAt.toISOString()).toBe('2025-03-06T00:00:00.000Z')
    expect(week.warnAt.map((instant) => instant.toISOString())).toEqual(['2025-03-05T00:00:00.000Z'])
    expect(week.state).toBe('valid')
  })

  it('neither ends before it begins nor lasts beyond memory', () => {
    expect(() => attestationExpiry(given, { lastDay: '2025-02-27' }, berlin, given)).toThrow(/before it is given/u)
    expect(() => attestationExpiry(given, { within: parseDuration('4 years') }, berlin, given)).toThrow(/at most 3 years/u)
    expect(attestationExpiry(given, { within: parseDuration('3 years') }, berlin, given).state).toBe('valid')
  })
})

describe('a promised mend', () => {
  const note = { cause: ' The restore host ran\nout of disk. ', mendBy: '2025-11-19', role: 'Head of operations' }
  const noted = at('2025-11-12T10:00:00Z')

  it('lasts to the end of its day where the company is', () => {
    const read = parseMendNote(note, berlin, noted)
    expect(read).toEqual({ cause: 'The restore host ran out of disk.', mendBy: '2025-11-19', role: 'Head of operations' })
    const state = (text: string, mended?: string) => promisedMend(read, berlin, at(text), mended === undefined ? undefined : at(mended)).state
    expect(promisedMend(read, berlin, noted).dueAt.toISOString()).toBe('2025-11-19T23:00:00.000Z')
    expect(state('2025-11-19T23:00:00Z')).toEqual({ kind: 'promised' })
    expect(state('2025-11-20T23:00:00Z')).toEqual({ kind: 'overdue', byMs: 86_400_000 })
    expect(state('2025-12-01T00:00:00Z', '2025-11-19T23:00:00Z')).toMatchObject({ kind: 'kept', late: false })
    expect(state('2025-12-01T00:00:00Z', '2025-11-19T23:00:00.001Z')).toMatchObject({ kind: 'kept', late: true })
    // What happens later is not known yet.
    expect(state('2025-11-18T00:00:00Z', '2025-11-19T00:00:00Z')).toEqual({ kind: 'promised' })
  })

  it('is refused whole, with each member to mend', () => {
    const pointers = (value: unknown): string[] => {
      try {
        parseMendNote(value, berlin, noted)
      } catch (error) {
        return (error as { fields: { pointer: string }[] }).fields.map(({ pointer }) => pointer)
      }
      return []
    }
    expect(pointers(null)).toEqual(['/cause', '/role', '/mendBy'])
    expect(pointers({ ...note, mendBy: '2025-11-11' })).toEqual(['/mendBy'])
    expect(pointers({ ...note, mendBy: '2025-11-12' })).toEqual([])
    expect(pointers({ ...note, cause: 'x'.repeat(501), role: 'jane@example.org' })).toEqual(['/cause', '/role'])
    expect(pointers({ ...note, cause: 'safe \u202eelbisivni' })).toEqual(['/cause'])
  })
})

describe('a warning before staleness', () => {
  const held = at('2026-01-01T00:00:00Z')
  const daily = { cadenceSeconds: 86_400, freshnessSeconds: 2 * 86_400 }

  it('leaves a check alone that runs on time', () => {
    expect(stalenessWarning(held, daily, at('2026-01-02T00:05:00Z')).state).toBe('fresh')
  })

  it('comes when half the slack after a missed run is gone, and before the page turns', () => {
    const { warnAt, freshUntil } = stalenessWarning(held, daily, held)
    expect([warnAt.toISOString(), freshUntil.toISOString()]).toEqual(['2026-01-02T12:00:00.000Z', '2026-01-03T00:00:00.000Z'])
    expect(stalenessWarning(held, daily, at('2026-01-02T12:00:00Z')).state).toBe('warned')
  })

  it('says stale exactly when the page does', () => {
    const page = (instant: Date) =>
      claimState({
        strength: 'definite',
        controls: ['backup-daily'],
        backings: [{ covers: ['backup-daily'], freshnessSeconds: daily.freshnessSeconds, confirmations: 1, canContradict: false, observations: [{ slot: 0, verdict: 'holds', at: held.getTime() }] }],
        attestations: [],
        at: instant.getTime(),
      }).state
    for (const instant of [at('2026-01-03T00:00:00Z'), at('2026-01-03T00:00:00.001Z')]) {
      expect(stalenessWarning(held, daily, instant).state === 'stale').toBe(page(instant) === 'stale')
    }
    expect(page(at('2026-01-03T00:00:00.001Z'))).toBe('stale')
  })

  it('still comes early where the limit leaves no slack, and says so of an impossible one', () => {
    const tight = stalenessWarning(held, { cadenceSeconds: 100, freshnessSeconds: 100 }, held)
    expect(tight.warnAt.getTime() - held.getTime()).toBe(80_000)
    expect(tight.neverFreshThroughout).toBe(false)
    expect(stalenessWarning(held, { cadenceSeconds: 101, freshnessSeconds: 100 }, held).neverFreshThroughout).toBe(true)
  })
})
