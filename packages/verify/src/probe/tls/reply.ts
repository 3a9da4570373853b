import { ProbeError } from '../failure.ts'

/** A ServerHello, from a server of any version. */
export interface ServerHello {
  /** The version that was really chosen: supported_versions where present (RFC 8446 §4.2.1), else the field. */
  version: number
  suite: number
  compression: number
  /** RFC 8446 §4.1.4: the server wants another key share; its choices are made all the same. */
  retry: boolean
  /** renegotiation_info was answered (RFC 5746). */
  secureRenegotiation: boolean
  keyShare: Buffer | undefined
  /** The bytes of the message, for the transcript. */
  message: Buffer
}

export interface ServerFlight {
  hello: ServerHello
  /** Certificates (DER) in the order sent; empty in TLS 1.3, where they travel encrypted. */
  certificates: readonly Buffer[]
  /** Bits of the Diffie-Hellman prime, where ServerKeyExchange showed one. */
  dhBits: number | undefined
  /** Records after the ServerHello that are encrypted (TLS 1.3). */
  sealed: readonly Buffer[]
}

export type Reply =
  | { kind: 'flight'; flight: ServerFlight }
  | { kind: 'alert'; description: number }
  | { kind: 'more' } // not yet a whole answer

// A certificate chain of ten large certificates stays below this; what is longer is a flood.
export const MAX_FLIGHT_BYTES = 128 * 1024
const HELLO_RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex')

/**
 * Reads as much of a server's first flight as has arrived: pure, called again with more bytes.
 * @param expectDh wait for ServerKeyExchange, which follows the certificate
 * @throws ProbeError `malformed` or `too-large`
 */
export function readReply(bytes: Buffer, expectDh = false): Reply {
  if (bytes.length > MAX_FLIGHT_BYTES) throw new ProbeError('too-large', 'a TLS handshake of more than 128 KiB')
  const handshake: Buffer[] = []
  const sealed: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const type = bytes[at]!
    // A server that speaks something else is told apart by its first octet, before a length is believed.
    if (type < 20 || type > 23 || (bytes.length > at + 1 && bytes[at + 1] !== 3)) throw malformed('no TLS record')
    if (at + 5 > bytes.length) break
    const length = bytes.readUInt16BE(at + 3)
    if (length > 2 ** 14 + 2048) throw malformed('a record longer than the protocol allows')
    if (at + 5 + length > bytes.length) break
    const body = bytes.subarray(at + 5, at + 5 + length)
    if (type === 21) {
      const flight = readFlight(Buffer.concat(handshake), sealed, false)
      if (flight !== undefined) return { kind: 'flight', flight }
      if (body.length !== 2) throw malformed('an alert of a wrong length')
      // RFC 6066 §3: unrecognized_name may come as a mere warning before the ServerHello.
      if (!(body[0] === 1 && body[1] === 112)) return { kind: 'alert', description: body[1]! }
    } else if (type === 22) {
      if (body.length === 0) throw malformed('an empty handshake record')
      handshake.push(body)
    } else if (type === 23) {
      sealed.push(bytes.subarray(at, at + 5 + length))
    }
    at += 5 + length
  }
  const flight = readFlight(Buffer.concat(handshake), sealed, expectDh)
  return flight === undefined ? { kind: 'more' } : { kind: 'flight', flight }
}

