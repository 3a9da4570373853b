import { resolveTxt } from 'node:dns/promises'
import { isIP } from 'node:net'
import { textOf } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { parseCheckpoint, type SignedCheckpoint } from '../log/checkpoint.ts'
import type { WitnessPolicy } from '../log/witness-policy.ts'
import type { Verification } from '../verify.ts'
import { MAX_BUNDLE_BYTES } from '../verification/container.ts'
import type { ProvenClaim } from '../verification/page.ts'
import { Steps, withSteps, type Step } from '../verification/report.ts'
import { judgeCheckpoint, memoryOf, messageOf, plural, quoted, type TrustedCheckpoint, type VerifyOptions } from '../verification/trust.ts'
import { eachOf, Fetching, FETCH_LIMITS, type FetchLimits } from './fetching.ts'
import { defaultMemoryFolder, MemoryFolder, type StoredLog } from './memory.ts'
import { recheck, type RecheckOptions } from './recheck.ts'
import type { ReadTile } from '../remote/tree.ts'
import { judgeVisit, shownOf, verifyNewest, type Newest } from '../remote/visit.ts'
import { reviewOmissions, scanLog, scanStep } from './scan.ts'

export interface UrlOptions {
  /** The reader's clock, in milliseconds since the Unix epoch. */
  at: number
  vkey?: string
  policy?: WitnessPolicy
  /** Where to remember; `false`: nowhere. */
  memory?: string | false
  /** Look for the log's key in DNS as well. */
  dns?: boolean
  /** Run the probes too. */
  recheck?: Omit<RecheckOptions, 'targets'> & { targets?: readonly string[] }
  limits?: FetchLimits
  /** At most so many entries of the log are read to see whether anything was left out. */
  scanLimit?: number
}

type AnyReport = Verification['report'] & { claims?: Record<string, Verification['report']> }

// Some 80 requests: seconds on a near server, a minute on a far one.
const SCAN_LIMIT = 20_000
const MAX_PAGE_BYTES = 8 * 1024 * 1024
const MAX_SMALL = 1_000_000

/**
 * Verifies what an address shows: a page with all its claims, or one claim; against the log's newest checkpoint, the
 * reader's memory, and the whole log.
 * @throws VerifyError for an address or options that make no sense; everything about the server ends in the report
 */
export async function verifyUrl(address: string, options: UrlOptions): Promise<AnyReport> {
  const url = readAddress(address)
  const steps = new Steps()
  const web = new Fetching(url.origin, options.limits ?? FETCH_LIMITS)
  const memory = new MemoryFolder(options.memory === false ? undefined : (options.memory ?? defaultMemoryFolder()))
  try {
    return await visit(url, web, memory, steps, options)
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error
    // Not to be reached is not to be wrong; to answer nonsense is.
    const silent = error.code === 'unreachable' || error.code === 'untrusted'
    steps.add('container', silent ? 'unknown' : false, messageOf(error))
    return steps.report('')
  }
}

