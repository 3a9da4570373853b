import { fails, holds, listed, quoted, unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import { frontPage } from './page.ts'
import { headerLines } from './request.ts'
import type { HttpAnswer } from './request.ts'

/** Directives of one policy by name; of a name given twice the first counts (CSP 3 §2.2.1). */
export type ContentPolicy = ReadonlyMap<string, readonly string[]>

/** Parses one Content-Security-Policy value, which may hold several policies apart by commas (CSP 3 §2.2.2). */
export function parseContentPolicies(value: string): ContentPolicy[] {
  return value.split(',').map((policy) => {
    const directives = new Map<string, string[]>()
    for (const part of policy.split(';')) {
      const [name, ...sources] = part.trim().split(/[\t\n\f\r ]+/)
      if (name === undefined || name === '') continue
      if (!directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), sources.map((source) => source))
    }
    return directives
  })
}

/** What lets a script run that the page's author did not name. Empty for a policy that stops them. */
export function scriptGaps(policies: readonly ContentPolicy[]): string[] {
  // Every policy must allow a script, so one that stops them is enough.
  const gaps = policies.map(gapsOfOne)
  return gaps.find((list) => list.length === 0) ?? gaps[0] ?? ['no policy']
}

function gapsOfOne(policy: ContentPolicy): string[] {
  const sources = (policy.get('script-src') ?? policy.get('default-src'))?.map((source) => source.toLowerCase())
  if (sources === undefined) return ['neither script-src nor default-src']
  const gaps: string[] = []
  const named = sources.some((source) => /^'(nonce-|sha256-|sha384-|sha512-)/.test(source))
  const strict = named && sources.includes("'strict-dynamic'")
  // CSP 3 §6.7.3.2: a nonce or hash switches 'unsafe-inline' off.
  if (sources.includes("'unsafe-inline'") && !named) gaps.push("'unsafe-inline'")
  if (!strict) for (const source of ['*', 'http:', 'https:', 'data:', 'blob:']) if (sources.includes(source)) gaps.push(source)
  return gaps
}

const FRAME_SOURCES_OPEN = ['*', 'http:', 'https:']

function framesRestricted(answer: HttpAnswer, policies: readonly ContentPolicy[]): boolean {
  const ancestors = policies.map((policy) => policy.get('frame-ancestors')).filter((list) => list !== undefined)
  // CSP 3 §6.4.2.2: where frame-ancestors is present, X-Frame-Options is not looked at.
  if (ancestors.length > 0) return ancestors.some((list) => !list.some((source) => FRAME_SOURCES_OPEN.includes(source.toLowerCase())))
  const options = headerLines(answer, 'x-frame-options').flatMap((value) => value.split(',')).map((value) => value.trim().toLowerCase())
  const distinct = [...new Set(options)]
  return distinct.length === 1 && (distinct[0] === 'deny' || distinct[0] === 'sameorigin')
}

const REFERRER_LEAKS = ['unsafe-url', 'no-referrer-when-downgrade', 'origin-when-cross-origin']
const REFERRER_VALUES = [...REFERRER_LEAKS, 'no-referrer', 'origin', 'same-origin', 'strict-origin', 'strict-origin-when-cross-origin']

/** The last value that browsers know counts (Referrer Policy §8.1); undefined leaves them their own safe default. */
export function referrerPolicy(lines: readonly string[]): string | undefined {
  return lines
    .flatMap((line) => line.split(','))
    .map((value) => value.trim().toLowerCase())
    .findLast((value) => REFERRER_VALUES.includes(value))
}

/** Headers that make a browser refuse common attacks on the page (OWASP ASVS 5.0 V3.4). */
export async function checkHeaderPolicy(visit: Visit): Promise<Finding> {
  const front = await frontPage(visit)
  const page = front.answers[front.answers.length - 1]!
  if (front.loops) return fails('the front page redirects in a circle', { status: page.status })
  if (front.elsewhere !== undefined) {
    return unknown(`the site sends its visitors to ${quoted(front.elsewhere.host, 100)}; probe that host for its headers`, { status: page.status, elsewhere: quoted(front.elsewhere.host) })
  }
  if (page.status >= 500) return unknown(`the site answers with an error (${page.status}); mend the site first`, { status: page.status })
  const policies = headerLines(page, 'content-security-policy').flatMap(parseContentPolicies)
  const isHtml = headerLines(page, 'content-type').some((value) => /^\s*(text\/html|application\/xhtml\+xml)/i.test(value))
  const gaps = isHtml ? scriptGaps(policies) : []
  const sniffing = headerLines(page, 'x-content-type-options').some((value) => value.split(',')[0]!.trim().toLowerCase() === 'nosniff')
  const framed = framesRestricted(page, policies)
  const referrer = referrerPolicy(headerLines(page, 'referrer-policy'))
  const told = ['server', 'x-powered-by', 'x-aspnet-version', 'x-generator'].flatMap((name) => headerLines(page, name).filter((value) => /[0-9]/.test(value)).map((value) => `${name}: ${quoted(value, 60)}`))
  const faults: string[] = []
  if (isHtml && policies.length === 0) faults.push('there is no Content-Security-Policy')
  else if (gaps.length > 0) faults.push(`the Content-Security-Policy lets foreign scripts run (${listed(gaps)})`)
  if (!sniffing) faults.push('X-Content-Type-Options: nosniff is missing')
  if (isHtml && !framed) faults.push('other sites may frame the page (frame-ancestors or X-Frame-Options)')
  if (referrer !== undefined && REFERRER_LEAKS.includes(referrer)) faults.push(`Referrer-Policy ${referrer} tells other sites the addresses of pages`)
  const observation = {
    status: page.status,
    html: isHtml,
    contentPolicy: headerLines(page, 'content-security-policy').map((value) => quoted(value, 1000)),
    scriptGaps: gaps,
    nosniff: sniffing,
    framesRestricted: framed,
    referrerPolicy: referrer ?? null,
    permissionsPolicy: headerLines(page, 'permissions-policy').length > 0,
    openerPolicy: headerLines(page, 'cross-origin-opener-policy').map((value) => quoted(value, 100)),
    versionsTold: told,
  }
  if (faults.length > 0) return fails(`${faults.join('; ')}; send the header`, observation)
  return holds(`${isHtml ? 'content policy, framing and sniffing are restricted' : 'sniffing is restricted; the page is not HTML'}${told.length > 0 ? '; a software version is told' : ''}`, observation)
}
