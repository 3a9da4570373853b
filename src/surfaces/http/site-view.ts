import { backingState } from '@vouchsafe/verify'
import { recentSlots, type CheckDefinition, type CheckId } from '#core/check'
import { controlById, isControlId, requirementsOf } from '#core/control'
import type { OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Section } from '#core/module'
import {
  brokenSince,
  claimStandings,
  countStates,
  latestNotes,
  listSnapshots,
  listVersions,
  noteOn,
  readDraft,
  readSettings,
  shownVersion,
  statusOf,
  versionDiff,
  versionOf,
  withdrawnVersion,
  wordingHistory,
  wordingsOf,
  type ClaimStanding,
  type Draft,
  type Settings,
  type SnapshotRecord,
  type Version,
  type VersionStatus,
  type WithdrawnVersion,
} from '#core/page'
import type { Block } from '#core/policy'
import type { BackingView, ClaimPageView, ClaimView, DiffView, PageView, ScopeView, SiteView, VersionView, WithdrawnView } from '../site/index.ts'
import type { SpineParts } from './spine/index.ts'

export interface ViewParts {
  db: OrganisationDatabase
  log: SpineParts['log']
  definitions(): ReadonlyMap<CheckId, CheckDefinition>
  sections: readonly Section[]
  localUrl(): string
  observers(claimId: string): Promise<readonly { name: string; at: Date }[]>
  now(): Date
}

const TICKS = 90 // as many as the measure holds at a phone's width
const DAY_MS = 86_400_000
// Details are shown at once unless the operator asks for time to look into a failure first.
const DEFAULT_HOLD_BACK_HOURS = 0

/** What was asked for is of a policy that is off the page; what everybody is told of it. */
export class WithdrawnPolicy extends VouchsafeError {
  readonly view: WithdrawnView
  constructor(view: WithdrawnView) {
    super('not-found', `${view.title} was withdrawn.`)
    this.view = view
  }
}

/** Fills the site's views from the store. Each is one consistent reading at one moment. */
export class SiteViews {
  readonly #parts: ViewParts
  // A version's source never changes, so what it reads as is worked out once.
  readonly #drafts = new Map<string, Draft>()
  constructor(parts: ViewParts) {
    this.#parts = parts
  }

