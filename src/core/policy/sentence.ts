const SEGMENTER = new Intl.Segmenter('en', { granularity: 'sentence' })

// After these a full stop does not end a sentence, whatever follows.
const NEVER_LAST = /(?:^|[\s(["'“‘—-])(?:e\.g|i\.e|cf|vs|approx|incl|Mr|Mrs|Ms|Dr|Prof|St|Art|Arts|Sec|Sect|Nos|Fig|para|Reg|Dept|U\.S|Cal|Cf|Gen|resp|viz|§+\s?\d+)\.$/
// After these it does, unless what follows goes on in the same breath.
const SOMETIMES_LAST = /(?:^|[\s(["'“‘])(?:Inc|Ltd|Corp|Co|LLC|GmbH|B\.V|S\.A|N\.V|etc|al|p\.m|a\.m|No|U\.K|E\.U|D\.C)\.$/
const GOES_ON = /^(?:[a-z0-9(,;:]|(?:Code|Penal|Rev|Stat|Act|Art|Section|Privacy Shield)\b)/

// UAX 29 takes the digit of "after a failure.1 We" and of "to the hall. 24/7 staff" for part of a number.
const NOTE_MARK = /[a-z)%]\.(?:\d{1,2}|\[\w{1,12}\]) (?=[A-Z])/
const BEFORE_NUMBER = /[a-z]{4}[)"”]?[.!?] (?=\d)/

/**
 * Ranges of the sentences in a paragraph: UTF-16 positions, half open, without the white space between them.
 * Text is cut by Unicode sentence rules (UAX 29) and mended where those cut at an abbreviation, an initial or
 * after a piece without a full stop, and where they miss a sentence that begins with a number.
 */
export function sentenceRanges(paragraph: string): { start: number; end: number }[] {
  // UAX 29 ends a sentence at every line break; in a hard-wrapped paragraph that is wrong.
  const text = paragraph.replace(/\s/g, ' ')
  const ranges: { start: number; end: number }[] = []
  for (const { segment, index } of unbroken(text))
    for (const piece of recut(segment)) {
      const start = index + piece.at + piece.text.length - piece.text.trimStart().length
      const end = start + piece.text.trim().length
      if (end === start) continue
      const last = ranges.at(-1)
      if (last !== undefined && belongsTogether(text.slice(Math.max(last.start, last.end - 40), last.end), text.slice(start, end))) last.end = end
      else ranges.push({ start, end })
    }
  return ranges
}

/** Segments of UAX 29, those without white space between them joined: the query of an address, a footnote mark. */
function* unbroken(text: string): Generator<{ segment: string; index: number }> {
  let start = 0
  let end = 0
  for (const { segment, index } of SEGMENTER.segment(text)) {
    if (end > start && text[end - 1] === ' ') {
      yield { segment: text.slice(start, end), index: start }
      start = index
    }
    end = index + segment.length
  }
  if (end > start) yield { segment: text.slice(start, end), index: start }
}

function* recut(segment: string): Generator<{ text: string; at: number }> {
  let at = 0
  for (;;) {
    const rest = segment.slice(at)
    const match = NOTE_MARK.exec(rest) ?? BEFORE_NUMBER.exec(rest)
    if (!match || at > 20_000) break
    const cut = match.index + match[0].length
    yield { text: rest.slice(0, cut), at }
    at += cut
  }
  yield { text: segment.slice(at), at }
}

function belongsTogether(before: string, after: string): boolean {
  if (NEVER_LAST.test(before)) return true
  if (/(?:^|\s)[A-Z]\.$/.test(before) && /^[A-Z]/.test(after) && !/^(?:We|Our|The|This|It|All|You|Your|In|If|A|An)\b/.test(after)) return true // an initial
  if (SOMETIMES_LAST.test(before) && GOES_ON.test(after)) return true
  if (!/[.!?…。！？]["'”’)[\]»\w,*]{0,8}$/u.test(before)) return true
  return /^[)\]”’»,;]+$/.test(after) // closing marks that were cut off
}
