import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { ProbeError } from '../failure.ts'

/** Protocol versions by their number on the wire. */
export const VERSIONS = { 'SSL 3.0': 0x0300, 'TLS 1.0': 0x0301, 'TLS 1.1': 0x0302, 'TLS 1.2': 0x0303, 'TLS 1.3': 0x0304 } as const
export type TlsVersion = keyof typeof VERSIONS

export interface Offer {
  version: TlsVersion
  /** Suites by number, best first. */
  suites: readonly number[]
  /** Sent as server_name unless it is an IP literal (RFC 6066 §3). */
  host: string
  /** Compression methods; only `null` (0) when absent. */
  compression?: readonly number[]
  /** Raw X25519 public key for TLS 1.3; random bytes serve as well where the handshake is not carried on. */
  keyShare?: Buffer
}

// Generous on purpose: a server that refuses must do so for its version or suites, not for a missing group.
const GROUPS = [0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x0100, 0x0101, 0x0016, 0x000e, 0x0013]
const SIGNATURES = [0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602, 0x0203, 0x0201, 0x0202]

/** A ClientHello message in its record (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2, RFC 6101 §5.6.1.2). */
export function writeClientHello(offer: Offer): Buffer {
  const message = writeHandshake(1, clientHelloBody(offer))
  // RFC 8446 §5.1 and RFC 5246 §E.1: a first record says TLS 1.0, for servers that refuse anything else.
  const recordVersion = offer.version === 'SSL 3.0' ? 0x0300 : 0x0301
  return Buffer.concat([u8(22), u16(recordVersion), vector(2, message)])
}

/** The message alone, as it enters the transcript. */
export const handshakeOf = (record: Buffer): Buffer => record.subarray(5)

function clientHelloBody(offer: Offer): Buffer {
  const wire = VERSIONS[offer.version]
  const suites = Buffer.concat(offer.suites.map(u16))
  const parts = [
    u16(Math.min(wire, VERSIONS['TLS 1.2'])),
    randomBytes(32),
    // RFC 8446 §D.4: a session id makes the handshake look like one that middle boxes know.
    vector(1, offer.version === 'TLS 1.3' ? randomBytes(32) : Buffer.alloc(0)),
    vector(2, suites),
    vector(1, Buffer.from(offer.compression ?? [0])),
  ]
  // SSL 3.0 knows no extensions; many of its servers fail on them.
  if (offer.version !== 'SSL 3.0') parts.push(vector(2, Buffer.concat(extensions(offer))))
  return Buffer.concat(parts)
}

function extensions(offer: Offer): Buffer[] {
  const list: Buffer[] = []
  if (isIP(offer.host) === 0) list.push(extension(0, vector(2, Buffer.concat([u8(0), vector(2, Buffer.from(offer.host, 'latin1'))]))))
  list.push(extension(10, vector(2, Buffer.concat(GROUPS.map(u16)))))
  list.push(extension(11, vector(1, Buffer.from([0]))))
  if (VERSIONS[offer.version] >= VERSIONS['TLS 1.2']) list.push(extension(13, vector(2, Buffer.concat(SIGNATURES.map(u16)))))
  list.push(extension(0xff01, vector(1, Buffer.alloc(0)))) // RFC 5746 §3.4
  if (offer.version === 'TLS 1.3') {
    list.push(extension(43, vector(1, u16(VERSIONS['TLS 1.3']))))
    list.push(extension(45, vector(1, Buffer.from([1]))))
    const key = offer.keyShare ?? randomBytes(32)
    list.push(extension(51, vector(2, Buffer.concat([u16(0x001d), vector(2, key)]))))
  }
  return list
}

/**
 * An SSL 2.0 CLIENT-HELLO that offers SSL 2.0 alone, with the seven ciphers of its specification.
 * A server that has it answers SERVER-HELLO (type 4) in a record of the same odd shape.
 */
export function writeSsl2Hello(): Buffer {
  const specs = Buffer.from([0x01, 0x00, 0x80, 0x02, 0x00, 0x80, 0x03, 0x00, 0x80, 0x04, 0x00, 0x80, 0x05, 0x00, 0x80, 0x06, 0x00, 0x40, 0x07, 0x00, 0xc0])
  const challenge = randomBytes(16)
  const body = Buffer.concat([u8(1), u16(0x0002), u16(specs.length), u16(0), u16(challenge.length), specs, challenge])
  return Buffer.concat([u16(0x8000 | body.length), body])
}

const extension = (type: number, data: Buffer): Buffer => Buffer.concat([u16(type), vector(2, data)])

function writeHandshake(type: number, body: Buffer): Buffer {
  return Buffer.concat([u8(type), vector(3, body)])
}

export const u8 = (value: number): Buffer => Buffer.from([value])

export function u16(value: number): Buffer {
  const out = Buffer.alloc(2)
  out.writeUInt16BE(value)
  return out
}

/** A variable-length vector (RFC 8446 §3.4). @throws ProbeError `too-large` when it does not fit its length */
export function vector(lengthBytes: 1 | 2 | 3, data: Buffer): Buffer {
  if (data.length >= 2 ** (8 * lengthBytes)) throw new ProbeError('too-large', 'a TLS vector longer than its length field can say')
  const length = Buffer.alloc(lengthBytes)
  length.writeUIntBE(data.length, 0, lengthBytes)
  return Buffer.concat([length, data])
}
