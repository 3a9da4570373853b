/**
 * MDX without running it. Component tags, expressions, imports and comments are blanked out, each unit by a
 * space, so that what remains is Markdown at unchanged positions. The children of a component are thereby read
 * as text; nothing is evaluated, and a page whose MDX is broken is read like any other.
 */

/** A component around blocks that readers see as a notice. Positions are UTF-16, of its content. */
export interface Notice {
  tone: string
  start: number
  end: number
}

const NOTICES = new Map(Object.entries({
  admonition: 'note', note: 'note', info: 'note', callout: 'note', aside: 'note', alert: 'important', hint: 'tip', tip: 'tip',
  important: 'important', warning: 'warning', caution: 'caution', danger: 'caution', warn: 'warning',
}))

/** Longest tag or expression taken as one; a lone `<Name` or `{` further than this from its end is text. */
const LONGEST_TAG = 4_000

export function maskComponents(text: string): { text: string; notices: Notice[] } {
  const cuts: { from: number; to: number }[] = []
  const notices: Notice[] = []
  const open: { name: string; tone: string; start: number }[] = []
  const codes = codeRanges(text)
  let code = 0
  let braceless = 0
  for (let at = 0; at < text.length; at++) {
    while (code < codes.length && (codes[code] as Range).to <= at) code++
    const range = codes[code]
    if (range && at >= range.from) {
      at = range.to - 1
      continue
    }
    const c = text[at]
    if (c === '<' && /^<\/?[A-Z]/.test(text.slice(at, at + 3))) {
      const to = tagEnd(text, at)
      if (to < 0) continue
      const tag = text.slice(at, to)
      const name = (/^<\/?([A-Za-z0-9.]+)/.exec(tag)?.[1] ?? '').toLowerCase()
      const tone = NOTICES.get(name)
      if (tone !== undefined && tag.startsWith('</')) {
        const index = open.findLastIndex((entry) => entry.name === name)
        if (index >= 0) {
          const [entry] = open.splice(index) as [{ name: string; tone: string; start: number }]
          notices.push({ tone: entry.tone, start: entry.start, end: at })
        }
      } else if (tone !== undefined && !tag.endsWith('/>') && open.length < 20) {
        const type = /\b(?:type|kind|variant|intent)=["']?([A-Za-z]+)/.exec(tag)?.[1]?.toLowerCase()
        open.push({ name, tone: (type === undefined ? undefined : NOTICES.get(type)) ?? tone, start: to })
      }
      cuts.push({ from: at, to })
      at = to - 1
    } else if (c === '{') {
      if (at < braceless) continue
      const to = braceEnd(text, at)
      if (to < 0) {
        // An expression that never ends is text, and so are those inside it: each is looked at once.
        braceless = at + LONGEST_TAG
        continue
      }
      cuts.push({ from: at, to })
      at = to - 1
    } else if ((c === 'i' || c === 'e') && (at === 0 || text[at - 1] === '\n')) {
      const statement = /^(?:import\s+(?:[\w*{][^\n;]*\sfrom\s+)?["'][^"'\n]*["'];?|export\s+(?:default|const|let|function|\{)[^\n]*)/.exec(text.slice(at, at + LONGEST_TAG))
      if (!statement) continue
      cuts.push({ from: at, to: at + statement[0].length })
      at += statement[0].length - 1
    }
  }
  return { text: blank(text, cuts), notices: notices.sort((a, b) => a.start - b.start) }
}

/** Blanks heading attributes (`## Title {#id}`) and HTML comments, which plain Markdown pages carry too. */
export function maskAttributes(text: string): string {
  const cuts: { from: number; to: number }[] = []
  for (const match of text.matchAll(/^#{1,6}[^\n]{0,500}?(\{[:#.][^}\n]{0,200}\})[ \t]*\r?$/gm)) {
    const from = match.index + match[0].lastIndexOf('{')
    cuts.push({ from, to: from + (match[1] as string).length })
  }
  return blank(text, cuts)
}

/** Replaces ranges by spaces, keeping line breaks and the length. */
export function blank(text: string, cuts: readonly { from: number; to: number }[]): string {
  if (cuts.length === 0) return text
  const parts: string[] = []
  let done = 0
  for (const { from, to } of cuts) {
    parts.push(text.slice(done, from), text.slice(from, to).replace(/[^\n\r]/g, ' '))
    done = to
  }
  parts.push(text.slice(done))
  return parts.join('')
}

interface Range { from: number; to: number }

/** Fenced code and code spans: nothing inside them is a tag. */
function codeRanges(text: string): Range[] {
  const ranges: Range[] = []
  const fence = /^[ \t>]*(`{3,}|~{3,})[^\n]*$|(`+)/gm
  for (let match = fence.exec(text); match; match = fence.exec(text)) {
    const mark = match[1] ?? match[2] ?? ''
    const from = match.index
    const after = from + match[0].length
    let to: number
    if (match[1] !== undefined) {
      const close = text.indexOf(`\n${mark}`, after)
      to = close < 0 ? text.length : close + 1 + mark.length
    } else {
      // A span is short; looking further for each lone mark would take the square of the page.
      const close = text.slice(after, after + 500).indexOf(mark)
      if (close < 0) continue
      to = after + close + mark.length
    }
    ranges.push({ from, to })
    fence.lastIndex = to
  }
  return ranges
}

/** The end of a tag beginning at `from`, quotes and braces respected, or -1. */
function tagEnd(text: string, from: number): number {
  let quote = ''
  let braces = 0
  for (let at = from + 1; at < Math.min(text.length, from + LONGEST_TAG); at++) {
    const c = text[at] as string
    if (quote !== '') {
      if (c === quote) quote = ''
    } else if (c === '"' || c === "'") quote = c
    else if (c === '{') braces++
    else if (c === '}') braces--
    else if (c === '>' && braces <= 0) return at + 1
    else if (c === '<' && braces <= 0) return -1
  }
  return -1
}

function braceEnd(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < Math.min(text.length, from + LONGEST_TAG); at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at + 1
    else if (text[at] === '\n' && text[at + 1] === '\n') return -1 // prose with a stray brace
  }
  return -1
}