  async site(at: Date, status: SiteView['status']): Promise<SiteView> {
    const [settings, log] = await Promise.all([readSettings(this.#parts.db), this.#parts.log.status()])
    return {
      organisation: { name: settings.name ?? 'This installation', ...(settings.accent === undefined ? {} : { accent: settings.accent }) },
      status,
      at,
      ...(settings.publicUrl === undefined ? {} : { publicUrl: settings.publicUrl }),
      localUrl: this.#parts.localUrl(),
      navigation: [{ title: 'Security', href: '/' }, ...this.#parts.sections, { title: 'Verify', href: '/verify' }],
      log: {
        origin: log.origin,
        size: log.size,
        since: new Date(log.since),
        vkey: log.vkey,
        witnesses: log.witnesses.map((witness) => ({ name: witness.name, operator: witness.operator, ...(witness.lastAt === null ? {} : { lastAt: new Date(witness.lastAt) }) })),
      },
    }
  }

  /** @throws VouchsafeError `not-found` for a policy or version that is not shown to the public */
  async page(options: { slug?: string; number?: number; scope?: string }): Promise<PageView> {
    const { db } = this.#parts
    const at = this.#parts.now()
    const shown = await this.#shown(options.slug, options.number)
    const { version, status } = shown
    const [site, draft, wordings, siblings, days] = await Promise.all([
      this.site(at, status),
      this.#draft(version),
      wordingsOf(db, version.id),
      listVersions(db, version.slug),
      this.#days(at),
    ])
    const offered = wordings.filter((wording) => wording.offered)
    const scope = scopeOf(offered.flatMap((wording) => (wording.scope === undefined ? [] : [wording.scope])), options.scope)
    const claims = await this.#claims(await claimStandings(db, offered, at), draft, scope, at)
    const byLine = new Map(offered.map((wording) => [wording.line, wording.claimId]))
    return {
      site,
      policy: this.#policy(version, siblings, draft, status),
      blocks: withoutTitle(draft.document.blocks, draft.document.title),
      claims,
      notOffered: wordings.length - offered.length,
      counts: countStates(claims.map((claim) => claim.state)),
      days,
      scope,
      blanketHedges: draft.reading.blanketHedges.map((hedge) => hedge.words),
      contradictions: draft.reading.contradictions.map((conflict) => ({
        kind: conflict.kind,
        why: conflict.why,
        claims: [...conflict.a, ...conflict.b].flatMap((line) => byLine.get(line) ?? []),
      })),
    }
  }

  async claim(claimId: string): Promise<Omit<ClaimPageView, 'verifierDigest'>> {
    const { db } = this.#parts
    const at = this.#parts.now()
    const { version, status } = await this.#shown()
    const wording = (await wordingsOf(db, version.id)).find((candidate) => candidate.claimId === claimId && candidate.offered)
    if (!wording) {
      const earlier = (await wordingHistory(db, claimId)).at(-1)
      throw new VouchsafeError('not-found', earlier ? 'This statement is not on the page any more.' : 'There is no such statement.', { mend: 'Go to the page to see what it says now.' })
    }
    const draft = await this.#draft(version)
    const [site, siblings, standings] = await Promise.all([this.site(at, status), listVersions(db, version.slug), claimStandings(db, [wording], at)])
    const [claim] = await this.#claims(standings, draft, { options: [] }, at)
    const history = await Promise.all(
      wording.predecessors.map(async (id) => {
        const last = (await wordingHistory(db, id)).at(-1)
        return last ? [{ id, text: last.text, version: last.version, relation: wording.relation === 'new' ? ('reworded' as const) : wording.relation }] : []
      }),
    )
    return { site, policy: this.#policy(version, siblings, draft, status), claim: claim!, predecessors: history.flat() }
  }

  async versions(slug: string): Promise<{ site: SiteView; policy: PageView['policy'] }> {
    const { version, status } = await this.#shown(slug)
    const siblings = await listVersions(this.#parts.db, slug)
    return { site: await this.site(this.#parts.now(), status), policy: this.#policy(version, siblings, await this.#draft(version), status) }
  }

  async diff(slug: string, from: number, to: number): Promise<DiffView> {
    const { version, status } = await this.#shown(slug)
    const siblings = await listVersions(this.#parts.db, slug)
    for (const number of [from, to]) {
      const one = siblings.find((sibling) => sibling.number === number)
      if (!one || !isShown(statusOf(one, siblings), status)) throw new VouchsafeError('not-found', `Version ${number} of this policy is not public.`)
    }
    return { site: await this.site(this.#parts.now(), status), slug, title: version.title, from, to, lines: await versionDiff(this.#parts.db, slug, from, to) }
  }

  /** Former addresses of the shown policy, and where it is now. */
  async redirects(): Promise<ReadonlyMap<string, string>> {
    const { version } = await this.#shown()
    const { document } = await this.#draft(version)
    return new Map(document.frontMatter.redirects.filter((from) => from.startsWith('/')).map((from) => [from, `/policies/${version.slug}`]))
  }

  settings(): Promise<Settings> {
    return readSettings(this.#parts.db)
  }

  async #shown(slug?: string, number?: number): Promise<{ version: Version; status: SiteView['status'] }> {
    const shown = await shownVersion(this.#parts.db, slug)
    const gone = shown ? undefined : await withdrawnVersion(this.#parts.db, slug)
    if (gone) throw new WithdrawnPolicy(await this.#withdrawn(gone))
    if (!shown) throw new VouchsafeError('not-found', slug === undefined ? 'Nothing is shown here yet.' : `There is no policy "${slug}" here.`, { mend: 'Import a page: vouchsafe import your-security-page.md --save' })
    if (number === undefined || number === shown.version.number) return shown
    const version = await versionOf(this.#parts.db, shown.version.slug, number)
    // A draft is nobody's business yet; only what was once on the page can be looked at again.
    if (!isShown(statusOf(version, await listVersions(this.#parts.db, version.slug)), shown.status)) throw new VouchsafeError('not-found', `Version ${number} of this policy is not public.`)
    return { version, status: shown.status }
  }

  async #withdrawn({ version, withdrawn }: WithdrawnVersion): Promise<WithdrawnView> {
    const [site, siblings, draft] = await Promise.all([this.site(this.#parts.now(), 'published'), listVersions(this.#parts.db, version.slug), this.#draft(version)])
    const { slug, title, versions } = this.#policy(version, siblings, draft, 'published')
    return { site, slug, title, at: withdrawn.at, by: withdrawn.by, versions }
  }

  async #draft(version: Version): Promise<Draft> {
    const known = this.#drafts.get(version.id)
    if (known) return known
    const draft = await readDraft(this.#parts.db, version)
    if (this.#drafts.size >= 20) this.#drafts.clear()
    // An unpublished draft can still be corrected; a version that is shown is settled.
    if (version.decisions.length > 0) this.#drafts.set(version.id, draft)
    return draft
  }

  #policy(version: Version, siblings: readonly Version[], { document }: Draft, shown: SiteView['status']): PageView['policy'] {
    const { description, canonicalUrl, effectiveDate } = document.frontMatter
    const published = version.decisions.find((decision) => decision.kind === 'published')
    const approved = version.decisions.find((decision) => decision.kind === 'approved')
    const effectiveAt = effectiveDate === undefined ? undefined : new Date(effectiveDate)
    return {
      slug: version.slug,
      title: document.title || version.title,
      ...(description === undefined ? {} : { description }),
      version: version.number,
      ...(effectiveAt && !Number.isNaN(effectiveAt.getTime()) ? { effectiveAt } : {}),
      ...(published ? { publishedAt: published.at } : {}),
      ...(approved ? { approvedBy: approved.by } : {}),
      ...(canonicalUrl === undefined ? {} : { canonicalUrl }),
      versions: siblings.flatMap((sibling): VersionView[] => {
        const status = statusOf(sibling, siblings)
        if (!isShown(status, shown) && status !== 'withdrawn') return []
        const at = sibling.decisions.find((decision) => decision.kind === 'published')?.at
        const by = sibling.decisions.find((decision) => decision.kind === 'approved')?.by
        return [{ version: sibling.number, status: status === 'previewed' ? 'draft' : status, ...(at ? { publishedAt: at } : {}), ...(by ? { approvedBy: by } : {}) }]
      }),
    }
  }

  async #claims(standings: readonly ClaimStanding[], draft: Draft, scope: ScopeView, at: Date): Promise<ClaimView[]> {
    const { db, log, observers } = this.#parts
    const settings = await readSettings(db)
    const chains = standings.flatMap((standing) => standing.backings.flatMap((backing) => backing.chain.map((binding) => binding.digest)))
    const [slots, notes] = await Promise.all([recentSlots(db, [...new Set(chains)], TICKS), latestNotes(db)])
    const leaves = [...slots.map((slot) => slot.leafId), ...standings.flatMap((standing) => [...standing.backings.flatMap(({ binding, slots: deciding }) => [binding.leafId, ...deciding.map((slot) => slot.leafId)]), ...standing.attestations.map((attestation) => attestation.leafId)])]
    const placed = await log.indexOf(leaves)
    return Promise.all(
      standings.map(async (standing): Promise<ClaimView> => {
        const { wording, result } = standing
        const seen = await observers(wording.claimId)
        const views = standing.backings.map((entry): BackingView => {
          return backingView(entry, inSlotOrder(entry.chain, slots).slice(-TICKS), {
            at,
            definition: this.#parts.definitions().get(entry.binding.checkId),
            placed,
            observers: seen,
            showTargets: settings.showTargets ?? true,
            publicUrl: settings.publicUrl ?? this.#parts.localUrl(),
          })
        })
        const since = brokenSince(standing, at)
        const holdBack = (settings.holdBackHours ?? DEFAULT_HOLD_BACK_HOURS) * 3_600_000
        const heldBackUntil = since && result.underlying === 'broken' && since.getTime() + holdBack > at.getTime() ? new Date(since.getTime() + holdBack) : undefined
        const note = noteOn(standing, notes.get(wording.claimId), at)
        const suggestion = draft.reading.suggestions.find((candidate) => candidate.line === wording.line)
        return {
          id: wording.claimId,
          text: wording.text,
          start: wording.start,
          end: wording.end,
          section: wording.section,
          strength: wording.strength,
          ...(wording.scope === undefined ? {} : { scope: wording.scope }),
          inScope: scope.chosen === undefined || wording.scope === undefined || wording.scope === scope.chosen,
          state: result.state,
          underlying: result.underlying,
          ...(since ? { since } : {}),
          controls: wording.controls.filter(isControlId).map((id) => ({ id, title: controlById(id).title, requirements: requirementsOf(id).map((requirement) => requirement.label) })),
          backings: heldBackUntil ? views.map(withoutDetails) : views,
          attestations: standing.attestations.map((attestation) => {
            const entry = placed.get(attestation.leafId)
            return { role: attestation.role, from: attestation.from, until: attestation.endedAt && attestation.endedAt < attestation.until ? attestation.endedAt : attestation.until, ...(entry === undefined ? {} : { entry }) }
          }),
          ...(note ? { note: { cause: note.cause, mendBy: note.mendBy, role: note.role, breached: note.mendBy < at } } : {}),
          ...(heldBackUntil ? { heldBackUntil } : {}),
          ...(suggestion && (result.state === 'unprovable' || result.state === 'unbacked') ? { suggestion: { wording: suggestion.wording, check: suggestion.check.looksAt } } : {}),
        }
      }),
    )
  }

  /** The worst that the page said on each of the last 90 days. */
  async #days(at: Date): Promise<PageView['days']> {
    const first = Math.floor(at.getTime() / DAY_MS) * DAY_MS - 89 * DAY_MS
    return dayStrip((await listSnapshots(this.#parts.db, { since: new Date(first - 2 * DAY_MS) })).toReversed(), first, at.getTime())
  }
}

// Once a day at least there is a snapshot; without one this long, nobody was there to look.
const SILENCE_MS = 25 * 3_600_000

/**
 * One item a day. A state lasts until the next snapshot, so a day begins with what the one before it ended with; what
 * broke and was mended within a day counts for it. Of days on which nobody looked nothing good is said.
 * @param snapshots oldest first
 * @param first the start of the first day, in milliseconds since the Unix epoch; what lies after `at` is not said
 */
export function dayStrip(snapshots: readonly Pick<SnapshotRecord, 'at' | 'predicate'>[], first: number, at: number): PageView['days'] {
  const told = snapshots.map(({ at: taken, predicate }) => {
    const states = predicate.claims.map((claim) => claim.state)
    const checked = states.filter((state) => state === 'checked').length
    const broken = states.filter((state) => state === 'broken').length
    return { at: taken.getTime(), checked, broken, other: states.length - checked - broken }
  })
  return Array.from({ length: 90 }, (_, i) => {
    const from = first + i * DAY_MS
    if (from > at) return null
    const day = new Date(from).toISOString().slice(0, 10)
    const before = told.findLast((one) => one.at < from)
    const today = told.filter((one) => one.at >= from && one.at < from + DAY_MS)
    const next = today[0]?.at ?? Math.min(from + DAY_MS, at)
    const seen = before && next - before.at < SILENCE_MS ? [before, ...today] : today
    const worst = seen.toSorted((a, b) => b.broken - a.broken || b.at - a.at)[0]
    if (worst) return { day, checked: worst.checked, broken: worst.broken, other: worst.other }
    return before ? { day, checked: 0, broken: 0, other: before.checked + before.broken + before.other } : null
  })
}

/** Whether a version is shown on pages of this status: a published page does not lead to what was only ever a preview. */
export const isShown = (status: VersionStatus, page: SiteView['status']): boolean => status === 'published' || status === 'superseded' || (status === 'previewed' && page === 'preview')

function scopeOf(scopes: readonly string[], chosen: string | undefined): ScopeView {
  const options = [...new Set(scopes)].sort().map((scope) => ({ value: scope, label: scope }))
  return { options, ...(chosen !== undefined && options.some((option) => option.value === chosen) ? { chosen } : {}) }
}

/** The page sets its own title; the policy's first heading would say it twice. */
function withoutTitle(blocks: readonly Block[], title: string): readonly Block[] {
  const [first] = blocks
  const text = (children: readonly unknown[]): string => children.map((child) => { const node = child as { text?: string; children?: unknown[] }; return node.text ?? text(node.children ?? []) }).join('')
  return first?.kind === 'heading' && first.depth === 1 && text(first.children).trim() === title.trim() ? blocks.slice(1) : blocks
}

type Seen = Awaited<ReturnType<typeof recentSlots>>[number]

/** The slots of a chain, in the order in which they were due: by binding, then by number, whenever they were written down. */
export function inSlotOrder<S extends { binding: string; slot: number }>(chain: readonly { digest: string }[], slots: readonly S[]): S[] {
  const place = new Map(chain.map(({ digest }, i) => [digest, i]))
  return slots.filter((slot) => place.has(slot.binding)).sort((a, b) => place.get(a.binding)! - place.get(b.binding)! || a.slot - b.slot)
}

interface BackingContext {
  definition: CheckDefinition | undefined
  at: Date
  placed: ReadonlyMap<string, number>
  observers: readonly { name: string; at: Date }[]
  showTargets: boolean
  publicUrl: string
}

function backingView({ binding, chain, backing, slots: deciding }: ClaimStanding['backings'][number], slots: readonly Seen[], context: BackingContext): BackingView {
  const { predicate } = binding
  // What decides may be older than what is drawn.
  const newest = deciding.findLast((slot) => slot.verdict !== 'not-run')
  const held = deciding.findLast((slot) => slot.verdict === 'holds')
  const state = backingState(backing, context.at.getTime())
  const told = state === 'checked' ? held : newest
  const entry = newest && context.placed.get(newest.leafId)
  const bindingEntry = context.placed.get(binding.leafId)
  const covers = predicate.covers.filter(isControlId)
  return {
    checkId: binding.checkId,
    title: context.definition?.title ?? binding.checkId,
    method: context.definition?.method ?? 'This check is not known to the running release.',
    kind: context.definition?.kind ?? 'built-in',
    covers,
    state,
    cadenceSeconds: predicate.cadenceSeconds,
    freshnessSeconds: predicate.freshnessSeconds,
    vouching: predicate.vouching,
    ...(newest?.summary === undefined ? {} : { summary: context.showTargets ? newest.summary : namelessSummary(newest) }),
    ...(newest?.observedAt ? { observedAt: newest.observedAt, recordedAt: newest.recordedAt } : {}),
    ...(held?.observedAt ? { heldAt: held.observedAt } : {}),
    ...(entry === undefined ? {} : { entry }),
    binding: binding.digest,
    ...(bindingEntry === undefined ? {} : { bindingEntry }),
    covered: told?.covered ?? 0,
    declared: told?.declared ?? predicate.targets.count,
    rows: rowsOf(slots, context.showTargets),
    slots: { due: chain.reduce((sum, member) => sum + member.lastSlot + 1, 0), shown: slots.length, notRun: slots.filter((slot) => slot.verdict === 'not-run').length },
    observers: predicate.vouching === 'recheckable' ? context.observers : [],
    ...(predicate.vouching === 'recheckable' ? { recheck: `vouchsafe verify --recheck ${context.publicUrl}/claims/${chain[0]!.claimId}`, ...(context.showTargets && binding.targets.length > 0 ? { recheckTargets: binding.targets } : {}) } : {}),
  }
}

/** A check's own summary names its targets; this says as much without them. */
const namelessSummary = ({ verdict, covered, declared }: Pick<Seen, 'verdict' | 'covered' | 'declared'>): string =>
  `${{ holds: 'held', fails: 'does not hold', unknown: 'could not be told', 'not-run': 'not run' }[verdict]}, with ${covered} of ${declared} ${declared === 1 ? 'target' : 'targets'} looked at`

/** A row a target; the whole check as one row where targets are not to be named. */
function rowsOf(slots: readonly Seen[], showTargets: boolean): BackingView['rows'] {
  const names = showTargets ? [...new Set(slots.flatMap((slot) => slot.targets.map((target) => target.target)))].slice(0, 40) : []
  const row = (target: string, of: (slot: Seen) => BackingView['rows'][number]['ticks'][number]): BackingView['rows'][number] => {
    const ticks = slots.map(of)
    return { target, ticks, held: ticks.filter((tick) => tick === 'holds').length, of: ticks.length }
  }
  if (names.length === 0) return slots.length === 0 ? [] : [row('all targets', (slot) => slot.verdict)]
  return names.map((name) => row(name, (slot) => slot.targets.find((target) => target.target === name)?.verdict ?? (slot.verdict === 'not-run' ? 'not-run' : 'unknown')))
}

const HELD_BACK = 'not currently confirmed; details follow'
const withoutDetails = (backing: BackingView): BackingView => ({ ...backing, summary: HELD_BACK, rows: [] })
