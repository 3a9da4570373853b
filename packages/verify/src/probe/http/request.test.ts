import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Visit } from '../visit.ts'
import { get, headerLines } from './request.ts'
import type { HttpAnswer } from './request.ts'

describe('an HTTP exchange', () => {
  let server: Server | undefined
  const sockets = new Set<Socket>()
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    server?.close()
  })

  /** What a GET makes of a server that does this with each connection. */
  const against = async (act: (socket: Socket) => void, timeoutMs = 400): Promise<HttpAnswer> => {
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      act(socket)
    })
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
    const visit = new Visit({ host: '127.0.0.1' }, { at: new Date(), timeoutMs, allowPrivate: true })
    return await get(visit, new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), 1000)
  }

  it('keeps every header line in order, and the body', async () => {
    const answer = await against((socket) => socket.end('HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 2\r\n\r\nok'))
    expect(headerLines(answer, 'set-cookie')).toEqual(['a=1', 'b=2'])
    expect(answer).toMatchObject({ status: 200, whole: true, certificateFaults: [] })
    expect(answer.body.toString()).toBe('ok')
  })

  it('cuts a body that never ends', async () => {
    const answer = await against((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const pour = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(16_384, 97)));
      }
      socket.on('drain', pour)
      pour()
    })
    expect(answer).toMatchObject({ whole: false })
    expect(answer.body.length).toBe(1000)
  })

  it.each<[string, string, (socket: Socket) => void]>([
    ['silence', 'timeout', () => {}],
    [
      'a header that drips',
      'timeout',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nx: ')
        setInterval(() => socket.write('y'), 20).unref()
      },
    ],
    [
      'a body that drips',
      'timeout',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n')
        setInterval(() => socket.write('x'), 20).unref()
      },
    ],
    ['interim answers without end', 'timeout', (socket) => void setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 5).unref()],
    ['a flood of headers', 'too-large', (socket) => void socket.write(`HTTP/1.1 200 OK\r\n${Array.from({ length: 100 }, (_, index) => `x-${index}: ${'y'.repeat(1000)}\r\n`).join('')}`)],
    ['no HTTP at all', 'malformed', (socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    ['two lengths', 'malformed', (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk')],
    ['a body cut short', 'malformed', (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nok')],
    ['an end before the answer', 'refused', (socket) => void socket.end()],
  ])('%s is %s', async (_, code, act) => {
    await expect(against(act)).rejects.toMatchObject({ name: 'ProbeError', code })
  })
})
