import { lookup } from 'node:dns/promises'
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { VouchsafeError, messageOf } from '#core/errors'
import { isPublicAddress } from './address.ts'

export interface OutboundOptions {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  headers?: Record<string, string>
  body?: Uint8Array | string
  /** Whether private, loopback and link-local addresses may be called. Only ever from the operator's own settings. */
  allowPrivate: boolean
  /** Longest body taken, after decompression. */
  maxBytes: number
  /** For everything together: names, redirects, body. */
  timeoutMs: number
  /** 0: a redirect is an answer like any other. */
  maxRedirects: number
  /** How names become addresses; default: the machine's resolver. */
  resolve?: (host: string) => Promise<readonly string[]>
  /** Certificates (PEM) to trust besides the usual ones: for the operator's own authority. */
  ca?: string
  signal?: AbortSignal
}

export interface OutboundAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** The address of the last request, after redirects. */
  url: string
  /** The IP address that answered. */
  address: string
}

/** Headers that speak for us to one host and must not follow a redirect to another. */
const ownHeaders = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key']

/**
 * The one way out for addresses that people give us (import, probes, webhooks).
 *
 * Each name is resolved once, every address it has is judged, and the connection goes to an address that was judged:
 * a name that changes its mind between the two (DNS rebinding) gains nothing. Redirects go through the same door.
 * http and https only, no proxy, no credentials in the address.
 * @throws VouchsafeError `bad-input` (the address), `unreachable` (refused by rule, no answer, too slow), `too-large`
 */
export async function outboundFetch(address: string | URL, options: OutboundOptions): Promise<OutboundAnswer> {
  const deadline = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal])
  let url = parseAddress(address)
  let { method = 'GET', body } = options
  let headers = lowerCase(options.headers ?? {})
  for (let redirects = 0; ; redirects++) {
    const ip = await withSignal(chooseAddress(url, options), signal, url, options)
    const answer = await requestOnce(url, ip, { ...options, method, headers, ...(body === undefined ? {} : { body }), signal })
    const location = answer.headers.location
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined || options.maxRedirects === 0) return answer
    if (redirects >= options.maxRedirects) throw new VouchsafeError('unreachable', `${url.host} redirects more than ${options.maxRedirects} times.`, { mend: 'Give the address that the redirects lead to.' })
    const next = parseAddress(URL.canParse(location, url.href) ? new URL(location, url.href) : location)
    if (url.protocol === 'https:' && next.protocol === 'http:') throw new VouchsafeError('unreachable', `${url.host} redirects from https to plain http.`, { mend: 'Give an https address.' })
    // RFC 9110 §15.4: 303 always, and 301 and 302 by custom, turn into a GET without a body.
    if (answer.status === 303 || (answer.status <= 302 && method === 'POST')) {
      if (method !== 'HEAD') method = 'GET'
      body = undefined
      headers = without(headers, ['content-type', 'content-length', 'content-encoding'])
    }
    if (next.origin !== url.origin) headers = without(headers, ownHeaders)
    url = next
  }
}

function parseAddress(address: string | URL): URL {
  let url: URL
  try {
    url = new URL(address)
  } catch (cause) {
    throw new VouchsafeError('bad-input', `${JSON.stringify(String(address).slice(0, 200))} is not an address.`, { mend: 'Write it in full, such as https://example.org/page.', cause })
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new VouchsafeError('bad-input', `Addresses of the form ${url.protocol} are not called.`, { mend: 'Give an http or https address.' })
  if (url.username !== '' || url.password !== '') throw new VouchsafeError('bad-input', 'The address holds a user name or password.', { mend: 'Leave it out of the address; a header carries it.' })
  return url
}

/** Resolves the host and judges every address. INVARIANT: the address returned is the one connected to. */
async function chooseAddress(url: URL, options: OutboundOptions): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(host) ? [host] : await (options.resolve ?? systemResolve)(host).catch((cause: unknown) => {
    throw new VouchsafeError('unreachable', `The name ${host} cannot be resolved: ${messageOf(cause)}.`, { mend: 'Check the name.', cause })
  })
  const [first] = addresses
  if (first === undefined) throw new VouchsafeError('unreachable', `The name ${host} has no address.`, { mend: 'Check the name.' })
  // One inside address among several condemns the name: whoever put it there wants it called some of the time.
  if (!options.allowPrivate && !addresses.every(isPublicAddress)) {
    throw new VouchsafeError('unreachable', `${host} leads to an address that is not public; such addresses are not called.`, {
      mend: 'Give a public address. The operator may allow private ones in the settings.',
    })
  }
  return first
}

