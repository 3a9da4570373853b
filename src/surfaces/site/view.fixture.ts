import { type Line, readPolicy } from '#core/policy'
import type { ClaimState, EvidenceState } from '@vouchsafe/verify'
import type { BackingView, ClaimPageView, ClaimView, PageView, SiteView } from './view.ts'

/** Views for tests: made from a real text, with states given by the test. */
export const AT = new Date('2026-11-14T14:06:30Z')
export const before = (minutes: number): Date => new Date(AT.getTime() - minutes * 60_000)
const DAY = 24 * 60

export function siteView(rest: Partial<SiteView> = {}): SiteView {
  return {
    organisation: { name: 'Vouchsafe' },
    status: 'published',
    at: AT,
    publicUrl: 'https://vouchsafe.example',
    navigation: [
      { title: 'Security', href: '/' },
      { title: 'Versions', href: '/policies/security/versions' },
      { title: 'Verify', href: '/verify' },
    ],
    log: {
      origin: 'vouchsafe/3f9c2a6d51e84b70a1c9d2e4f6081b3c',
      size: 18_204,
      since: new Date('2026-03-02T09:00:00Z'),
      vkey: 'vouchsafe/3f9c2a6d51e84b70a1c9d2e4f6081b3c+7d1a90c2+AQk1vFvJ0m8mE2o0b2xSx3cWq9Zr0l1J8n5T7u3q2w==',
      checkpointAt: before(2),
      witnesses: [
        { name: 'witness.example', operator: 'other', lastAt: before(2) },
        { name: 'observer.example', operator: 'other', lastAt: before(26) },
        { name: 'own.example', operator: 'own', lastAt: before(2) },
      ],
    },
    ...rest,
  }
}

export function backingView(rest: Partial<BackingView> = {}): BackingView {
  return {
    checkId: 'tls-versions',
    title: 'TLS versions offered',
    method: 'Opens real handshakes with each version and notes which are answered.',
    kind: 'built-in',
    covers: ['encryption-in-transit'],
    state: 'checked',
    cadenceSeconds: 3600,
    freshnessSeconds: 7200,
    vouching: 'recheckable',
    summary: 'TLS 1.0 and 1.1 refused, 1.2 and 1.3 accepted, chain valid, 71 days left.',
    observedAt: before(4),
    heldAt: before(4),
    recordedAt: before(4),
    entry: 18_177,
    binding: 'a'.repeat(64),
    bindingEntry: 1204,
    covered: 3,
    declared: 3,
    rows: ['app', 'api', 'files'].map((target, k) => ({
      target,
      ticks: Array.from({ length: 72 }, (_, slot) => (k === 2 && slot > 40 && slot < 44 ? 'not-run' : k === 1 && slot === 12 ? 'fails' : k === 1 && slot === 13 ? 'unknown' : 'holds') as 'holds'),
      held: k === 0 ? 72 : k === 1 ? 70 : 69,
      of: 72,
    })),
    slots: { due: 2160, shown: 72, notRun: 3 },
    observers: [{ name: 'observer.example', at: before(26) }],
    recheck: 'vouchsafe verify --recheck https://vouchsafe.example/claims/t7',
    ...rest,
  }
}

/** What a claim of this state looks like, the rest of it being ordinary. */
export function claimOf(state: ClaimState, rest: Partial<ClaimView> = {}): ClaimView {
  const underlying: EvidenceState = state === 'unprovable' ? 'checked' : state
  const backed = state !== 'attested' && state !== 'unbacked'
  return {
    id: `c${state}`,
    text: 'Data in transit is encrypted with TLS 1.2 or 1.3.',
    start: 0,
    end: 0,
    section: ['Encryption'],
    strength: state === 'unprovable' ? 'hedged' : 'definite',
    inScope: true,
    state,
    underlying,
    since: before(state === 'broken' ? 2 * DAY : 90 * DAY),
    controls: [{ id: 'encryption-in-transit', title: 'Data in transit is encrypted', requirements: ['SOC 2 CC6.7', 'ISO 27001 A.8.24', 'GDPR 32'] }],
    backings: backed
      ? [backingView({
          state: underlying,
          ...(state === 'stale' ? { observedAt: before(3 * DAY), heldAt: before(3 * DAY), cadenceSeconds: 86_400, summary: 'The last run held.' } : {}),
          ...(state === 'broken' ? { summary: 'The last good drill is 16 days old.', vouching: 'software', observers: [], cadenceSeconds: 604_800 } : {}),
          ...(state === 'unknown' ? { summary: 'The resolver did not answer.', vouching: 'software', observers: [], rows: [] } : {}),
        })]
      : [],
    attestations: state === 'attested' ? [{ role: 'Head of Infrastructure', from: new Date('2026-03-01T00:00:00Z'), until: new Date('2027-03-01T00:00:00Z'), entry: 912 }] : [],
    ...(state === 'broken' ? { note: { cause: 'The restore host ran out of disk', mendBy: new Date('2026-11-19T00:00:00Z'), role: 'Head of Platform', breached: false } } : {}),
    ...(state === 'unprovable' ? { suggestion: { wording: 'All data at rest is encrypted with AES-256.', check: 'storage-encryption' } } : {}),
    ...rest,
  }
}

