import type { Lookup } from '../dns/lookup.ts'
import { fails, holds, quoted, unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import { parentOf, withoutZone, zoneOf } from '../zone/apex.ts'

export type Policy = 'none' | 'quarantine' | 'reject'

export interface DmarcRecord {
  policy: Policy
  subdomainPolicy: Policy
  percent: number
  aggregateReports: readonly string[]
  strictSpf: boolean
  strictDkim: boolean
}

/** RFC 7489 §6.4: the version tag comes first and is spelled exactly so. */
export const isDmarc = (text: string): boolean => /^v[ \t]*=[ \t]*DMARC1[ \t]*(;|$)/.test(text)

/** @returns the record, or the fault that makes receivers ignore it (RFC 7489 §6.6.3) */
export function parseDmarc(text: string): DmarcRecord | { fault: string } {
  const tags = new Map<string, string>()
  for (const part of text.split(';')) {
    if (part.trim() === '') continue
    const match = /^[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*?)[ \t]*$/.exec(part)
    if (match === null) return { fault: `"${quoted(part.trim(), 60)}" is no tag with a value` }
    const name = match[1]!.toLowerCase()
    if (tags.has(name)) return { fault: `the tag ${name} appears twice` }
    tags.set(name, match[2]!)
  }
  const policy = policyOf(tags.get('p'))
  if (policy === undefined) return { fault: tags.has('p') ? 'the policy p is none of none, quarantine, reject' : 'the policy p is missing' }
  const subdomainPolicy = tags.has('sp') ? policyOf(tags.get('sp')) : policy
  if (subdomainPolicy === undefined) return { fault: 'the policy sp is none of none, quarantine, reject' }
  const percent = tags.get('pct') ?? '100'
  if (!/^[0-9]{1,3}$/.test(percent) || Number(percent) > 100) return { fault: 'pct is no whole number from 0 to 100' }
  const reports = (tags.get('rua') ?? '').split(',').map((uri) => uri.trim()).filter((uri) => uri !== '')
  return { policy, subdomainPolicy, percent: Number(percent), aggregateReports: reports, strictSpf: tags.get('aspf')?.toLowerCase() === 's', strictDkim: tags.get('adkim')?.toLowerCase() === 's' }
}

function policyOf(text: string | undefined): Policy | undefined {
  const policy = text?.toLowerCase()
  return policy === 'none' || policy === 'quarantine' || policy === 'reject' ? policy : undefined
}

/**
 * The record that receivers apply to a domain: its own, else that of the nearest name above it that has one. RFC 7489 §6.6.3
 * goes straight to the organisational domain; walking up finds the same record without a list of public suffixes.
 */
async function applicable(lookup: Lookup, domain: string): Promise<{ at: string; texts: readonly string[] } | undefined> {
  let name: string | undefined = domain
  while (name !== undefined && name.includes('.')) {
    const texts = (await lookup.texts(`_dmarc.${name}`)).filter(isDmarc)
    if (texts.length > 0) return { at: name, texts }
    name = parentOf(name)
  }
  return undefined
}

/** RFC 7489: mail that pretends to be the company's is quarantined or rejected, all of it. */
export async function checkDmarc(visit: Visit): Promise<Finding> {
  const nowhere = withoutZone(visit)
  if (nowhere !== undefined) return nowhere
  const domain = await zoneOf(visit)
  if (domain === undefined) return unknown(`the domain of ${visit.site.host} is not found in DNS; check the name`, {})
  const found = await applicable(visit.lookup, domain)
  if (found === undefined) return fails(`${domain} has no DMARC record; publish one at _dmarc.${domain}`, { domain, record: false })
  const [text] = found.texts
  if (text === undefined || found.texts.length > 1) return fails(`${found.at} has ${found.texts.length} DMARC records, and receivers then use none; keep one`, { domain, at: found.at, records: found.texts.length })
  const record = parseDmarc(text)
  const seen = { domain, at: found.at, record: quoted(text) }
  if ('fault' in record) return fails(`the DMARC record at ${found.at} does not work: ${record.fault}`, seen)
  const policy = found.at === domain ? record.policy : record.subdomainPolicy
  const observation = { ...seen, policy, subdomainPolicy: record.subdomainPolicy, percent: record.percent, reports: record.aggregateReports.length, strictSpf: record.strictSpf, strictDkim: record.strictDkim }
  if (policy === 'none') return fails(`DMARC of ${domain} only watches (p=none); set quarantine or reject`, observation)
  if (record.subdomainPolicy === 'none') return fails(`DMARC leaves the subdomains of ${found.at} open (sp=none); set quarantine or reject`, observation)
  if (record.percent < 100) return fails(`DMARC of ${domain} covers only ${record.percent} % of mail; set pct=100`, observation)
  const note = record.aggregateReports.length === 0 ? ', though nobody receives its reports (rua)' : ''
  return holds(`DMARC of ${domain}: ${policy}${note}`, observation)
}