async function systemResolve(host: string): Promise<string[]> {
  return (await lookup(host, { all: true, verbatim: false })).map(({ address }) => address)
}

function requestOnce(url: URL, ip: string, options: OutboundOptions & { headers: Record<string, string>; signal: AbortSignal }): Promise<OutboundAnswer> {
  return new Promise((resolve, reject) => {
    const family = isIP(ip)
    // Whatever name the request asks for, the judged address is the answer.
    const pinned: LookupFunction = (_host, asked, callback) => {
      if (asked.all) (callback as (error: null, all: { address: string; family: number }[]) => void)(null, [{ address: ip, family }])
      else callback(null, ip, family)
    }
    const fail = (error: unknown) => {
      request.destroy()
      reject(error instanceof VouchsafeError ? error : unreachable(url, options, error))
    }
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method: options.method ?? 'GET',
      headers: { 'user-agent': 'vouchsafe', 'accept-encoding': 'gzip, br', accept: '*/*', ...options.headers },
      agent: false, // INVARIANT: no connection is shared, so none outlives the judgement of its address
      lookup: pinned,
      signal: options.signal,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    })
    request.on('error', fail)
    request.on('response', (answer) => {
      readBody(answer, options.maxBytes).then(
        (body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body, url: url.href, address: ip }),
        fail,
      )
    })
    request.end(options.body)
  })
}

async function readBody(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () => new VouchsafeError('too-large', `The answer is larger than ${maxBytes} bytes.`, { mend: 'Give an address with a smaller answer.' })
  const parts: Buffer[] = []
  let size = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length
    if (size > maxBytes) {
      answer.destroy()
      throw tooLarge()
    }
    parts.push(part)
  }
  const raw = Buffer.concat(parts)
  if (raw.length === 0) return raw
  const unpack = { gzip: gunzipSync, 'x-gzip': gunzipSync, deflate: inflateSync, br: brotliDecompressSync }[answer.headers['content-encoding']?.trim().toLowerCase() ?? '']
  if (unpack === undefined) return raw
  try {
    return unpack(raw, { maxOutputLength: maxBytes }) // a small answer may unpack to gigabytes
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new VouchsafeError('unreachable', `The answer cannot be unpacked: ${messageOf(cause)}.`, { mend: 'The server sends broken compression.', cause })
  }
}

async function withSignal<T>(work: Promise<T>, signal: AbortSignal, url: URL, options: OutboundOptions): Promise<T> {
  const stop = Promise.withResolvers<never>()
  const abort = () => stop.reject(unreachable(url, options, signal.reason))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  work.catch(() => {}) // a name that fails after the deadline has nobody left to hear of it
  try {
    return await Promise.race([work, stop.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function unreachable(url: URL, options: OutboundOptions, cause: unknown): VouchsafeError {
  const { name, code } = cause as { name?: string; code?: string }
  const slow = name === 'TimeoutError' || (name === 'AbortError' && options.signal?.aborted !== true) || code === 'ABORT_ERR'
  return new VouchsafeError('unreachable', slow ? `${url.host} did not answer within ${options.timeoutMs / 1000} s.` : `${url.host} cannot be reached: ${messageOf(cause)}.`, {
    mend: 'Check the address, and that the host answers from here.',
    cause,
  })
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function without(headers: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))
}
