import type { Block, Inline, Leaf, Line, LineKind } from './document.ts'
import type { DraftBlock, DraftInline, DraftLeaf } from './draft.ts'
import { isFootnote } from './plain.ts'
import { sentenceRanges } from './sentence.ts'

/** Walks draft blocks in document order, cutting their text into lines and their runs at the lines' borders. */
export function cutLines(drafts: readonly DraftBlock[], byteAt: (at: number) => number): { lines: Line[]; blocks: Block[] } {
  const cutter: Cutter = { lines: [], byteAt, headings: [], block: 0, reached: 0, labels: new Map() }
  const blocks = cutBlocks(drafts, cutter, { kind: 'sentence' })
  attachNotes(cutter.lines, cutter.labels)
  return { lines: cutter.lines, blocks }
}

interface Cutter {
  lines: Line[]
  byteAt: (at: number) => number
  headings: { depth: number; text: string }[]
  block: number
  /** Labels of marked-up footnotes, by line. */
  labels: Map<number, string>
  /** Byte up to which lines were cut. INVARIANT: lines never overlap and stand in document order. */
  reached: number
}

interface Place {
  kind: Exclude<LineKind, 'heading'>
  stem?: string
}

function cutBlocks(drafts: readonly DraftBlock[], cutter: Cutter, place: Place): Block[] {
  const blocks: Block[] = []
  let before: string | undefined // the last sentence before a list
  for (const draft of drafts) {
    const seen = cutter.lines.length
    switch (draft.kind) {
      case 'heading': {
        const text = visibleText(draft.children)
        while ((cutter.headings.at(-1)?.depth ?? 0) >= draft.depth) cutter.headings.pop()
        blocks.push({ kind: 'heading', depth: draft.depth, children: cutInlines(draft.children, cutter, { kind: 'heading', depth: draft.depth }) })
        cutter.headings.push({ depth: draft.depth, text })
        before = undefined
        continue
      }
      case 'paragraph': {
        const footnote = draft.footnote !== undefined || isFootnote(visibleText(draft.children))
        const children = cutInlines(draft.children, cutter, { ...place, footnote, ...(draft.footnote === undefined ? {} : { label: draft.footnote }) })
        blocks.push({ kind: 'paragraph', children, ...(draft.footnote === undefined ? {} : { footnote: draft.footnote }) })
        break
      }
      case 'list': {
        const stem = stemOf(before, place)
        blocks.push({
          kind: 'list',
          ordered: draft.ordered,
          ...(draft.first === undefined ? {} : { first: draft.first }),
          items: draft.items.map((item) => cutBlocks(item, cutter, { kind: 'list-item', ...(stem === undefined ? {} : { stem }) })),
        })
        break
      }
      case 'table': {
        const heads = draft.header.map(visibleText)
        const header = draft.header.map((cell) => cutInlines(cell, cutter, { kind: 'table-cell' }))
        const rows = draft.rows.map((row) => {
          const name = visibleText(row[0] ?? [])
          return row.map((cell, column) => {
            const stem = [column === 0 ? '' : name, heads[column] ?? ''].filter((part) => part !== '').join(': ')
            return cutInlines(cell, cutter, { kind: 'table-cell', ...(stem === '' ? {} : { stem }) })
          })
        })
        blocks.push({ kind: 'table', header, rows })
        break
      }
      case 'quote':
        blocks.push({ kind: 'quote', children: cutBlocks(draft.children, cutter, place) })
        break
      case 'admonition':
        blocks.push({ kind: 'admonition', tone: draft.tone, children: cutBlocks(draft.children, cutter, place) })
        break
      case 'code':
        blocks.push({ ...draft, start: cutter.byteAt(draft.start), end: cutter.byteAt(draft.end) })
        break
      case 'rule':
        blocks.push(draft)
        break
    }
    before = draft.kind === 'paragraph' && cutter.lines.length > seen ? cutter.lines.at(-1)?.text : undefined
  }
  return blocks
}

