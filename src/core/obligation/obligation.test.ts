import { describe, expect, it } from 'vitest'
import { PLAIN_CALENDAR, effectOf, endOf, reactTo } from './index.ts'
import type { ClockRun, Obligation } from './index.ts'

type Event = 'report.received' | 'report.answered' | 'finder.asked' | 'finder.replied' | 'report.withdrawn' | 'report.read'

const firstAnswer: Obligation<Event> = {
  id: 'first-answer',
  source: 'the disclosure policy',
  startedBy: 'report.received',
  metBy: 'report.answered',
  within: '3 business days',
  pausedBy: 'finder.asked',
  resumedBy: 'finder.replied',
  cancelledBy: 'report.withdrawn',
}

function after(...events: [Event, string][]): ClockRun | undefined {
  return events.reduce<ClockRun | undefined>((run, [name, text]) => reactTo(firstAnswer, run, { name, at: new Date(text) }, PLAIN_CALENDAR), undefined)
}

describe('an obligation', () => {
  it('is started, paused, resumed and met by its own events', () => {
    expect(after(['report.received', '2026-01-05T10:00:00Z'])).toMatchObject({ kind: 'running', dueAt: '2026-01-09T00:00:00.000Z' })
    expect(after(['report.received', '2026-01-05T10:00:00Z'], ['finder.asked', '2026-01-06T00:00:00Z'])?.kind).toBe('paused')
    const met = after(['report.received', '2026-01-05T10:00:00Z'], ['finder.asked', '2026-01-06T00:00:00Z'], ['finder.replied', '2026-01-07T00:00:00Z'], ['report.answered', '2026-01-09T12:00:00Z'])
    expect(met).toMatchObject({ kind: 'met', late: false, dueAt: '2026-01-10T00:00:00.000Z' })
  })

  it('does not start again, nor change, by an event delivered twice', () => {
    const once = after(['report.received', '2026-01-05T10:00:00Z'])
    expect(after(['report.received', '2026-01-05T10:00:00Z'], ['report.received', '2026-01-08T10:00:00Z'])).toEqual(once)
    const met = after(['report.received', '2026-01-05T10:00:00Z'], ['report.answered', '2026-01-06T10:00:00Z'])
    for (const name of ['report.answered', 'report.withdrawn', 'finder.asked', 'finder.replied'] as const) {
      expect(reactTo(firstAnswer, met, { name, at: new Date('2026-01-20T10:00:00Z') }, PLAIN_CALENDAR)).toBe(met)
    }
  })

  it('is not saved by a pause after its end', () => {
    const run = after(['report.received', '2026-01-05T10:00:00Z'])
    expect(reactTo(firstAnswer, run, { name: 'finder.asked', at: new Date('2026-01-09T00:00:01Z') }, PLAIN_CALENDAR)).toBe(run)
    expect(after(['report.received', '2026-01-05T10:00:00Z'], ['finder.asked', '2026-01-09T00:00:01Z'], ['report.answered', '2026-01-09T00:00:02Z'])).toMatchObject({ kind: 'met', late: true })
  })

  it('hears nothing of other events, or before its start', () => {
    expect(effectOf(firstAnswer, 'report.read')).toBeUndefined()
    expect(after(['report.answered', '2026-01-05T10:00:00Z'])).toBeUndefined()
  })

  it('takes its day from the event where its end is a date', () => {
    const mend: Obligation = { id: 'mend', source: 'the note on the page', startedBy: 'mend.promised', metBy: 'claim.holds', within: 'until date' }
    const run = reactTo(mend, undefined, { name: 'mend.promised', at: new Date('2026-01-05T10:00:00Z'), day: '2026-01-19' }, PLAIN_CALENDAR)
    expect(run && endOf(run)?.toISOString()).toBe('2026-01-20T00:00:00.000Z')
  })
})
