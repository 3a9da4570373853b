import { VouchsafeError } from '#core/errors'

/** Real pages nest lists three or four deep; the tree walks recurse, so this also bounds the stack. */
const DEEPEST_BLOCKS = 40
/** Deeper than any generated page seen; the tree built from HTML is walked by recursion. */
const DEEPEST_HTML = 400
/** Brackets left open within one paragraph: matching them costs the square of their number. */
const MOST_OPEN_BRACKETS = 200
/** Emphasis marks within one paragraph: pairing them costs more than the square of their number. */
const MOST_EMPHASIS_MARKS = 1_000
/** Brackets and code marks within one paragraph: each one open is looked for to the paragraph's end. */
const MOST_BRACKETS = 2_000
const MOST_CODE_MARKS = 400
/** A paragraph longer than this is data, and its marks are paired in more than linear time. */
const LONGEST_PARAGRAPH = 200_000
/** Tags of which one page may hold; a 5 MiB page of nothing but tags would take minutes. */
const MOST_TAGS = 100_000

function tooDeep(what: string, mend: string): VouchsafeError {
  return new VouchsafeError('bad-input', `The page ${what}.`, { mend })
}

/**
 * Refuses Markdown built to exhaust a parser, before any parser sees it. One pass over the text.
 * Throws `bad-input` with the number of the line.
 */
export function refuseHostileMarkdown(text: string): void {
  let open = 0
  let emphasis = 0
  let brackets = 0
  let codeMarks = 0
  let length = 0
  let number = 0
  for (let from = 0; from <= text.length; ) {
    number++
    let to = text.indexOf('\n', from)
    if (to < 0) to = text.length
    const line = text.slice(from, to)
    from = to + 1
    const prefix = /^(?:[ \t]|>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))*/.exec(line)?.[0] ?? ''
    let markers = 0
    let indent = 0
    for (let k = 0; k < prefix.length; k++) {
      const c = prefix[k]
      if (c === '>' || c === '-' || c === '+' || c === '*' || c === '.' || c === ')') markers++
      else if (c === ' ') indent++
      else if (c === '\t') indent += 4
    }
    const isItem = markers > 0
    if (markers > DEEPEST_BLOCKS || (isItem && indent > DEEPEST_BLOCKS * 6))
      throw tooDeep(`nests quotes or lists more than ${DEEPEST_BLOCKS} deep at line ${number}`, 'Remove the nesting: no reader follows it.')
    // Inline marks pair up within a paragraph or a table row.
    if (prefix.length === line.length || line.trimEnd() === '' || line.trimStart().startsWith('|')) open = emphasis = brackets = codeMarks = length = 0
    length += line.length
    for (let k = prefix.length; k < line.length; k++) {
      const c = line.charCodeAt(k)
      if (c === 0x5b) { // [
        open++
        brackets++
      }
      else if (c === 0x5d) open = open > 0 ? open - 1 : 0 // ]
      else if ((c === 0x2a || c === 0x5f || c === 0x7e) && line.charCodeAt(k - 1) !== c) emphasis++ // * _ ~
      else if (c === 0x60 && line.charCodeAt(k - 1) !== c) codeMarks++ // `
    }
    if (open > MOST_OPEN_BRACKETS) throw tooDeep(`leaves more than ${MOST_OPEN_BRACKETS} brackets open in the paragraph at line ${number}`, 'Close or escape the brackets.')
    if (brackets > MOST_BRACKETS || codeMarks > MOST_CODE_MARKS || length > LONGEST_PARAGRAPH)
      throw tooDeep(`has too many marks, or too much text, in the paragraph at line ${number}`, 'Break the paragraph up by empty lines; leave out embedded images and data.')
    if (emphasis > MOST_EMPHASIS_MARKS)
      throw tooDeep(`has more than ${MOST_EMPHASIS_MARKS} emphasis marks in the paragraph at line ${number}`, 'Break the paragraph up, or escape the marks.')
  }
  refuseDeepTags(text)
}

// These close themselves when the next one opens, so a page may leave them open for ever.
const SELF_CLOSING = new Set('p li dt dd td th tr option optgroup tbody thead tfoot colgroup area base br col embed hr img input link meta param source track wbr'.split(' '))

/** Refuses markup nested so deeply, or so full of tags, that building or walking its tree would exhaust us. */
export function refuseDeepTags(text: string): void {
  const open = new Map<string, number>()
  let depth = 0
  let tags = 0
  for (const match of text.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9:.-]{0,63})/g)) {
    const name = (match[2] as string).toLowerCase()
    if (++tags > MOST_TAGS) throw tooDeep(`holds more than ${MOST_TAGS} tags`, 'Import the security page alone.')
    if (SELF_CLOSING.has(name)) continue
    const count = open.get(name) ?? 0
    if (match[1] === '') {
      open.set(name, count + 1)
      depth++
    } else if (count > 0) {
      open.set(name, count - 1)
      depth--
    }
    if (depth > DEEPEST_HTML) throw tooDeep(`nests tags more than ${DEEPEST_HTML} deep`, 'Close the tags, or import the Markdown of the page.')
  }
}
