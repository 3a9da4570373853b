import { describe, expect, it } from 'vitest'
import { isVouchsafeError } from '#core/errors'
import { MOST_HOLIDAYS, PLAIN_CALENDAR, parseCalendar, parseDate, parseTimeZone } from './index.ts'

const berlin = { timeZone: 'Europe/Berlin', workingDays: ['mon', 'tue', 'wed', 'thu', 'fri'] }

function pointerOf(read: () => unknown): string | undefined {
  try {
    read()
  } catch (error) {
    if (isVouchsafeError(error)) return error.fields[0]?.pointer ?? error.code
    throw error
  }
  return undefined
}

describe('a calendar from outside', () => {
  it('is read whole, sorted and frozen', () => {
    const calendar = parseCalendar({
      ...berlin,
      workingDays: ['fri', 'mon'],
      workingHours: { from: '09:00', to: '24:00' },
      holidays: ['2026-12-25', { date: '2026-01-01', name: 'New Year' }, { date: '2026-12-25', name: 'second mention' }],
      holidaysKnownUntil: '2026-12-31',
      lastDay: 'next-working-day',
    })
    expect(calendar).toEqual({
      timeZone: 'Europe/Berlin',
      workingDays: ['mon', 'fri'],
      workingHours: { from: '09:00', to: '24:00' },
      holidays: [{ date: '2026-01-01', name: 'New Year' }, { date: '2026-12-25' }],
      holidaysKnownUntil: '2026-12-31',
      lastDay: 'next-working-day',
    })
    expect(Object.isFrozen(calendar) && Object.isFrozen(calendar.holidays) && Object.isFrozen(calendar.workingDays)).toBe(true)
    expect(parseCalendar(JSON.parse(JSON.stringify(calendar)))).toEqual(calendar)
    expect(parseCalendar(PLAIN_CALENDAR)).toEqual(PLAIN_CALENDAR)
  })

  it.each([
    ['/timeZone', { ...berlin, timeZone: 'Europe/Atlantis' }],
    ['/timeZone', { ...berlin, timeZone: '+02:00' }],
    ['/timeZone', { ...berlin, timeZone: 'Europe/Berlin\u0000' }],
    ['/timeZone', { ...berlin, timeZone: undefined }],
    ['/workingDays', { ...berlin, workingDays: [] }],
    ['/workingDays/0', { ...berlin, workingDays: ['Monday'] }],
    ['/workingHours', { ...berlin, workingHours: { from: '22:00', to: '06:00' } }],
    ['/workingHours', { ...berlin, workingHours: { from: '09:00', to: '09:00' } }],
    ['/workingHours/to', { ...berlin, workingHours: { from: '09:00', to: '25:00' } }],
    ['/holidays', { ...berlin, holidays: '2026-01-01' }],
    ['/holidays/1/date', { ...berlin, holidays: ['2026-01-01', '2026-02-30'] }],
    ['/holidays/0/date', { ...berlin, holidays: [{ date: '9999-01-01' }] }],
    ['/holidays/0/name', { ...berlin, holidays: [{ date: '2026-01-01', name: 'x'.repeat(201) }] }],
    ['too-large', { ...berlin, holidays: Array.from({ length: MOST_HOLIDAYS + 1 }, () => '2026-01-01') }],
    ['/lastDay', { ...berlin, lastDay: 'whenever' }],
    ['/holiday', { ...berlin, holiday: [] }],
    ['', null],
    ['', []],
  ])('is refused with a pointer to %s', (pointer, source) => {
    expect(pointerOf(() => parseCalendar(source))).toBe(pointer)
  })

  it('takes a zone in any letter case and gives its usual spelling', () => {
    expect(parseTimeZone('europe/berlin')).toBe('Europe/Berlin')
    expect(parseTimeZone('UTC')).toBe('UTC')
  })

  it('knows which years have a leap day', () => {
    expect(parseDate('2028-02-29').toString()).toBe('2028-02-29')
    expect(() => parseDate('2100-02-29')).toThrow(/does not exist/u)
  })
})
