import { createHash } from 'node:crypto'
import { VouchsafeError } from '#core/errors'
import { blank, maskAttributes, maskComponents } from './component.ts'
import type { FrontMatter, PolicyDocument } from './document.ts'
import type { DraftBlock } from './draft.ts'
import { detectFormat, type FormatHint } from './format.ts'
import { readFrontMatter, splitFrontMatter } from './front-matter.ts'
import { readHtmlHead, readHtmlPage } from './html.ts'
import { cutLines } from './lines.ts'
import { readMarkdownBlocks } from './markdown.ts'
import { refuseDeepTags, refuseHostileMarkdown } from './nesting.ts'
import { readTextBlocks } from './plain.ts'
import { decodeSource } from './source.ts'

/** Long policies have a few hundred; each costs a fifth of a millisecond when claims are read. */
const MOST_SENTENCES = 10_000

/**
 * Reads a page: Markdown, MDX (never run), HTML or plain text, UTF-8, up to 5 MiB. The hint helps to tell the
 * format. Throws VouchsafeError `too-large` or `bad-input` with what to mend; the input may be hostile.
 */
export function readPolicy(bytes: Uint8Array, hint: FormatHint = {}): PolicyDocument {
  const { text, byteAt } = decodeSource(bytes)
  const format = detectFormat(text, hint)
  let frontMatter: FrontMatter = { redirects: [], unknown: [] }
  let drafts: DraftBlock[]
  try {
    if (format === 'html') {
      refuseDeepTags(text)
      frontMatter = { ...frontMatter, ...readHtmlHead(text) }
      drafts = readHtmlPage(text)
    } else {
      const { yaml, end } = splitFrontMatter(text)
      frontMatter = readFrontMatter(yaml)
      const body = blank(text, end > 0 ? [{ from: 0, to: end }] : [])
      if (format === 'text') drafts = readTextBlocks(text, end)
      else {
        refuseHostileMarkdown(body)
        const { text: plain, notices } = format === 'mdx' ? maskComponents(maskAttributes(body)) : { text: maskAttributes(body), notices: [] }
        drafts = readMarkdownBlocks(plain, notices)
      }
    }
  } catch (error) {
    // The limits above keep parsers within their stack; should one be wrong, say so instead of falling over.
    if (error instanceof RangeError)
      throw new VouchsafeError('bad-input', 'The page is nested too deeply to be read.', { mend: 'Remove the nesting, or import the page as plain text.', cause: error })
    throw error
  }
  const { lines, blocks } = cutLines(drafts, byteAt)
  if (lines.length > MOST_SENTENCES)
    throw new VouchsafeError('too-large', `The page has ${lines.length} sentences; ${MOST_SENTENCES} is the most that is read.`, { mend: 'Import the security page alone; split a collection of pages into single files.' })
  if (lines.length === 0)
    throw new VouchsafeError('bad-input', 'The page holds no sentence that a reader would see.', {
      mend: 'Give the page itself. A page that is put together by scripts must be saved from the browser first.',
    })
  const headings = lines.filter((line) => line.kind === 'heading')
  const title = frontMatter.title ?? (headings.find((line) => line.depth === 1) ?? headings[0])?.text ?? ''
  return { format, source: bytes, digest: createHash('sha256').update(bytes).digest('hex'), frontMatter, title, lines, blocks }
}
