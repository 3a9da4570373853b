import { stringify } from 'yaml'
import type { Block, Inline, PolicyDocument } from './document.ts'

/** A clean Markdown twin of the page, front matter first. Reading it again gives the same sentences. */
export function toMarkdown(document: PolicyDocument): string {
  const { title, description, version, effectiveDate, scope, canonicalUrl, markdownUrl, redirects } = document.frontMatter
  const front = {
    title: title ?? document.title,
    ...(description === undefined ? {} : { description }),
    ...(version === undefined ? {} : { version }),
    ...(effectiveDate === undefined ? {} : { effective_date: effectiveDate }),
    ...(scope === undefined ? {} : { scope }),
    ...(canonicalUrl === undefined ? {} : { canonical_url: canonicalUrl }),
    ...(markdownUrl === undefined ? {} : { markdown_url: markdownUrl }),
    ...(redirects.length === 0 ? {} : { redirect_from: redirects }),
  }
  return `---\n${stringify(front, { lineWidth: 0 })}---\n\n${blocksText(document.blocks)}\n`
}

function blocksText(blocks: readonly Block[]): string {
  return blocks.map(blockText).filter((text) => text !== '').join('\n\n')
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.depth)} ${inlineText(block.children)}`
    case 'paragraph':
      return block.footnote === undefined ? lineStart(inlineText(block.children)) : `[^${labelText(block.footnote)}]: ${inlineText(block.children)}`
    case 'list':
      return block.items.map((item, index) => {
        const mark = block.ordered ? `${(block.first ?? 1) + index}. ` : '- '
        return mark + blocksText(item).replaceAll('\n', `\n${' '.repeat(mark.length)}`)
      }).join('\n')
    case 'table': {
      const width = Math.max(block.header.length, ...block.rows.map((row) => row.length), 1)
      const row = (cells: readonly Inline[][]): string => `| ${Array.from({ length: width }, (_, k) => inlineText(cells[k] ?? []).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
      return [row(block.header), `|${' --- |'.repeat(width)}`, ...block.rows.map(row)].join('\n')
    }
    case 'quote':
      return quoted(blocksText(block.children))
    case 'admonition':
      return quoted(`[!${block.tone.toUpperCase()}]\n${blocksText(block.children)}`)
    case 'code': {
      const fence = '`'.repeat(Math.max(3, ...[...block.text.matchAll(/`+/g)].map((match) => match[0].length + 1)))
      return `${fence}${block.language?.replace(/[^\w+-]/g, '') ?? ''}\n${block.text}\n${fence}`
    }
    case 'rule':
      return '---'
  }
}

const quoted = (text: string): string => text.split('\n').map((line) => `> ${line}`.trimEnd()).join('\n')

/** Keeps a paragraph from being read as a heading, list or rule because of how it begins. */
function lineStart(text: string): string {
  return text.replace(/^(\d+)([.)])/, '$1\\$2').replace(/^([#>+=-])/, '\\$1')
}

const escaped = (text: string): string => text.replace(/[\\`*_[\]<>~]|&(?=[#\w])|(?<=\w)@(?=\w)|(?<=https?):(?=\/\/)/g, '\\$&')

/** A label is the author's too, and character references can put anything into it; as it is written it holds no white space. */
const labelText = (label: string): string => escaped(label.replace(/[\s\p{Cc}]+/gu, '-'))

function inlineText(inlines: readonly Inline[]): string {
  return inlines.map((inline): string => {
    switch (inline.kind) {
      case 'text':
        return escaped(inline.text)
      case 'code': {
        const fence = '`'.repeat(Math.max(0, ...[...inline.text.matchAll(/`+/g)].map((match) => match[0].length)) + 1)
        return inline.text.startsWith('`') || inline.text.endsWith('`') ? `${fence} ${inline.text} ${fence}` : `${fence}${inline.text}${fence}`
      }
      case 'strong':
        return around('**', inlineText(inline.children))
      case 'emphasis':
        return around('*', inlineText(inline.children))
      case 'link':
        return `[${inlineText(inline.children)}](<${inline.href.replace(/[<>\s\\]/g, (c) => encodeURIComponent(c))}>)`
      case 'break':
        return '\\\n'
    }
  }).join('')
}

function around(mark: string, text: string): string {
  const body = text.trim()
  return body === '' ? text : `${text.slice(0, text.length - text.trimStart().length)}${mark}${body}${mark}${text.slice(text.trimEnd().length)}`
}
