import type { Nodes, Parents, PhrasingContent, RootContent } from 'mdast'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import { unified } from 'unified'
import type { Notice } from './component.ts'
import { type DraftBlock, type DraftInline, draftLeaf, reachOut } from './draft.ts'
import { safeHref } from './href.ts'
import { readHtmlBlocks } from './html.ts'

const PARSER = unified().use(remarkParse).use(remarkGfm, { singleTilde: false })

/**
 * Markdown (CommonMark with GFM tables, footnotes and autolinks) as draft blocks. `text` may have parts blanked
 * out; positions stay those of the page. Raw HTML is read as HTML or dropped, never kept.
 * The caller has refused hostile nesting.
 */
export function readMarkdownBlocks(text: string, notices: readonly Notice[] = []): DraftBlock[] {
  const root = PARSER.parse(text)
  const reader: Reader = { text, definitions: new Map() }
  collectDefinitions(root, reader)
  return wrapNotices(root.children, notices, reader)
}

interface Reader {
  text: string
  /** Targets of reference links, by identifier. */
  definitions: Map<string, string>
}

function collectDefinitions(node: Nodes, reader: Reader): void {
  if (node.type === 'definition' && !reader.definitions.has(node.identifier)) reader.definitions.set(node.identifier, node.url)
  else if ('children' in node) for (const child of node.children) collectDefinitions(child, reader)
}

const startOf = (node: Nodes): number => node.position?.start.offset ?? 0
const endOf = (node: Nodes): number => node.position?.end.offset ?? 0

/** Top blocks that stand inside a notice component become its children. */
function wrapNotices(nodes: readonly RootContent[], notices: readonly Notice[], reader: Reader): DraftBlock[] {
  const result: DraftBlock[] = []
  let current: { notice: Notice; children: DraftBlock[] } | undefined
  let next = 0
  for (const node of nodes) {
    const blocks = blocksOf(node, reader)
    if (blocks.length === 0) continue
    while (next < notices.length && (notices[next] as Notice).end <= startOf(node)) next++
    const notice = notices[next]
    if (notice && startOf(node) >= notice.start - 200 && endOf(node) <= notice.end + 1 && endOf(node) > notice.start) {
      if (current?.notice !== notice) {
        current = { notice, children: [] }
        result.push({ kind: 'admonition', tone: notice.tone, children: current.children })
      }
      current.children.push(...blocks)
    } else result.push(...blocks)
  }
  return result
}

function blocksOf(node: RootContent, reader: Reader): DraftBlock[] {
  switch (node.type) {
    case 'heading':
      return [{ kind: 'heading', depth: node.depth, children: inlinesOf(node, reader) }]
    case 'paragraph': {
      const children = inlinesOf(node, reader)
      return children.length === 0 ? [] : [{ kind: 'paragraph', children }]
    }
    case 'list':
      return [{
        kind: 'list',
        ordered: node.ordered === true,
        ...(typeof node.start === 'number' && node.ordered === true ? { first: node.start } : {}),
        items: node.children.map((item) => item.children.flatMap((child) => blocksOf(child, reader))),
      }]
    case 'table': {
      const rows = node.children.map((row) => row.children.map((cell) => inlinesOf(cell, reader)))
      return [{ kind: 'table', header: rows[0] ?? [], rows: rows.slice(1) }]
    }
    case 'blockquote': {
      const children = node.children.flatMap((child) => blocksOf(child, reader))
      return [alertOf(children) ?? { kind: 'quote', children }]
    }
    case 'code': {
      const language = node.lang ?? undefined
      return [{ kind: 'code', text: node.value, start: startOf(node), end: endOf(node), ...(language === undefined ? {} : { language }) }]
    }
    case 'thematicBreak':
      return [{ kind: 'rule' }]
    case 'html':
      return readHtmlBlocks(reader.text, startOf(node), endOf(node))
    case 'footnoteDefinition':
      return node.children.flatMap((child) => blocksOf(child, reader)).map((block) =>
        block.kind === 'paragraph' ? { ...block, footnote: node.label ?? node.identifier } : block)
    default:
      return []
  }
}

/** `> [!NOTE]` at the head of a quote makes it a notice. */
function alertOf(children: DraftBlock[]): DraftBlock | undefined {
  const first = children[0]
  if (first?.kind !== 'paragraph') return undefined
  const leaf = first.children[0]
  if (leaf?.kind !== 'text') return undefined
  const mark = /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*/.exec(leaf.text)
  if (!mark) return undefined
  const cut = mark[0].length
  if (leaf.text.length === cut) first.children.shift()
  else {
    leaf.text = leaf.text.slice(cut)
    leaf.at = leaf.at.slice(cut)
    leaf.outerStart = leaf.at[0] as number
  }
  return { kind: 'admonition', tone: (mark[1] as string).toLowerCase(), children }
}

