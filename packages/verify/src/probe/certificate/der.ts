import { ProbeError } from '../failure.ts'

/** One element of DER (ITU-T X.690): its tag octet, its contents, and the whole of it. */
export interface Element {
  tag: number
  contents: Buffer
}

/** Reads the elements that lie one after another in `bytes`. @throws ProbeError `malformed` */
export function readElements(bytes: Buffer, limit = 1000): Element[] {
  const elements: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    // More members than any real certificate has is an attempt to keep us busy.
    if (elements.length >= limit) throw malformed('too many elements')
    const tag = bytes[at]!
    if ((tag & 0x1f) === 0x1f) throw malformed('a tag of more than one octet')
    const first = bytes[at + 1]
    if (first === undefined) throw malformed('cut short')
    let length = first
    let header = 2
    if (first >= 0x80) {
      const octets = first & 0x7f
      if (octets === 0 || octets > 3 || at + 2 + octets > bytes.length) throw malformed('a length that DER does not allow here')
      length = bytes.readUIntBE(at + 2, octets)
      if (length < 0x80 || (octets > 1 && length < 2 ** (8 * (octets - 1)))) throw malformed('a length not in its shortest form')
      header += octets
    }
    if (at + header + length > bytes.length) throw malformed('an element runs past the end')
    elements.push({ tag, contents: bytes.subarray(at + header, at + header + length) })
    at += header + length
  }
  return elements
}

/** The single element that `bytes` must be. */
export function readOne(bytes: Buffer, tag: number): Element {
  const [element, second] = readElements(bytes, 2)
  if (element === undefined || second !== undefined || element.tag !== tag) throw malformed('an element of another kind than expected')
  return element
}

/** An object identifier in dotted form (X.690 §8.19). */
export function readOid(contents: Buffer): string {
  const arcs: number[] = []
  let value = 0
  let length = 0
  for (const byte of contents) {
    value = value * 128 + (byte & 0x7f)
    if (++length > 7) throw malformed('an object identifier with an arc too large')
    if ((byte & 0x80) === 0) {
      arcs.push(value)
      value = 0
      length = 0
    }
  }
  const [first] = arcs
  if (first === undefined || length !== 0) throw malformed('an object identifier cut short')
  const top = Math.min(2, Math.floor(first / 40))
  return [top, first - top * 40, ...arcs.slice(1)].join('.')
}

/** UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 allows them: to the second, in UTC. */
export function readTime(element: Element): Date {
  const text = element.contents.toString('latin1')
  const match = (element.tag === 0x17 ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/ : /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/).exec(text)
  if (match === null || (element.tag !== 0x17 && element.tag !== 0x18)) throw malformed('a time in a form that certificates do not have')
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, number, number, number, number, number]
  const fullYear = element.tag === 0x17 ? (year < 50 ? 2000 + year : 1900 + year) : year
  const date = new Date(0)
  date.setUTCFullYear(fullYear, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const same = date.getUTCFullYear() === fullYear && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour && date.getUTCMinutes() === minute && date.getUTCSeconds() === second
  if (!same) throw malformed('a time that is on no calendar')
  return date
}

export const malformed = (what: string): ProbeError => new ProbeError('malformed', `a certificate that cannot be read: ${what}`)
