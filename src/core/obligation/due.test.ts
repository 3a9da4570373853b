import { describe, expect, it } from 'vitest'
import { PLAIN_CALENDAR, dueAt, parseCalendar, parseDuration } from './index.ts'

const workweek = ['mon', 'tue', 'wed', 'thu', 'fri']
const berlin = parseCalendar({ timeZone: 'Europe/Berlin', workingDays: workweek, holidays: ['2025-12-25', '2025-12-26', '2026-01-01', '2026-04-03', '2026-04-06'] })
const office = parseCalendar({ ...berlin, workingHours: { from: '09:00', to: '17:00' } })

function due(words: string, calendar: Parameters<typeof dueAt>[1], startedAt: string): string {
  return dueAt(parseDuration(words), calendar, new Date(startedAt)).toISOString()
}

describe('business days', () => {
  it('do not count the day of the event and end with the last hour of the last day (1182/71 Art. 3(1) and (2)(b))', () => {
    // Thursday 10:00 in Berlin: Friday, Monday, Tuesday.
    expect(due('3 business days', berlin, '2025-11-13T09:00:00Z')).toBe('2025-11-18T23:00:00.000Z')
    expect(due('3 business days', office, '2025-11-13T09:00:00Z')).toBe('2025-11-18T16:00:00.000Z')
  })

  it('count the same from any hour of the day, working or not', () => {
    for (const start of ['2025-11-12T23:00:00Z', '2025-11-13T07:00:00Z', '2025-11-13T22:59:59Z']) expect(due('3 business days', office, start)).toBe('2025-11-18T16:00:00.000Z')
    expect(due('1 business day', office, '2025-11-15T12:00:00Z')).toBe('2025-11-17T16:00:00.000Z')
  })

  it('leave out holidays and weekends (Art. 3(3))', () => {
    expect(due('1 business day', berlin, '2025-12-24T12:00:00Z')).toBe('2025-12-29T23:00:00.000Z')
    // Thursday before Easter: Good Friday and Easter Monday are off, and summer time has begun.
    expect(due('2 business days', berlin, '2026-04-02T08:00:00Z')).toBe('2026-04-08T22:00:00.000Z')
  })
})

describe('hours', () => {
  it('pass as they pass, through nights, holidays and daylight saving (GDPR Art. 33(1))', () => {
    expect(due('72 hours', berlin, '2026-03-27T12:00:00Z')).toBe('2026-03-30T12:00:00.000Z')
  })

  it('of business run only in working hours, from the minute of the event', () => {
    // Friday 16:30 in Berlin: half an hour that day, one and a half on Monday.
    expect(due('2 business hours', office, '2025-11-14T15:30:00Z')).toBe('2025-11-17T09:30:00.000Z')
    // Run down exactly at closing time: that is the end, not the next opening.
    expect(due('8 business hours', office, '2025-11-13T08:00:00Z')).toBe('2025-11-13T16:00:00.000Z')
  })

  it('of business know half-hour zones', () => {
    const kolkata = parseCalendar({ timeZone: 'Asia/Kolkata', workingDays: workweek, workingHours: { from: '09:30', to: '18:00' } })
    expect(due('1 business hour', kolkata, '2025-11-13T00:00:00Z')).toBe('2025-11-13T05:00:00.000Z')
    const lordHowe = parseCalendar({ timeZone: 'Australia/Lord_Howe', workingDays: ['sun', 'mon'] })
    // 5 April 2026: clocks go back by half an hour, the civil day has 24.5 hours.
    expect(due('1 business day', lordHowe, '2026-04-04T00:00:00Z')).toBe('2026-04-05T13:30:00.000Z')
  })

  it('of business count a day of 23 and one of 25 hours as long as they are', () => {
    const everyDay = parseCalendar({ timeZone: 'Europe/Berlin', workingDays: [...workweek, 'sat', 'sun'] })
    expect(due('23 business hours', everyDay, '2026-03-28T23:00:00Z')).toBe('2026-03-29T22:00:00.000Z')
    expect(due('25 business hours', everyDay, '2025-10-25T22:00:00Z')).toBe('2025-10-26T23:00:00.000Z')
  })
})