function inlinesOf(parent: Parents, reader: Reader): DraftInline[] {
  // Text found by the autolink pass has no position of its own: it goes on from where the last run ended.
  const state = { cursor: startOf(parent), dropping: '' }
  const result = inlineList(parent.children as PhrasingContent[], endOf(parent), state, reader)
  return result
}

interface InlineState {
  cursor: number
  /** Name of the raw element whose content is dropped until it closes, or ''. */
  dropping: string
}

function inlineList(nodes: readonly PhrasingContent[], end: number, state: InlineState, reader: Reader): DraftInline[] {
  const root: DraftInline[] = []
  // Raw inline tags that say something: a link target, emphasis. Matched like brackets.
  const stack: { tag: string; from: number; href?: string | undefined; children: DraftInline[] }[] = []
  const put = (inline: DraftInline): void => void (stack.at(-1)?.children ?? root).push(inline)
  const close = (to: number): void => {
    const frame = stack.pop()
    if (!frame) return
    reachOut(frame.children, frame.from, to)
    const outer = stack.at(-1)?.children ?? root
    if (frame.tag === 'a' && frame.href !== undefined) outer.push({ kind: 'link', href: frame.href, children: frame.children })
    else if (frame.tag === 'strong' || frame.tag === 'b') outer.push({ kind: 'strong', children: frame.children })
    else if (frame.tag === 'em' || frame.tag === 'i') outer.push({ kind: 'emphasis', children: frame.children })
    else outer.push(...frame.children)
  }
  for (const [index, node] of nodes.entries()) {
    const from = node.position?.start.offset ?? state.cursor
    const nextPlaced = nodes.slice(index + 1, index + 50).find((sibling) => sibling.position !== undefined)
    const to = node.position?.end.offset ?? nextPlaced?.position?.start.offset ?? end
    if (node.type === 'html') {
      const tag = /^<(\/?)([a-zA-Z][a-zA-Z0-9]*)/.exec(node.value)
      const name = tag?.[2]?.toLowerCase() ?? ''
      if (/^(?:script|style|template|noscript|iframe|svg|math|object)$/.test(name)) state.dropping = tag?.[1] === '' ? name : ''
      else if (name === 'br') put({ kind: 'break' })
      else if (/^(?:a|strong|b|em|i)$/.test(name)) {
        if (tag?.[1] === '') {
          if (stack.length < 20) stack.push({ tag: name, from, href: name === 'a' ? hrefOfTag(node.value) : undefined, children: [] })
        } else if (stack.some((frame) => frame.tag === name)) while (stack.length > 0 && stack.at(-1)?.tag !== name) close(to)
        if (tag?.[1] === '/' && stack.at(-1)?.tag === name) close(to)
      }
      state.cursor = to
      continue
    }
    if (state.dropping !== '') {
      state.cursor = to
      continue
    }
    switch (node.type) {
      case 'text': {
        const leaf = draftLeaf('text', node.value, reader.text, from, to)
        state.cursor = leaf.at[leaf.text.length] as number
        if (leaf.text !== '') put(leaf)
        continue
      }
      case 'inlineCode': {
        const ticks = /^`+ ?/.exec(reader.text.slice(from, from + 100))?.[0].length ?? 0
        const leaf = draftLeaf('code', node.value, reader.text, from + ticks, to)
        leaf.outerStart = from
        leaf.outerEnd = to
        put(leaf)
        break
      }
      case 'strong':
      case 'emphasis':
      case 'delete': {
        state.cursor = from
        const children = inlineList(node.children, to, state, reader)
        reachOut(children, from, to)
        if (node.type !== 'delete') put({ kind: node.type, children }) // struck-out text is not said
        break
      }
      case 'link':
      case 'linkReference': {
        state.cursor = from
        const children = inlineList(node.children, to, state, reader)
        const closer = node.position === undefined ? state.cursor : to
        reachOut(children, from, closer)
        const href = safeHref(node.type === 'link' ? node.url : reader.definitions.get(node.identifier) ?? '')
        for (const inline of href === undefined ? children : [{ kind: 'link' as const, href, children }]) put(inline)
        state.cursor = closer
        continue
      }
      case 'footnoteReference': {
        const leaf = draftLeaf('text', node.label ?? node.identifier, reader.text, from, to)
        leaf.text = `[${leaf.text}]`
        leaf.at = Uint32Array.from([from, ...leaf.at.subarray(0, leaf.at.length - 1), to - 1, to])
        leaf.outerStart = from
        leaf.outerEnd = to
        put(leaf)
        break
      }
      case 'break':
        put({ kind: 'break' })
        break
      default: // images carry no words a reader is promised
        break
    }
    state.cursor = to
  }
  while (stack.length > 0) close(end)
  return root
}

function hrefOfTag(tag: string): string | undefined {
  const match = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(tag)
  return match ? safeHref(match[1] ?? match[2] ?? match[3] ?? '') : undefined
}
