import { describe, expect, it } from 'vitest'
import { ProbeError } from './failure.ts'
import { hostName, parseTarget, readTarget } from './target.ts'

describe('targets', () => {
  it.each([
    ['example.com', { host: 'example.com' }],
    ['example.com:8443', { host: 'example.com', port: 8443 }],
    ['https://example.com/path?query', { host: 'example.com' }],
    ['[2001:db8::1]:8443', { host: '[2001:db8::1]', port: 8443 }],
    ['2001:db8::1', { host: '2001:db8::1' }],
    [' 192.0.2.1 ', { host: '192.0.2.1' }],
  ])('"%s" is read as a person means it', (text, target) => {
    expect(readTarget(text)).toEqual(target)
  })

  it.each(['', 'a b', 'http://example.com', 'example.com:0', 'example.com:70000', 'user@example.com', '-x.example', 'exa mple.com', '1.2.3.4.5', '../etc/passwd', 'a..b'])('"%s" is refused', (text) => {
    expect(() => readTarget(text)).toThrow(ProbeError)
  })

  it('one host has one spelling', () => {
    expect(hostName('Bücher.Example.')).toBe('xn--bcher-kva.example')
    expect(parseTarget({ host: '[2001:DB8::1]' })).toMatchObject({ host: '2001:db8::1', port: 443, literal: true })
  })
})
