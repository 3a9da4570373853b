import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isVouchsafeError } from '#core/errors'
import { dueAt, holidaysFromIcs, parseCalendar, parseDuration } from './index.ts'

const window = { from: '2026-01-01', until: '2027-12-31' }

function feed(...events: string[][]): string {
  const lines = events.flatMap((event, index) => ['BEGIN:VEVENT', `UID:${index}@example.org`, ...event, 'END:VEVENT'])
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//example//EN', ...lines, 'END:VCALENDAR', ''].join('\r\n')
}

function daysIn(...events: string[][]): string[] {
  return holidaysFromIcs(feed(...events), window).holidays.map(({ date }) => date)
}

describe('a feed of holidays', () => {
  it('gives its all-day events, with their names', () => {
    const text = feed(['DTSTART;VALUE=DATE:20260501', 'DTEND;VALUE=DATE:20260502', 'SUMMARY:Labour Day\\, a', ' nd more', 'TRANSP:TRANSPARENT'], ['DTSTART;VALUE=DATE:20261225'])
    expect(holidaysFromIcs(text, window)).toEqual({ holidays: [{ date: '2026-05-01', name: 'Labour Day, and more' }, { date: '2026-12-25' }], knownUntil: '2027-12-31', ignored: [] })
  })

  it('counts the days of a longer one, its end not included', () => {
    expect(daysIn(['DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227'])).toEqual(['2026-12-24', '2026-12-25', '2026-12-26'])
    expect(daysIn(['DTSTART;VALUE=DATE:20261224', 'DURATION:P2D'])).toEqual(['2026-12-24', '2026-12-25'])
    expect(daysIn(['DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261224'])).toEqual(['2026-12-24'])
    // One that began before the window reaches into it.
    expect(daysIn(['DTSTART;VALUE=DATE:20251230', 'DTEND;VALUE=DATE:20260103'])).toEqual(['2026-01-01', '2026-01-02'])
  })

  it('follows rules, without the days taken out and with those put in', () => {
    expect(daysIn(['DTSTART;VALUE=DATE:20200101', 'RRULE:FREQ=YEARLY'])).toEqual(['2026-01-01', '2027-01-01'])
    expect(daysIn(['DTSTART;VALUE=DATE:20201126', 'RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH', 'EXDATE;VALUE=DATE:20261126', 'RDATE;VALUE=DATE:20261127'])).toEqual(['2026-11-27', '2027-11-25'])
    // Some programs write the exception as a date with a time.
    expect(daysIn(['DTSTART;VALUE=DATE:20200101', 'RRULE:FREQ=YEARLY', 'EXDATE:20260101T000000'])).toEqual(['2027-01-01'])
  })

  it('moves the one occurrence that is overridden', () => {
    const text = feed(['DTSTART;VALUE=DATE:20200717', 'RRULE:FREQ=YEARLY'], ['RECURRENCE-ID;VALUE=DATE:20260717', 'DTSTART;VALUE=DATE:20260720']).replace('UID:1@', 'UID:0@')
    expect(holidaysFromIcs(text, window).holidays.map(({ date }) => date)).toEqual(['2026-07-20', '2027-07-17'])
  })

  it('reports what is no holiday instead of dropping it silently', () => {
    const { holidays, ignored } = holidaysFromIcs(feed(['DTSTART:20260501T090000Z', 'SUMMARY:Stand-up'], ['DTSTART;VALUE=DATE:20260502', 'STATUS:CANCELLED', 'SUMMARY:Picnic'], ['SUMMARY:Never']), window)
    expect(holidays).toEqual([])
    expect(ignored).toEqual([
      { name: 'Stand-up', reason: 'begins at a time of day' },
      { name: 'Picnic', reason: 'cancelled' },
      { name: 'Never', reason: 'has no start' },
    ])
  })

  it('goes into a calendar, and business days leave its days out', () => {
    const { holidays, knownUntil } = holidaysFromIcs(feed(['DTSTART;VALUE=DATE:20200101', 'RRULE:FREQ=YEARLY', 'SUMMARY:New Year']), window)
    const calendar = parseCalendar({ timeZone: 'UTC', workingDays: ['mon', 'tue', 'wed', 'thu', 'fri'], holidays, holidaysKnownUntil: knownUntil })
    expect(dueAt(parseDuration('1 business day'), calendar, new Date('2026-12-31T12:00:00Z')).toISOString()).toBe('2027-01-05T00:00:00.000Z')
  })

  it('shows no control character of a hostile name', () => {
    const { holidays } = holidaysFromIcs(feed(['DTSTART;VALUE=DATE:20260501', 'SUMMARY:May\u001b[2J\u202eDay\\n2']), window)
    expect(holidays[0]?.name).toBe('May [2J Day 2')
  })
})

