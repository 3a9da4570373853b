import { describe, expect, it } from 'vitest'
import { parseContentPolicies, referrerPolicy, scriptGaps } from './policy.ts'

const gaps = (...values: string[]): string[] => scriptGaps(values.flatMap(parseContentPolicies))

describe('Content-Security-Policy', () => {
  it.each([
    [["default-src 'self'"], []],
    [["default-src *; script-src 'none'"], []],
    [["script-src 'self' 'unsafe-inline'"], ["'unsafe-inline'"]],
    [["script-src 'self' 'unsafe-inline' 'nonce-abc'"], []], // a nonce switches unsafe-inline off
    [["script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'"], []],
    [["script-src 'nonce-abc' https:"], ['https:']],
    [["img-src 'self'"], ['neither script-src nor default-src']],
    [["img-src 'self'", "default-src 'self'"], []], // the strictest of several counts
    [["img-src 'self', script-src 'self'"], []],
    [["script-src 'self'; script-src *"], []], // of a directive given twice the first counts
    [["SCRIPT-SRC DATA:"], ['data:']],
    [[], ['no policy']],
  ])('%j leaves %j open', (values, expected) => {
    expect(gaps(...values)).toEqual(expected)
  })

  it('of several referrer policies the last that browsers know counts', () => {
    expect(referrerPolicy(['no-referrer, strict-origin-when-cross-origin'])).toBe('strict-origin-when-cross-origin')
    expect(referrerPolicy(['unsafe-url', 'something-new'])).toBe('unsafe-url')
    expect(referrerPolicy([])).toBeUndefined()
  })
})
