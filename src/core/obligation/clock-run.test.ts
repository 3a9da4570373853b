import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advanceClock, clockAt, endOf, holidaysKnown, isBreached, parseCalendar, parseDuration, parseTarget, remaining, replayClock, startClock, warnAt, warningsDue } from './index.ts'
import type { Calendar, ClockEvent, ClockRun, Duration } from './index.ts'

const office = parseCalendar({ timeZone: 'Europe/Berlin', workingDays: ['mon', 'tue', 'wed', 'thu', 'fri'], workingHours: { from: '09:00', to: '17:00' }, holidays: ['2025-11-17'] })
const at = (text: string): Date => new Date(text)
const event = (kind: ClockEvent['kind'], text: string): ClockEvent => ({ kind, at: at(text).toISOString() })

/** Thursday 13 November 2025, 10:00 in Berlin; Monday is a holiday: Friday, Tuesday, Wednesday 17:00. */
const started = startClock(parseDuration('3 business days'), office, at('2025-11-13T09:00:00Z'))
const end = '2025-11-19T16:00:00.000Z'

describe('a clock', () => {
  it('is kept at its last instant and broken one millisecond later', () => {
    expect(endOf(started)?.toISOString()).toBe(end)
    expect(isBreached(started, at(end))).toBe(false)
    expect(isBreached(started, new Date(at(end).getTime() + 1))).toBe(true)
    expect(advanceClock(started, event('met', end))).toMatchObject({ kind: 'met', late: false })
    expect(advanceClock(started, event('met', '2025-11-19T16:00:00.001Z'))).toMatchObject({ kind: 'met', late: true, dueAt: end })
  })

  it('that was met late stays broken', () => {
    const late = advanceClock(started, event('met', '2025-11-20T08:00:00Z'))
    expect(isBreached(late, at('2030-01-01T00:00:00Z'))).toBe(true)
    expect(clockAt(late, at('2030-01-01T00:00:00Z'))).toEqual(late)
  })

  it('that was cancelled after its end does not hide the breach', () => {
    const cancelled = advanceClock(started, event('cancelled', '2025-11-20T08:00:00Z'))
    expect(cancelled).toMatchObject({ kind: 'cancelled', breachedAt: end })
    expect(isBreached(cancelled, at('2025-11-21T00:00:00Z'))).toBe(true)
    expect(isBreached(advanceClock(started, event('cancelled', '2025-11-18T08:00:00Z')), at('2026-01-01T00:00:00Z'))).toBe(false)
  })

  it('cannot be paused once its end has passed', () => {
    expect(() => advanceClock(started, event('paused', '2025-11-20T08:00:00Z'))).toThrow(expect.objectContaining({ code: 'conflict', mend: expect.stringContaining('already broken') }))
  })

  it.each<[string, ClockEvent['kind'], ClockEvent['kind']]>([
    ['resumed without a pause', 'resumed', 'resumed'],
    ['paused twice', 'paused', 'paused'],
    ['met twice', 'met', 'met'],
    ['met after it was cancelled', 'cancelled', 'met'],
  ])('cannot be %s', (_, first, second) => {
    expect(() => [event(first, '2025-11-14T09:00:00Z'), event(second, '2025-11-14T10:00:00Z')].reduce(advanceClock, started)).toThrow(expect.objectContaining({ code: 'conflict' }))
  })

  it('stands still while paused: its end moves by the working time of the pause, and only by that', () => {
    // Paused Friday 15:00 to Tuesday 11:00 in Berlin: two hours on Friday and two on Tuesday.
    const paused = advanceClock(started, event('paused', '2025-11-14T14:00:00Z'))
    expect(endOf(paused)).toBeUndefined()
    expect(isBreached(paused, at('2030-01-01T00:00:00Z'))).toBe(false)
    const resumed = advanceClock(paused, event('resumed', '2025-11-18T10:00:00Z'))
    expect(endOf(resumed)?.toISOString()).toBe('2025-11-20T12:00:00.000Z')
    // A pause overnight moves nothing.
    const night = [event('paused', '2025-11-14T18:00:00Z'), event('resumed', '2025-11-14T20:00:00Z')].reduce(advanceClock, started)
    expect(endOf(night)?.toISOString()).toBe(end)
  })

  it('met during a pause is met in time', () => {
    expect([event('paused', '2025-11-14T14:00:00Z'), event('met', '2026-02-02T10:00:00Z')].reduce(advanceClock, started)).toMatchObject({ kind: 'met', late: false })
  })

  it('says how much is left', () => {
    expect(remaining(started, at('2025-11-19T10:48:00Z'))).toEqual({ untilMs: 5.2 * 3_600_000, countedMs: 5.2 * 3_600_000 })
    expect(remaining(started, at('2025-11-14T16:00:00Z'))).toEqual({ untilMs: 5 * 86_400_000, countedMs: 16 * 3_600_000 })
    expect(remaining(started, at('2025-11-19T17:00:00Z'))).toEqual({ untilMs: -3_600_000, countedMs: 0 })
    expect(remaining(advanceClock(started, event('paused', '2025-11-14T16:00:00Z')), at('2026-01-01T00:00:00Z'))).toEqual({ untilMs: null, countedMs: 16 * 3_600_000 })
    expect(remaining(advanceClock(started, event('met', '2025-11-14T16:00:00Z')), at('2026-01-01T00:00:00Z'))).toEqual({ untilMs: 0, countedMs: 0 })
  })

  it('is plain JSON in every state, and its target is read back the same', () => {
    const paused = advanceClock(started, { ...event('paused', '2025-11-14T14:00:00Z'), reason: 'asked the finder' })
    const runs: ClockRun[] = [started, paused, advanceClock(started, event('met', end)), clockAt(started, at('2026-01-01T00:00:00Z')), advanceClock(paused, event('cancelled', '2025-11-15T14:00:00Z'))]
    expect(runs.map(({ kind }) => kind)).toEqual(['running', 'paused', 'met', 'breached', 'cancelled'])
    for (const run of runs) {
      expect(JSON.parse(JSON.stringify(run))).toEqual(run)
      expect(parseTarget(JSON.parse(JSON.stringify(run.target)))).toEqual(run.target)
    }
    expect(() => parseTarget({ ...started.target, dueAt: 'soon' })).toThrow(expect.objectContaining({ code: 'corrupt' }))
    expect(() => parseTarget(null)).toThrow(expect.objectContaining({ code: 'corrupt' }))
  })

  it('keeps its target when the calendar or the duration it started on is edited', () => {
    const holidays = [...office.holidays]
    const calendar = { ...office, holidays }
    const duration = { kind: 'business-days' as const, count: 3 }
    const run = startClock(duration, calendar, at('2025-11-13T09:00:00Z'))
    holidays.push({ date: '2025-11-18' }, { date: '2025-11-19' }, { date: '2025-11-20' })
    duration.count = 30
    const moved = [event('paused', '2025-11-14T14:00:00Z'), event('resumed', '2025-11-18T10:00:00Z')].reduce(advanceClock, run)
    expect(endOf(run)?.toISOString()).toBe(end)
    expect(endOf(moved)?.toISOString()).toBe('2025-11-20T12:00:00.000Z')
    expect(() => ((run.target.calendar as { timeZone: string }).timeZone = 'UTC')).toThrow(TypeError)
  })

  it('says when its end lies beyond the holidays that are known', () => {
    const known = (until: string) => holidaysKnown(startClock(parseDuration('3 business days'), parseCalendar({ ...office, holidaysKnownUntil: until }), at('2025-11-13T09:00:00Z')))
    expect(known('2025-11-19')).toBe(true)
    expect(known('2025-11-18')).toBe(false)
    expect(holidaysKnown(started)).toBe(true)
  })
})

