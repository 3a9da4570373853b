import { type DraftBlock, type DraftInline, draftLeaf } from './draft.ts'

/** A heading without marks is one short line that ends like no sentence does. */
const LONGEST_HEADING = 90

/**
 * Plain text as draft blocks: paragraphs parted by empty lines, hard-wrapped or not; short lone lines are
 * headings (the first is the title); marked lines are list items; underlined lines are headings too.
 */
export function readTextBlocks(text: string, from = 0): DraftBlock[] {
  const blocks: DraftBlock[] = []
  let titled = false
  for (const chunk of chunksOf(text, from)) {
    const raw = text.slice(chunk.from, chunk.to)
    const underline = /^(\S[^\n]{0,200})\r?\n([=-])\2{2,}[ \t]*$/.exec(raw)
    if (underline) {
      blocks.push({ kind: 'heading', depth: underline[2] === '=' ? 1 : 2, children: run(text, chunk.from, chunk.from + (underline[1] as string).length) })
      titled = true
    } else if (/^[ \t]*[-=*_~]{3,}[ \t]*$/.test(raw)) blocks.push({ kind: 'rule' })
    else if (isHeading(raw)) {
      blocks.push({ kind: 'heading', depth: titled ? 2 : 1, children: run(text, chunk.from, chunk.to) })
      titled = true
    } else blocks.push(...proseOf(text, chunk))
  }
  return joinLists(blocks)
}

interface Chunk { from: number; to: number }

/** Stretches between empty lines, without the white space around them. */
function* chunksOf(text: string, from: number): Generator<Chunk> {
  const gap = /(?:\r?\n[ \t]*){2,}|$/g
  gap.lastIndex = from
  let start = from
  while (start < text.length) {
    const match = gap.exec(text)
    const end = match ? match.index : text.length
    const body = text.slice(start, end)
    const lead = body.length - body.trimStart().length
    const trimmed = body.trim().length
    if (trimmed > 0) yield { from: start + lead, to: start + lead + trimmed }
    start = end + Math.max(match?.[0].length ?? 1, 1)
    gap.lastIndex = start
  }
}

function isHeading(raw: string): boolean {
  if (raw.includes('\n') || raw.length > LONGEST_HEADING) return false
  if (/[.;,]$/.test(raw) || /:\/\/|@|: ./.test(raw)) return false
  if (ITEM.test(raw) && !/^\d{1,2}(?:\.\d{1,2})*[.)]?\s+[A-Z]/.test(raw)) return false
  if (isFootnote(raw)) return false
  return raw.split(/\s+/).length <= 12 && /[A-Za-z]/.test(raw) && !raw.endsWith(':')
}

/** `1Applies to …`, `* Where …`, `[1] …` alone in a paragraph: a footnote. */
export function isFootnote(raw: string): boolean {
  return /^(?:\d{1,2}(?=[A-Z(])|\[\d{1,2}\]\s*(?=\S)|[†‡§¹²³⁴⁵]\s*(?=\S)|\*{1,3}(?=\S))/.test(raw)
}

const ITEM = /^[ \t]*(?:[-*•‣◦–]|\d{1,3}[.)]|[a-z][.)])[ \t]+(?=\S)/

function proseOf(text: string, chunk: Chunk): DraftBlock[] {
  const blocks: DraftBlock[] = []
  let paragraph: Chunk | undefined
  let items: Chunk[] | undefined
  const flush = (): void => {
    if (paragraph) blocks.push({ kind: 'paragraph', children: run(text, paragraph.from, paragraph.to) })
    if (items) blocks.push({ kind: 'list', ordered: false, items: items.map((item) => [{ kind: 'paragraph', children: run(text, item.from, item.to) }]) })
    paragraph = items = undefined
  }
  for (let from = chunk.from; from < chunk.to; ) {
    let to = text.indexOf('\n', from)
    if (to < 0 || to > chunk.to) to = chunk.to
    const line = text.slice(from, to)
    const mark = ITEM.exec(line)
    const lead = line.length - line.trimStart().length
    const end = from + line.trimEnd().length
    if (mark && !isFootnote(line.trim())) {
      if (paragraph) flush()
      items ??= []
      items.push({ from: from + mark[0].length, to: end })
    } else if (line.trim() !== '') {
      const item = items?.at(-1)
      if (item) item.to = end // a wrapped item goes on
      else if (paragraph) paragraph.to = end
      else paragraph = { from: from + lead, to: end }
    }
    from = to + 1
  }
  flush()
  return blocks
}

/** Items parted by empty lines are one list. */
function joinLists(blocks: DraftBlock[]): DraftBlock[] {
  const joined: DraftBlock[] = []
  for (const block of blocks) {
    const last = joined.at(-1)
    if (block.kind === 'list' && last?.kind === 'list') last.items.push(...block.items)
    else joined.push(block)
  }
  return joined
}

// Lengths as in RFC 5321 §4.5.3.1.1 and RFC 1035 §2.3.4; without them one long word takes a time that grows with its square.
const ADDRESS = /https?:\/\/[^\s<>"')\]]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g

/** Text between two positions, addresses in it made links. */
function run(text: string, from: number, to: number): DraftInline[] {
  const value = text.slice(from, to)
  const result: DraftInline[] = []
  let done = 0
  for (const match of value.matchAll(ADDRESS)) {
    const address = match[0].replace(/[.,;:!?]+$/, '')
    if (match.index > done) result.push(draftLeaf('text', value.slice(done, match.index), text, from + done, from + match.index))
    const end = match.index + address.length
    const href = address.includes('://') ? address : `mailto:${address}`
    result.push({ kind: 'link', href, children: [draftLeaf('text', address, text, from + match.index, from + end)] })
    done = end
  }
  if (done < value.length) result.push(draftLeaf('text', value.slice(done), text, from + done, to))
  return result
}
