import { describe, expect, it } from 'vitest'
import { PLAIN_CALENDAR, advanceClock, clockText, lengthText, momentText, parseCalendar, parseDuration, startClock } from './index.ts'
import type { Calendar, ClockEvent } from './index.ts'

const office = parseCalendar({ timeZone: 'Europe/Berlin', workingDays: ['mon', 'tue', 'wed', 'thu', 'fri'], workingHours: { from: '09:00', to: '17:00' } })
const at = (text: string): Date => new Date(text)
const start = (words: string, calendar: Calendar, from: string) => startClock(parseDuration(words), calendar, at(from))
const event = (kind: ClockEvent['kind'], text: string): ClockEvent => ({ kind, at: at(text).toISOString() })

describe('a clock in words', () => {
  const report = start('three business days', office, '2025-11-13T09:00:00Z')

  it('says what is left, what was promised and when it ends', () => {
    expect(clockText(report, at('2025-11-18T10:48:00Z'))).toBe('5 h 12 m left (3 business days, ends Tue 17:00 CET)')
  })

  it('says by how much it is overdue', () => {
    expect(clockText(report, at('2025-11-19T17:00:00Z'))).toBe('overdue by 25 h (3 business days, ended Tue 17:00 CET)')
  })

  it('says what a paused one holds', () => {
    const paused = advanceClock(report, event('paused', '2025-11-18T10:48:00Z'))
    expect(clockText(paused, at('2025-11-20T10:00:00Z'))).toBe('paused since Tue 11:48 CET, 5 h 12 m of working time to go (3 business days)')
  })

  it('says how it ended', () => {
    expect(clockText(advanceClock(report, event('met', '2025-11-18T15:00:00Z')), at('2025-11-20T10:00:00Z'))).toBe('met Tue 16:00 CET, 1 h before the end (3 business days)')
    expect(clockText(advanceClock(report, event('met', '2025-11-19T16:00:00Z')), at('2025-11-20T10:00:00Z'))).toBe('met Wed 17:00 CET, late by 24 h (3 business days)')
    expect(clockText(advanceClock(report, event('met', '2025-11-18T16:00:00Z')), at('2025-11-20T10:00:00Z'))).toBe('met Tue 17:00 CET, at the end (3 business days)')
    expect(clockText(advanceClock(report, event('cancelled', '2025-11-19T16:00:00Z')), at('2025-11-20T10:00:00Z'))).toBe('cancelled Wed 17:00 CET after it was broken (3 business days)')
  })

  it('gives midnight to the day that ends', () => {
    expect(clockText(start('1 day', PLAIN_CALENDAR, '2025-11-17T10:00:00Z'), at('2025-11-18T12:00:00Z'))).toBe('12 h left (1 day, ends Tue 24:00 UTC)')
    // Across the end of the year, too.
    expect(clockText(start('1 month', PLAIN_CALENDAR, '2025-11-30T10:00:00Z'), at('2025-12-01T00:00:00Z'))).toBe('30 d left (1 month, ends Tue 30 Dec 24:00 UTC)')
  })

  it('names the date once a weekday alone would be unclear, and the year once the date would', () => {
    expect(momentText(at('2025-11-18T16:00:00Z'), at('2025-11-12T00:00:00Z'), 'Europe/Berlin')).toBe('Tue 17:00 CET')
    expect(momentText(at('2025-11-18T16:00:00Z'), at('2025-11-11T00:00:00Z'), 'Europe/Berlin')).toBe('Tue 18 Nov 17:00 CET')
    expect(momentText(at('2026-11-18T16:00:00Z'), at('2025-11-11T00:00:00Z'), 'Europe/Berlin')).toBe('Wed 18 Nov 2026 17:00 CET')
  })

  it('names zones as people there do, or by their offset', () => {
    const noon = at('2025-07-01T12:00:00Z')
    expect(momentText(noon, noon, 'Europe/Berlin')).toBe('Tue 14:00 CEST')
    expect(momentText(noon, noon, 'America/New_York')).toBe('Tue 08:00 EDT')
    expect(momentText(noon, noon, 'Asia/Kolkata')).toBe('Tue 17:30 IST')
    expect(momentText(noon, noon, 'Asia/Kathmandu')).toBe('Tue 17:45 GMT+5:45')
  })

  it('never promises time that is not there', () => {
    expect([59_999, 60_000, 3_599_999, 3_600_000, 172_799_999, 172_800_000, 180_000_000, -5].map(lengthText)).toEqual(['less than a minute', '1 m', '59 m', '1 h', '47 h 59 m', '2 d', '2 d 2 h', 'less than a minute'])
  })
})
