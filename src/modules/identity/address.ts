import { domainToASCII, domainToUnicode } from 'node:url'
import { VouchsafeError } from '#core/errors'
import { folded } from './case-folding.ts'
import { mixesScripts, skeleton } from './look-alike.ts'

/** An e-mail address in the three forms that identity keeps: as it was written, as it is compared, as it looks. */
export interface Address {
  /** As written, in NFC, without spaces around it. Mail goes to this one alone. */
  written: string
  folded: string
  skeleton: string
}

const MOST_BYTES = 254 // RFC 5321 §4.5.3.1.3: 256 with the angle brackets
const MOST_LOCAL_BYTES = 64 // §4.5.3.1.1

// RFC 5322 §3.2.3 atext with RFC 6531 §3.3 letters of all scripts. Quoted local parts are not taken: nobody has one, and
// their escapes are two more spellings of one address.
const LOCAL = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u
const DOMAIN = /^[\p{L}\p{M}\p{N}.-]+$/u
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

/**
 * Reads an address. The whole of it is folded, the part before the @ too: no provider of today tells `Ada@` from `ada@`,
 * and who could would let a stranger pass for somebody else.
 * @throws VouchsafeError `bad-input`
 */
export function parseAddress(text: string): Address {
  const address = readAddress(text)
  if (typeof address !== 'string') return address
  throw new VouchsafeError('bad-input', `This is no e-mail address: ${address}.`, { mend: 'Give one such as ada@example.com.', fields: [{ pointer: '/email', message: address }] })
}

/** The folded form, for finding; undefined for what is no address, which nobody has. */
export function foldedAddress(text: string): string | undefined {
  const address = readAddress(text)
  return typeof address === 'string' ? undefined : address.folded
}

/** An address, or why it is none. */
function readAddress(text: string): Address | string {
  if (text.length > 4 * MOST_BYTES) return `it is longer than ${MOST_BYTES} bytes`
  const written = text.trim().normalize('NFC')
  if (Buffer.byteLength(written) > MOST_BYTES) return `it is longer than ${MOST_BYTES} bytes`
  // Compatibility forms of the @ and of the dot would move the border between the parts.
  const plain = written.normalize('NFKC')
  const at = plain.lastIndexOf('@')
  if (at < 1 || at === plain.length - 1) return 'it has no @ with something on both sides'
  const local = plain.slice(0, at)
  const domain = plain.slice(at + 1)
  if (Buffer.byteLength(local) > MOST_LOCAL_BYTES) return `the part before the @ is longer than ${MOST_LOCAL_BYTES} bytes`
  if (!LOCAL.test(local)) return 'the part before the @ holds a character that is not taken'
  // What a URL parser would decode first (%61) or take for a dot (U+3002) is no way to write a domain here.
  const ascii = DOMAIN.test(domain) ? domainToASCII(domain) : ''
  const labels = ascii.split('.')
  if (ascii === '' || labels.some((label) => !LABEL.test(label)) || /^\d+$/.test(labels.at(-1) ?? '')) return 'the part after the @ is no domain name'
  // Shown in its letters, however it was written: xn--pypal-4ve.com looks like paypal.com.
  const shown = domainToUnicode(ascii)
  if (mixesScripts(`${local}@${shown}`)) return 'a word in it mixes letters of several alphabets'
  const foldedLocal = folded(local)
  return { written, folded: `${foldedLocal}@${ascii}`, skeleton: skeleton(`${foldedLocal}@${shown}`) }
}