describe('a machine whose clock is set back', () => {
  it('neither gains nor loses time by it', () => {
    // Paused at 15:00, resumed by a clock that now says 14:00: the pause had no length.
    const run = [event('paused', '2025-11-14T14:00:00Z'), event('resumed', '2025-11-14T13:00:00Z')].reduce(advanceClock, started)
    expect(endOf(run)?.toISOString()).toBe(end)
    expect(remaining(run, at('2025-11-01T00:00:00Z'))).toEqual(remaining(run, at('2025-11-14T14:00:00Z')))
  })

  it('takes no breach back that an event has recorded', () => {
    const late = advanceClock(started, event('met', '2025-11-20T08:00:00Z'))
    expect(isBreached(late, at('2025-11-14T08:00:00Z'))).toBe(true)
  })
})

describe('warnings', () => {
  it('come at half and at four fifths of the counted time', () => {
    const hours = startClock(parseDuration('10 hours'), office, at('2025-11-13T00:00:00Z'))
    expect(warnAt(hours).map((warning) => warning.at.toISOString())).toEqual(['2025-11-13T05:00:00.000Z', '2025-11-13T08:00:00.000Z'])
    // 31 counted hours: 7 on Thursday, 8 on Friday, and half an hour into Tuesday.
    expect(warnAt(started, [{ kind: 'share', share: 0.5 }]).map((warning) => warning.at.toISOString())).toEqual(['2025-11-18T08:30:00.000Z'])
  })

  it('come a fixed time before the end, but never before the start', () => {
    expect(warnAt(started, [{ kind: 'lead', hours: 24 }, { kind: 'lead', hours: 10_000 }]).map((warning) => warning.at.toISOString())).toEqual(['2025-11-13T09:00:00.000Z', '2025-11-18T16:00:00.000Z'])
  })

  it('move with a pause', () => {
    const run = [event('paused', '2025-11-14T08:00:00Z'), event('resumed', '2025-11-14T10:00:00Z')].reduce(advanceClock, started)
    expect(warnAt(run, [{ kind: 'share', share: 0.5 }]).map((warning) => warning.at.toISOString())).toEqual(['2025-11-18T10:30:00.000Z'])
  })

  it('are due from their instant to the end, and not while paused', () => {
    expect(warningsDue(started, at('2025-11-18T08:29:59Z'))).toHaveLength(0)
    expect(warningsDue(started, at('2025-11-18T08:30:00Z'))).toHaveLength(1)
    expect(warningsDue(started, at(end))).toHaveLength(2)
    expect(warningsDue(started, at('2025-11-19T16:00:01Z'))).toHaveLength(0)
    expect(warningsDue(advanceClock(started, event('paused', '2025-11-14T08:00:00Z')), at('2026-01-01T00:00:00Z'))).toHaveLength(0)
  })
})

