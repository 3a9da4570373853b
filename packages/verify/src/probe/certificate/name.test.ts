import { describe, expect, it } from 'vitest'
import { matchesName, speaksFor } from './name.ts'

describe('names in certificates (RFC 9525 §6.3)', () => {
  it.each([
    ['www.example.com', 'www.example.com', true],
    ['WWW.Example.COM', 'www.example.com', true],
    ['*.example.com', 'www.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'a.b.example.com', false],
    ['w*.example.com', 'www.example.com', false],
    ['www.*.com', 'www.example.com', false],
    ['*.*.com', 'www.example.com', false],
    ['*.com', 'example.com', false],
    ['*', 'localhost', false],
    ['example.com', 'www.example.com', false],
    ['example.com.', 'example.com', true],
    ['example.com\0.evil.test', 'example.com', false],
  ])('%s for %s: %s', (pattern, host, expected) => {
    expect(matchesName(pattern, host)).toBe(expected)
  })

  it('an address is matched by an address entry alone, in any spelling', () => {
    const certificate = { dnsNames: ['192.0.2.1', '*.0.2.1'], ipAddresses: ['2001:db8::1'] }
    expect(speaksFor(certificate, '192.0.2.1')).toBe(false)
    expect(speaksFor(certificate, '2001:db8:0:0::1')).toBe(true)
    expect(speaksFor(certificate, '2001:db8::2')).toBe(false)
  })
})
