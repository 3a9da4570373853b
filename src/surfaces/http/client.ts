import { BlockList, isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import { VouchsafeError } from '#core/errors'
import type { Client } from '#core/module'

export interface ClientParts {
  /** Whether this peer is a reverse proxy of ours, whose word about the client counts. */
  isTrustedProxy(address: string): boolean
  /** The origin that a host of ours is reached under. */
  originAt(host: string): Promise<string>
}

/** What the operator's socket has for an address: who opens it stands at this machine. */
const AT_THE_MACHINE = 'unix'
const LONGEST_USER_AGENT = 300
const MOST_COOKIES = 50

/**
 * Where a request came from. The peer's address; where the peer is a trusted proxy, the last hop that it wrote into
 * X-Forwarded-For. Hops before that one are the client's own words, and are never believed.
 */
export async function clientOf(context: Context, { isTrustedProxy, originAt }: ClientParts): Promise<Client> {
  const { incoming, door } = (context.env ?? {}) as { incoming?: IncomingMessage; door?: string }
  const peer = door === 'operator' ? AT_THE_MACHINE : plainAddress(incoming?.socket?.remoteAddress ?? '')
  const lastHop = plainAddress((context.req.header('x-forwarded-for') ?? '').split(',').at(-1) ?? '')
  const fetchSite = context.req.header('sec-fetch-site')
  const userAgent = context.req.header('user-agent')?.slice(0, LONGEST_USER_AGENT)
  return {
    address: isIP(lastHop) !== 0 && isIP(peer) !== 0 && isTrustedProxy(peer) ? lastHop : peer,
    ...(userAgent === undefined ? {} : { userAgent }),
    cookies: cookiesIn(context.req.header('cookie')),
    origin: await originAt(context.req.header('host') ?? ''),
    ...(fetchSite === undefined ? {} : { fetchSite }),
  }
}

/** An IPv4 address that arrives over IPv6 (RFC 4291 §2.5.5.2) is the IPv4 address; brackets, zones and ports fall away. */
export function plainAddress(text: string): string {
  const bare = text.trim().replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(bare) === 0 ? bare.replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/, '$1') : bare.toLowerCase()
}

/** RFC 6265 §5.4, read leniently; of two cookies with one name the first counts, as browsers send the more specific first. */
export function cookiesIn(header: string | undefined): Record<string, string> {
  const cookies: Record<string, string> = Object.create(null)
  for (const pair of (header ?? '').split(';', MOST_COOKIES)) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    if (at > 0 && name !== '' && !(name in cookies)) cookies[name] = pair.slice(at + 1).trim()
  }
  return cookies
}

/**
 * Addresses and networks whose word about the client counts: `10.0.0.5`, `10.0.0.0/8`, `fd00::/8`, `loopback`.
 * @throws VouchsafeError `bad-input` naming what is no address
 */
export function trustedProxies(given: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of given.flatMap((text) => (text.trim() === 'loopback' ? ['127.0.0.0/8', '::1'] : [text.trim()]))) {
    const [address = '', prefix, more] = entry.split('/')
    const family = isIP(address)
    const bits = prefix === undefined ? (family === 4 ? 32 : 128) : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
    if (family === 0 || more !== undefined || bits < 0 || bits > (family === 4 ? 32 : 128)) {
      throw new VouchsafeError('bad-input', `"${entry}" is no address or network of a proxy.`, { mend: 'Give an address (10.0.0.5), a network (10.0.0.0/8) or the word loopback.' })
    }
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6')
  }
  return (address) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

export interface OriginParts {
  publicUrl(): Promise<string | undefined>
  localUrl(): string
  isLoopback(host: string): boolean
}

/**
 * The origin of a request, for links, WebAuthn and the defence against forged requests: the public address, or this
 * machine's own name where somebody sits at it. INVARIANT: never a name that the request alone brings along, since links
 * that are mailed are made of it.
 */
export const originsOf =
  ({ publicUrl, localUrl, isLoopback }: OriginParts) =>
  async (host: string): Promise<string> => {
    if (/^[a-z0-9.:[\]-]{1,260}$/i.test(host) && isLoopback(host)) return `http://${host.toLowerCase()}`
    return (await publicUrl()) ?? localUrl()
  }
