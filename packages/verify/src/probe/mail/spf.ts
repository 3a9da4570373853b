import { isIPv4, isIPv6 } from 'node:net'
import type { Lookup } from '../dns/lookup.ts'
import { ProbeError } from '../failure.ts'
import { fails, holds, quoted, unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import { withoutZone, zoneOf } from '../zone/apex.ts'

export type Qualifier = '+' | '-' | '~' | '?'
export type Mechanism = 'all' | 'include' | 'a' | 'mx' | 'ptr' | 'ip4' | 'ip6' | 'exists'

export interface SpfRecord {
  mechanisms: readonly { qualifier: Qualifier; mechanism: Mechanism; domain: string | undefined }[]
  redirect: string | undefined
}

const MAX_LOOKUPS = 10 // RFC 7208 §4.6.4
const MAX_VOID_LOOKUPS = 2 // RFC 7208 §4.6.4
const MAX_EXCHANGERS = 10 // RFC 7208 §4.6.4, for each "mx"

/** RFC 7208 §4.5: is a TXT record an SPF record at all? */
export const isSpf = (text: string): boolean => /^v=spf1( |$)/i.test(text)

/**
 * Parses a record by the grammar of RFC 7208 §12.
 * @returns the record, or the fault that makes receivers answer `permerror`
 */
export function parseSpf(text: string): SpfRecord | { fault: string } {
  const mechanisms: { qualifier: Qualifier; mechanism: Mechanism; domain: string | undefined }[] = []
  const modifiers = new Map<string, string>()
  for (const term of text.slice('v=spf1'.length).split(' ')) {
    if (term === '') continue
    const modifier = /^([A-Za-z][A-Za-z0-9_.-]*)=(.*)$/.exec(term)
    if (modifier !== null) {
      const name = modifier[1]!.toLowerCase()
      if ((name === 'redirect' || name === 'exp') && modifiers.has(name)) return { fault: `${name}= appears twice` }
      if ((name === 'redirect' || name === 'exp') && !isDomainSpec(modifier[2]!)) return { fault: `${name}= without a domain` }
      modifiers.set(name, modifier[2]!)
      continue
    }
    const match = /^([+?~-]?)([A-Za-z0-9]+)(?::([^/].*?))?((?:\/[0-9]{1,3})?(?:\/\/[0-9]{1,3})?)$/.exec(term)
    const fault = { fault: `"${quoted(term, 60)}" is no SPF term` }
    if (match === null) return fault
    const mechanism = match[2]!.toLowerCase()
    const argument = match[3]
    const suffix = match[4]!
    if (!isMechanism(mechanism) || !fits(mechanism, argument, suffix)) return fault
    mechanisms.push({ qualifier: (match[1] || '+') as Qualifier, mechanism, domain: mechanism === 'ip4' || mechanism === 'ip6' ? undefined : argument })
  }
  return { mechanisms, redirect: modifiers.get('redirect') }
}

const isMechanism = (name: string): name is Mechanism => ['all', 'include', 'a', 'mx', 'ptr', 'ip4', 'ip6', 'exists'].includes(name)

function fits(mechanism: Mechanism, argument: string | undefined, suffix: string): boolean {
  switch (mechanism) {
    case 'all':
      return argument === undefined && suffix === ''
    case 'include':
    case 'exists':
      return argument !== undefined && isDomainSpec(argument) && suffix === ''
    case 'ptr':
      return suffix === '' && (argument === undefined || isDomainSpec(argument))
    case 'a':
    case 'mx': {
      const lengths = /^(?:\/([0-9]+))?(?:\/\/([0-9]+))?$/.exec(suffix)
      return (argument === undefined || isDomainSpec(argument)) && Number(lengths?.[1] ?? 0) <= 32 && Number(lengths?.[2] ?? 0) <= 128
    }
    case 'ip4':
      return argument !== undefined && isIPv4(argument) && !suffix.includes('//') && Number(suffix.slice(1) || 0) <= 32
    case 'ip6':
      return argument !== undefined && isIPv6(argument) && !suffix.includes('//') && Number(suffix.slice(1) || 0) <= 128
  }
}

/** RFC 7208 §7.1: visible characters with macros, ending in a top label or a macro. */
function isDomainSpec(text: string): boolean {
  const bare = text.replace(/%\{[slodiphcrtv][0-9]*r?[.\-+,/_=]*\}|%%|%_|%-/gi, 'm')
  return /^[\x21-\x24\x26-\x7e]+$/.test(bare) && (text.endsWith('}') || /\.[A-Za-z0-9-]*[A-Za-z-][A-Za-z0-9-]*\.?$/.test(text))
}

export interface SpfReading {
  /** What becomes of mail from a sender that nothing else named; undefined when no `all` decides. */
  all: Qualifier | undefined
  lookups: number
  voidLookups: number
  fault: string | undefined
}

/**
 * Walks a record as a receiver does for a sender that matches nothing: every term is then evaluated, so the counts are
 * those that decide about `permerror`. Domains with macros count and are not followed, as they depend on the sender.
 * @throws ProbeError `dns`
 */
export async function readSpf(lookup: Lookup, domain: string): Promise<SpfReading | undefined> {
  const reading: SpfReading = { all: undefined, lookups: 0, voidLookups: 0, fault: undefined }
  const found = await recordOf(lookup, domain)
  if (found === undefined) return undefined
  reading.all = await walk(lookup, domain, found, reading, [domain])
  return reading
}

async function recordOf(lookup: Lookup, domain: string): Promise<string | { fault: string } | undefined> {
  const records = (await lookup.texts(domain)).filter(isSpf)
  if (records.length > 1) return { fault: `${domain} has ${records.length} SPF records, and receivers then use none` } // RFC 7208 §4.5
  return records[0]
}

async function walk(lookup: Lookup, domain: string, text: string | { fault: string }, reading: SpfReading, path: readonly string[]): Promise<Qualifier | undefined> {
  const record = typeof text === 'string' ? parseSpf(text) : text
  if ('fault' in record) {
    reading.fault ??= record.fault
    return undefined
  }
  for (const { qualifier, mechanism, domain: argument } of record.mechanisms) {
    if (mechanism === 'all') return qualifier // RFC 7208 §5.1: what follows is never reached
    if (mechanism === 'ip4' || mechanism === 'ip6') continue
    if (++reading.lookups > MAX_LOOKUPS) {
      reading.fault ??= `more than ${MAX_LOOKUPS} DNS look-ups are needed`
      return undefined
    }
    const target = argument ?? domain
    if (target.includes('%')) continue
    if (mechanism === 'include') await follow(lookup, target, reading, path, 'include')
    else if (mechanism === 'a' || mechanism === 'mx' || mechanism === 'exists') await countVoid(lookup, target, mechanism, reading)
    if (reading.fault !== undefined) return undefined
  }
  if (record.redirect === undefined) return undefined
  reading.lookups++
  if (record.redirect.includes('%')) return undefined
  return await follow(lookup, record.redirect, reading, path, 'redirect')
}

async function follow(lookup: Lookup, target: string, reading: SpfReading, path: readonly string[], kind: 'include' | 'redirect'): Promise<Qualifier | undefined> {
  if (path.includes(target.toLowerCase())) {
    reading.fault ??= `${quoted(target, 100)} includes itself`
    return undefined
  }
  const found = await recordOf(lookup, target)
  // RFC 7208 §5.2 and §6.1: "none" from an include or a redirect is a permanent error.
  if (found === undefined) {
    reading.fault ??= `${kind} of ${quoted(target, 100)}, which has no SPF record`
    return undefined
  }
  return await walk(lookup, target, found, reading, [...path, target.toLowerCase()])
}

async function countVoid(lookup: Lookup, target: string, mechanism: 'a' | 'mx' | 'exists', reading: SpfReading): Promise<void> {
  const { records } = await lookup.find(target, mechanism === 'mx' ? 'MX' : 'A')
  if (mechanism === 'mx' && records.length > MAX_EXCHANGERS) reading.fault ??= `${quoted(target, 100)} has more than ${MAX_EXCHANGERS} mail exchangers`
  if (records.length > 0) return
  if (mechanism === 'a' && (await lookup.find(target, 'AAAA')).records.length > 0) return
  if (++reading.voidLookups > MAX_VOID_LOOKUPS) reading.fault ??= `more than ${MAX_VOID_LOOKUPS} look-ups find nothing`
}

/** RFC 7208: one valid record that turns away mail from senders it does not name. */
export async function checkSpf(visit: Visit): Promise<Finding> {
  const nowhere = withoutZone(visit)
  if (nowhere !== undefined) return nowhere
  const domain = await zoneOf(visit)
  if (domain === undefined) return unknown(`the domain of ${visit.site.host} is not found in DNS; check the name`, {})
  const reading = await readSpf(visit.lookup, domain)
  if (reading === undefined) return fails(`${domain} has no SPF record; publish one, "v=spf1 -all" if it sends no mail`, { domain, record: false })
  const observation = { domain, record: true, all: reading.all ?? null, lookups: reading.lookups, voidLookups: reading.voidLookups, fault: reading.fault ?? null }
  if (reading.fault !== undefined) return fails(`the SPF record of ${domain} does not work: ${reading.fault}`, observation)
  if (reading.all === '-') return holds(`SPF of ${domain} rejects other senders (-all)`, observation)
  if (reading.all === '~') return holds(`SPF of ${domain} marks other senders (~all)`, observation)
  const ending = reading.all === undefined ? 'does not say what becomes of other senders' : `lets other senders through (${reading.all}all)`
  return fails(`the SPF record of ${domain} ${ending}; end it with -all or ~all`, observation)
}

/** @throws ProbeError when the mail servers of a domain cannot be told */
export async function mailExchangers(lookup: Lookup, domain: string): Promise<{ hosts: readonly string[]; refusesMail: boolean }> {
  const { records } = await lookup.find(domain, 'MX')
  const hosts = records.flatMap((data) => (data.kind === 'mx' ? [data.exchange] : []))
  if (records.length > 0 && hosts.length === 0) throw new ProbeError('malformed', `the MX records of ${domain} cannot be read`)
  // RFC 7505: a single MX that names the root says "no mail here".
  return { hosts: hosts.filter((host) => host !== ''), refusesMail: hosts.length === 1 && hosts[0] === '' }
}
