import type { PolicyFormat } from './document.ts'
import { splitFrontMatter } from './front-matter.ts'

export interface FormatHint {
  /** File name or address; its ending tells the format. */
  name?: string
  /** A media type, parameters allowed. */
  mediaType?: string
}

/** A tag whose name begins with a capital is a component, in MDX and in Markdown that was MDX once. */
export const COMPONENT_TAG = /<\/?[A-Z][A-Za-z0-9.]*(?=[\s/>])/

/**
 * The format of a page: by hint, else by what it looks like. A hint is overruled where it is plainly wrong,
 * since servers send Markdown as text/plain and pages as application/octet-stream.
 */
export function detectFormat(text: string, hint: FormatHint = {}): PolicyFormat {
  const head = text.slice(0, 4096).trimStart()
  if (/^(<!doctype html|<html[\s>]|<\?xml[^>]*\?>\s*<!doctype html)/i.test(head)) return 'html'
  const ending = /\.([a-z]+)(?:[?#].*)?$/i.exec(hint.name ?? '')?.[1]?.toLowerCase()
  const media = hint.mediaType?.split(';')[0]?.trim().toLowerCase()
  if (ending === 'mdx' || media === 'text/mdx') return 'mdx'
  if (ending === 'html' || ending === 'htm' || ending === 'xhtml' || media === 'text/html' || media === 'application/xhtml+xml') return 'html'
  const markdown = ending === 'md' || ending === 'markdown' || media === 'text/markdown'
  if (!markdown && /^<(!--|head|body|main|article|section|div|header|h[1-6]|p)[\s>]/i.test(head)) return 'html'
  if (markdown || looksLikeMarkdown(text)) return COMPONENT_TAG.test(text) ? 'mdx' : 'markdown'
  return 'text'
}

/** Marks that plain prose does not hold: front matter, ATX headings, inline links, fences, table rulers. */
function looksLikeMarkdown(text: string): boolean {
  return splitFrontMatter(text).end > 0
    || /^#{1,6} \S/m.test(text)
    || /\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)/.test(text)
    || /^(```|~~~)/m.test(text)
    || /^\|?(?:[ \t]*:?-{3,}:?[ \t]*\|)+/m.test(text)
    || COMPONENT_TAG.test(text)
}
