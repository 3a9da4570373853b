import { domainToASCII } from 'node:url'
import { isIP } from 'node:net'
import { ProbeError } from './failure.ts'
import type { VerifyOpenPgp } from './security-txt/signature.ts'

/** What is probed. `address`, when given, is connected to instead of what DNS says about `host`. */
export interface ProbeTarget {
  host: string
  port?: number
  address?: string
}

export interface ProbeOptions {
  /** The moment at which dates (certificates, security.txt) are judged. */
  at: Date
  /** Limit of one exchange (a connection with its answer, a DNS question) in milliseconds. */
  timeoutMs: number
  /** Limit of the whole visit; twelve exchanges when absent. */
  totalMs?: number
  /** DNS servers as `address` or `address:port`; those of /etc/resolv.conf when absent. */
  resolver?: { servers: readonly string[] }
  /** Certificates (PEM) trusted as roots besides those of the runtime. */
  trust?: readonly string[]
  /** Lets the probe, and redirects it meets, reach private, loopback and link-local addresses. */
  allowPrivate?: boolean
  verifyOpenPgp?: VerifyOpenPgp
  /** Where plain HTTP is looked for; port 80 when absent and the target's port is 443. */
  http?: { port: number }
}

/** A target that was parsed: ASCII lower-case name without a last dot, or an IP literal without brackets. */
export interface Site {
  host: string
  port: number
  address: string | undefined
  /** True when `host` is an IP literal, about which DNS has nothing to say. */
  literal: boolean
}

/** @throws ProbeError `bad-target` */
export function parseTarget(target: ProbeTarget): Site {
  const port = target.port ?? 443
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new ProbeError('bad-target', 'a port is a whole number from 1 to 65535')
  if (target.address !== undefined && isIP(target.address) === 0) throw new ProbeError('bad-target', 'the address to connect to is not an IP address')
  const host = hostName(target.host)
  return { host, port, address: target.address, literal: isIP(host) !== 0 }
}

/** The canonical spelling of a host: lower-case A-labels (RFC 5890) or an IP literal. @throws ProbeError `bad-target` */
export function hostName(text: string): string {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (isIP(bare) !== 0) return bare.toLowerCase()
  const ascii = domainToASCII(bare.endsWith('.') ? bare.slice(0, -1) : bare).toLowerCase()
  if (!isHostName(ascii)) throw new ProbeError('bad-target', 'not a host name; give a name such as www.example.com, or an IP address')
  return ascii
}

/** RFC 1123 §2.1 with the lengths of RFC 1035 §2.3.4; a last label of digits only would be an address. */
export function isHostName(name: string): boolean {
  if (name.length === 0 || name.length > 253) return false
  const labels = name.split('.')
  if (/^[0-9]+$/.test(labels[labels.length - 1] ?? '')) return false
  return labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
}

/** Reads `host`, `host:port`, `[v6]:port` or `https://host[:port]/…` as a person types it. @throws ProbeError `bad-target` */
export function readTarget(text: string): ProbeTarget {
  const bare = text.trim().replace(/^https:\/\//i, '').replace(/[/?#].*$/s, '')
  if (isIP(bare) === 6) return { host: bare }
  const match = /^(\[[^\]]+\]|[^:]+)(?::([0-9]{1,5}))?$/.exec(bare)
  if (match === null) throw new ProbeError('bad-target', 'not a target; give HOST or HOST:PORT')
  const target: ProbeTarget = match[2] === undefined ? { host: match[1]! } : { host: match[1]!, port: Number(match[2]) }
  parseTarget(target)
  return target
}