export interface Sample {
  page: string
  name?: string
  site?: Partial<SiteView>
  /** The state of the k-th line that could be a claim; undefined: not offered. */
  state: (index: number, line: Line) => ClaimState | undefined
  /** More about the k-th claim. */
  claim?: (index: number, line: Line) => Partial<ClaimView>
}

export function pageView({ page, name = 'page.md', site, state, claim }: Sample): PageView {
  const document = readPolicy(new TextEncoder().encode(page), { name })
  const lines = document.lines.filter((line) => line.kind !== 'heading')
  let notOffered = 0
  const claims = lines.flatMap((line, index): ClaimView[] => {
    const given = state(index, line)
    if (given === undefined) {
      notOffered++
      return []
    }
    return [claimOf(given, { id: `t${index}`, text: line.text, start: line.start, end: line.end, section: line.section, ...claim?.(index, line) })]
  })
  const counts = { checked: 0, attested: 0, broken: 0, unknown: 0, stale: 0, unbacked: 0, unprovable: 0 }
  for (const each of claims) counts[each.state]++
  return {
    site: siteView(site),
    policy: {
      slug: 'security',
      title: document.title || 'How we keep your data safe',
      ...(document.frontMatter.description === undefined ? {} : { description: document.frontMatter.description }),
      version: 14,
      effectiveAt: new Date('2026-11-03T00:00:00Z'),
      publishedAt: new Date('2026-11-03T00:00:00Z'),
      approvedBy: 'Head of Security',
      versions: [
        { version: 12, status: 'superseded', effectiveAt: new Date('2026-06-01T00:00:00Z'), approvedBy: 'Head of Security' },
        { version: 13, status: 'superseded', effectiveAt: new Date('2026-09-01T00:00:00Z'), approvedBy: 'Head of Security' },
        { version: 14, status: 'published', effectiveAt: new Date('2026-11-03T00:00:00Z'), approvedBy: 'Head of Security' },
      ],
    },
    blocks: document.blocks,
    claims,
    notOffered,
    counts,
    days: Array.from({ length: 90 }, (_, k) => k < 12 ? null : { day: new Date(AT.getTime() - (89 - k) * DAY * 60_000).toISOString().slice(0, 10), checked: 38 + (k % 3), broken: k > 60 && k < 64 ? 1 : 0, other: 8 - (k % 3) }),
    scope: { options: [{ value: 'cloud-eu', label: 'Cloud, EU' }, { value: 'self-hosted', label: 'Self-hosted' }] },
    blanketHedges: [],
    contradictions: [],
  }
}

export function claimPageView(page: PageView, claim: ClaimView): ClaimPageView {
  return { site: page.site, policy: page.policy, claim, predecessors: [], verifierDigest: 'f'.repeat(64) }
}

/** A policy about this system itself, with each form of text that a policy may have. */
export const OWN_POLICY = `---
title: How Vouchsafe keeps its promises
description: What this software does with what it is given, and how each sentence is known.
---

# How Vouchsafe keeps its promises

This page is about the software itself. Each sentence with a mark is checked by it.

## 1. Encryption

Data in transit is encrypted with TLS 1.2 or 1.3, see the [probe](https://vouchsafe.example/probe "x"). Private evidence is encrypted with AES-256-GCM 🔒 under **its own key**. We take commercially reasonable measures to protect data at rest.

### Keys

- Key files are readable by their owner alone.
- Keys are rotated each year, by:
  1. making a new one;
  2. signing the change with the *old* one and \`log append\`.
- Wrapped keys live apart from the data.

## 2. Log

> [!IMPORTANT]
> The log is append-only. Whoever finds otherwise should [tell us](mailto:security@vouchsafe.example).

| Record | Kept for | Where |
| --- | --- | --- |
| Public entries | for ever | the log |
| Private evidence | 400 days | the object store |

A supercalifragilisticexpialidociouslylongidentifier_that_does_not_end_and_has_no_place_to_break stands here. Who reads this?

\`\`\`sh
vouchsafe log fsck https://vouchsafe.example
\`\`\`

## 3. Backups

Backups are restored and checked every week. They leave the region never[^1].

[^1]: But for the copies that an operator makes by hand.
`
