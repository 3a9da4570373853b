import { ProbeError } from '../failure.ts'

/** Record types that the probe asks for (RFC 1035 §3.2.2, RFC 3596, RFC 4034, RFC 8659). */
export const RECORD_TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, DS: 43, RRSIG: 46, DNSKEY: 48, CAA: 257 } as const
export type RecordType = keyof typeof RECORD_TYPES

export type RecordData =
  | { kind: 'address'; address: string }
  | { kind: 'name'; name: string }
  | { kind: 'mx'; preference: number; exchange: string }
  | { kind: 'txt'; text: string }
  | { kind: 'caa'; critical: boolean; tag: string; value: string }
  | { kind: 'other' }

export interface DnsRecord {
  name: string
  type: number
  ttlSeconds: number
  data: RecordData
}

export interface DnsMessage {
  id: number
  response: boolean
  truncated: boolean
  /** AD (RFC 4035 §3.2.3): the resolver says that it validated every record of the answer. */
  authentic: boolean
  rcode: number
  question: { name: string; type: number } | undefined
  answers: readonly DnsRecord[]
  authority: readonly DnsRecord[]
}

/**
 * A question with EDNS (RFC 6891), RD and AD set (RFC 6840 §5.7: "tell me whether you validated"), and DO.
 * @param checkingDisabled CD: also hand over what fails validation
 */
export function writeQuery(id: number, name: string, type: RecordType, checkingDisabled = false): Buffer {
  const question = writeName(name)
  const message = Buffer.alloc(12 + question.length + 4 + 11)
  message.writeUInt16BE(id, 0)
  message.writeUInt16BE(0x0100 | 0x0020 | (checkingDisabled ? 0x0010 : 0), 2)
  message.writeUInt16BE(1, 4)
  message.writeUInt16BE(1, 10)
  question.copy(message, 12)
  let at = 12 + question.length
  at = message.writeUInt16BE(RECORD_TYPES[type], at)
  at = message.writeUInt16BE(1, at) // IN
  at = message.writeUInt8(0, at) // the root name owns OPT
  at = message.writeUInt16BE(41, at)
  at = message.writeUInt16BE(1232, at) // what passes every path without fragments (DNS flag day 2020)
  message.writeUInt32BE(0x0000_8000, at) // DO
  return message
}

/** @throws ProbeError `bad-target` for a name that DNS cannot carry */
export function writeName(name: string): Buffer {
  const labels = name === '' || name === '.' ? [] : name.replace(/\.$/, '').split('.')
  const parts: Buffer[] = []
  for (const label of labels) {
    const bytes = Buffer.from(label, 'latin1')
    if (bytes.length === 0 || bytes.length > 63) throw new ProbeError('bad-target', 'a label of a domain name has 1 to 63 characters')
    parts.push(Buffer.from([bytes.length]), bytes)
  }
  const out = Buffer.concat([...parts, Buffer.from([0])])
  if (out.length > 255) throw new ProbeError('bad-target', 'a domain name has at most 255 octets')
  return out
}

/** Reads a whole message; the additional section is not read. @throws ProbeError `malformed` */
export function readMessage(bytes: Buffer): DnsMessage {
  if (bytes.length < 12) throw malformed('shorter than a header')
  const flags = bytes.readUInt16BE(2)
  const counts = [bytes.readUInt16BE(4), bytes.readUInt16BE(6), bytes.readUInt16BE(8)] as const
  if (counts[0] > 1) throw malformed('more than one question')
  let at = 12
  let question: DnsMessage['question']
  if (counts[0] === 1) {
    const name = readName(bytes, at)
    if (name.next + 4 > bytes.length) throw malformed('cut short in the question')
    if (bytes.readUInt16BE(name.next + 2) !== 1) throw malformed('a question of another class')
    question = { name: name.text, type: bytes.readUInt16BE(name.next) }
    at = name.next + 4
  }
  const truncated = (flags & 0x0200) !== 0
  const answers: DnsRecord[] = []
  const authority: DnsRecord[] = []
  // A truncated answer is asked again by TCP, so what is left of it is not read.
  if (!truncated) {
    for (let index = 0; index < counts[1] + counts[2]; index++) {
      const record = readRecord(bytes, at)
      at = record.next
      if (record.record !== undefined) (index < counts[1] ? answers : authority).push(record.record)
    }
  }
  return {
    id: bytes.readUInt16BE(0),
    response: (flags & 0x8000) !== 0 && (flags & 0x7800) === 0,
    truncated,
    authentic: (flags & 0x0020) !== 0,
    rcode: flags & 0x000f,
    question,
    answers,
    authority,
  }
}

