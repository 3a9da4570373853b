import { fails, holds, quoted, unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import { frontPage } from './page.ts'
import { headerLines } from './request.ts'

export interface StrictTransport {
  maxAgeSeconds: number
  includeSubDomains: boolean
  preload: boolean
}

/**
 * Reads a Strict-Transport-Security value (RFC 6797 §6.1).
 * @returns the policy, or why a browser would ignore the header
 */
export function parseStrictTransport(value: string): StrictTransport | { fault: string } {
  const directives = new Map<string, string | undefined>()
  for (const part of splitOutsideQuotes(value)) {
    const text = part.trim()
    if (text === '') continue
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]*=[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[^"\\]|\\.)*"))?$/.exec(text)
    if (match === null) return { fault: 'a directive that is not a name with a value' }
    const name = match[1]!.toLowerCase()
    if (directives.has(name)) return { fault: `the directive ${name} appears twice` }
    directives.set(name, match[2]?.replace(/^"|"$/g, ''))
  }
  if (!directives.has('max-age')) return { fault: 'max-age is missing' }
  const age = directives.get('max-age')
  if (age === undefined || !/^[0-9]{1,15}$/.test(age)) return { fault: 'max-age is not a number of seconds' }
  return { maxAgeSeconds: Number(age), includeSubDomains: directives.has('includesubdomains'), preload: directives.has('preload') }
}

function splitOutsideQuotes(value: string): string[] {
  const parts = ['']
  let inQuotes = false
  for (const char of value) {
    if (char === '"') inQuotes = !inQuotes
    if (char === ';' && !inQuotes) parts.push('')
    else parts[parts.length - 1] += char
  }
  return parts
}

const DAY_SECONDS = 86_400
const HALF_YEAR_SECONDS = 182 * DAY_SECONDS // the shortest that still covers visitors who come twice a year
const YEAR_SECONDS = 365 * DAY_SECONDS // what browsers ask for before they build a name in

/** RFC 6797: sent over https, on the first answer, once, with a certificate in order (§8.1). */
export async function checkStrictTransport(visit: Visit): Promise<Finding> {
  if (visit.site.literal) return unknown('browsers do not keep HSTS for an IP address; probe the host by its name', {})
  const first = (await frontPage(visit)).answers[0]!
  const lines = headerLines(first, 'strict-transport-security')
  const [line] = lines
  if (line === undefined) {
    if (first.status >= 500) return unknown(`the site answers with an error (${first.status}), and such pages often lack headers; mend the site first`, { status: first.status })
    return fails('no Strict-Transport-Security header; send "max-age=31536000; includeSubDomains"', { status: first.status, header: null })
  }
  const seen = { status: first.status, header: quoted(line), lines: lines.length }
  const policy = parseStrictTransport(line)
  if ('fault' in policy) return fails(`browsers ignore the Strict-Transport-Security header: ${policy.fault}`, seen)
  const observation = { ...seen, ...policy }
  if (first.certificateFaults.length > 0) return fails(`browsers ignore the header while the certificate is not in order: ${first.certificateFaults[0]}`, observation)
  if (policy.maxAgeSeconds === 0) return fails('max-age is 0, which tells browsers to forget; set at least half a year', observation)
  const days = Math.floor(policy.maxAgeSeconds / DAY_SECONDS)
  if (policy.maxAgeSeconds < HALF_YEAR_SECONDS) return fails(`max-age is ${days} days; set at least half a year (15724800)`, observation)
  const note = policy.maxAgeSeconds < YEAR_SECONDS ? '; a year is advised' : ''
  // RFC 6797 §8.1: of several header lines only the first counts, so a weaker second one does no harm.
  return holds(`HSTS for ${days} days${policy.includeSubDomains ? ', subdomains included' : ''}${note}`, observation)
}