describe('a bad feed is refused with what to mend', () => {
  it.each<[string, string, string]>([
    ['no calendar at all', 'bad-input', '<html>not found</html>'],
    ['nothing', 'bad-input', ''],
    ['another component', 'bad-input', 'BEGIN:VCARD\r\nEND:VCARD\r\n'],
    ['cut off in the middle', 'bad-input', feed(['DTSTART;VALUE=DATE:20260501']).slice(0, -40)],
    ['a day that does not exist', 'bad-input', feed(['DTSTART;VALUE=DATE:20260230'])],
    ['a rule of hours', 'unsupported', feed(['DTSTART;VALUE=DATE:20260501', 'RRULE:FREQ=HOURLY', 'SUMMARY:Tick'])],
    ['a rule without sense', 'bad-input', feed(['DTSTART;VALUE=DATE:20260501', 'RRULE:FREQ=SOMETIMES'])],
    ['an end before its beginning', 'bad-input', feed(['DTSTART;VALUE=DATE:20260501', 'DTEND;VALUE=DATE:20260401'])],
    ['a year of closing', 'bad-input', feed(['DTSTART;VALUE=DATE:20260101', 'DTEND;VALUE=DATE:20270101'])],
    ['deep nesting', 'bad-input', 'BEGIN:VCALENDAR\r\n'.repeat(10_000)],
    ['a megabyte', 'too-large', feed([`DESCRIPTION:${'x'.repeat(1_000_001)}`])],
  ])('%s', (_, code, text) => {
    expect(() => holidaysFromIcs(text, window)).toThrow(expect.objectContaining({ name: 'VouchsafeError', code, mend: expect.any(String) }))
  })

  it('an endless rule of every day, with the name of its event', () => {
    const everyDay = feed(['DTSTART;VALUE=DATE:20200101', 'RRULE:FREQ=DAILY', 'SUMMARY:Holiday for ever'])
    expect(() => holidaysFromIcs(everyDay, { from: '2026-01-01', until: '2060-12-31' })).toThrow(
      expect.objectContaining({ code: 'too-large', message: expect.stringContaining('Holiday for ever'), mend: expect.stringContaining('repeats every day') }),
    )
    expect(() => holidaysFromIcs(everyDay, { from: '2026-01-01', until: '2160-12-31' })).toThrow(/more than 50 years/u)
    expect(() => holidaysFromIcs(everyDay, { from: '2026-01-02', until: '2026-01-01' })).toThrow(/ends before it begins/u)
  })

  it('a rule that never occurs gives no day and does not hang', () => {
    expect(daysIn(['DTSTART;VALUE=DATE:20200201', 'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'])).toEqual([])
  })

  it('whatever the bytes: an answer or a VouchsafeError', () => {
    const good = feed(['DTSTART;VALUE=DATE:20200717', 'RRULE:FREQ=YEARLY;BYMONTH=7;BYDAY=3FR', 'EXDATE;VALUE=DATE:20260717', 'SUMMARY:Day'])
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(12), fc.string({ maxLength: 12, unit: 'binary' }), (position, length, patch) => {
        try {
          holidaysFromIcs(good.slice(0, position) + patch + good.slice(position + length), window)
        } catch (error) {
          if (!isVouchsafeError(error)) throw error
        }
      }),
      { numRuns: 500 },
    )
  })
})
