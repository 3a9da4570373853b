import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** What a client offered, as far as an impostor needs it. */
export interface SeenHello {
  version: number
  suites: readonly number[]
  compression: readonly number[]
}

export type Act = Buffer | 'hang' | 'close' | 'reset'

/**
 * A server that speaks just enough TLS to pretend: it answers each ClientHello as the script says, so that suites
 * and versions which no library of today still has can be met. It never finishes a handshake.
 */
export async function startImpostor(script: (hello: SeenHello | 'ssl2' | undefined) => Act): Promise<{ port: number; stop(): Promise<void> }> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {})
    let received = Buffer.alloc(0)
    let answered = false
    socket.on('data', (chunk: Buffer) => {
      if (answered) return
      received = Buffer.concat([received, chunk])
      const whole = received[0] === 22 ? received.length >= 5 && received.length >= 5 + received.readUInt16BE(3) : received.length >= 2
      if (!whole) return
      answered = true
      const act = script(received[0] === 22 ? seenHello(received) : received[0]! & 0x80 ? 'ssl2' : undefined)
      if (act === 'close') socket.end()
      else if (act === 'reset') socket.resetAndDestroy()
      else if (act !== 'hang') socket.write(act)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

function seenHello(record: Buffer): SeenHello {
  let version = record.readUInt16BE(9)
  let at = 5 + 4 + 2 + 32
  at += 1 + record[at]!
  const suiteBytes = record.readUInt16BE(at)
  const suites = Array.from({ length: suiteBytes / 2 }, (_, index) => record.readUInt16BE(at + 2 + index * 2))
  at += 2 + suiteBytes
  const compression = [...record.subarray(at + 1, at + 1 + record[at]!)]
  at += 1 + record[at]!
  if (at < record.length) {
    for (let from = at + 2; from < record.length; from += 4 + record.readUInt16BE(from + 2)) {
      if (record.readUInt16BE(from) === 43) version = record.readUInt16BE(from + 5)
    }
  }
  return { version, suites, compression }
}

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff])
const record = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type, 3, 1]), u16(body.length), body])
const message = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type, 0]), u16(body.length), body])

/** A fatal alert; 40 is handshake_failure, 70 protocol_version. */
export const alert = (description: number): Buffer => record(21, Buffer.from([2, description]))

/** ServerHello, an empty Certificate and, for `dhBits`, a ServerKeyExchange with a prime of that many bits, each in its place. */
export function serverHello(choice: { version: number; suite: number; compression?: number; secureRenegotiation?: boolean; dhBits?: number }): Buffer {
  const modern = choice.version === 0x0304
  const extensions = Buffer.concat([choice.secureRenegotiation === true ? Buffer.from([0xff, 1, 0, 1, 0]) : Buffer.alloc(0), modern ? Buffer.from([0, 43, 0, 2, 3, 4]) : Buffer.alloc(0)])
  const body = Buffer.concat([u16(modern ? 0x0303 : choice.version), Buffer.alloc(32, 7), Buffer.from([0]), u16(choice.suite), Buffer.from([choice.compression ?? 0]), ...(extensions.length > 0 ? [u16(extensions.length), extensions] : [])])
  const messages = [message(2, body)]
  if (!modern) {
    messages.push(message(11, Buffer.from([0, 0, 0])))
    if (choice.dhBits !== undefined) {
      const prime = Buffer.alloc(choice.dhBits / 8, 0xff)
      messages.push(message(12, Buffer.concat([u16(prime.length), prime, u16(1), Buffer.from([2]), u16(1), Buffer.from([3])])))
    }
    messages.push(message(14, Buffer.alloc(0)))
  }
  return record(22, Buffer.concat(messages))
}

/** The SERVER-HELLO of SSL 2.0, without a certificate. */
export const ssl2ServerHello = (): Buffer => Buffer.from([0x80, 11, 4, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0])