async function visit(url: URL, web: Fetching, memory: MemoryFolder, steps: Steps, options: UrlOptions): Promise<AnyReport> {
  const read: ReadTile = async (path, maxBytes) => (await web.get(path, maxBytes)).bytes
  const { path: bundlePath, targets } = await findBundle(url, web)
  const pageVkey = textOf((await web.get('/log/vkey', MAX_SMALL)).bytes).trim()
  const headNote = textOf((await web.get('/log/checkpoint', MAX_SMALL)).bytes)

  // The newest checkpoint first: is this the log that the reader knows, and does it continue?
  const head = parseCheckpoint(headNote)
  const remembered = await memory.log(head.origin)
  const dns = options.dns === false || options.vkey !== undefined ? undefined : await keyInDns(url.hostname)
  const vkey = options.vkey ?? dns
  const trust: VerifyOptions = {
    at: options.at,
    pageVkey,
    ...(vkey === undefined ? {} : { vkey, ...(options.vkey === undefined ? { vkeySource: `the key in the DNS of ${url.hostname}` } : {}) }),
    ...(options.policy ? { policy: options.policy } : {}),
    memory: (origin) => (origin === head.origin ? remembered : undefined),
  }
  const trusted = judgeCheckpoint(steps, headNote, trust)
  if (!trusted) return steps.report('')
  const lastVisit = await judgeVisit(trusted, await memory.site(url.origin), read, options.at)
  const newest: Newest = { head, lastVisit, trust, read }
  if (lastVisit.ok === false) {
    const kept = remembered && lastVisit.detail.startsWith('FORK') ? await memory.keepFork(head.origin, [remembered.note, headNote], options.at) : undefined
    steps.taken.push(lastVisit)
    if (kept) steps.notes.push(`Both checkpoints are kept in ${kept}: together they are proof.`)
    return steps.report('')
  }

  const { bytes } = await web.get(bundlePath, MAX_BUNDLE_BYTES)
  const verified = await verifyNow(bytes, newest)
  const bundle = verified.bundle
  const claims = new Map<string, Verification>()
  let report: AnyReport = verified.report
  if (bundle?.type === 'vouchsafe/claim-bundle/v1') claims.set(bundle.claim, verified)
  if (bundle?.type === 'vouchsafe/page-bundle/v1' && verified.proven) {
    const ids = verified.report.page ? [...verified.report.page.recomputed, ...verified.report.page.notRecomputed] : []
    const all = await eachOf(ids, async (id): Promise<[string, Verification | Step]> => {
      try {
        const one = await web.get(`/claims/${encodeURIComponent(id)}/bundle`, MAX_BUNDLE_BYTES)
        return [id, await verifyNow(one.bytes, newest)]
      } catch (error) {
        return [id, { name: 'claims', ok: error instanceof VerifyError && error.code === 'unreachable' ? 'unknown' : false, detail: `${quoted(id)}: ${messageOf(error)}` }]
      }
    })
    const failures: Step[] = []
    for (const [id, one] of all) {
      if ('name' in one) failures.push(one)
      else if (one.bundle?.type !== 'vouchsafe/claim-bundle/v1' || one.bundle.claim !== id) failures.push({ name: 'claims', ok: false, detail: `${quoted(id)}: another bundle came` })
      // The envelopes are not needed again, and a page may have thousands of claims.
      else claims.set(id, { report: one.report, ...(one.proven ? { proven: one.proven } : {}) })
    }
    const proven: ProvenClaim[] = [...claims].flatMap(([claim, one]) => (one.proven ? [{ claim, proven: one.proven }] : []))
    const again = await verifyNow(bytes, newest, proven)
    report = withSteps(again.report, shownOf(again), ...failures, ...claimSteps(claims))
    report.claims = Object.fromEntries([...claims].map(([id, one]) => [id, one.report]))
  }

  if (claims.size > 0 && report.outcome !== 'found') {
    report = withSteps(report, shownOf(verified), await scan(claims, head, remembered, read, options))
    // The caveat of a single bundle falls away once the whole log was read.
    if (report.steps.at(-1)?.ok === true) report.notes = report.notes.filter((note) => !note.startsWith('A bundle cannot show'))
  }
  if (options.recheck) {
    for (const [id, one] of claims) {
      if (!(one.proven && one.report.state && (claims.size === 1 || one.report.state.vouching.includes('recheckable')))) continue
      // Where a page of many claims names no hosts of one, the claim's own page may.
      const onPage = targetsFor(id, targets)
      const named = options.recheck.targets ?? (report.claims && onPage.length === 0 ? await targetsOfClaim(id, web) : onPage)
      const guessed = named.length === 0
      const seen = await recheck(one.report.state, one.proven, { ...options.recheck, targets: guessed ? [url.host] : named, guessed })
      report = withSteps(report, shownOf(verified), ...seen)
      // Each claim's own report tells it too: an observer signs for claims, not for pages.
      if (report.claims) report.claims[id] = withSteps(one.report, shownOf(one), ...seen)
    }
  }
  if (report.outcome !== 'found') await remember(url, trusted, headNote, claims, report, remembered, memory, options)
  return report
}

async function verifyNow(bytes: Uint8Array, newest: Newest, claims: readonly ProvenClaim[] = []): Promise<Verification> {
  const verifying = verifyNewest(bytes, newest, claims)
  for (;;) {
    const { done, value } = await verifying.next()
    if (done) return value
  }
}

/** One step for all claims that are confirmed, one for each that is not. */
function claimSteps(claims: ReadonlyMap<string, Verification>): Step[] {
  const good = [...claims.values()].filter(({ report }) => report.steps.every(({ ok, advisory, name }) => ok === true || advisory === true || name === 'log key' || name === 'last visit'))
  const steps: Step[] = good.length > 0 ? [{ name: 'claims', ok: true, detail: `${plural(good.length, 'history', 'histories')} confirmed, each slot of each check` }] : []
  for (const [id, one] of claims) {
    if (good.includes(one)) continue
    const worst = one.report.steps.find(({ ok }) => ok === false) ?? one.report.steps.find(({ ok, advisory }) => ok === 'unknown' && advisory !== true)
    steps.push({ name: 'claims', ok: worst?.ok === false ? false : 'unknown', detail: `${quoted(id)}: ${worst?.name}: ${worst?.detail}` })
  }
  return steps
}