/**
 * An oracle that shares nothing with the code but the calendar's members: it walks minute by minute and asks
 * Intl.DateTimeFormat, not Temporal, what the clock on the wall shows.
 */
class NaiveOracle {
  readonly #calendar: Calendar
  readonly #format: Intl.DateTimeFormat
  readonly #seen = new Map<number, { date: string; works: boolean }>()
  constructor(calendar: Calendar) {
    this.#calendar = calendar
    this.#format = new Intl.DateTimeFormat('en-CA', { timeZone: calendar.timeZone, weekday: 'short', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  }
  minute(at: number): { date: string; works: boolean } {
    const known = this.#seen.get(at)
    if (known) return known
    const part = Object.fromEntries(this.#format.formatToParts(at).map(({ type, value }) => [type, value]))
    const date = `${part['year']}-${part['month']}-${part['day']}`
    const time = `${part['hour']}:${part['minute']}`
    const hours = this.#calendar.workingHours
    const works =
      this.#calendar.workingDays.some((day) => day === part['weekday']?.toLowerCase().slice(0, 3)) &&
      !this.#calendar.holidays.some((holiday) => holiday.date === date) &&
      (!hours || (time >= hours.from && time < hours.to))
    const minute = { date, works }
    this.#seen.set(at, minute)
    return minute
  }
  dueAt(duration: Duration, start: number): number {
    const startDate = this.minute(start).date
    const days = new Set<string>()
    let left = duration.kind === 'business-hours' ? duration.count * 60 : duration.kind === 'elapsed' ? duration.count * 60 : 0
    let lastWorking = 0
    for (let at = start; ; at += 60_000) {
      const { date, works } = this.minute(at)
      if (duration.kind === 'business-days') {
        if (!works || date === startDate) continue
        if (days.size === duration.count && !days.has(date)) return lastWorking + 60_000
        days.add(date)
        lastWorking = at
      } else if ((duration.kind === 'elapsed' || works) && --left === 0) return at + 60_000
    }
  }
  /** The end of a clock that stands still in [from, to) of each pause. */
  pausedDueAt(duration: Duration, start: number, pauses: readonly (readonly [number, number])[]): number {
    const counts = (at: number) => duration.kind === 'elapsed' || this.minute(at).works
    const planned = this.dueAt(duration, start)
    let budget = 0
    for (let at = start; at < planned; at += 60_000) if (counts(at)) budget += 1
    for (let at = start; ; at += 60_000) {
      if (counts(at) && !pauses.some(([from, to]) => at >= from && at < to) && --budget === 0) return at + 60_000
    }
  }
}

describe('against an oracle that walks minute by minute', () => {
  const minutes = (from: string, to: string) => fc.integer({ min: Date.parse(from) / 60_000, max: Date.parse(to) / 60_000 }).map((minute) => minute * 60_000)
  const calendars = fc
    .record({
      timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'America/St_Johns', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Chatham', 'Africa/Cairo', 'America/Havana'),
      workingDays: fc.subarray(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], { minLength: 3 }),
      workingHours: fc.option(fc.constantFrom({ from: '09:00', to: '17:00' }, { from: '08:15', to: '12:45' }, { from: '00:00', to: '24:00' }, { from: '10:00', to: '24:00' }), { nil: undefined }),
      holidays: fc.subarray(['2026-03-27', '2026-03-30', '2026-04-03', '2026-04-06', '2025-10-27', '2025-10-31', '2025-11-03']),
    })
    .map(({ workingHours, ...rest }) => parseCalendar(workingHours ? { ...rest, workingHours } : rest))
  // Both seasons in which clocks change, in both hemispheres.
  const starts = fc.oneof(minutes('2026-03-06T00:00:00Z', '2026-04-26T00:00:00Z'), minutes('2025-10-23T00:00:00Z', '2025-11-04T00:00:00Z'))
  const durations: fc.Arbitrary<Duration> = fc.oneof(
    fc.record({ kind: fc.constant('business-days' as const), count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant('business-hours' as const), count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant('elapsed' as const), unit: fc.constant('hours' as const), count: fc.integer({ min: 1, max: 72 }) }),
  )

  it('a clock without pauses ends at the same minute', () => {
    fc.assert(
      fc.property(calendars, starts, durations, (calendar, start, duration) => {
        const run = startClock(duration, calendar, new Date(start))
        expect(endOf(run)?.toISOString()).toBe(new Date(new NaiveOracle(calendar).dueAt(duration, start)).toISOString())
      }),
      { numRuns: 150 },
    )
  })

  it('a clock with pauses ends at the same minute, is broken after it and not before', () => {
    fc.assert(
      fc.property(calendars, starts, durations, fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 2_000 })), { maxLength: 3 }), (calendar, start, duration, gaps) => {
        let run = startClock(duration, calendar, new Date(start))
        const pauses: [number, number][] = []
        let now = start
        for (const [runs, rests] of gaps) {
          const [from, to] = [now + runs * 60_000, now + (runs + rests) * 60_000]
          // A pause at or after the end is another test's matter.
          if (from >= (endOf(run)?.getTime() ?? 0)) break
          run = [event('paused', new Date(from).toISOString()), event('resumed', new Date(to).toISOString())].reduce(advanceClock, run)
          pauses.push([from, to])
          now = to
        }
        const due = new NaiveOracle(calendar).pausedDueAt(duration, start, pauses)
        expect(endOf(run)?.toISOString()).toBe(new Date(due).toISOString())
        expect(isBreached(run, new Date(due))).toBe(false)
        expect(isBreached(run, new Date(due + 1))).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('replaying the recorded events gives the clock that was folded as they came', () => {
    fc.assert(
      fc.property(calendars, starts, durations, fc.array(fc.tuple(fc.constantFrom('paused', 'resumed', 'met', 'cancelled'), fc.integer({ min: -300, max: 900 })), { maxLength: 8 }), (calendar, start, duration, steps) => {
        let run = startClock(duration, calendar, new Date(start))
        const recorded: ClockEvent[] = []
        let now = start
        for (const [kind, minutesLater] of steps) {
          now += minutesLater * 60_000
          const step: ClockEvent = { kind, at: new Date(now).toISOString() }
          try {
            run = advanceClock(run, step)
            recorded.push(step)
          } catch {
            // refused, hence not recorded
          }
          // A store keeps JSON: the next step starts from what was written.
          run = JSON.parse(JSON.stringify(run)) as ClockRun
        }
        const seen = new Date(now + 3_600_000)
        expect(replayClock({ duration, calendar, startedAt: new Date(start) }, recorded, seen)).toEqual(clockAt(run, seen))
      }),
      { numRuns: 150 },
    )
  })
})
