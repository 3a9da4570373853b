import { isIP } from 'node:net'
import { isLoopbackAddress, type Arrival } from './nearness.ts'

/** A token bucket for each address: a burst at once, then so many a second. */
export interface Allowance {
  /** Takes one request. @returns undefined when it may go on, else the whole seconds until one may */
  take(address: string, atMs: number): number | undefined
}

/** Addresses remembered at once. Whoever was forgotten begins with a full burst, so this bounds memory, not fairness. */
const MOST_ADDRESSES = 10_000

export function createAllowance({ burst, perSecond, most = MOST_ADDRESSES }: { burst: number; perSecond: number; most?: number }): Allowance {
  const buckets = new Map<string, { left: number; atMs: number }>()
  return {
    take(address, atMs) {
      const before = buckets.get(address)
      const left = before === undefined ? burst : Math.min(burst, before.left + (Math.max(0, atMs - before.atMs) / 1000) * perSecond)
      // Written anew, so that the first of the map is always the one that asked longest ago.
      buckets.delete(address)
      const oldest = buckets.keys().next().value
      if (buckets.size >= most && oldest !== undefined) buckets.delete(oldest)
      buckets.set(address, { left: left >= 1 ? left - 1 : left, atMs })
      return left >= 1 ? undefined : Math.ceil((1 - left) / perSecond)
    },
  }
}

/**
 * The address that a request counts for, or `undefined` where there is none to count for: a request from this machine that
 * no proxy has marked is the operator's own tool, or comes through a proxy that hides its readers, who must not use up one
 * allowance together. What a proxy on this machine says last in X-Forwarded-For it has seen itself; what stands before that, anybody may write.
 */
export function countedAddress({ headers, socket }: Pick<Arrival, 'headers' | 'socket'>): string | undefined {
  const remote = withoutMapping(socket.remoteAddress ?? '')
  if (remote === '') return undefined
  if (!isLoopbackAddress(remote)) return networkOf(remote)
  const forwarded = headers['x-forwarded-for']
  if (forwarded === undefined) return undefined
  const last = withoutMapping(String(forwarded).split(',').at(-1)!.trim())
  return isIP(last) === 0 ? 'unreadable' : networkOf(last)
}

const withoutMapping = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')

/** An IPv4 address as it is; of IPv6 the /64, since one host has all of it (RFC 4291 §2.5.4). */
function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(':'))
  const [left, right] = [groups(head), groups(tail)]
  const whole = tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return `${whole.slice(0, 4).join(':')}::/64`
}