async function scan(claims: ReadonlyMap<string, Verification>, head: SignedCheckpoint, remembered: StoredLog | undefined, read: ReadTile, options: UrlOptions): Promise<Step> {
  const known = remembered?.scan
  const before = known && known.to <= head.size && [...claims.keys()].every((claim) => known.claims.includes(claim)) ? known.to : 0
  const limit = options.scanLimit ?? SCAN_LIMIT
  const from = Math.max(before, head.size - limit)
  try {
    const placed = from >= head.size ? [] : await scanLog(from, head.size, head.root, read)
    const omissions = new Map([...claims].map(([claim, { proven }]) => [claim, proven ? reviewOmissions(claim, proven, placed) : []]))
    return scanStep(omissions, from, head.size, from === before)
  } catch (error) {
    const silent = error instanceof VerifyError && error.code === 'unreachable'
    return { name: 'whole log', ok: silent ? 'unknown' : false, detail: messageOf(error) }
  }
}

async function remember(url: URL, trusted: TrustedCheckpoint, note: string, claims: ReadonlyMap<string, Verification>, report: AnyReport, before: StoredLog | undefined, memory: MemoryFolder, options: UrlOptions): Promise<void> {
  const kept = memoryOf(trusted, options.at)
  if (!kept) return
  const wholeLog = report.steps.some(({ name, ok }) => name === 'whole log' && ok === true)
  // What was read for other claims was read up to an earlier entry: only those of this visit are read up to here.
  const scanned = wholeLog ? { scan: { to: kept.size, claims: [...claims.keys()] } } : before?.scan ? { scan: before.scan } : {}
  await memory.keep({ ...kept, note, ...scanned })
  await memory.keepSite(url.origin, kept.origin)
}

/** @throws VerifyError `malformed` */
export function readAddress(address: string): URL {
  let url: URL
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`)
  } catch (cause) {
    throw new VerifyError('malformed', `${quoted(address)} is no address`, { cause })
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new VerifyError('malformed', 'an address begins with https:// or http://')
  url.username = ''
  url.password = ''
  return url
}

/** Where the bundle of an address is, and which hosts its page names for rechecking. */
async function findBundle(url: URL, web: Fetching): Promise<{ path: string; targets: ReadonlyMap<string, readonly string[]> }> {
  const path = url.pathname.replace(/\/+$/, '')
  if (path.endsWith('/bundle')) return { path: url.pathname, targets: new Map() }
  const page = await web.get(url.pathname + url.search, MAX_PAGE_BYTES)
  const html = textOf(page.bytes)
  const targets = targetsIn(html)
  // Bounded on both sides: a page of nothing but beginnings must not cost the square of its length.
  const link = /<link\s[^>]{0,500}rel="?vouchsafe-bundle"?[^>]{0,500}>/i.exec(html)?.[0]
  const href = link && /\shref="([^"]{1,500})"/i.exec(link)?.[1]?.replaceAll('&amp;', '&')
  if (href !== undefined && URL.canParse(href, page.url.href)) return { path: new URL(href, page.url).href, targets }
  if (/^\/(?:claims|policies)\/[^/]+$/.test(path)) return { path: `${path}/bundle`, targets }
  throw new VerifyError('unreachable', `${page.url.href} names no bundle: this is not a page that can be verified`)
}
const MAX_TARGETS = 50

/** The hosts that a page names for rechecking, by claim; under '' where it does not say of which. */
function targetsIn(html: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const [tag] of html.matchAll(/<[a-z]{1,20}\s[^<>]{1,1000}>/gi)) {
    const target = /\sdata-recheck-target="([^"<>&]{1,300})"/.exec(tag)?.[1]
    if (target === undefined) continue
    const claim = /\sdata-recheck-claim="([^"<>&]{1,100})"/.exec(tag)?.[1] ?? ''
    const named = found.get(claim) ?? []
    found.set(claim, named)
    if (named.length < MAX_TARGETS && !named.includes(target)) named.push(target)
  }
  return found
}
const targetsFor = (claim: string, named: ReadonlyMap<string, readonly string[]>): readonly string[] => named.get(claim) ?? named.get('') ?? []

async function targetsOfClaim(id: string, web: Fetching): Promise<readonly string[]> {
  try {
    return targetsFor(id, targetsIn(textOf((await web.get(`/claims/${encodeURIComponent(id)}`, MAX_PAGE_BYTES)).bytes)))
  } catch {
    return [] // the page's own host is tried then, and what it says is marked as a guess
  }
}

/** `_vouchsafe.<host>` TXT "vouchsafe-log=<vkey>": the same company's word by another way, which a stolen web server cannot change. */
async function keyInDns(host: string): Promise<string | undefined> {
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0 || host === 'localhost' || host.endsWith('.localhost')) return undefined
  try {
    const records = await resolveTxt(`_vouchsafe.${host}`)
    const found = records.map((parts) => parts.join('')).filter((text) => text.startsWith('vouchsafe-log='))
    return found.length === 1 ? found[0]?.slice('vouchsafe-log='.length) : undefined
  } catch {
    return undefined // no such record: said by the step `log key`
  }
}

