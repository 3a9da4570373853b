import { lookup as systemLookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { ProbeError, asProbeError } from './failure.ts'
import { isPublicAddress } from './address.ts'
import { Lookup } from './dns/lookup.ts'
import { machineServers, parseServer } from './dns/resolvers.ts'
import { hostName, parseTarget } from './target.ts'
import type { ProbeOptions, ProbeTarget, Site } from './target.ts'

// Enough to be quick, few enough not to look like an attack on a small server.
const CONNECTIONS_AT_ONCE = 4
// Cipher trials make some thirty connections; a host that lets each of them hang is given up after this many.
const EXCHANGES_A_VISIT = 12

/**
 * One visit to one site: what its checks share. It is the only door to the network: names are resolved here,
 * addresses are judged after that, and the address judged is the one connected to (no second look-up in between).
 */
export class Visit {
  readonly site: Site
  readonly options: ProbeOptions
  readonly lookup: Lookup
  readonly #endsAt: number
  readonly #memory = new Map<string, Promise<unknown>>()
  readonly #waiting: (() => void)[] = []
  #open = 0
  #address: string | undefined

  /** @throws ProbeError `bad-target` */
  constructor(target: ProbeTarget, options: ProbeOptions) {
    this.site = parseTarget(target)
    this.options = options
    this.#endsAt = performance.now() + (options.totalMs ?? options.timeoutMs * EXCHANGES_A_VISIT)
    const servers = options.resolver === undefined ? machineServers() : options.resolver.servers.map(parseServer)
    this.lookup = new Lookup(servers, () => this.exchangeMs())
  }

  /** Time for the next exchange, in milliseconds: the single limit, cut by what is left of the visit. */
  exchangeMs(): number {
    return Math.min(this.options.timeoutMs, this.#endsAt - performance.now())
  }

  /** The one address of the site that this visit has settled on, once a connection was made. */
  get address(): string | undefined {
    return this.#address
  }

  /** Does a piece of work once for all checks of this visit; a failure is remembered too. */
  once<T>(what: string, work: () => Promise<T>): Promise<T> {
    let result = this.#memory.get(what) as Promise<T> | undefined
    if (result === undefined) {
      result = work()
      result.catch(() => {}) // whoever asks gets the failure; nobody asking is no crash
      this.#memory.set(what, result)
    }
    return result
  }

  /**
   * Addresses of a host that this probe may connect to, IPv4 first (a machine without IPv6 is common, the reverse is not).
   * @throws ProbeError `private-address` when there are addresses and none is allowed; `no-address`, `dns`
   */
  addressesOf(host: string): Promise<string[]> {
    return this.once(`addresses ${host}`, async () => {
      const pinned = host === this.site.host ? this.site.address : undefined
      const all = pinned !== undefined ? [pinned] : await this.#resolve(host)
      if (all.length === 0) throw new ProbeError('no-address', `${host} has no address`)
      const allowed = this.options.allowPrivate === true ? all : all.filter(isPublicAddress)
      if (allowed.length === 0) throw new ProbeError('private-address', `${host} is at a private address (${all[0]})`)
      return allowed.sort((a, b) => isIP(a) - isIP(b))
    })
  }

  async #resolve(host: string): Promise<string[]> {
    if (isIP(host) !== 0) return [host]
    // RFC 6761 §6.3: localhost is loopback, whatever a DNS server says.
    if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1']
    if (this.options.resolver !== undefined) return await this.lookup.addresses(host)
    const limitMs = this.exchangeMs()
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new ProbeError('timeout', `DNS gave no address of ${host} in time`)), Math.max(1, limitMs))
    try {
      const found = await Promise.race([systemLookup(host, { all: true }), late.promise])
      return found.map((entry) => entry.address)
    } catch (error) {
      throw asProbeError(error, `looking up ${host}`)
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Opens a TCP connection, trying at most two addresses, and hands it to `use`; it is destroyed afterwards, come what may.
   * @throws ProbeError
   */
  async connected<T>(host: string, port: number, use: (socket: Socket, limitMs: number) => Promise<T>): Promise<T> {
    const name = hostName(host)
    const addresses = await this.addressesOf(name)
    await this.#enter()
    try {
      // One machine behind a name may differ from the next: all that is said of a site is said of the same address.
      const settled = name === this.site.host ? this.#address : undefined
      const { socket, address } = await this.#dial(settled === undefined ? addresses.slice(0, 2) : [settled], port, host)
      if (name === this.site.host) this.#address ??= address
      try {
        return await use(socket, this.#left())
      } finally {
        socket.removeAllListeners()
        socket.on('error', () => {}) // the far end may still reset what we no longer want
        socket.destroy()
      }
    } finally {
      this.#leave()
    }
  }

  async #dial(addresses: readonly string[], port: number, host: string): Promise<{ socket: Socket; address: string }> {
    let failure: ProbeError = new ProbeError('no-address', `${host} has no address`)
    for (const address of addresses) {
      try {
        return { socket: await dial(address, port, this.#left()), address }
      } catch (error) {
        failure = asProbeError(error, `connecting to ${host} port ${port}`)
      }
    }
    throw failure
  }

  #left(): number {
    const leftMs = this.exchangeMs()
    if (leftMs <= 0) throw new ProbeError('timeout', 'the time for the whole visit is used up')
    return leftMs
  }

  async #enter(): Promise<void> {
    if (this.#open >= CONNECTIONS_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#open++
  }

  // The place is handed on, not given back and fought for.
  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#open--
    else next()
  }
}

function dial(address: string, port: number, limitMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true })
    const fail = (error: Error): void => {
      clearTimeout(timer)
      socket.removeAllListeners()
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(new ProbeError('timeout', 'no connection in time')), Math.max(1, limitMs))
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeAllListeners()
      resolve(socket)
    })
  })
}
