import type { Block } from '#core/policy'
import type { ControlId } from '#core/control'
import type { ClaimState, EvidenceState, Strength, Verdict } from '@vouchsafe/verify'
import type { Instant } from '#core/clock'

/**
 * What the site's pages are made from. The pages are pure functions of these views: whoever reads the store fills
 * them in (surfaces/http/site-routes.ts), and nothing in a page reaches further than its view.
 */
export interface SiteView {
  organisation: { name: string; accent?: string }
  /** What this is, until somebody publishes: a preview on this machine, with a word on what to do next. */
  status: 'preview' | 'published'
  at: Instant
  /** Absolute, without a trailing slash; undefined until the operator sets a public address. */
  publicUrl?: string
  /** Where this server answers on its own machine, without a trailing slash; for commands while there is no public address. */
  localUrl?: string
  navigation: readonly { title: string; href: string }[]
  log: LogView
}

export interface LogView {
  origin: string
  size: number
  since: Instant
  vkey: string
  checkpointAt?: Instant
  witnesses: readonly { name: string; operator: 'own' | 'other'; lastAt?: Instant }[]
}

export interface PageView {
  site: SiteView
  policy: {
    slug: string
    title: string
    description?: string
    version: number
    effectiveAt?: Instant
    publishedAt?: Instant
    approvedBy?: string
    canonicalUrl?: string
    versions: readonly VersionView[]
  }
  /** The policy as a document; claims are found in it by their byte offsets. */
  blocks: readonly Block[]
  claims: readonly ClaimView[]
  /** Sentences that the company chose not to offer for checking. */
  notOffered: number
  counts: Readonly<Record<ClaimState, number>>
  /** One item a day, oldest first, 90 of them; null where there was no installation yet. */
  days: readonly ({ day: string; checked: number; broken: number; other: number } | null)[]
  scope: ScopeView
  /** Hedges that govern the whole page, reported once. */
  blanketHedges: readonly string[]
  contradictions: readonly { kind: string; why: string; claims: readonly string[] }[]
}

/** The reader's choice of product, tier and region; what does not hold there is shown dimmed with its scope. */
export interface ScopeView {
  options: readonly { value: string; label: string }[]
  chosen?: string
}

export interface ClaimView {
  id: string
  text: string
  start: number
  end: number
  section: readonly string[]
  strength: Strength
  scope?: string
  /** False when it does not hold in the scope that the reader chose. */
  inScope: boolean
  state: ClaimState
  underlying: EvidenceState
  since?: Instant
  controls: readonly { id: ControlId; title: string; requirements: readonly string[] }[]
  backings: readonly BackingView[]
  attestations: readonly { role: string; from: Instant; until: Instant; entry?: number }[]
  /** Public words on a broken claim: cause, mend-by date, role. */
  note?: { cause: string; mendBy: Instant; role: string; breached: boolean }
  /** Until then the details of a failure are held back, and read "not currently confirmed". At most 72 hours. */
  heldBackUntil?: Instant
  /** For hedged or unbacked sentences: a wording that could be checked. */
  suggestion?: { wording: string; check: string }
}

export interface BackingView {
  checkId: string
  title: string
  method: string
  kind: 'built-in' | 'declared' | 'pushed'
  covers: readonly ControlId[]
  state: EvidenceState
  cadenceSeconds: number
  freshnessSeconds: number
  vouching: 'software' | 'recheckable'
  summary?: string
  /** Of the newest run, whatever it found. */
  observedAt?: Instant
  /** Of the newest run that held: how fresh a good state is. */
  heldAt?: Instant
  recordedAt?: Instant
  entry?: number
  binding: string
  bindingEntry?: number
  covered: number
  declared: number
  /** A row a target, a tick a run, oldest first, gaps as `not-run`; the last 90 at most. */
  rows: readonly { target: string; ticks: readonly (Verdict | 'not-run')[]; held: number; of: number }[]
  /** How many were due in all, bindings before this one included; and how many of the newest `shown` were not run. */
  slots: { due: number; shown: number; notRun: number }
  observers: readonly { name: string; at: Instant }[]
  recheck?: string
  /** Hosts to recheck, where targets may be named. */
  recheckTargets?: readonly string[]
}

export interface ClaimPageView {
  site: SiteView
  policy: PageView['policy']
  claim: ClaimView
  /** Earlier wordings and what became of them. */
  predecessors: readonly { id: string; text: string; version: number; relation: 'carried' | 'split' | 'merged' | 'reworded' }[]
  verifierDigest: string
}

export interface VersionView {
  version: number
  status: 'draft' | 'approved' | 'published' | 'superseded' | 'withdrawn'
  publishedAt?: Instant
  approvedBy?: string
  effectiveAt?: Instant
}

/** A policy that was taken off the page, and what remains to be said of it. */
export interface WithdrawnView {
  site: SiteView
  slug: string
  title: string
  at: Instant
  /** The name under which it was decided. */
  by: string
  versions: readonly VersionView[]
}

export interface DiffView {
  site: SiteView
  slug: string
  title: string
  from: number
  to: number
  /** Sentences in document order. */
  lines: readonly { kind: 'same' | 'added' | 'removed' | 'changed'; before?: string; after?: string; weakened?: boolean }[]
}
