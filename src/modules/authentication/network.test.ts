import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coarse, isAtThisMachine, isWithin, neighbourhood, readNetwork } from './network.ts'
import { changedSecurity, DEFAULT_SECURITY, SecurityChange, SecuritySettings } from './security-settings.ts'
import { csrfRefusal, csrfToken } from './csrf.ts'

describe('a network', () => {
  it('is an address or a block, written in full', () => {
    expect(readNetwork('203.0.113.7')).toBe('203.0.113.7/32')
    expect(readNetwork('203.0.113.0/24')).toBe('203.0.113.0/24')
    expect(readNetwork('2001:db8::/32')).toBe('2001:db8::/32')
    expect(readNetwork('2001:db8::1')).toBe('2001:db8::1/128')
    for (const bad of ['', '10.1/16', '10', '010.0.0.1', '0x7f.1', '10.0.0.0/33', '10.0.0.0/-1', '::/129', 'example.com', '10.0.0.0/8/8', '*']) expect(readNetwork(bad), bad).toBeUndefined()
  })

  it('holds its addresses whatever clothes they wear', () => {
    expect(isWithin('203.0.113.99', ['203.0.113.0/24'])).toBe(true)
    expect(isWithin('::ffff:203.0.113.99', ['203.0.113.0/24'])).toBe(true)
    expect(isWithin('203.0.114.1', ['203.0.113.0/24'])).toBe(false)
    expect(isWithin('2001:db8:1::5', ['203.0.113.0/24', '2001:db8::/32'])).toBe(true)
    expect(isWithin('not an address', ['0.0.0.0/0', '::/0'])).toBe(false)
    expect(isWithin('203.0.113.9', [])).toBe(false)
  })

  it('of one customer is one neighbourhood: an IPv6 /64, an IPv4 address', () => {
    fc.assert(fc.property(fc.ipV6(), (address) => {
      if (address.toLowerCase().includes('ffff:') && address.includes('.')) return
      expect(isWithin(address, [readNetwork(neighbourhood(address).replace(/::\/64$/, '::/64')) ?? '']) || neighbourhood(address).includes('.')).toBe(true)
    }))
    expect(neighbourhood('2001:db8:1:2:3:4:5:6')).toBe(neighbourhood('2001:db8:1:2:ffff::1'))
    expect(neighbourhood('2001:db8:1:2::1')).not.toBe(neighbourhood('2001:db8:1:3::1'))
    expect(neighbourhood('::ffff:203.0.113.7')).toBe('203.0.113.7')
    expect([coarse('203.0.113.7'), coarse('2001:db8:1:2::3'), coarse('nonsense')]).toEqual(['203.0.113.0/24', '2001:db8:1::/48', 'unknown'])
  })
})

it('at this machine is who comes from it and by its name, and nobody else', () => {
  expect(isAtThisMachine({ address: '127.0.0.1', origin: 'http://localhost:8080' })).toBe(true)
  expect(isAtThisMachine({ address: '::1', origin: 'http://localhost' })).toBe(true)
  expect(isAtThisMachine({ address: '203.0.113.7', origin: 'http://localhost:8080' })).toBe(false)
  expect(isAtThisMachine({ address: '127.0.0.1', origin: 'https://security.example.com' })).toBe(false)
  expect(isAtThisMachine({ address: '127.0.0.1', origin: 'http://localhost.evil.example' })).toBe(false)
})

describe('security settings', () => {
  it('cannot lock out whoever changes them, but the operator may shut every network', () => {
    const list = { networkAllowList: ['203.0.113.0/24'] }
    expect(() => changedSecurity(DEFAULT_SECURITY, list, '198.51.100.7')).toThrow(/lock yourself out/)
    expect(changedSecurity(DEFAULT_SECURITY, list, '203.0.113.7').networkAllowList).toEqual(['203.0.113.0/24'])
    expect(changedSecurity(DEFAULT_SECURITY, list, undefined).networkAllowList).toEqual(['203.0.113.0/24'])
    // Somebody outside may still mend another setting, and open the list again.
    const shut = changedSecurity(DEFAULT_SECURITY, list, undefined)
    expect(changedSecurity(shut, { idleMinutes: 30 }, '198.51.100.7').idleMinutes).toBe(30)
    expect(changedSecurity(shut, { networkAllowList: [] }, '198.51.100.7').networkAllowList).toEqual([])
  })

  it('require single sign-on only with somebody to break the glass', () => {
    expect(() => changedSecurity(DEFAULT_SECURITY, { requireSingleSignOn: true }, undefined)).toThrow(/providers fail/)
    const next = changedSecurity(DEFAULT_SECURITY, { requireSingleSignOn: true, breakGlass: ['11111111-1111-4111-8111-111111111111'] }, undefined)
    expect(next.requireSingleSignOn).toBe(true)
    expect(() => changedSecurity(next, { breakGlass: [] }, undefined)).toThrow(/providers fail/)
  })

  it('left out of a change stay as they are, and refuse what they do not know', () => {
    expect(changedSecurity({ ...DEFAULT_SECURITY, idleMinutes: 7 }, SecurityChange.parse({ tokenDays: 30 }), undefined)).toEqual({ ...DEFAULT_SECURITY, idleMinutes: 7, tokenDays: 30 })
    for (const bad of [{ idleMinutes: 4 }, { absoluteHours: 0 }, { tokenDays: 366 }, { networkAllowList: ['10/8'] }, { unknown: true }, { breakGlass: ['ada'] }]) expect(SecurityChange.safeParse(bad).success, JSON.stringify(bad)).toBe(false)
    expect(SecuritySettings.parse({})).toEqual(DEFAULT_SECURITY)
    expect(DEFAULT_SECURITY.requireSecondFactor).toBe(true)
  })
})

describe('the defence against forged requests', () => {
  const key = new Uint8Array(32).fill(1)
  const own = 'https://security.example.com'
  const token = csrfToken(key, 'one')

  it('lets pass what our own page sends, and every request that only reads', () => {
    expect(csrfRefusal('POST', own, { origin: own, secFetchSite: 'same-origin', token }, token)).toBeUndefined()
    expect(csrfRefusal('DELETE', own, { origin: own, token }, token)).toBeUndefined()
    expect(csrfRefusal('GET', own, { origin: 'https://evil.example' }, token)).toBeUndefined()
  })

  it.each([
    ['another site', { origin: own, secFetchSite: 'cross-site', token }],
    ['a neighbouring host', { origin: 'https://www.example.com', secFetchSite: 'same-site', token }],
    ['a neighbouring host that says it is us', { origin: own, secFetchSite: 'same-site', token }],
    ['another origin', { origin: 'https://evil.example', token }],
    ['an opaque origin', { origin: 'null', token }],
    ['another scheme', { origin: 'http://security.example.com', token }],
    ['another port', { origin: `${own}:8443`, token }],
    ['nowhere', { token }],
    ['our page without the text', { origin: own, secFetchSite: 'same-origin' }],
    ['our page with an empty text', { origin: own, secFetchSite: 'same-origin', token: '' }],
    ["our page with another session's text", { origin: own, secFetchSite: 'same-origin', token: csrfToken(key, 'other') }],
    ["our page with another key's text", { origin: own, secFetchSite: 'same-origin', token: csrfToken(new Uint8Array(32), 'one') }],
  ])('refuses what comes from %s', (_from, headers) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'post']) expect(csrfRefusal(method, own, headers, token)).toBeDefined()
  })
})