describe('calendar periods', () => {
  it('end on the same day of the week (Art. 3(2)(c); Court of Justice, C-171/03)', () => {
    expect(due('3 weeks', PLAIN_CALENDAR, '1998-03-12T10:00:00Z')).toBe('1998-04-03T00:00:00.000Z')
  })

  it('of months end on the same date, or on the last of a shorter month', () => {
    expect(due('1 month', PLAIN_CALENDAR, '2026-01-15T10:00:00Z')).toBe('2026-02-16T00:00:00.000Z')
    expect(due('1 month', PLAIN_CALENDAR, '2026-01-31T10:00:00Z')).toBe('2026-03-01T00:00:00.000Z')
    expect(due('1 month', PLAIN_CALENDAR, '2028-01-31T10:00:00Z')).toBe('2028-03-01T00:00:00.000Z')
    expect(due('1 quarter', PLAIN_CALENDAR, '2026-11-30T10:00:00Z')).toBe('2027-03-01T00:00:00.000Z')
  })

  it('of a year from a leap day end on 28 February', () => {
    expect(due('1 year', PLAIN_CALENDAR, '2028-02-29T10:00:00Z')).toBe('2029-03-01T00:00:00.000Z')
    expect(due('4 years', PLAIN_CALENDAR, '2028-02-29T10:00:00Z')).toBe('2032-03-01T00:00:00.000Z')
  })

  it('stay on a day off, unless the calendar moves them on (Art. 3(4))', () => {
    const moving = parseCalendar({ ...berlin, lastDay: 'next-working-day' })
    // Ten days from Tuesday 24 March: Good Friday; the next working day is the Tuesday after Easter.
    expect(due('10 days', berlin, '2026-03-24T12:00:00Z')).toBe('2026-04-03T22:00:00.000Z')
    expect(due('10 days', moving, '2026-03-24T12:00:00Z')).toBe('2026-04-07T22:00:00.000Z')
  })

  it('take the local date of the event, not that of Greenwich', () => {
    const auckland = parseCalendar({ timeZone: 'Pacific/Auckland', workingDays: workweek })
    expect(due('1 day', auckland, '2026-06-30T13:00:00Z')).toBe('2026-07-02T12:00:00.000Z')
  })

  it('end at the first minute of the next day where midnight is skipped', () => {
    // Cairo, 24 April 2026: clocks jump from 00:00 to 01:00.
    const cairo = parseCalendar({ timeZone: 'Africa/Cairo', workingDays: workweek })
    expect(due('1 day', cairo, '2026-04-22T10:00:00Z')).toBe('2026-04-23T22:00:00.000Z')
    expect(due('1 day', cairo, '2026-04-23T10:00:00Z')).toBe('2026-04-24T21:00:00.000Z')
  })

  it('know that Samoa had no 30 December 2011', () => {
    const apia = parseCalendar({ timeZone: 'Pacific/Apia', workingDays: workweek })
    // Thursday 29 December: the Friday never came, so the next business day is Monday 2 January.
    expect(due('1 business day', apia, '2011-12-29T20:00:00Z')).toBe('2012-01-02T10:00:00.000Z')
  })
})

describe('each period', () => {
  it.each([
    ['daily', '2026-01-31T23:00:00Z', '2026-02-02T00:00:00.000Z'],
    ['weekly', '2025-11-16T12:00:00Z', '2025-11-24T00:00:00.000Z'],
    ['monthly', '2026-01-31T12:00:00Z', '2026-03-01T00:00:00.000Z'],
    ['each quarter', '2026-02-14T12:00:00Z', '2026-07-01T00:00:00.000Z'],
    ['each quarter', '2026-12-31T12:00:00Z', '2027-04-01T00:00:00.000Z'],
    ['each year', '2026-02-14T12:00:00Z', '2028-01-01T00:00:00.000Z'],
  ])('%s after %s ends with the following period', (words, start, end) => {
    expect(due(words, PLAIN_CALENDAR, start)).toBe(end)
  })
})

describe('until a date', () => {
  it('lasts to the end of that day where the calendar is', () => {
    expect(due('until 2025-11-19', berlin, '2025-11-12T08:00:00Z')).toBe('2025-11-19T23:00:00.000Z')
    expect(() => due('until 2025-11-19', berlin, '2025-11-20T08:00:00Z')).toThrow(/already over/u)
  })
})

describe('a calendar that cannot be counted on', () => {
  it('is refused when every working day is a holiday', () => {
    const days = Array.from({ length: 4_000 }, (_, index) => new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10))
    const closed = parseCalendar({ ...PLAIN_CALENDAR, holidays: days })
    for (const words of ['1 business day', '1 business hour']) {
      expect(() => due(words, closed, '2026-01-01T00:00:00Z')).toThrow(expect.objectContaining({ code: 'bad-input', mend: expect.stringContaining('repeats every day') }))
    }
  })

  it('does not make a clock start at no instant', () => {
    expect(() => dueAt(parseDuration('1 day'), PLAIN_CALENDAR, new Date(Number.NaN))).toThrow(expect.objectContaining({ code: 'internal' }))
    expect(() => dueAt(parseDuration('100 years'), PLAIN_CALENDAR, new Date(8.64e15))).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })
})