/**
 * Reads a name in the form of RFC 1035 §4.1.4. Dots and unprintable octets inside a label are written `\DDD`
 * (RFC 4343 §2.1), so that no two names share a text; letters are lower-cased.
 */
export function readName(bytes: Buffer, start: number): { text: string; next: number } {
  const labels: string[] = []
  let at = start
  let next = -1
  let octets = 1
  let segment = start
  for (;;) {
    const length = bytes[at]
    if (length === undefined) throw malformed('a name runs past the end')
    if (length === 0) {
      if (next < 0) next = at + 1
      return { text: labels.join('.'), next }
    }
    if ((length & 0xc0) === 0xc0) {
      const low = bytes[at + 1]
      if (low === undefined) throw malformed('a pointer runs past the end')
      const to = ((length & 0x3f) << 8) | low
      // INVARIANT: each segment of a name starts strictly before the one that pointed to it, so reading ends.
      if (to >= segment || to < 12) throw malformed('a name pointer that does not point back')
      if (next < 0) next = at + 2
      segment = at = to
    } else if ((length & 0xc0) === 0) {
      if (at + 1 + length > bytes.length) throw malformed('a label runs past the end')
      octets += length + 1
      labels.push(readLabel(bytes.subarray(at + 1, at + 1 + length)))
      at += 1 + length
    } else {
      throw malformed('a label of unknown kind')
    }
    if (octets > 255) throw malformed('a name longer than 255 octets')
  }
}

function readLabel(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c
    text += plain ? String.fromCharCode(byte).toLowerCase() : `\\${String(byte).padStart(3, '0')}`
  }
  return text
}

function readRecord(bytes: Buffer, start: number): { record: DnsRecord | undefined; next: number } {
  const name = readName(bytes, start)
  if (name.next + 10 > bytes.length) throw malformed('cut short in a record')
  const type = bytes.readUInt16BE(name.next)
  const inClass = bytes.readUInt16BE(name.next + 2)
  const ttlSeconds = bytes.readUInt32BE(name.next + 4)
  const from = name.next + 10
  const next = from + bytes.readUInt16BE(name.next + 8)
  if (next > bytes.length) throw malformed('a record runs past the end')
  if (inClass !== 1) return { record: undefined, next }
  return { record: { name: name.text, type, ttlSeconds, data: readData(bytes, type, from, next) }, next }
}

function readData(bytes: Buffer, type: number, from: number, to: number): RecordData {
  switch (type) {
    case RECORD_TYPES.A:
      if (to - from !== 4) throw malformed('an A record that has not 4 octets')
      return { kind: 'address', address: bytes.subarray(from, to).join('.') }
    case RECORD_TYPES.AAAA: {
      if (to - from !== 16) throw malformed('an AAAA record that has not 16 octets')
      const groups: string[] = []
      for (let at = from; at < to; at += 2) groups.push(bytes.readUInt16BE(at).toString(16))
      return { kind: 'address', address: groups.join(':') }
    }
    case RECORD_TYPES.CNAME:
    case RECORD_TYPES.NS:
    case RECORD_TYPES.SOA:
      return { kind: 'name', name: boundedName(bytes, from, to) }
    case RECORD_TYPES.MX:
      if (to - from < 3) throw malformed('an MX record cut short')
      return { kind: 'mx', preference: bytes.readUInt16BE(from), exchange: boundedName(bytes, from + 2, to) }
    case RECORD_TYPES.TXT:
      return { kind: 'txt', text: readStrings(bytes.subarray(from, to)) }
    case RECORD_TYPES.CAA:
      return readCaa(bytes.subarray(from, to))
    default:
      return { kind: 'other' }
  }
}

function boundedName(bytes: Buffer, from: number, to: number): string {
  const name = readName(bytes, from)
  if (name.next > to) throw malformed('a name runs out of its record')
  return name.text
}

/** Character strings are joined without a space (RFC 7208 §3.3, RFC 7489 §6.1); octets, not yet UTF-8. */
function readStrings(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at]!
    if (at + 1 + length > bytes.length) throw malformed('a text runs out of its record')
    text += bytes.toString('latin1', at + 1, at + 1 + length)
    at += 1 + length
  }
  return text
}

/** RFC 8659 §4.1. */
function readCaa(bytes: Buffer): RecordData {
  const flags = bytes[0]
  const length = bytes[1]
  if (flags === undefined || length === undefined || length === 0 || 2 + length > bytes.length) throw malformed('a CAA record cut short')
  const tag = bytes.toString('latin1', 2, 2 + length).toLowerCase()
  return { kind: 'caa', critical: (flags & 0x80) !== 0, tag, value: bytes.toString('latin1', 2 + length) }
}

const malformed = (what: string): ProbeError => new ProbeError('malformed', `a DNS answer that cannot be read: ${what}`)