/** The sentence that a list completes: one that ends in a colon, a short label, or the outer item. */
function stemOf(before: string | undefined, place: Place): string | undefined {
  if (before !== undefined) {
    if (/[:：]$/.test(before) || place.kind === 'list-item') return place.stem === undefined || /[:：]$/.test(before) ? before : `${place.stem} ${before}`
    if (before.length <= 80 && !/[.!?]$/.test(before)) return before
    if (/\b(?:following|below|include|includes|such as)\b[^.]*\.?$/i.test(before)) return before
  }
  return place.kind === 'list-item' ? place.stem : undefined
}

interface LineFacts {
  kind: LineKind
  stem?: string
  depth?: number
  footnote?: boolean
  label?: string
}

function cutInlines(children: readonly DraftInline[], cutter: Cutter, facts: LineFacts): Inline[] {
  const leaves: { leaf: DraftLeaf; href: string | undefined; offset: number }[] = []
  let text = ''
  const gather = (inlines: readonly DraftInline[], href: string | undefined): void => {
    for (const inline of inlines) {
      if (inline.kind === 'break') text += '\n'
      else if ('children' in inline) gather(inline.children, inline.kind === 'link' ? inline.href : href)
      else {
        leaves.push({ leaf: inline, href, offset: text.length })
        text += inline.text
      }
    }
  }
  gather(children, undefined)
  const trimmed = text.trim()
  const whole = { start: text.length - text.trimStart().length, end: text.trimEnd().length }
  // A heading is one line however many sentences it holds.
  const ranges = trimmed === '' ? [] : facts.kind === 'heading' ? [whole] : sentenceRanges(text)
  const block = cutter.block++
  const numbered: { start: number; end: number; line: number }[] = []
  let first = 0
  for (const range of ranges) {
    while (first < leaves.length && (leaves[first] as { offset: number; leaf: DraftLeaf }).offset + (leaves[first] as { leaf: DraftLeaf }).leaf.text.length <= range.start) first++
    const links: string[] = []
    let from = -1
    let to = -1
    for (let k = first; k < leaves.length; k++) {
      const { leaf, href, offset } = leaves[k] as { leaf: DraftLeaf; href: string | undefined; offset: number }
      if (offset >= range.end) break
      if (leaf.text === '' || offset + leaf.text.length <= range.start) continue
      const head = Math.max(0, range.start - offset)
      const tail = Math.min(leaf.text.length, range.end - offset)
      if (from < 0) from = isLead(leaf, head) ? leaf.outerStart : (leaf.at[head] as number)
      to = isTail(leaf, tail) ? leaf.outerEnd : (leaf.at[tail] as number)
      if (href !== undefined && !links.includes(href)) links.push(href)
    }
    if (from < 0) continue
    const start = Math.max(cutter.byteAt(from), cutter.reached)
    const end = Math.max(cutter.byteAt(to), start)
    if (end === start) continue // nothing in the page to point at
    cutter.reached = end
    const line: Line = {
      index: cutter.lines.length,
      text: foldWhiteSpace(text.slice(range.start, range.end)),
      start,
      end,
      kind: facts.kind,
      section: cutter.headings.map((heading) => heading.text),
      block,
      ...(facts.stem === undefined ? {} : { stem: facts.stem }),
      ...(facts.depth === undefined ? {} : { depth: facts.depth }),
      links,
      notes: [],
      footnote: facts.footnote === true,
    }
    if (facts.label !== undefined) cutter.labels.set(line.index, facts.label)
    numbered.push({ ...range, line: line.index })
    cutter.lines.push(line)
  }
  let offset = 0
  return rebuild(children)

  function rebuild(inlines: readonly DraftInline[]): Inline[] {
    return inlines.flatMap((inline): Inline[] => {
      if (inline.kind === 'break') {
        offset++
        return [inline]
      }
      if ('children' in inline) return [{ ...inline, children: rebuild(inline.children) }]
      const pieces = cutLeaf(inline, offset, numbered, cutter.byteAt)
      offset += inline.text.length
      return pieces
    })
  }
}

