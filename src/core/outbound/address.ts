import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Names of ipaddr.js's ranges that stand for the public internet. Everything else is somebody's inside. */
const openRanges = new Set(['unicast'])

/** Public by range, yet answered from inside by a cloud's own machinery. */
const cloudServices = new Set([
  '168.63.129.16', // Azure's host agent
  '192.0.0.192', // Oracle's metadata, first form
  '100.100.100.200', // Alibaba's metadata, within CGNAT space
])

/**
 * Whether an address is open to everybody: not private, loopback, link-local, CGNAT (RFC 6598), multicast, reserved or
 * for documentation (RFC 6890), nor one of those wrapped into IPv6 (mapped, NAT64, 6to4, Teredo, local NAT64).
 * What cannot be read is not open.
 */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0 || text.includes('%')) return false // ipaddr.js also reads short and octal forms
  const address = ipaddr.parse(text)
  if (address instanceof ipaddr.IPv4) return isPublic4(address)
  // The wrappers may lead to their inner address through a gateway: 64:ff9b::7f00:1 is 127.0.0.1 to some of them.
  // We do not judge the inner one but refuse them all; a public host has an address of its own.
  const bytes = address.toByteArray()
  if (address.isIPv4MappedAddress()) return false
  if (bytes.slice(0, 12).every((byte) => byte === 0)) return false // ::a.b.c.d, deprecated (RFC 4291 §2.5.5.1)
  if (bytes[0] === 0x00 && bytes[1] === 0x64 && bytes[2] === 0xff && bytes[3] === 0x9b) return false // 64:ff9b::/96 and 64:ff9b:1::/48
  if (bytes[0] === 0x5f) return false // 5f00::/16, SRv6 (RFC 9602)
  // Only 2000::/3 is given out (IANA); the rest is reserved, whatever a library calls it.
  return openRanges.has(address.range()) && ((bytes[0] ?? 0) & 0xe0) === 0x20
}

function isPublic4(address: ipaddr.IPv4): boolean {
  const text = address.toString()
  const [a, b, c] = address.octets
  if (cloudServices.has(text)) return false
  if (a === 192 && b === 88 && c === 99) return false // 6to4 relays, deprecated (RFC 7526)
  if (a === 198 && (b === 18 || b === 19)) return false // benchmarking (RFC 2544)
  if (a === undefined || a === 0 || a >= 224) return false
  return openRanges.has(address.range())
}
