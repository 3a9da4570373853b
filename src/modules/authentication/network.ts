import ipaddr from 'ipaddr.js'

/** `203.0.113.0/24`, `2001:db8::/32`, or one address. @returns undefined for anything else */
export function readNetwork(text: string): string | undefined {
  const written = text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`
  if (!ipaddr.isValidCIDR(written)) return undefined
  const [address, bits] = ipaddr.parseCIDR(written)
  // `10.1/16` and leading zeros are read differently by different programs: only the full form is taken.
  if (address.kind() === 'ipv4' && !/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}(\/\d{1,2})?$/.test(text)) return undefined
  return `${address.toString()}/${bits}`
}

/** Whether an address lies in one of the networks. IPv4 in IPv6 clothes (::ffff:…) is judged as IPv4. What is no address lies nowhere. */
export function isWithin(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network)
    return base.kind() === parsed.kind() && parsed.match(base, bits)
  })
}

/**
 * Whom limits count an address as: IPv4 by itself, IPv6 by its /64, which one customer of one provider holds
 * and can move about in at will.
 */
export function neighbourhood(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${(parsed as ipaddr.IPv6).parts.slice(0, 4).map((part) => part.toString(16)).join(':')}::/64`
}

/** What the audit keeps of an address: enough to see a pattern, too little to find a person. IPv4 by /24, IPv6 by /48. */
export function coarse(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return `${parsed.toByteArray().slice(0, 3).join('.')}.0/24`
  return `${(parsed as ipaddr.IPv6).parts.slice(0, 3).map((part) => part.toString(16)).join(':')}::/48`
}

/**
 * Whether somebody sits at this machine, by both what the listener knows and the name they came by. The name alone is the
 * client's own word, and would let a stranger be asked for a passkey of localhost.
 */
export function isAtThisMachine({ address, origin }: { address: string; origin: string }): boolean {
  return new URL(origin).hostname === 'localhost' && isWithin(address, ['127.0.0.0/8', '::1/128'])
}
