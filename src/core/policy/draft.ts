import type { BlockOf, InlineOf } from './document.ts'

/**
 * A run of visible text as a reader found it, before lines are cut. `at[k]` is the UTF-16 position in the page of
 * its k-th unit, `at[text.length]` where it ends. `outerStart` and `outerEnd` take in the markup around it
 * (`**`, `[`, a tag) when the run is first or last inside that markup.
 */
export interface DraftLeaf {
  kind: 'text' | 'code'
  text: string
  at: Uint32Array
  outerStart: number
  outerEnd: number
}

export type DraftInline = InlineOf<DraftLeaf>
export type DraftBlock = BlockOf<DraftLeaf>

const ENTITY = /&(?:#\d{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{0,31});?/y
/** How far a lost place is looked for: past markup between two runs, not through the page. */
const SEARCH_AHEAD = 400

/**
 * Where each unit of `value` (what the parser says the text is) stands in `source` between `from` and `to`.
 * Escapes, character references, line prefixes and line breaks make the two differ. Linear; never fails: a unit
 * that cannot be found takes the place of the one before it.
 */
export function alignText(value: string, source: string, from: number, to: number): Uint32Array {
  const at = new Uint32Array(value.length + 1)
  let place = from
  for (let k = 0; k < value.length; k++) {
    const unit = value[k] as string
    if (source[place] === '&' && place < to) {
      ENTITY.lastIndex = place
      const entity = ENTITY.exec(source)?.[0]
      if (entity !== undefined && !value.startsWith(entity, k)) {
        at[k] = place
        const low = value.charCodeAt(k + 1)
        if (low >= 0xdc00 && low <= 0xdfff) at[++k] = place
        place += entity.length
        continue
      }
    }
    if (source[place] === '\\' && source[place + 1] === unit && place + 1 < to) place++
    if (source[place] !== unit || place >= to) {
      const spaceWanted = /\s/.test(unit)
      let found = -1
      for (let look = place; look < Math.min(to, place + SEARCH_AHEAD); look++)
        if (source[look] === unit || (spaceWanted && /\s/.test(source[look] as string))) {
          found = look
          break
        }
      if (found < 0) {
        at[k] = Math.min(place, to)
        continue
      }
      place = found
    }
    at[k] = place++
    // A line break read as one unit is two in a page with CRLF.
    if (unit === '\n' && source[place - 1] === '\r' && source[place] === '\n') place++
  }
  at[value.length] = Math.max(Math.min(place, to), value.length > 0 ? (at[value.length - 1] as number) : from)
  return at
}

/** A leaf of `value` standing between two positions of the page. */
export function draftLeaf(kind: 'text' | 'code', value: string, source: string, from: number, to: number): DraftLeaf {
  const at = alignText(value, source, from, to)
  return { kind, text: value, at, outerStart: at[0] as number, outerEnd: at[value.length] as number }
}

/** Lets the first and last leaf inside a piece of inline markup reach out to its borders. */
export function reachOut(children: DraftInline[], from: number, to: number): void {
  const first = edgeLeaf(children, 0)
  if (first && first.outerStart > from) first.outerStart = from
  const last = edgeLeaf(children, -1)
  if (last && last.outerEnd < to) last.outerEnd = to
}

function edgeLeaf(children: DraftInline[], side: 0 | -1): DraftLeaf | undefined {
  const child = children.at(side)
  if (child === undefined || child.kind === 'break') return undefined
  return 'children' in child ? edgeLeaf(child.children, side) : child
}
