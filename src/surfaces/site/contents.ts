import type { Block, Inline } from '#core/policy'
import type { ClaimView } from './view.ts'

/** A heading of the policy as a place one can go to. */
export interface Section {
  /** Unique in the page. */
  id: string
  /** Level to set the heading at, 2 to 6; the page's title is 1, and no level is skipped. */
  level: 2 | 3 | 4 | 5 | 6
  text: string
  /** Whether a claim in it, or below it, is broken. */
  broken: boolean
  /** Whether the list of contents names it. */
  listed: boolean
}

type Heading = Extract<Block, { kind: 'heading' }>

/**
 * The sections of a policy by their heading block. A heading that only repeats the page's title has none: it is not
 * shown twice.
 */
export function sectionsOf(blocks: readonly Block[], claims: readonly ClaimView[], title: string): Map<Block, Section> {
  const headings = blocks.filter((block): block is Heading => block.kind === 'heading')
  const first = headings[0]
  const shown = first !== undefined && blocks[0] === first && plainText(first.children) === title.trim() ? headings.slice(1) : headings
  const depth = listedDepth(shown)
  const broken = claims.filter((claim) => claim.state === 'broken')
  const used = new Set<string>()
  const open: number[] = []
  const sections = new Map<Block, Section>()
  shown.forEach((heading, index) => {
    while (open.length > 0 && (open.at(-1) as number) >= heading.depth) open.pop()
    open.push(heading.depth)
    const text = plainText(heading.children)
    const next = shown.slice(index + 1).find((other) => other.depth <= heading.depth)
    const [from, to] = [startOf(heading.children), next === undefined ? Infinity : startOf(next.children)]
    sections.set(heading, {
      id: uniqueId(text, used),
      level: Math.min(open.length + 1, 6) as Section['level'],
      text,
      broken: broken.some((claim) => claim.start >= from && claim.start < to),
      listed: heading.depth <= depth,
    })
  })
  return sections
}

/** The depth down to which headings make a useful list: the shallowest at which there are at least two. */
function listedDepth(headings: readonly Heading[]): number {
  for (let depth = 1; depth <= 6; depth++) if (headings.filter((heading) => heading.depth <= depth).length >= 2) return depth
  return 6
}

function uniqueId(text: string, used: Set<string>): string {
  const word = text.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60) || 'section'
  let id = `s-${word}` // the prefix keeps a heading from taking an id of the frame or of a claim
  for (let k = 2; used.has(id); k++) id = `s-${word}-${k}`
  used.add(id)
  return id
}

/** The words of inlines without their marks. */
export function plainText(inlines: readonly Inline[]): string {
  return inlines.map((inline): string => (inline.kind === 'break' ? ' ' : 'children' in inline ? plainText(inline.children) : inline.text)).join('').replace(/\s+/g, ' ').trim()
}

function startOf(inlines: readonly Inline[]): number {
  for (const inline of inlines) {
    if (inline.kind === 'break') continue
    const start = 'children' in inline ? startOf(inline.children) : inline.start
    if (start !== Infinity) return start
  }
  return Infinity
}