/** undefined while the flight is not whole. In TLS ≤ 1.2 it is whole at Certificate (or ServerKeyExchange), else at its end. */
function readFlight(bytes: Buffer, sealed: readonly Buffer[], expectDh: boolean): ServerFlight | undefined {
  let hello: ServerHello | undefined
  let certificates: readonly Buffer[] = []
  for (let at = 0; at + 4 <= bytes.length; ) {
    const type = bytes[at]!
    const length = bytes.readUIntBE(at + 1, 3)
    if (length > MAX_FLIGHT_BYTES) throw new ProbeError('too-large', 'a handshake message of more than 128 KiB')
    if (at + 4 + length > bytes.length) return undefined
    const body = bytes.subarray(at + 4, at + 4 + length)
    if (hello === undefined) {
      if (type !== 2) throw malformed('the first message is no ServerHello')
      hello = readServerHello(body, bytes.subarray(at, at + 4 + length))
      if (hello.version >= 0x0304) return { hello, certificates: [], dhBits: undefined, sealed }
    } else if (type === 11) {
      certificates = readCertificates(body)
      if (!expectDh) return { hello, certificates, dhBits: undefined, sealed: [] }
    } else if (type === 12) {
      return { hello, certificates, dhBits: expectDh ? readDhBits(body) : undefined, sealed: [] }
    } else if (type === 14) {
      return { hello, certificates, dhBits: undefined, sealed: [] }
    }
    at += 4 + length
  }
  return undefined
}

function readServerHello(body: Buffer, message: Buffer): ServerHello {
  const input = new Reader(body)
  let version = input.number(2)
  const random = input.take(32)
  input.vector(1)
  const suite = input.number(2)
  const compression = input.number(1)
  let secureRenegotiation = false
  let keyShare: Buffer | undefined
  if (!input.ended) {
    const extensions = new Reader(input.vector(2))
    while (!extensions.ended) {
      const type = extensions.number(2)
      const data = new Reader(extensions.vector(2))
      if (type === 0xff01) secureRenegotiation = true
      else if (type === 43) version = data.number(2)
      else if (type === 51 && data.number(2) === 0x001d && !data.ended) keyShare = data.vector(2)
    }
  }
  if (version >>> 8 !== 3) throw malformed('a ServerHello of no known version')
  return { version, suite, compression, retry: random.equals(HELLO_RETRY), secureRenegotiation, keyShare, message }
}

/** RFC 5246 §7.4.2. */
function readCertificates(body: Buffer): Buffer[] {
  const list = new Reader(new Reader(body).vector(3))
  const certificates: Buffer[] = []
  while (!list.ended) certificates.push(list.vector(3))
  return certificates
}

/** RFC 8446 §4.4.2: the certificate list of TLS 1.3, whose entries carry extensions. */
export function readTls13Certificates(body: Buffer): Buffer[] {
  const input = new Reader(body)
  input.vector(1)
  const list = new Reader(input.vector(3))
  const certificates: Buffer[] = []
  while (!list.ended) {
    certificates.push(list.vector(3))
    list.vector(2)
  }
  return certificates
}

/** RFC 5246 §7.4.3: bits of dh_p. */
function readDhBits(body: Buffer): number {
  const prime = new Reader(body).vector(2)
  let first = 0
  while (first < prime.length && prime[first] === 0) first++
  return first === prime.length ? 0 : (prime.length - first) * 8 - (Math.clz32(prime[first]!) - 24)
}

/** True when the bytes are the start of an SSL 2.0 SERVER-HELLO; undefined while too few have come. */
export function isSsl2ServerHello(bytes: Buffer): boolean | undefined {
  if (bytes.length < 7) return bytes.length > 0 && (bytes[0]! & 0x80) === 0 ? false : undefined
  return (bytes[0]! & 0x80) !== 0 && bytes[2] === 4 && bytes.readUInt16BE(5) === 2
}

/** Reads bounded fields; running past the end is a `malformed`, never a RangeError. */
export class Reader {
  readonly #bytes: Buffer
  #at = 0
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }
  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }
  take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw malformed('a field runs past the end')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
  number(length: 1 | 2 | 3): number {
    return this.take(length).readUIntBE(0, length)
  }
  vector(lengthBytes: 1 | 2 | 3): Buffer {
    return this.take(this.number(lengthBytes))
  }
}

const malformed = (what: string): ProbeError => new ProbeError('malformed', `a TLS answer that cannot be read: ${what}`)
