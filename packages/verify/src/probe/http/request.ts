import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { isIP } from 'node:net'
import { ProbeError, asProbeError } from '../failure.ts'
import type { Visit } from '../visit.ts'
import { hostName } from '../target.ts'
import { readCertificate } from '../certificate/certificate.ts'
import { buildPath, trustedRoots } from '../certificate/path.ts'
import { faultsOf } from '../certificate/presented.ts'
import { complaintOf, handshake, presentedChain } from '../tls/session.ts'

export interface HttpAnswer {
  url: string
  status: number
  /** Every header line as sent, names in lower case. */
  headers: readonly (readonly [name: string, value: string])[]
  body: Buffer
  /** False when the body was longer than the limit and was cut. */
  whole: boolean
  /** What is wrong with the certificate; empty for plain HTTP, where there is none to judge. */
  certificateFaults: readonly string[]
}

// Node stops reading headers here; real sites send 1 to 4 KiB.
const MAX_HEADER_BYTES = 32 * 1024

/**
 * GET by HTTP/1.1, with no redirect followed, no cookie kept, and no credentials sent. The request goes through the
 * visit's door, so that private addresses are refused after resolution.
 * @param maxBodyBytes what is read of the body at most
 * @throws ProbeError
 */
export function get(visit: Visit, url: URL, maxBodyBytes = 64 * 1024): Promise<HttpAnswer> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new ProbeError('malformed', `an address that is neither https nor http (${url.protocol})`)
  const secure = url.protocol === 'https:'
  const host = hostName(url.hostname)
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  return visit.connected(host, port, async (socket, limitMs) => {
    const endsAt = performance.now() + limitMs
    if (!secure) return { ...(await exchange(socket, url, host, endsAt, maxBodyBytes)), certificateFaults: [] }
    const tls = await handshake(visit, socket, host, limitMs)
    try {
      const faults = certificateFaults(visit, tls, host)
      return { ...(await exchange(tls, url, host, endsAt, maxBodyBytes)), certificateFaults: faults }
    } finally {
      tls.destroy()
    }
  })
}

function certificateFaults(visit: Visit, tls: TLSSocket, host: string): string[] {
  const chain = presentedChain(tls).map(readCertificate)
  return faultsOf(chain, buildPath(chain, trustedRoots(visit.options.trust ?? [])), complaintOf(tls), host, visit.options.at)
}

/** INVARIANT: the timer runs from start to end of the exchange, so a host that drips bytes gains nothing. */
function exchange(socket: Socket, url: URL, host: string, endsAt: number, maxBodyBytes: number): Promise<Omit<HttpAnswer, 'certificateFaults'>> {
  return new Promise((resolve, reject) => {
    const what = `GET ${url.origin}`
    const late = (): void => fail(new ProbeError('timeout', `${what}: no whole answer in time`))
    const timer = setTimeout(late, Math.max(1, endsAt - performance.now()))
    const fail = (error: unknown): void => {
      clearTimeout(timer)
      call.destroy()
      reject(asProbeError(error, what))
    }
    const call = request({
      // INVARIANT: the socket was opened through the visit's door. No `agent` is named, as Node would then dial by itself;
      // should it try all the same, the look-up refuses.
      createConnection: () => socket,
      lookup: (_name, _options, answered) => answered(new ProbeError('private-address', 'a second look-up is not made'), '', 0),
      path: `${url.pathname}${url.search}`,
      // User agents are asked to say who they are (RFC 9110 §10.1.5); the operator finds us in the log.
      headers: { host: hostHeader(url, host), 'user-agent': 'vouchsafe-probe', accept: '*/*', 'accept-encoding': 'identity', connection: 'close' },
      maxHeaderSize: MAX_HEADER_BYTES,
    })
    call.on('error', fail)
    call.on('response', (answer: IncomingMessage) => {
      const chunks: Buffer[] = []
      let size = 0
      const finish = (whole: boolean): void => {
        clearTimeout(timer)
        answer.removeAllListeners()
        answer.on('error', () => {})
        call.destroy()
        resolve({ url: url.href, status: answer.statusCode ?? 0, headers: pairs(answer.rawHeaders), body: Buffer.concat(chunks).subarray(0, maxBodyBytes), whole })
      }
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > maxBodyBytes) finish(false)
      })
      answer.on('end', () => finish(answer.complete))
      answer.on('error', fail)
      answer.on('aborted', () => fail(new ProbeError('malformed', `${what}: the answer broke off`)))
    })
    call.end()
  })
}

function hostHeader(url: URL, host: string): string {
  const name = isIP(host) === 6 ? `[${host}]` : host
  return url.port === '' ? name : `${name}:${url.port}`
}

function pairs(raw: readonly string[]): [string, string][] {
  const list: [string, string][] = []
  for (let index = 0; index + 1 < raw.length; index += 2) list.push([raw[index]!.toLowerCase(), raw[index + 1]!])
  return list
}

/** Values of a header in the order sent. */
export function headerLines(answer: HttpAnswer, name: string): string[] {
  return answer.headers.filter(([key]) => key === name).map(([, value]) => value)
}

/** Where a redirect leads; undefined when the answer is none. @throws ProbeError `malformed` */
export function redirectOf(answer: HttpAnswer): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return undefined
  const [location] = headerLines(answer, 'location')
  if (location === undefined) return undefined
  try {
    return new URL(location, answer.url)
  } catch (cause) {
    throw new ProbeError('malformed', 'a redirect to something that is no address', { cause })
  }
}

/** The site's own https address, with its port where that is not 443. */
export function siteUrl(visit: Visit, path: string): URL {
  const { host, port } = visit.site
  return new URL(path, `https://${isIP(host) === 6 ? `[${host}]` : host}${port === 443 ? '' : `:${port}`}`)
}
