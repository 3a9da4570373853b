import * as fc from 'fast-check'
import ICAL from 'ical.js'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, it } from 'vitest'
import { daysOfRule, isoWeekday, parseDayRule } from './recurrence.ts'
import type { DayRule } from './recurrence.ts'

function ruleOf(text: string): DayRule {
  const recur = ICAL.Recur.fromString(text)
  return parseDayRule({
    freq: recur.freq,
    interval: recur.interval,
    count: recur.count ?? null,
    until: recur.until ? Temporal.PlainDate.from(recur.until.toString().slice(0, 10)) : undefined,
    parts: recur.parts,
    weekStart: isoWeekday(recur.wkst),
  })
}

const patience = () => ({ days: 200_000 })

function days(text: string, start: string, until: string, from = start): string[] {
  return daysOfRule(ruleOf(text), Temporal.PlainDate.from(start), Temporal.PlainDate.from(from), Temporal.PlainDate.from(until), patience()).map(String)
}

describe('the examples of RFC 5545 §3.8.5.3', () => {
  it.each([
    ['FREQ=DAILY;INTERVAL=10;COUNT=5', '1997-09-02', '1997-09-02 1997-09-12 1997-09-22 1997-10-02 1997-10-12'],
    ['FREQ=WEEKLY;COUNT=4;BYDAY=TU,TH', '1997-09-02', '1997-09-02 1997-09-04 1997-09-09 1997-09-11'],
    ['FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO', '1997-08-05', '1997-08-05 1997-08-10 1997-08-19 1997-08-24'],
    ['FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU', '1997-08-05', '1997-08-05 1997-08-17 1997-08-19 1997-08-31'],
    ['FREQ=MONTHLY;COUNT=5;BYDAY=1FR', '1997-09-05', '1997-09-05 1997-10-03 1997-11-07 1997-12-05 1998-01-02'],
    ['FREQ=MONTHLY;UNTIL=19971224;BYDAY=1FR', '1997-09-05', '1997-09-05 1997-10-03 1997-11-07 1997-12-05'],
    ['FREQ=MONTHLY;INTERVAL=2;COUNT=5;BYDAY=1SU,-1SU', '1997-09-07', '1997-09-07 1997-09-28 1997-11-02 1997-11-30 1998-01-04'],
    ['FREQ=MONTHLY;COUNT=6;BYDAY=-2MO', '1997-09-22', '1997-09-22 1997-10-20 1997-11-17 1997-12-22 1998-01-19 1998-02-16'],
    ['FREQ=MONTHLY;COUNT=6;BYMONTHDAY=-3', '1997-09-28', '1997-09-28 1997-10-29 1997-11-28 1997-12-29 1998-01-29 1998-02-26'],
    ['FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1', '1997-09-30', '1997-09-30 1997-10-01 1997-10-31 1997-11-01'],
    ['FREQ=MONTHLY;COUNT=5;BYMONTHDAY=15,30', '2007-01-15', '2007-01-15 2007-01-30 2007-02-15 2007-03-15 2007-03-30'],
    ['FREQ=YEARLY;COUNT=4;BYMONTH=6,7', '1997-06-10', '1997-06-10 1997-07-10 1998-06-10 1998-07-10'],
    ['FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200', '1997-01-01', '1997-01-01 1997-04-10 1997-07-19 2000-01-01 2000-04-09 2000-07-18 2003-01-01 2003-04-10 2003-07-19 2006-01-01'],
    ['FREQ=YEARLY;COUNT=3;BYDAY=20MO', '1997-05-19', '1997-05-19 1998-05-18 1999-05-17'],
    ['FREQ=YEARLY;COUNT=4;BYMONTH=3;BYDAY=TH', '1997-03-13', '1997-03-13 1997-03-20 1997-03-27 1998-03-05'],
    ['FREQ=MONTHLY;COUNT=5;BYDAY=FR;BYMONTHDAY=13', '1997-09-02', '1998-02-13 1998-03-13 1998-11-13 1999-08-13 2000-10-13'],
    ['FREQ=YEARLY;INTERVAL=4;COUNT=3;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8', '1996-11-05', '1996-11-05 2000-11-07 2004-11-02'],
    ['FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3', '1997-09-04', '1997-09-04 1997-10-07 1997-11-06'],
    ['FREQ=MONTHLY;COUNT=7;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2', '1997-09-29', '1997-09-29 1997-10-30 1997-11-27 1997-12-30 1998-01-29 1998-02-26 1998-03-30'],
  ])('%s from %s', (rule, start, expected) => {
    expect(days(rule, start, '2010-12-31')).toEqual(expected.split(' '))
  })
})

