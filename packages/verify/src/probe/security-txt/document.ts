/** One field line of a security.txt file. `name` is in lower case, as names match without regard to case (RFC 9116 §2.3). */
export interface Field {
  name: string
  value: string
  /** 1-based line in the file as served. */
  line: number
}

/** Something amiss, with the line where it is; line 0 is the file as a whole. */
export interface Remark {
  line: number
  text: string
}

export interface SecurityText {
  fields: readonly Field[]
  faults: readonly Remark[]
  signed: boolean
}

// RFC 9116 sets no limits. Real files have 5 to 30 lines; these keep a hostile one cheap.
export const MAX_FILE_BYTES = 64 * 1024
const MAX_LINES = 1000
const MAX_LINE_LENGTH = 4096
const MAX_REMARKS = 50

const BEGIN_MESSAGE = '-----BEGIN PGP SIGNED MESSAGE-----'
const BEGIN_SIGNATURE = '-----BEGIN PGP SIGNATURE-----'
const END_SIGNATURE = '-----END PGP SIGNATURE-----'

/**
 * Reads a file by the grammar of RFC 9116 §4, and the cleartext signature around it (RFC 9580 §7) as far as its
 * shape goes. Never throws: every fault is a remark. What the fields say is judged apart.
 */
export function parseSecurityText(bytes: Uint8Array): SecurityText {
  const faults: Remark[] = []
  const fault = (line: number, text: string): void => {
    if (faults.length < MAX_REMARKS) faults.push({ line, text })
  }
  if (bytes.length > MAX_FILE_BYTES) return { fields: [], faults: [{ line: 0, text: 'the file is larger than 64 KiB' }], signed: false }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { fields: [], faults: [{ line: 0, text: 'the file is not UTF-8' }], signed: false }
  }
  // RFC 9116 §4 takes Net-Unicode (RFC 5198), which has no byte order mark.
  if (text.startsWith('\ufeff')) {
    fault(1, 'the file begins with a byte order mark')
    text = text.slice(1)
  }
  const lines = text.split('\n')
  if (lines.length > MAX_LINES) return { fields: [], faults: [{ line: 0, text: `the file has more than ${MAX_LINES} lines` }], signed: false }
  // RFC 9116 §4: each line, the last one too, ends with LF or CRLF.
  if (lines.pop() !== '') {
    fault(lines.length + 1, 'the last line has no line end')
    lines.push(text.slice(text.lastIndexOf('\n') + 1))
  }
  const plain = lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  const body = withoutSignature(plain, fault)
  const fields: Field[] = []
  for (const { line, content } of body.lines) readLine(content, line, fields, fault)
  return { fields, faults, signed: body.signed }
}

interface Body {
  lines: readonly { line: number; content: string }[]
  signed: boolean
}

function withoutSignature(lines: readonly string[], fault: (line: number, text: string) => void): Body {
  const numbered = lines.map((content, index) => ({ line: index + 1, content }))
  const begin = lines.findIndex((line) => line.trimEnd() === BEGIN_MESSAGE)
  if (begin < 0) return { lines: numbered, signed: false }
  if (begin > 0) fault(1, 'there are lines before the signed message; nobody vouches for them')
  const gap = lines.indexOf('', begin + 1)
  const headersEnd = gap < 0 ? lines.length : gap
  for (let index = begin + 1; index < headersEnd; index++) {
    // RFC 9580 §7: only Hash headers; anything else could pass for signed text.
    if (!/^Hash: [A-Za-z0-9/,+ -]+$/.test(lines[index]!)) fault(index + 1, 'a header other than Hash stands before the signed text')
  }
  const signature = lines.findIndex((line, index) => index > headersEnd && line.trimEnd() === BEGIN_SIGNATURE)
  const end = lines.findIndex((line, index) => index > signature && signature >= 0 && line.trimEnd() === END_SIGNATURE)
  if (gap < 0 || signature < 0 || end < 0) {
    fault(begin + 1, 'the signed message does not end as it should')
    return { lines: numbered.slice(headersEnd + 1), signed: true }
  }
  if (lines.slice(end + 1).some((line) => line.trim() !== '')) fault(end + 2, 'there are lines after the signature; nobody vouches for them')
  const inside = numbered.slice(headersEnd + 1, signature).map(({ line, content }) => {
    // RFC 9580 §7.1: a line that begins with a dash is escaped.
    if (content.startsWith('- ')) return { line, content: content.slice(2) }
    if (content.startsWith('-')) fault(line, 'a dash at the start of a line is not escaped')
    return { line, content }
  })
  return { lines: inside, signed: true }
}

function readLine(content: string, line: number, fields: Field[], fault: (line: number, text: string) => void): void {
  if (content.length > MAX_LINE_LENGTH) return fault(line, `the line is longer than ${MAX_LINE_LENGTH} characters`)
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(content)) return fault(line, 'the line holds a control character')
  if (content.trim() === '' || content.startsWith('#')) return
  const match = /^([!-9;-~]+):( ?)([ \t]*)(.*?)[ \t]*$/.exec(content)
  if (match === null) return fault(line, 'the line is neither a comment nor a field')
  if (match[2] === '') return fault(line, 'a space is missing after the colon')
  if (match[4] === '') return fault(line, `the field ${match[1]} has no value`)
  if (match[3] !== '') fault(line, 'there is more than one space after the colon')
  fields.push({ name: match[1]!.toLowerCase(), value: match[4]!, line })
}
