import { stringify } from 'yaml'
import { type Block, type Inline, toMarkdown } from '#core/policy'
import { heldSince, isHeldBack, knownBy, type Part } from './known.ts'
import { STATE_SIGNS, STATE_WORDS, STATES } from './mark.tsx'
import { placeClaims, segmentsOf } from './placement.ts'
import { type Rendered, textPage } from './respond.ts'
import type { ClaimPageView, ClaimView, PageView } from './view.ts'
import { machineWords } from './when.tsx'

/**
 * The page as Markdown: front matter, then the policy, each claim followed by its state as a link to its evidence.
 * States are of the moment named in `states_at`; a copy does not stay true.
 */
export function policyMarkdown(page: PageView): Rendered {
  const { policy, site } = page
  const base = site.publicUrl ?? ''
  const { placed } = placeClaims(page.claims)
  const seen = new Set<string>()
  const blocks = page.blocks.map((block) => withStates(block, placed, seen, base))
  const apart = page.claims.filter((claim) => !seen.has(claim.id))
  const head = frontMatter({
    title: policy.title,
    description: policy.description,
    status: site.status,
    version: policy.version,
    effective_date: policy.effectiveAt && machineWords(policy.effectiveAt).slice(0, 10),
    approved_by: policy.approvedBy,
    canonical_url: policy.canonicalUrl ?? (site.publicUrl && `${site.publicUrl}/policies/${encodeURIComponent(policy.slug)}`),
    scope: page.scope.chosen,
    states_at: machineWords(site.at),
    statements: page.claims.length,
    states: Object.fromEntries(STATES.filter((state) => page.counts[state] > 0).map((state) => [STATE_WORDS[state], page.counts[state]])),
    not_offered: page.notOffered,
    log: { origin: site.log.origin, entries: site.log.size, vkey: site.log.vkey },
    verify: `${base}/verify`,
  })
  const rest = apart.length === 0 ? '' : `\n## Statements without a place in the text\n\n${bodyOf(apart.map((claim) => paragraph([text(claim.text), text(' '), stateLink(claim, base)])))}`
  return textPage('text/markdown', `${head}${bodyOf(blocks)}${rest}`)
}

/** One statement as Markdown: its words, state, what it rests on and the entries behind it. */
export function claimMarkdown({ claim, policy, site, predecessors }: ClaimPageView): Rendered {
  const base = site.publicUrl ?? ''
  const known = knownBy(claim, site.at)
  const head = frontMatter({
    claim: claim.id,
    status: site.status,
    state: STATE_WORDS[claim.state],
    state_at: machineWords(site.at),
    since: claim.since && machineWords(claim.since),
    strength: claim.strength,
    scope: claim.scope,
    policy: { title: policy.title, version: policy.version, url: `${base}/policies/${encodeURIComponent(policy.slug)}` },
    controls: claim.controls.map((control) => ({ id: control.id, requirements: [...control.requirements] })),
    bundle: `${base}/claims/${encodeURIComponent(claim.id)}/bundle`,
  })
  const held = isHeldBack(claim, site.at) // details of a failure wait, also here
  const items = [
    ...(held ? [] : claim.backings.map((backing) => [
      `${backing.title}: ${STATE_WORDS[backing.state]}.`,
      backing.summary ?? '',
      backing.method,
      backing.observedAt === undefined ? 'Not observed yet.' : `Observed ${machineWords(backing.observedAt)}${backing.entry === undefined ? '' : `, entry ${backing.entry}`}.`,
      backing.vouching === 'recheckable' ? 'You can recheck it.' : 'Our software vouches for it.',
    ].filter((part) => part !== '').join(' '))),
    ...claim.attestations.map((attestation) => `Attested by ${attestation.role}, ${machineWords(attestation.from)} to ${machineWords(attestation.until)}${attestation.entry === undefined ? '' : `, entry ${attestation.entry}`}.`),
  ]
  const blocks: Block[] = [
    { kind: 'heading', depth: 1, children: [text(claim.text)] },
    paragraph([text(`${STATE_SIGNS[claim.state]} ${known.lead}${known.parts.map(partText).join('')}`)]),
    ...(items.length === 0 ? [] : [{ kind: 'list' as const, ordered: false, items: items.map((item) => [paragraph([text(item)])]) }]),
    ...(predecessors.length === 0 ? [] : [
      { kind: 'heading' as const, depth: 2 as const, children: [text('Earlier wordings')] },
      { kind: 'list' as const, ordered: false, items: predecessors.map((earlier) => [paragraph([text(`Version ${earlier.version}, ${earlier.relation}: ${earlier.text}`)])]) },
    ]),
  ]
  return textPage('text/markdown', `${head}${bodyOf(blocks)}`)
}

function withStates(block: Block, placed: readonly ClaimView[], seen: Set<string>, base: string): Block {
  const inlines = (children: readonly Inline[]): Inline[] =>
    segmentsOf(children, placed).flatMap(({ claim, children: own }, k) => {
      const space = k === 0 ? [] : [text(' ')]
      if (claim === undefined || seen.has(claim.id)) return [...space, ...own]
      seen.add(claim.id)
      return [...space, ...own, text(' '), stateLink(claim, base)]
    })
  switch (block.kind) {
    case 'paragraph':
      return { ...block, children: inlines(block.children) }
    case 'list':
      return { ...block, items: block.items.map((item) => item.map((child) => withStates(child, placed, seen, base))) }
    case 'table':
      return { ...block, header: block.header.map(inlines), rows: block.rows.map((row) => row.map(inlines)) }
    case 'quote':
    case 'admonition':
      return { ...block, children: block.children.map((child) => withStates(child, placed, seen, base)) }
    default:
      return block
  }
}

function stateLink(claim: ClaimView, base: string): Inline {
  const observed = claim.state === 'checked' ? heldSince(claim) : undefined
  const words = `(${STATE_SIGNS[claim.state]} ${STATE_WORDS[claim.state]}${observed === undefined ? '' : ` ${machineWords(observed)}`}${claim.inScope ? '' : ', not in the chosen scope'})`
  return { kind: 'link', href: `${base}/claims/${encodeURIComponent(claim.id)}`, children: [text(words)] }
}

const partText = (part: Part): string => (typeof part === 'string' ? part : 'ago' in part ? `at ${machineWords(part.ago)}` : machineWords(part.day).slice(0, 10))
const text = (words: string): Inline => ({ kind: 'text', text: words, start: 0, end: 0 })
const paragraph = (children: Inline[]): Block => ({ kind: 'paragraph', children })

// One line a value: many readers of front matter look for the next `---` and know nothing of YAML's blocks.
function frontMatter(members: Record<string, unknown>): string {
  const given = Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, typeof value === 'string' ? value.replace(/\s+/g, ' ') : value]])))
  return `---\n${stringify(given, { lineWidth: 0 })}---\n\n`
}

/** The policy room writes Markdown of whole documents; of this one, without front matter, only the body is wanted. */
function bodyOf(blocks: readonly Block[]): string {
  const whole = toMarkdown({ format: 'markdown', source: new Uint8Array(), digest: '', frontMatter: { redirects: [], unknown: [] }, title: '', lines: [], blocks: [...blocks] })
  return whole.slice(whole.indexOf('---\n\n') + 5)
}
