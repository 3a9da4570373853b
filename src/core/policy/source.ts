import { VouchsafeError } from '#core/errors'

/** The longest page taken. The longest real security pages are below 200 KB; 5 MiB leaves room and bounds the work. */
export const LARGEST_PAGE_BYTES = 5 * 1024 * 1024

/** More lines than this is a data file, and list parsing grows faster than the page does. */
const MOST_LINES = 20_000

/** A page as text, with the way back from UTF-16 positions to byte offsets of the original. */
export interface SourceText {
  text: string
  /** Byte offset, in the original bytes, of the UTF-16 position `at` (0 to text.length). */
  byteAt(at: number): number
}

/**
 * Bytes of a page as text. A byte order mark is skipped but counted in the offsets.
 * Throws `too-large`, or `bad-input` for empty, binary or wrongly encoded bytes.
 */
export function decodeSource(bytes: Uint8Array): SourceText {
  if (bytes.length > LARGEST_PAGE_BYTES)
    throw new VouchsafeError('too-large', `The page has ${bytes.length} bytes; ${LARGEST_PAGE_BYTES} is the most that is read.`, {
      mend: 'Import the text of the security page alone, without embedded images or archives.',
    })
  if (bytes.length === 0) throw emptyPage()
  const zero = bytes.indexOf(0)
  if (zero >= 0) throw binaryPage(`a NUL byte at offset ${zero}`)
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(mark))
  } catch (cause) {
    throw binaryPage('bytes that are not UTF-8', cause)
  }
  if (text.trim() === '') throw emptyPage()
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
  if (lines > MOST_LINES)
    throw new VouchsafeError('too-large', `The page has ${lines} lines; ${MOST_LINES} is the most that is read.`, {
      mend: 'Import the security page alone; split a collection of pages into single files.',
    })
  return { text, byteAt: byteOffsets(text, mark, bytes.length) }
}

function byteOffsets(text: string, mark: number, length: number): (at: number) => number {
  if (text.length + mark === length) return (at) => at + mark // ASCII throughout
  const offsets = new Uint32Array(text.length + 1)
  let byte = mark
  for (let at = 0; at < text.length; at++) {
    offsets[at] = byte
    const unit = text.charCodeAt(at)
    // A surrogate pair is four bytes, two for each half: an offset inside a pair is never asked for.
    byte += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit <= 0xdfff ? 2 : 3
  }
  offsets[text.length] = byte
  return (at) => offsets[Math.max(0, Math.min(at, text.length))] as number
}

function emptyPage(): VouchsafeError {
  return new VouchsafeError('bad-input', 'The page is empty.', { mend: 'Give a file or address with the text of the page.' })
}

function binaryPage(what: string, cause?: unknown): VouchsafeError {
  return new VouchsafeError('bad-input', `The page is not text: it holds ${what}.`, {
    mend: 'Save the page as Markdown, HTML or plain text in UTF-8. PDF and word-processor files are not read.',
    cause,
  })
}
