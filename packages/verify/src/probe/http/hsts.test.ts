import { describe, expect, it } from 'vitest'
import { parseStrictTransport } from './hsts.ts'

describe('Strict-Transport-Security (RFC 6797 §6.1)', () => {
  it.each([
    ['max-age=31536000', { maxAgeSeconds: 31536000, includeSubDomains: false, preload: false }],
    ['max-age="31536000"', { maxAgeSeconds: 31536000 }], // the example of §6.2
    ['max-age=15768000 ; includeSubDomains', { maxAgeSeconds: 15768000, includeSubDomains: true }],
    ['MAX-AGE=1; INCLUDESUBDOMAINS; preload;', { maxAgeSeconds: 1, includeSubDomains: true, preload: true }],
    ['; ; max-age=5; unknown="a;b"', { maxAgeSeconds: 5 }],
  ])('%s is read', (value, expected) => {
    expect(parseStrictTransport(value)).toMatchObject(expected)
  })

  it.each(['', 'includeSubDomains', 'max-age', 'max-age=', 'max-age=-1', 'max-age=1.5', 'max-age=1; max-age=2', 'max-age=1, includeSubDomains', 'max-age=1; a b'])('"%s" is ignored by browsers', (value) => {
    expect(parseStrictTransport(value)).toHaveProperty('fault')
  })
})
