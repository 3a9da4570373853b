import { isIP } from 'node:net'
import { comparableIp } from './certificate.ts'
import type { Certificate } from './certificate.ts'

/**
 * Does a certificate speak for a host? RFC 9525 §6.3: names are compared label by label; a wildcard is the whole
 * left-most label and stands for exactly one; the common name counts for nothing (§2); an IP literal
 * matches only an address entry (§6.5).
 */
export function speaksFor(certificate: Pick<Certificate, 'dnsNames' | 'ipAddresses'>, host: string): boolean {
  if (isIP(host) !== 0) return certificate.ipAddresses.includes(comparableIp(host))
  return certificate.dnsNames.some((pattern) => matchesName(pattern, host))
}

export function matchesName(pattern: string, host: string): boolean {
  const expected = pattern.toLowerCase().replace(/\.$/, '').split('.')
  const labels = host.toLowerCase().split('.')
  if (expected.length !== labels.length || labels.includes('')) return false
  return expected.every((label, index) => {
    // A wildcard over a whole top-level domain ("*.com") is never issued in good faith.
    if (label === '*' && index === 0) return expected.length >= 3 && labels[0] !== ''
    return label === labels[index]
  })
}