describe('a rule of days', () => {
  it('on 29 February falls on leap years only, in every interval', () => {
    expect(days('FREQ=YEARLY', '2024-02-29', '2040-01-01')).toEqual(['2024-02-29', '2028-02-29', '2032-02-29', '2036-02-29'])
    expect(days('FREQ=YEARLY;INTERVAL=3', '2024-02-29', '2050-01-01')).toEqual(['2024-02-29', '2036-02-29', '2048-02-29'])
    expect(days('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', '2096-02-29', '2106-01-01')).toEqual(['2096-02-29', '2104-02-29'])
  })

  it('that never occurs ends, and gives no day', () => {
    for (const rule of ['FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4', 'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6', 'FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30', 'FREQ=YEARLY;COUNT=3;BYMONTH=2;BYMONTHDAY=30']) {
      expect(days(rule, '2026-02-01', '2075-12-31'), rule).toEqual([])
    }
  })

  it('counts from its start, not from the window', () => {
    expect(days('FREQ=YEARLY;COUNT=3', '2020-05-01', '2030-01-01', '2021-06-01')).toEqual(['2022-05-01'])
  })

  it('gives the same days of a late window, whether or not the years before are passed over', () => {
    const rules = fc.oneof(
      fc.tuple(fc.constantFrom('DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'), fc.integer({ min: 1, max: 7 })).map(([freq, n]) => `FREQ=${freq};INTERVAL=${n}`),
      fc.integer({ min: 1, max: 4 }).map((n) => `FREQ=YEARLY;INTERVAL=${n};BYDAY=-1MO,20TU`),
      fc.integer({ min: 1, max: 4 }).map((n) => `FREQ=MONTHLY;INTERVAL=${n};BYDAY=MO,TU,WE;BYSETPOS=-1`),
    )
    const dates = (most: number) => fc.integer({ min: 0, max: most }).map((day) => Temporal.PlainDate.from('2019-12-27').add({ days: day }).toString())
    fc.assert(
      fc.property(rules, dates(800), dates(4_000), (rule, start, from) => {
        const followed = days(rule, start, '2031-12-31').filter((day) => day >= from)
        expect(days(rule, start, '2031-12-31', from)).toEqual(followed)
        expect(days(`${rule};COUNT=100000`, start, '2031-12-31', from)).toEqual(followed)
      }),
      { numRuns: 60 },
    )
  })

  it('stops when the patience of its feed is at its end', () => {
    const rule = ruleOf('FREQ=DAILY;COUNT=100000')
    const [start, end] = [Temporal.PlainDate.from('2000-01-01'), Temporal.PlainDate.from('2026-01-01')]
    expect(() => daysOfRule(rule, start, start, end, { days: 1_000 })).toThrow(expect.objectContaining({ code: 'too-large' }))
  })

  it.each(['FREQ=HOURLY', 'FREQ=SECONDLY;INTERVAL=1', 'FREQ=YEARLY;BYWEEKNO=20', 'FREQ=DAILY;BYHOUR=9', 'FREQ=WEEKLY;BYDAY=2MO', 'FREQ=WEEKLY;BYMONTHDAY=3', 'FREQ=MONTHLY;BYYEARDAY=3'])('refuses %s', (rule) => {
    expect(() => ruleOf(rule)).toThrow(expect.objectContaining({ name: 'VouchsafeError' }))
  })

  it('from the Middle Ages is not followed', () => {
    expect(() => days('FREQ=DAILY', '1200-01-01', '2026-01-01', '2026-01-01')).toThrow(/begins in 1200/u)
  })

  it('agrees with ical.js on rules that that library steps through rightly', () => {
    const weekday = fc.constantFrom('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU')
    const rules = fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 40 })).map(([n]) => `FREQ=DAILY;INTERVAL=${n}`),
      fc.tuple(fc.integer({ min: 1, max: 5 }), fc.uniqueArray(weekday, { minLength: 1, maxLength: 4 }), weekday).map(([n, on, wkst]) => `FREQ=WEEKLY;INTERVAL=${n};BYDAY=${on.join(',')};WKST=${wkst}`),
      fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 2, 3, 4, -1, -2), weekday).map(([n, nth, on]) => `FREQ=MONTHLY;INTERVAL=${n};BYDAY=${nth}${on}`),
      fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 28 })).map(([n, day]) => `FREQ=MONTHLY;INTERVAL=${n};BYMONTHDAY=${day}`),
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 2, 3, 4, -1), weekday).map(([n, month, nth, on]) => `FREQ=YEARLY;INTERVAL=${n};BYMONTH=${month};BYDAY=${nth}${on}`),
      fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 })).map(([month, day]) => `FREQ=YEARLY;BYMONTH=${month};BYMONTHDAY=${day}`),
    )
    const starts = fc.integer({ min: 0, max: 1500 }).map((day) => Temporal.PlainDate.from('2020-01-01').add({ days: day }))
    fc.assert(
      fc.property(rules, starts, (rule, near) => {
        // A start off the rule's own days is undefined in the RFC: take the first that is on it.
        const start = daysOfRule(ruleOf(rule.replace(/INTERVAL=\d+/u, 'INTERVAL=1')), near, near, near.add({ years: 2 }), patience())[0]
        fc.pre(start !== undefined)
        const iterator = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromDateString(start.toString()))
        const theirs: string[] = []
        for (let next = iterator.next(); next && theirs.length < 20; next = iterator.next()) theirs.push(next.toString().slice(0, 10))
        const last = theirs.at(-1) ?? ''
        expect(days(rule, start.toString(), last)).toEqual(theirs)
      }),
      { numRuns: 200 },
    )
  })
})
