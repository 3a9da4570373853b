import { describe, expect, it } from 'vitest'
import { agoWords, cadenceWords, countWords, dayWords, durationWords, exactWords, machineWords, When } from './when.tsx'

const AT = new Date('2026-03-29T02:30:00Z')
const ago = (seconds: number): string => agoWords(new Date(AT.getTime() - seconds * 1000), AT)

describe('times in words', () => {
  it('counts down from minutes to hours to days, never rounding up to more than has passed', () => {
    expect([0, 59, 60, 239, 240, 89 * 60, 90 * 60, 47 * 3600, 48 * 3600, 16 * 86_400].map(ago)).toEqual([
      'just now', 'just now', '1 min ago', '3 min ago', '4 min ago', '89 min ago', '1 h ago', '47 h ago', '2 days ago', '16 days ago',
    ])
  })

  it('a moment in the future is never "ago"', () => {
    expect(ago(-3600)).toBe('on 29 March 2026')
    expect(ago(-10)).toBe('just now') // clocks of two machines differ by seconds
  })

  it('is in UTC, whatever the zone of the machine', () => {
    const late = new Date('2026-12-31T23:59:59Z')
    expect([dayWords(late), exactWords(late), machineWords(late)]).toEqual(['31 December 2026', '31 December 2026, 23:59:59 UTC', '2026-12-31T23:59:59Z'])
  })

  it('names cadences and durations in units that people use', () => {
    expect([60, 900, 3600, 14_400, 86_400, 604_800, 7_776_000].map(cadenceWords)).toEqual(['each minute', 'each 15 min', 'each hour', 'each 4 h', 'each day', 'each week', 'each 90 days'])
    expect([45, 7200, 129_600, 172_800].map(durationWords)).toEqual(['45 s', '2 h', '36 h', '2 days'])
    expect([countWords(0, 'check'), countWords(1, 'check'), countWords(3, 'check'), countWords(18_204, 'entry', 'entries')]).toEqual(['no checks', 'one check', 'three checks', '18,204 entries'])
  })

  it('carries the exact instant beside the words', () => {
    // oxlint-disable-next-line typescript/no-base-to-string -- none of these parts is asynchronous, so Hono renders them to text at once
    expect(String(When({ at: new Date(AT.getTime() - 240_000), now: AT }))).toBe('<time datetime="2026-03-29T02:26:00Z" title="29 March 2026, 02:26:00 UTC">4 min ago</time>')
  })
})
