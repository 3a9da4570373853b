import type { Socket } from 'node:net'
import { ProbeError, asProbeError } from '../failure.ts'
import type { Visit } from '../visit.ts'
import { isSsl2ServerHello, readReply } from './reply.ts'
import { writeClientHello, writeSsl2Hello } from './hello.ts'
import type { ServerFlight } from './reply.ts'
import type { Offer } from './hello.ts'

export type OfferAnswer =
  | { kind: 'accepted'; flight: ServerFlight }
  | { kind: 'refused'; alert: number | undefined } // by an alert, or by closing the connection

/**
 * Makes one offer to the site over a connection of its own and reads the first answer.
 * Closing or resetting after the hello is a refusal: many servers and firewalls refuse in no other way. Whoever
 * judges must have seen the same site accept some other offer, or the whole port may be shut.
 * @throws ProbeError `timeout`, `refused` (no connection at all), `malformed`
 */
export function makeOffer(visit: Visit, offer: Omit<Offer, 'host'>, expectDh = false): Promise<OfferAnswer> {
  return visit.connected(visit.site.host, visit.site.port, async (socket, limitMs) => {
    const hello = writeClientHello({ ...offer, host: visit.site.host })
    const answer = await converse(socket, hello, limitMs, (bytes) => {
      const reply = readReply(bytes, expectDh)
      return reply.kind === 'more' ? undefined : reply
    })
    if (answer === 'closed') return { kind: 'refused', alert: undefined }
    return answer.kind === 'alert' ? { kind: 'refused', alert: answer.description } : { kind: 'accepted', flight: answer.flight }
  })
}

/** True when the site answers an SSL 2.0 hello in kind. @throws ProbeError */
export function offerSsl2(visit: Visit): Promise<boolean> {
  return visit.connected(visit.site.host, visit.site.port, async (socket, limitMs) => {
    const answer = await converse(socket, writeSsl2Hello(), limitMs, (bytes) => isSsl2ServerHello(bytes))
    return answer === true
  })
}

/**
 * Sends bytes, then reads until `read` makes something of what has come, the far end closes, or time is up.
 * `read` is called with everything received so far and bounds it by throwing.
 */
export function converse<T extends object | boolean>(socket: Socket, hello: Buffer, limitMs: number, read: (bytes: Buffer) => T | undefined): Promise<T | 'closed'> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    const timer = setTimeout(() => end(() => reject(new ProbeError('timeout', 'connected, but no whole TLS answer in time'))), Math.max(1, limitMs))
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      socket.pause()
      settle()
    }
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      try {
        const result = read(received)
        if (result !== undefined) end(() => resolve(result))
      } catch (error) {
        end(() => reject(asProbeError(error, 'reading the TLS answer')))
      }
    })
    socket.once('error', () => end(() => resolve('closed')))
    socket.once('close', () => end(() => resolve('closed')))
    socket.write(hello)
  })
}
