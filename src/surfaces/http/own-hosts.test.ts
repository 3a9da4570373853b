import { expect, test } from 'vitest'
import { ownHosts } from './own-hosts.ts'

const parts = { id: 'us', idAtHost: async (host: string) => ({ localhost: 'us', 'them.example': 'them' })[host], publicUrl: async () => 'https://security.example.com:8443' }

test.each(['localhost', '127.0.0.1:7443', '10.1.2.3', '[::1]:7443', 'security.example.com:8443', 'security.example.com', 'SECURITY.EXAMPLE.COM'])('%s is ours', async (host) => expect(await ownHosts(parts).has(host)).toBe(true))
test.each(['', 'evil.example', 'them.example', 'security.example.com.evil.example', 'security.example.com:9', '1.2.3.4.evil.example', '[::1].evil.example', '127.0.0.1@evil.example'])('%j is not', async (host) => expect(await ownHosts(parts).has(host)).toBe(false))

test('an answer is kept for a while, a failure is not', async () => {
  let asked = 0
  const hosts = ownHosts({ ...parts, idAtHost: async () => (++asked === 1 ? Promise.reject(new Error('away')) : 'us') })
  await expect(hosts.has('a.example')).rejects.toThrow('away')
  expect(await hosts.has('a.example')).toBe(true)
  expect(await hosts.has('a.example')).toBe(true)
  expect(asked).toBe(2)
})

test('only what was asked and answered with yes is known', async () => {
  const hosts = ownHosts(parts)
  expect(hosts.knows('localhost')).toBe(false)
  for (const host of ['localhost', 'evil.example']) await hosts.has(host)
  expect(['localhost', 'evil.example', 'LOCALHOST'].map((host) => hosts.knows(host))).toEqual([true, false, false])
})
