import { BlockList, isIP } from 'node:net'

/**
 * Addresses that are not of the public Internet (IANA special-purpose registries, RFC 6890). A probe that follows
 * a stranger's DNS or redirects must not be led to them: cloud metadata, consoles and databases live there.
 */
const closed = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  closed.addSubnet(network, prefix, 'ipv4')
}

// Of IPv6 only global unicast (2000::/3) is open, less what is carved out of it below.
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
const carved6 = new BlockList()
for (const [network, prefix] of [
  ['2001::', 23], // protocol assignments, Teredo among them
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4 carries an IPv4 address that could be a private one
  ['3fff::', 20],
] as const) {
  carved6.addSubnet(network, prefix, 'ipv6')
}

/** True when the probe may connect without `allowPrivate`. Text that is no IP address is never public. */
export function isPublicAddress(address: string): boolean {
  const bare = address.split('%')[0]!
  const family = isIP(bare)
  if (family === 4) return !closed.check(bare, 'ipv4')
  if (family !== 6) return false
  // IPv4-mapped (::ffff:0:0/96) and NAT64 (64:ff9b::/96) lie outside 2000::/3 and are refused with the rest.
  return global6.check(bare, 'ipv6') && !carved6.check(bare, 'ipv6')
}
