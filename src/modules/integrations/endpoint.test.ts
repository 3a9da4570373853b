import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEAD_AFTER_MS, endpointUrl, fateOf, isSubscribed, subscribedEvents } from './endpoint.ts'
import { jittered, LETTER_LIVES_MS, letterPauseMs, WEBHOOK_PAUSES_MS, webhookPauseMs } from './retry.ts'

describe('an address for events', () => {
  it.each(['http://example.com/', 'ftp://example.com/', 'https://user:pass@example.com/', 'https://user@example.com/', 'example.com/hook', 'javascript:alert(1)', `https://example.com/${'a'.repeat(2000)}`])('%s is refused', (url) => expect(() => endpointUrl(url, { allowPlain: false })).toThrow('cannot be sent there'))
  it('loses its fragment, which no server gets', () => expect(endpointUrl('https://example.com/hook?a=1#secret', { allowPlain: false })).toBe('https://example.com/hook?a=1'))
  it('may be plain http only where the operator allows what is inside', () => expect(endpointUrl('http://hooks.internal/', { allowPlain: true })).toBe('http://hooks.internal/'))
})

describe('subscribing', () => {
  it('takes known events once each, and refuses others by their place', () => {
    expect(subscribedEvents(['a.b', 'a.b', 'c.d'], ['a.b', 'c.d'])).toEqual(['a.b', 'c.d'])
    expect(subscribedEvents(['a.b', '*'], ['a.b'])).toEqual(['*'])
    expect(() => subscribedEvents(['a.b', 'x.y'], ['a.b'])).toThrow('There is no event "x.y"')
    expect(() => subscribedEvents([], ['a.b'])).toThrow('at least one')
  })
  it('hears of what was asked for, and of nothing while it is off', () => {
    expect(isSubscribed({ events: ['a.b'], state: 'on' }, 'a.b')).toBe(true)
    expect(isSubscribed({ events: ['a.b'], state: 'on' }, 'a.c')).toBe(false)
    expect(isSubscribed({ events: ['*'], state: 'off' }, 'a.b')).toBe(false)
  })
})

describe('the fate of an endpoint', () => {
  const at = new Date('2026-11-22T12:00:00Z')
  it('is decided by failures alone for five days, not by one failure after five days of peace', () => {
    expect(fateOf({}, { status: 500 }, at)).toBe('failing')
    expect(fateOf({ failingSince: new Date(at.getTime() - DEAD_AFTER_MS + 1) }, { status: 500 }, at)).toBe('failing')
    expect(fateOf({ failingSince: new Date(at.getTime() - DEAD_AFTER_MS) }, { problem: 'no answer' }, at)).toBe('dead')
    expect(fateOf({ failingSince: new Date(at.getTime() - 2 * DEAD_AFTER_MS) }, { status: 204 }, at)).toBe('well')
  })
  it('is over at once when the receiver says 410, and a redirect is no success', () => {
    expect(fateOf({}, { status: 410 }, at)).toBe('gone')
    for (const status of [301, 302, 307, 308, 304, 199, 400, 404]) expect(fateOf({}, { status }, at)).toBe('failing')
  })
})

describe('pauses', () => {
  it('go over three days and a little, in ten tries', () => {
    const total = WEBHOOK_PAUSES_MS.reduce((sum, pause) => sum + pause, 0)
    expect(total).toBeGreaterThan(3 * 86_400_000)
    expect(total).toBeLessThan(3.5 * 86_400_000)
    expect(webhookPauseMs(9, 0.5)).toBe(86_400_000)
    expect(webhookPauseMs(10, 0.5)).toBeUndefined()
  })
  it('vary by a fifth, whatever chance says, and never vanish', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 9 }), (random, failures) => {
      const pause = WEBHOOK_PAUSES_MS[failures - 1]!
      const got = webhookPauseMs(failures, random)!
      expect(got).toBeGreaterThanOrEqual(Math.floor(pause * 0.8))
      expect(got).toBeLessThanOrEqual(Math.ceil(pause * 1.2))
    }))
    expect(jittered(1000, 0)).not.toBe(jittered(1000, 0.9))
  })
  it('are made longer by what the receiver asks for, up to a day, and never shorter', () => {
    expect(webhookPauseMs(1, 0.5, 3600)).toBe(3_600_000)
    expect(webhookPauseMs(1, 0.5, 1)).toBe(5000)
    expect(webhookPauseMs(1, 0.5, 99_999_999)).toBe(86_400_000)
  })
  it('of letters settle at two hours, within three days', () => {
    expect([1, 2, 3, 4, 5, 50].map((failures) => letterPauseMs(failures, 0.5) / 60_000)).toEqual([1, 5, 15, 60, 120, 120])
    expect(LETTER_LIVES_MS).toBe(3 * 86_400_000)
  })
})
