import type { Element, ElementContent, Nodes, Parents, Properties } from 'hast'
import rehypeParse from 'rehype-parse'
import { unified } from 'unified'
import { type DraftBlock, type DraftInline, draftLeaf, reachOut } from './draft.ts'
import { safeHref } from './href.ts'

const PARSER = unified().use(rehypeParse, { fragment: false, emitParseErrors: false })

// Never part of what a page says: code, chrome, controls.
const DROPPED = new Set('script style template noscript head nav header footer aside form button input select textarea iframe object embed svg math canvas video audio map dialog menu title link meta'.split(' '))
const CHROME_ROLES = /\b(?:navigation|banner|contentinfo|search|complementary|dialog|menu)\b/
const BLOCKS = new Set('address article blockquote body center dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6 hgroup hr html li main ol p pre section summary table ul'.split(' '))

/** A whole HTML page: its `main` or `article` if it has one, else its body. Positions are UTF-16, of the page. */
export function readHtmlPage(text: string): DraftBlock[] {
  const root = PARSER.parse(text)
  const body = find(root, (element) => element.tagName === 'main' || element.properties.role === 'main')
    ?? onlyArticle(root)
    ?? find(root, (element) => element.tagName === 'body')
  return body ? childBlocks(body, { text, base: 0 }) : []
}

/** Title, description and canonical address from the head of an HTML page. */
export function readHtmlHead(text: string): { title?: string; description?: string; canonicalUrl?: string } {
  const root = PARSER.parse(text.slice(0, 200_000))
  const head = find(root, (element) => element.tagName === 'head')
  const result: { title?: string; description?: string; canonicalUrl?: string } = {}
  for (const node of head?.children ?? []) {
    if (node.type !== 'element') continue
    const content = String(node.properties.content ?? '').trim()
    if (node.tagName === 'title') {
      const title = node.children.map((child) => (child.type === 'text' ? child.value : '')).join('').replace(/\s+/g, ' ').trim()
      if (title !== '') result.title = title
    } else if (node.tagName === 'meta' && node.properties.name === 'description' && content !== '') result.description = content
    else if (node.tagName === 'link' && String(node.properties.rel ?? '').includes('canonical')) {
      const href = safeHref(String(node.properties.href ?? ''))
      if (href !== undefined) result.canonicalUrl = href
    }
  }
  return result
}

/** A piece of raw HTML inside Markdown, standing between two positions of the page. */
export function readHtmlBlocks(text: string, from: number, to: number): DraftBlock[] {
  const root = PARSER.parse(text.slice(from, to))
  const body = find(root, (element) => element.tagName === 'body')
  return body ? childBlocks(body, { text, base: from }) : []
}

interface Reader {
  text: string
  /** Added to every position: where the parsed piece begins in the page. */
  base: number
}

function find(node: Nodes, wanted: (element: Element) => boolean): Element | undefined {
  if (node.type === 'element' && wanted(node)) return node
  if ('children' in node)
    for (const child of node.children) {
      const found = find(child, wanted)
      if (found) return found
    }
  return undefined
}

/** One article is the page's text; several are a list of teasers. */
function onlyArticle(root: Nodes): Element | undefined {
  const articles: Element[] = []
  const collect = (node: Nodes): void => {
    if (node.type === 'element' && node.tagName === 'article') articles.push(node)
    else if ('children' in node) for (const child of node.children) collect(child)
  }
  collect(root)
  return articles.length === 1 ? articles[0] : undefined
}

function isDropped(element: Element): boolean {
  const { tagName, properties } = element
  // A header inside an article holds its title; the page's own header holds menus.
  if (tagName === 'header') return !element.children.some((child) => child.type === 'element' && /^h[1-6]$/.test(child.tagName))
  if (DROPPED.has(tagName)) return true
  return isHidden(properties) || CHROME_ROLES.test(String(properties.role ?? ''))
}

function isHidden(properties: Properties): boolean {
  if (properties.hidden !== undefined && properties.hidden !== false && properties.hidden !== null) return true
  if (String(properties.ariaHidden ?? '') === 'true') return true
  return /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$)/i.test(String(properties.style ?? ''))
}

/** Blocks of an element's children; loose text between blocks becomes paragraphs. */
function childBlocks(parent: Parents, reader: Reader): DraftBlock[] {
  const blocks: DraftBlock[] = []
  let loose: ElementContent[] = []
  const flush = (): void => {
    const children = inlinesOf(loose, reader)
    loose = []
    if (hasWords(children)) blocks.push({ kind: 'paragraph', children })
  }
  for (const child of parent.children) {
    if (child.type === 'element' && (BLOCKS.has(child.tagName) || isDropped(child) || holdsBlocks(child))) {
      flush()
      blocks.push(...elementBlocks(child, reader))
    } else if (child.type === 'element' || child.type === 'text') loose.push(child)
  }
  flush()
  return blocks
}

