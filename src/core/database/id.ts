import { randomBytes } from 'node:crypto'

let lastMs = 0
let counter = 0

/**
 * A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then 12 bits that count within one millisecond
 * (§6.2 method 1), then 62 random bits. Ids made by one process sort in the order they were made.
 */
export function uuid7(at: Date): string {
  const ms = at.getTime()
  if (ms > lastMs) {
    lastMs = ms
    counter = randomBytes(2).readUInt16BE() & 0x7ff // half the range is left to count up in
  } else if (++counter > 0xfff) {
    lastMs++ // a full millisecond, or a clock set back: run ahead rather than repeat or go backwards
    counter = 0
  }
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(lastMs, 0, 6)
  bytes.writeUInt16BE(0x7000 | counter, 6)
  randomBytes(8).copy(bytes, 8)
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