const isLead = (leaf: DraftLeaf, head: number): boolean => leaf.text.slice(0, head).trim() === ''
const isTail = (leaf: DraftLeaf, tail: number): boolean => leaf.text.slice(tail).trim() === ''

function cutLeaf(leaf: DraftLeaf, offset: number, ranges: readonly { start: number; end: number; line: number }[], byteAt: (at: number) => number): Leaf[] {
  const pieces: Leaf[] = []
  const push = (from: number, to: number, line?: number): void => {
    if (to <= from) return
    pieces.push({
      kind: leaf.kind,
      text: leaf.text.slice(from, to).replace(/\s+/g, ' '),
      start: byteAt(leaf.at[from] as number),
      end: byteAt(leaf.at[to] as number),
      ...(line === undefined ? {} : { line }),
    })
  }
  let done = 0
  for (let k = firstReaching(ranges, offset); k < ranges.length; k++) {
    const range = ranges[k] as { start: number; end: number; line: number }
    const head = Math.max(range.start - offset, 0)
    const tail = Math.min(range.end - offset, leaf.text.length)
    if (head >= leaf.text.length) break
    push(done, head)
    push(Math.max(head, done), tail, range.line)
    done = Math.max(done, tail)
  }
  push(done, leaf.text.length)
  return pieces
}

/** Index of the first range that ends after `offset`, by halving: a paragraph may hold thousands of runs. */
function firstReaching(ranges: readonly { end: number }[], offset: number): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle] as { end: number }).end <= offset) low = middle + 1
    else high = middle
  }
  return low
}

export function foldWhiteSpace(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function visibleText(inlines: readonly DraftInline[]): string {
  const gather = (list: readonly DraftInline[]): string =>
    list.map((inline) => (inline.kind === 'break' ? ' ' : 'children' in inline ? gather(inline.children) : inline.text)).join('')
  return foldWhiteSpace(gather(inlines))
}

/** Joins footnotes with the lines, or the lines under headings, that carry their marks. */
function attachNotes(lines: Line[], labels: ReadonlyMap<number, string>): void {
  const marks: { index: number; inLine: RegExp; inHeading: RegExp }[] = []
  for (const line of lines) {
    if (!line.footnote) continue
    const label = labels.get(line.index)
    if (label !== undefined) {
      const literal = `[${label}]`.replace(/[^\w\s]/g, '\\$&')
      marks.push({ index: line.index, inLine: new RegExp(literal), inHeading: new RegExp(literal) })
      continue
    }
    const mark = /^(?:\[(\d{1,2})\]|(\d{1,2})|([†‡§¹²³⁴⁵]|\*{1,3}))/.exec(line.text)
    const token = mark?.[2] ?? mark?.[1]
    if (token !== undefined) marks.push({ index: line.index, inLine: new RegExp(`(?:[a-z)%,.;]${token}(?![\\d.%])(?=\\s|$|[,.;:)])|\\[\\^?${token}\\])`), inHeading: new RegExp(`[A-Za-z)]${token}$`) })
    else if (mark?.[3] !== undefined) {
      const literal = mark[3].replace(/\*/g, '\\*')
      marks.push({ index: line.index, inLine: new RegExp(`\\S${literal}(?=\\s|$|[,.;:)])`), inHeading: new RegExp(`\\S${literal}$`) })
    }
  }
  // More footnotes than this is a bibliography; joining them all would take the square of the page.
  if (marks.length === 0 || marks.length > 200) return
  for (const line of lines) {
    if (line.footnote) continue
    for (const mark of marks)
      if (mark.index !== line.index && (mark.inLine.test(line.text) || line.section.some((heading) => mark.inHeading.test(heading)))) line.notes.push(mark.index)
  }
}
