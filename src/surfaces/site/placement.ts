import { Buffer } from 'node:buffer'
import type { Inline } from '#core/policy'
import type { ClaimView } from './view.ts'

/** A stretch of a paragraph, item or cell: one claim's words, or words that are offered for nothing. */
export interface Segment {
  claim?: ClaimView
  children: Inline[]
}

export interface Placement {
  /** Claims by position; none begins before the one before it has ended. */
  placed: readonly ClaimView[]
  /** Claims that overlap an earlier one, or point at no bytes. Shown apart, never dropped. */
  left: readonly ClaimView[]
}

/** INVARIANT: each claim is in exactly one of the two lists, so that a page cannot count what it does not show. */
export function placeClaims(claims: readonly ClaimView[]): Placement {
  const placed: ClaimView[] = []
  const left: ClaimView[] = []
  for (const claim of claims.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (claim.end <= claim.start || claim.start < (placed.at(-1)?.end ?? 0)) left.push(claim)
    else placed.push(claim)
  }
  return { placed, left }
}

type Wrapper = Extract<Inline, { children: Inline[] }>
type Atom = { inline: Exclude<Inline, Wrapper>; claim: ClaimView | undefined; path: readonly Wrapper[] }

/**
 * Cuts a run of inlines at the borders of the claims, by UTF-8 byte offsets. Links and emphasis that reach over a
 * border are set on both sides of it. White space and breaks at a border are dropped.
 */
export function segmentsOf(inlines: readonly Inline[], placed: readonly ClaimView[]): Segment[] {
  const groups: { claim: ClaimView | undefined; atoms: Atom[] }[] = []
  let waiting: Atom[] = []
  for (const atom of atomsOf(inlines, [], placed)) {
    const last = groups.at(-1)
    if (isSpace(atom) && atom.claim === undefined) {
      waiting.push(atom)
      continue
    }
    if (last !== undefined && last.claim === atom.claim) last.atoms.push(...waiting, atom)
    else groups.push({ claim: atom.claim, atoms: [atom] })
    waiting = []
  }
  return groups.map(({ claim, atoms }) => ({ ...(claim === undefined ? {} : { claim }), children: nest(atoms, 0) }))
}

const isSpace = ({ inline }: Atom): boolean => inline.kind === 'break' || inline.text.trim() === ''

function* atomsOf(inlines: readonly Inline[], path: readonly Wrapper[], placed: readonly ClaimView[]): Generator<Atom> {
  for (const inline of inlines) {
    if (inline.kind === 'break') yield { inline, claim: undefined, path }
    else if ('children' in inline) yield* atomsOf(inline.children, [...path, inline], placed)
    else yield* cutLeaf(inline, path, placed)
  }
}

function* cutLeaf(leaf: Extract<Inline, { text: string }>, path: readonly Wrapper[], placed: readonly ClaimView[]): Generator<Atom> {
  const touching: ClaimView[] = []
  for (let k = firstEndingAfter(placed, leaf.start); k < placed.length && (placed[k] as ClaimView).start < leaf.end; k++) touching.push(placed[k] as ClaimView)
  const first = touching[0]
  if (first === undefined) yield { inline: leaf, claim: undefined, path }
  // Where the text is not the bytes (escapes, character references) a place within the run is not known: it goes whole.
  else if ((first.start <= leaf.start && first.end >= leaf.end) || Buffer.byteLength(leaf.text) !== leaf.end - leaf.start) yield { inline: leaf, claim: first, path }
  else {
    let done = leaf.start
    let rest = leaf.text
    const take = (to: number, claim: ClaimView | undefined): Atom | undefined => {
      const text = firstBytes(rest, to - done)
      if (text === '') return undefined
      const start = done
      rest = rest.slice(text.length)
      done += Buffer.byteLength(text)
      return { inline: { ...leaf, text, start, end: done }, claim, path }
    }
    for (const claim of touching) {
      const before = take(Math.max(claim.start, done), undefined)
      if (before) yield before
      const own = take(Math.min(claim.end, leaf.end), claim)
      if (own) yield own
    }
    const after = take(leaf.end, undefined)
    if (after) yield after
  }
}

/** The longest head of `text` within so many bytes of UTF-8; a character is never cut through. */
function firstBytes(text: string, bytes: number): string {
  let used = 0
  let units = 0
  for (const character of text) {
    used += Buffer.byteLength(character)
    if (used > bytes) break
    units += character.length
  }
  return text.slice(0, units)
}

function firstEndingAfter(placed: readonly ClaimView[], start: number): number {
  let low = 0
  let high = placed.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((placed[middle] as ClaimView).end <= start) low = middle + 1
    else high = middle
  }
  return low
}

/** Sets atoms back into their links and emphasis. */
function nest(atoms: readonly Atom[], depth: number): Inline[] {
  const result: Inline[] = []
  for (let k = 0; k < atoms.length; ) {
    const atom = atoms[k] as Atom
    const wrapper = atom.path[depth]
    if (wrapper === undefined) {
      result.push(atom.inline)
      k++
      continue
    }
    let end = k
    while (end < atoms.length && (atoms[end] as Atom).path[depth] === wrapper) end++
    result.push({ ...wrapper, children: nest(atoms.slice(k, end), depth + 1) })
    k = end
  }
  return result
}
