import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import { isLoopbackHost } from '#core/organisation'

/** What of a request tells whether somebody at this very machine sent it. */
export interface Arrival {
  httpVersion: string
  /** The request target as it came. */
  url?: string | undefined
  headers: IncomingMessage['headers']
  socket: { remoteAddress?: string | undefined; localAddress?: string | undefined }
}

/** A proxy that speaks for others adds one of these. */
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']

/**
 * Whether a request began on this machine, as far as it shows. A reverse proxy runs here too, so an address of this
 * machine is not enough: nothing may say that it was forwarded, the name asked for must be this machine's own, and it must
 * be neither HTTP/1.0, which no browser speaks any more and proxies do, nor name a host in its target, as requests to
 * proxies do. A proxy that hides all of this looks the same, so nothing that must stay hidden rests on this alone (preview.ts).
 */
export function beganHere({ httpVersion, url = '/', headers, socket }: Arrival): boolean {
  const [remote, local] = [socket.remoteAddress, socket.localAddress].map((address) => address?.replace(/^::ffff:/i, ''))
  if (remote === undefined || (remote !== local && !isLoopbackAddress(remote))) return false
  if (httpVersion === '1.0' || !url.startsWith('/') || FORWARDED.some((name) => headers[name] !== undefined)) return false
  const host = headers.host ?? ''
  const name = host.replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1')
  return isLoopbackHost(host) || name === local || name === '0.0.0.0' || name === '::'
}

export const isLoopbackAddress = (address: string): boolean => address === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address)

/** Whether a request began here or came by the operator's socket: the listener has said so, nobody else can. */
export const isNear = (context: Context): boolean => {
  const { door, near } = (context.env ?? {}) as { door?: string; near?: boolean }
  return door === 'operator' || near === true
}
