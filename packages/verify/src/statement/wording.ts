import { textOf } from '../bytes.ts'
import { sentenceDigest } from './sentence.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', ndash: '–', mdash: '—', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', hellip: '…', copy: '©', reg: '®', trade: '™', middot: '·', bull: '•', euro: '€', sect: '§', times: '×', shy: '\u00ad', zwnj: '\u200c', zwj: '\u200d',
}

/**
 * Whether bytes of a policy's source are the wording that a digest names: `raw` as they stand, `shown` once markup
 * is taken away, `no` for plain text that is another one, `cannot-tell` where the markup is beyond us.
 *
 * Taking markup away can only ever fail to find the wording: the digest decides, so a wrong guess proves nothing.
 */
export function wordingAt(source: Uint8Array, start: number, end: number, sentence: string): 'raw' | 'shown' | 'no' | 'cannot-tell' {
  if (start >= end || end > source.length) return 'no'
  let raw: string
  try {
    raw = textOf(source.subarray(start, end))
  } catch {
    return 'no' // an offset within a character
  }
  if (sentenceDigest(raw) === sentence) return 'raw'
  // Taking markup away may cost the square of the length; a page names up to 10,000 places.
  if (end - start > MOST_MARKUP_BYTES) return 'cannot-tell'
  for (const strip of READINGS) if (sentenceDigest(strip(raw)) === sentence) return 'shown'
  return /[*_`~<>&[\]\\{}|#^!]/.test(raw) ? 'cannot-tell' : 'no'
}

// No sentence comes near it, whatever its links.
const MOST_MARKUP_BYTES = 4096

const withoutTags = (text: string): string => text.replace(/<!--[^]*?-->/g, '').replace(/<\/?[A-Za-z][^<>]*>/g, '')
const withEntities = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,8}));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex ?? '', 16)
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole
  })
const withoutLinks = (text: string): string =>
  text
    .replace(/\[\^[^\]\s]{1,40}\]/g, '') // footnote marks
    .replace(/!\[([^\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)/g, '$1')
    .replace(/\[([^\][]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])/g, '$1')
    .replace(/<((?:https?|mailto):[^<>\s]+|[^<>\s@]+@[^<>\s@]+)>/g, '$1')
const withoutMarks = (text: string): string =>
  text
    .replace(/`+/g, '')
    .replace(/(?<!\\)(?:\*{1,3}|~~)/g, '')
    .replace(/(?<![\\\w])_{1,3}|(?<!\\)_{1,3}(?!\w)/g, '')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
const withoutQuote = (text: string): string => text.replace(/^[ \t]*(?:>[ \t]?)+/gm, '')

/** HTML, Markdown, and Markdown with HTML in it. */
const READINGS: readonly ((raw: string) => string)[] = [
  (raw) => withEntities(withoutTags(raw)),
  (raw) => withEntities(withoutMarks(withoutLinks(withoutQuote(raw)))),
  (raw) => withEntities(withoutMarks(withoutTags(withoutLinks(withoutQuote(raw))))),
]