function holdsBlocks(element: Element): boolean {
  return element.children.some((child) => child.type === 'element' && (BLOCKS.has(child.tagName) || holdsBlocks(child)))
}

function elementBlocks(element: Element, reader: Reader): DraftBlock[] {
  if (isDropped(element)) return []
  const { tagName } = element
  const depth = /^h([1-6])$/.exec(tagName)?.[1]
  if (depth !== undefined) {
    const children = inlinesOf(element.children, reader)
    return hasWords(children) ? [{ kind: 'heading', depth: Number(depth) as 1, children }] : []
  }
  switch (tagName) {
    case 'ul':
    case 'ol': {
      const items = element.children
        .filter((child): child is Element => child.type === 'element' && !isDropped(child))
        .map((item) => childBlocks(item, reader))
        .filter((item) => item.length > 0)
      return items.length === 0 ? [] : [{ kind: 'list', ordered: tagName === 'ol', items }]
    }
    case 'dl': // a term heads its definition like a sentence heads a list
      return childBlocks(element, reader)
    case 'blockquote':
      return [{ kind: 'quote', children: childBlocks(element, reader) }]
    case 'hr':
      return [{ kind: 'rule' }]
    case 'pre': {
      const words = plainText(element)
      return words.trim() === '' ? [] : [{ kind: 'code', text: words, start: reader.base + (element.position?.start.offset ?? 0), end: reader.base + (element.position?.end.offset ?? 0) }]
    }
    case 'table':
      return tableBlocks(element, reader)
    default:
      return childBlocks(element, reader)
  }
}

function tableBlocks(table: Element, reader: Reader): DraftBlock[] {
  const rows: { heads: boolean; cells: DraftInline[][] }[] = []
  const before: DraftBlock[] = []
  const collect = (parent: Element): void => {
    for (const child of parent.children) {
      if (child.type !== 'element' || isDropped(child)) continue
      if (child.tagName === 'caption') before.push(...childBlocks(child, reader))
      else if (child.tagName === 'tr') {
        const cells = child.children.filter((cell): cell is Element => cell.type === 'element' && /^t[hd]$/.test(cell.tagName))
        rows.push({ heads: cells.length > 0 && cells.every((cell) => cell.tagName === 'th'), cells: cells.map((cell) => inlinesOf(cell.children, reader)) })
      } else collect(child)
    }
  }
  collect(table)
  if (rows.length === 0) return before
  const header = rows[0]?.heads === true ? (rows.shift()?.cells ?? []) : []
  return [...before, { kind: 'table', header, rows: rows.map((row) => row.cells) }]
}

function inlinesOf(nodes: readonly ElementContent[], reader: Reader): DraftInline[] {
  return nodes.flatMap((node) => inlineOf(node, reader))
}

function inlineOf(node: ElementContent, reader: Reader): DraftInline[] {
  // The parser moves misplaced text (out of a table, say); without a position it cannot be pointed at and is left out.
  if (node.type === 'comment' || node.position === undefined) return node.type === 'element' && !isDropped(node) ? inlinesOf(node.children, reader) : []
  const from = reader.base + (node.position.start.offset ?? 0)
  const to = reader.base + (node.position.end.offset ?? 0)
  if (node.type === 'text') return node.value === '' ? [] : [draftLeaf('text', node.value, reader.text, from, to)]
  if (isDropped(node)) return []
  if (node.tagName === 'br') return [{ kind: 'break' }]
  if (node.tagName === 'code' || node.tagName === 'kbd' || node.tagName === 'samp') {
    const leaves = inlinesOf(node.children, reader)
    for (const leaf of leaves) if (leaf.kind === 'text') leaf.kind = 'code'
    reachOut(leaves, from, to)
    return leaves
  }
  const children = inlinesOf(node.children, reader)
  if (children.length === 0 || node.tagName === 'del' || node.tagName === 's') return []
  reachOut(children, from, to)
  if (node.tagName === 'a') {
    const href = safeHref(String(node.properties.href ?? ''))
    return href === undefined ? children : [{ kind: 'link', href, children }]
  }
  if (node.tagName === 'strong' || node.tagName === 'b') return [{ kind: 'strong', children }]
  if (node.tagName === 'em' || node.tagName === 'i') return [{ kind: 'emphasis', children }]
  return children
}

function hasWords(children: readonly DraftInline[]): boolean {
  return children.some((child) => (child.kind === 'break' ? false : 'text' in child ? child.text.trim() !== '' : hasWords(child.children)))
}

function plainText(node: Nodes): string {
  return node.type === 'text' ? node.value : 'children' in node ? node.children.map(plainText).join('') : ''
}
