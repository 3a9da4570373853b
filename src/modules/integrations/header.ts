import { domainToASCII } from 'node:url'
import { VouchsafeError } from '#core/errors'
import { parseAddress } from '#modules/identity'

const MOST_SUBJECT = 200 // characters; longer ones are cut by every mail program
/** C0, DEL, C1, line and paragraph separators, and what turns the direction of writing: a second header, or a false look. */
// eslint-disable-next-line no-control-regex -- these are what is refused
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/u

/**
 * One line of text for a header. A line break in it would begin another header, or the body (RFC 5322 §2.2).
 * @throws VouchsafeError `bad-input`
 */
export function headerText(text: string, what: string, most = MOST_SUBJECT): string {
  if (UNSAFE.test(text) || !text.isWellFormed()) throw new VouchsafeError('bad-input', `The ${what} holds a line break or another character that no header takes.`, { mend: 'Write it as one line of plain text.' })
  if (text.trim() === '' || text.length > most) throw new VouchsafeError('bad-input', `The ${what} is empty or longer than ${most} characters.`)
  return text
}

/**
 * One address, as it goes into the envelope and the header: no list, no name, no comment. The domain is written in ASCII.
 * @throws VouchsafeError `bad-input`
 */
export function mailAddress(text: string): string {
  const { written } = parseAddress(text)
  const at = written.lastIndexOf('@')
  return at < 1 ? written : `${written.slice(0, at)}@${domainToASCII(written.slice(at + 1))}`
}
