import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { isPublicAddress } from './address.ts'
import { outboundFetch } from './outbound-fetch.ts'
import type { OutboundOptions } from './outbound-fetch.ts'

const inside: OutboundOptions = { allowPrivate: true, maxBytes: 1000, timeoutMs: 2000, maxRedirects: 3 }
const outside: OutboundOptions = { ...inside, allowPrivate: false }
const servers: Server[] = []
async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
afterEach(() => { for (const server of servers.splice(0)) { server.closeAllConnections(); server.close() } })

describe('public addresses', () => {
  it.each(['1.1.1.1', '8.8.8.8', '93.184.215.14', '2606:4700::1111', '2001:4860:4860::8888'])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true))

  it.each([
    '0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1',
    '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16',
    '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '5f00::1', '3fff::1', '4000::1',
    '', 'localhost', '1.1.1', '0x7f.1', '2130706433', '1.1.1.1 ', '1.1.1.256', '[::1]',
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false))

  it('no address of a private block is public, plain or wrapped into IPv6', () => {
    const byte = fc.integer({ min: 0, max: 255 })
    const blocks = [[10], [127], [192, 168], [169, 254], [172, 20], [100, 70], [0], [224], [255]]
    fc.assert(fc.property(fc.constantFrom(...blocks), byte, byte, byte, (block, x, y, z) => {
      const [a, b, c, d] = [...block, x, y, z]
      const text = `${a}.${b}.${c}.${d}`
      const hex = [(a << 8) | b, (c << 8) | d!].map((word) => word.toString(16)).join(':')
      for (const form of [text, `::ffff:${text}`, `::${text}`, `64:ff9b::${hex}`, `2002:${hex}::1`]) expect(isPublicAddress(form), form).toBe(false)
    }))
  })
})

describe('the one way out', () => {
  it('calls no inside address, however it is written', async () => {
    let called = 0
    const port = await serve((_request, answer) => { called++; answer.end('inside') })
    for (const host of ['127.0.0.1', 'localhost', '0x7f000001', '2130706433', '127.1', '0177.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0', '127.0.0.1.']) {
      await expect(outboundFetch(`http://${host}:${port}/`, outside), host).rejects.toMatchObject({ code: expect.stringMatching(/unreachable|bad-input/) })
    }
    expect(called).toBe(0)
  })

  it('refuses a name as soon as one of its addresses is inside', async () => {
    const resolve = async () => ['93.184.215.14', '10.0.0.1']
    await expect(outboundFetch('http://mixed.example/', { ...outside, resolve })).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('not public') })
  })

  it('a name that changes its mind gains nothing: it is asked once, and the answer is what is connected to', async () => {
    const port = await serve((request, answer) => answer.end(request.headers.host))
    let asked = 0
    const answers = [['127.0.0.1'], ['192.0.2.1']]
    const resolve = async () => answers[asked++] ?? []
    const answer = await outboundFetch(`http://rebinding.example:${port}/`, { ...inside, resolve })
    expect([asked, answer.address, String(answer.body)]).toEqual([1, '127.0.0.1', `rebinding.example:${port}`])
  })

  it('a redirect goes through the same door', async () => {
    const seen: string[] = []
    const port = await serve((request, answer) => { seen.push(request.url ?? ''); answer.writeHead(302, { location: 'http://internal.example/secret' }).end() })
    // The first name is allowed here by a resolver that stands for a public host; the door judges each step by itself.
    const resolve = async (host: string) => (host === 'internal.example' ? ['169.254.169.254'] : ['127.0.0.1'])
    let step = 0
    await expect(outboundFetch(`http://public.example:${port}/`, { ...inside, resolve, get allowPrivate() { return step++ === 0 } })).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('internal.example') })
    expect(seen).toEqual(['/'])
  })

  it('follows so many redirects and no more, without credentials to another host, never from https to http', async () => {
    const headers: (string | undefined)[] = []
    const second = await serve((request, answer) => { headers.push(request.headers.authorization); answer.end('there') })
    const port = await serve((request, answer) => {
      headers.push(request.headers.authorization)
      answer.writeHead(307, { location: request.url === '/loop' ? '/loop' : `http://127.0.0.1:${second}/` }).end()
    })
    expect(String((await outboundFetch(`http://127.0.0.1:${port}/`, { ...inside, headers: { Authorization: 'Bearer hush' } })).body)).toBe('there')
    expect(headers).toEqual(['Bearer hush', undefined])
    await expect(outboundFetch(`http://127.0.0.1:${port}/loop`, inside)).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('3 times') })
    expect((await outboundFetch(`http://127.0.0.1:${port}/loop`, { ...inside, maxRedirects: 0 })).status).toBe(307)
  })

  it('takes no more bytes than asked for, packed or not', async () => {
    const zeros = Buffer.alloc(5_000_000)
    const port = await serve((request, answer) => {
      if (request.url === '/gzip') return void answer.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(zeros).subarray(0))
      if (request.url === '/br') return void answer.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync(zeros))
      if (request.url === '/small') return void answer.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('small'))
      if (request.url === '/broken') return void answer.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip')
      answer.end(zeros)
    })
    for (const path of ['/', '/br']) await expect(outboundFetch(`http://127.0.0.1:${port}${path}`, inside), path).rejects.toMatchObject({ code: 'too-large' })
    await expect(outboundFetch(`http://127.0.0.1:${port}/gzip`, { ...inside, maxBytes: 10_000 })).rejects.toMatchObject({ code: 'too-large' })
    expect(String((await outboundFetch(`http://127.0.0.1:${port}/small`, inside)).body)).toBe('small')
    await expect(outboundFetch(`http://127.0.0.1:${port}/broken`, inside)).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('does not wait longer than asked: for a name, an answer, or a body that trickles', async () => {
    const port = await serve((request, answer) => {
      if (request.url === '/trickle') { answer.write('a'); const timer = setInterval(() => answer.write('a'), 20); answer.on('close', () => clearInterval(timer)) }
    })
    const hurried = { ...inside, timeoutMs: 150 }
    for (const path of ['/', '/trickle']) await expect(outboundFetch(`http://127.0.0.1:${port}${path}`, hurried), path).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('0.15 s') })
    await expect(outboundFetch('http://slow.example/', { ...hurried, resolve: () => new Promise(() => {}) })).rejects.toMatchObject({ code: 'unreachable' })
  })

  it.each(['ftp://example.org/', 'file:///etc/passwd', 'data:text/plain,x', 'javascript:1', 'nonsense', '', 'http://user:hush@example.org/', 'http://'])('refuses %s, and shows no password', async (address) => {
    const error = await outboundFetch(address, outside).then(() => undefined, (caught: unknown) => caught as Error)
    expect(error).toMatchObject({ code: 'bad-input' })
    if (address.includes('hush')) expect(String(error)).not.toContain('hush')
  })

  it('says a refused connection and an unknown name clearly', async () => {
    await expect(outboundFetch('http://127.0.0.1:1/', inside)).rejects.toMatchObject({ code: 'unreachable' })
    await expect(outboundFetch('http://no.example/', { ...inside, resolve: async () => { throw new Error('ENOTFOUND') } })).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('no.example') })
  })
})
