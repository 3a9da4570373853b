import { get, headerLines } from '../http/request.ts'
import { fails, holds, quoted, unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import { withoutZone, zoneOf } from '../zone/apex.ts'
import { mailExchangers } from './spf.ts'

export interface StrictMail {
  mode: 'enforce' | 'testing' | 'none'
  maxAgeSeconds: number
  mx: readonly string[]
}

const MAX_AGE_SECONDS = 31_557_600 // RFC 8461 §3.2
const MAX_POLICY_BYTES = 64 * 1024 // RFC 8461 §3.3 suggests this limit

/** RFC 8461 §3.2. @returns the policy, or why senders ignore it */
export function parseStrictMail(text: string): StrictMail | { fault: string } {
  const fields = new Map<string, string>()
  const mx: string[] = []
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue
    const match = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*$/.exec(line)
    if (match === null) return { fault: `"${quoted(line, 60)}" is no field with a value` }
    if (match[1] === 'mx') mx.push(match[2]!.toLowerCase())
    else if (!fields.has(match[1]!)) fields.set(match[1]!, match[2]!) // of a field given twice the first counts
  }
  if (fields.get('version') !== 'STSv1') return { fault: 'the version is not STSv1' }
  const mode = fields.get('mode')
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none') return { fault: 'the mode is none of enforce, testing, none' }
  const age = fields.get('max_age') ?? ''
  if (!/^[0-9]{1,10}$/.test(age) || Number(age) > MAX_AGE_SECONDS) return { fault: 'max_age is no number of seconds up to a year' }
  if (mx.length === 0 && mode !== 'none') return { fault: 'no mail server is named (mx)' }
  return { mode, maxAgeSeconds: Number(age), mx }
}

/** RFC 8461 §4.1: a wildcard stands for exactly one label. */
export function coversExchanger(patterns: readonly string[], host: string): boolean {
  return patterns.some((pattern) => pattern === host || (pattern.startsWith('*.') && host.slice(host.indexOf('.') + 1) === pattern.slice(2) && host.includes('.')))
}

/** RFC 8461 §3.1. @returns undefined without a record, `many` when there is not exactly one */
export function readAnnouncement(texts: readonly string[]): { id: string } | 'malformed' | 'many' | undefined {
  const records = texts.filter((text) => /^v=STSv1[ \t]*(;|$)/.test(text))
  if (records.length > 1) return 'many'
  if (records[0] === undefined) return undefined
  const id = /;[ \t]*id[ \t]*=[ \t]*([A-Za-z0-9]{1,32})[ \t]*(;|$)/.exec(records[0])?.[1]
  return id === undefined ? 'malformed' : { id }
}

/** RFC 8461: servers that bring mail must use TLS with a valid certificate. */
export async function checkStrictMail(visit: Visit): Promise<Finding> {
  const nowhere = withoutZone(visit)
  if (nowhere !== undefined) return nowhere
  const domain = await zoneOf(visit)
  if (domain === undefined) return unknown(`the domain of ${visit.site.host} is not found in DNS; check the name`, {})
  const { hosts, refusesMail } = await mailExchangers(visit.lookup, domain)
  const servers = hosts.slice(0, 20).map((host) => quoted(host, 255))
  if (refusesMail) return holds(`${domain} declares that it takes no mail (null MX)`, { domain, servers })
  if (hosts.length === 0) return unknown(`${domain} names no mail server, so there is no mail to protect`, { domain, servers })
  const announcement = readAnnouncement(await visit.lookup.texts(`_mta-sts.${domain}`))
  if (announcement === undefined) return fails(`${domain} has no MTA-STS record; publish one at _mta-sts.${domain}`, { domain, servers })
  if (announcement === 'many') return fails(`${domain} has more than one MTA-STS record, and senders then use none; keep one`, { domain, servers })
  if (announcement === 'malformed') return fails(`the MTA-STS record of ${domain} has no valid id`, { domain, servers })
  return await judgePolicy(visit, domain, hosts, { domain, servers, id: announcement.id })
}

async function judgePolicy(visit: Visit, domain: string, hosts: readonly string[], seen: { domain: string; servers: string[]; id: string }): Promise<Finding> {
  // RFC 8461 §3.3: this very address, by https with a valid certificate, and no redirect is followed.
  const answer = await get(visit, new URL(`https://mta-sts.${domain}/.well-known/mta-sts.txt`), MAX_POLICY_BYTES)
  const observation = { ...seen, status: answer.status }
  if (answer.certificateFaults.length > 0) return fails(`senders ignore the MTA-STS policy: ${answer.certificateFaults[0]}`, observation)
  if (answer.status >= 500) return unknown(`the MTA-STS policy is not served just now (status ${answer.status}); mend its server`, observation)
  if (answer.status !== 200) return fails(`the MTA-STS policy is not there (status ${answer.status}); serve it at ${quoted(answer.url)}`, observation)
  if (!headerLines(answer, 'content-type').some((value) => /^text\/plain\s*(;|$)/i.test(value))) return fails('the MTA-STS policy is not sent as text/plain', observation)
  const policy = parseStrictMail(answer.body.toString('utf8'))
  if ('fault' in policy) return fails(`the MTA-STS policy does not work: ${policy.fault}`, observation)
  const told = { ...observation, mode: policy.mode, maxAgeSeconds: policy.maxAgeSeconds, mx: policy.mx.slice(0, 20).map((pattern) => quoted(pattern, 255)) }
  const left = hosts.find((host) => !coversExchanger(policy.mx, host))
  if (policy.mode !== 'enforce') return fails(`MTA-STS of ${domain} is not enforced (mode ${policy.mode}); set enforce`, told)
  if (left !== undefined) return fails(`the MTA-STS policy leaves out the mail server ${quoted(left, 100)}, so mail to it fails; add it`, told)
  return holds(`MTA-STS of ${domain} is enforced for ${hosts.length} mail server${hosts.length === 1 ? '' : 's'}`, told)
}
