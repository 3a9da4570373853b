import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countedAddress, createAllowance } from './allowance.ts'

test('an address has its burst at once, then its rate, and is told when to come again', () => {
  const allowance = createAllowance({ burst: 3, perSecond: 2 })
  expect([0, 0, 0, 0].map((at) => allowance.take('a', at))).toEqual([undefined, undefined, undefined, 1])
  expect(allowance.take('b', 0), 'another address has its own').toBeUndefined()
  expect([500, 500, 1000].map((at) => allowance.take('a', at))).toEqual([undefined, 1, undefined])
  expect(createAllowance({ burst: 1, perSecond: 0.1 })).toSatisfy((slow: ReturnType<typeof createAllowance>) => slow.take('a', 0) === undefined && slow.take('a', 0) === 10)
})

test('never more than burst and rate allow, whenever requests come, and who waited as told gets through', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 }), (gaps) => {
      const allowance = createAllowance({ burst: 5, perSecond: 10 })
      let at = 0
      let through = 0
      for (const gap of gaps) {
        at += gap
        const wait = allowance.take('a', at)
        if (wait === undefined) through++
        else if (wait * 1000 < 0.1 || wait > 1) return false
      }
      return through <= 5 + (at / 1000) * 10 + 1e-6 && allowance.take('a', at + 1000) === undefined
    }),
  )
})

test('memory is bounded: the address that asked longest ago is forgotten first', () => {
  const allowance = createAllowance({ burst: 1, perSecond: 0.001, most: 3 })
  for (const address of ['a', 'b', 'c', 'a', 'd']) allowance.take(address, 0)
  expect(allowance.take('a', 0), 'asked again meanwhile').toBeDefined()
  expect(allowance.take('b', 0), 'forgotten').toBeUndefined()
})

test.each([
  ['a stranger, directly', '203.0.113.9', undefined, '203.0.113.9'],
  ['a stranger who claims another address', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['through a proxy here', '127.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['through a proxy here, with what the stranger wrote before it', '::1', '127.0.0.1, 198.51.100.1,203.0.113.9', '203.0.113.9'],
  ['through a proxy here that says no address', '127.0.0.1', 'unknown', 'unreadable'],
  ['this machine itself', '127.0.0.1', undefined, undefined],
  ['this machine through a socket for both families', '::ffff:127.0.0.1', undefined, undefined],
  ['the operator socket', undefined, undefined, undefined],
  ['IPv6 by its network', '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
  ['IPv6 written short', '::1', '2001:db8::1', '2001:db8:0:0::/64'],
  ['IPv6 of a link', 'fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
  ['IPv4 in IPv6', '::ffff:203.0.113.9', undefined, '203.0.113.9'],
])('%s counts for the right address', (_who, remoteAddress, forwarded, counted) => {
  expect(countedAddress({ headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, socket: { remoteAddress } })).toBe(counted)
})
