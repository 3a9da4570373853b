import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { get } from './http/request.ts'
import { Visit } from './visit.ts'
import type { ProbeOptions } from './target.ts'

/** A DNS server that knows a few names, each with its A records. */
const NAMES: Record<string, readonly string[]> = {
  'public.test': ['8.8.4.4'],
  'inside.test': ['10.0.0.1'],
  'metadata.test': ['169.254.169.254'],
  'mixed.test': ['127.0.0.1', '8.8.4.4'],
  'here.test': ['127.0.0.1'],
}

describe('the door of a visit', () => {
  const dns = createSocket('udp4')
  let options: ProbeOptions
  let http: Server
  let port: number
  /** Connections taken so far, and those kept waiting for an answer. */
  let taken = 0
  let holding = false
  const held: (() => void)[] = []

  beforeAll(async () => {
    dns.on('message', (query, from) => {
      const labels: string[] = []
      for (let at = 12; query[at]! > 0; at += 1 + query[at]!) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!))
      const addresses = query[query.length - 14] === 1 ? (NAMES[labels.join('.')] ?? []) : [] // type A
      const header = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, addresses.length, 0, 0, 0, 0])
      const records = addresses.map((address) => Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]))
      dns.send(Buffer.concat([header, query.subarray(12, -11), ...records]), from.port, from.address)
    })
    await new Promise<void>((resolve) => dns.bind(0, '127.0.0.1', resolve))
    http = createServer((socket) => {
      taken++
      socket.on('error', () => {})
      const reply = (): void => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      if (holding) held.push(reply)
      else reply()
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    port = (http.address() as AddressInfo).port
    options = { at: new Date(), timeoutMs: 2000, resolver: { servers: [`127.0.0.1:${dns.address().port}`] } }
  })
  afterAll(() => {
    dns.close()
    http.close()
  })

  const visit = (more: Partial<ProbeOptions> = {}, host = 'public.test'): Visit => new Visit({ host }, { ...options, ...more })

  it.each(['inside.test', 'metadata.test', 'here.test', 'localhost', 'a.localhost', '127.0.0.1', '::1', '169.254.169.254', '::ffff:10.0.0.1'])('%s is not called without leave', async (host) => {
    await expect(visit().addressesOf(host)).rejects.toMatchObject({ code: 'private-address' })
  })

  it('of mixed addresses only the public ones are called', async () => {
    expect(await visit().addressesOf('mixed.test')).toEqual(['8.8.4.4'])
  })

  it('with leave, all of them are', async () => {
    expect(await visit({ allowPrivate: true }).addressesOf('mixed.test')).toEqual(['127.0.0.1', '8.8.4.4'])
  })

  it('a request to a private address by its name or by a redirect target is refused before it connects', async () => {
    const before = taken
    await expect(get(visit(), new URL(`http://here.test:${port}/`))).rejects.toMatchObject({ code: 'private-address' })
    await expect(get(visit(), new URL(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({ code: 'private-address' })
    // Spellings that other parsers read as loopback are one address by the time the door sees them.
    await expect(get(visit(), new URL(`http://0x7f.1:${port}/`))).rejects.toMatchObject({ code: 'private-address' })
    await expect(get(visit(), new URL(`http://[::ffff:7f00:1]:${port}/`))).rejects.toMatchObject({ code: 'private-address' })
    expect(taken).toBe(before)
  })

  it('an address that the caller pins is judged like any other', async () => {
    await expect(new Visit({ host: 'public.test', address: '192.168.0.1' }, options).addressesOf('public.test')).rejects.toMatchObject({ code: 'private-address' })
    expect(await new Visit({ host: 'public.test', address: '8.8.8.8' }, options).addressesOf('public.test')).toEqual(['8.8.8.8'])
  })

  it('a name that DNS does not know has no address', async () => {
    await expect(visit().addressesOf('nobody.test')).rejects.toMatchObject({ code: 'no-address' })
  })

  it('at most four connections are open at once, and all requests are answered', async () => {
    holding = true
    const one = visit({ allowPrivate: true })
    const answers = Promise.all(Array.from({ length: 20 }, async () => await get(one, new URL(`http://here.test:${port}/`))))
    while (held.length < 4) await sleep(5)
    await sleep(50) // a fifth would have come by now
    expect(held.length).toBe(4)
    holding = false
    for (const reply of held) reply()
    expect((await answers).map((answer) => answer.status)).toEqual(Array.from({ length: 20 }, () => 200))
  })

  it('when the time of the whole visit is used up, nothing more is tried', async () => {
    await expect(get(visit({ allowPrivate: true, totalMs: 0 }), new URL(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({ code: 'timeout' })
  })

  it('other schemes than http and https are not fetched', async () => {
    await expect(async () => await get(visit({ allowPrivate: true }), new URL('file:///etc/passwd'))).rejects.toMatchObject({ code: 'malformed' })
  })
})
