import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { clientOf, cookiesIn, originsOf, plainAddress, trustedProxies } from './client.ts'

async function addressOf(peer: string, forwarded: string | undefined, trusted: readonly string[], door = 'public'): Promise<string> {
  const app = new Hono()
  let address = ''
  app.get('/', async (context) => {
    address = (await clientOf(context, { isTrustedProxy: trustedProxies(trusted), originAt: async () => 'http://localhost' })).address
    return context.text('')
  })
  await app.request('http://x/', { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }, { door, incoming: { socket: { remoteAddress: peer } } })
  return address
}

describe('the address of a client', () => {
  test('is the peer’s, whatever the request says, unless the peer is a proxy of ours', async () => {
    expect(await addressOf('203.0.113.9', '198.51.100.1', [])).toBe('203.0.113.9')
    expect(await addressOf('127.0.0.1', '198.51.100.1', [])).toBe('127.0.0.1')
    expect(await addressOf('203.0.113.9', '198.51.100.1', ['loopback'])).toBe('203.0.113.9')
  })

  test('is the last hop that a proxy of ours wrote; those before it are the client’s own words', async () => {
    expect(await addressOf('127.0.0.1', '198.51.100.1', ['loopback'])).toBe('198.51.100.1')
    expect(await addressOf('::ffff:127.0.0.1', '10.0.0.1, 2001:DB8::7', ['loopback'])).toBe('2001:db8::7')
    expect(await addressOf('10.1.2.3', '127.0.0.1, 198.51.100.1', ['10.0.0.0/8'])).toBe('198.51.100.1')
    for (const nonsense of ['', 'unknown', '198.51.100.1,', '_hidden', '1.2.3.4.5']) expect(await addressOf('127.0.0.1', nonsense, ['loopback']), nonsense).toBe('127.0.0.1')
  })

  test('at the operator’s socket is the machine, and no header moves it', async () => expect(await addressOf('', '198.51.100.1', ['loopback'], 'operator')).toBe('unix'))

  test('is read without brackets, ports, zones and the mapping of IPv4', () => {
    for (const [given, read] of [['[::1]:80', '::1'], ['fe80::1%eth0', 'fe80::1'], ['::FFFF:192.0.2.1', '192.0.2.1'], ['192.0.2.1:443', '192.0.2.1'], [' 2001:DB8::1 ', '2001:db8::1']] as const) expect(plainAddress(given)).toBe(read)
  })

  test('a proxy that is no address is refused, with what to give', () => {
    for (const given of ['proxy.example', '10.0.0.0/33', '10.0.0.0/8/8', '::1/129', '', '10.0.0.0/x']) expect(() => trustedProxies([given]), given).toThrow(/no address or network/)
  })
})

test('of two cookies with one name the first counts, and names of objects are only names', () => {
  expect({ ...cookiesIn('a=1; b=2;a=3; =x; c') }).toEqual({ a: '1', b: '2' })
  expect(cookiesIn('__proto__=1; constructor=2')['constructor']).toBe('2')
  expect(cookiesIn(undefined)['toString']).toBeUndefined()
})

test('no Host header makes an origin: it is the public address, or this machine as it was asked for', async () => {
  const at = originsOf({ publicUrl: async () => 'https://security.example.com', localUrl: () => 'http://localhost:7443', isLoopback: (host) => /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(host) })
  expect(await at('localhost:7443')).toBe('http://localhost:7443')
  for (const host of ['security.example.com', 'evil.example', '198.51.100.7', 'localhost@evil.example', '']) expect(await at(host), host).toBe('https://security.example.com')
})
