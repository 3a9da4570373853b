import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProbeError } from '../failure.ts'
import { writeClientHello, writeSsl2Hello } from './hello.ts'
import { isSsl2ServerHello, readReply, readTls13Certificates } from './reply.ts'

/** A ServerHello of TLS 1.2 with renegotiation_info, then Certificate with two entries of 3 and 2 octets. */
const FLIGHT = (() => {
  const hello = Buffer.concat([Buffer.from('0303', 'hex'), Buffer.alloc(32, 9), Buffer.from('00' + 'c02f' + '00' + '0005' + 'ff01000100', 'hex')])
  const certificates = Buffer.from('00000b' + '000003' + 'aabbcc' + '000002' + 'ddee', 'hex')
  const message = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type, 0, body.length >> 8, body.length & 255]), body])
  const payload = Buffer.concat([message(2, hello), message(11, certificates)])
  return Buffer.concat([Buffer.from([22, 3, 3, payload.length >> 8, payload.length & 255]), payload])
})()

function survives(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(ProbeError)
  }
}

describe('answers to a ClientHello', () => {
  it('a flight is read with its choices and its certificates in order', () => {
    const reply = readReply(FLIGHT)
    expect(reply).toMatchObject({ kind: 'flight', flight: { hello: { version: 0x0303, suite: 0xc02f, compression: 0, secureRenegotiation: true, retry: false } } })
    expect(reply.kind === 'flight' && reply.flight.certificates.map((der) => der.toString('hex'))).toEqual(['aabbcc', 'ddee'])
  })

  it('every beginning of a flight asks for more, and none is taken for the whole', () => {
    for (let length = 0; length < FLIGHT.length; length++) expect(readReply(FLIGHT.subarray(0, length)).kind, String(length)).toBe('more')
  })

  it('a flight cut into records of any size reads the same', () => {
    const payload = FLIGHT.subarray(5)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (size) => {
        const records: Buffer[] = []
        for (let at = 0; at < payload.length; at += size) {
          const part = payload.subarray(at, at + size)
          records.push(Buffer.concat([Buffer.from([22, 3, 3, 0, part.length]), part]))
        }
        expect(readReply(Buffer.concat(records))).toEqual(readReply(FLIGHT))
      }),
    )
  })

  it('a warning about the name is passed over, and a fatal alert is not', () => {
    const warning = Buffer.from('150301000201' + '70', 'hex')
    expect(readReply(Buffer.concat([warning, FLIGHT])).kind).toBe('flight')
    expect(readReply(Buffer.from('1503010002022f', 'hex'))).toEqual({ kind: 'alert', description: 0x2f })
  })

  it.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2'],
    ['a mail server', '220 mail.example ESMTP'],
  ])('%s is told apart from TLS at its first octet', (_, text) => {
    expect(() => readReply(Buffer.from(text))).toThrow(/no TLS record/)
  })

  it('random and mutated bytes never do more than raise the reader\'s own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, dh) => {
        survives(() => readReply(Buffer.from(bytes), dh))
        survives(() => readReply(Buffer.concat([Buffer.from([22, 3, 3, 0, bytes.length & 255]), Buffer.from(bytes)]), dh))
        survives(() => readTls13Certificates(Buffer.from(bytes)))
        survives(() => isSsl2ServerHello(Buffer.from(bytes)))
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(FLIGHT.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }), (changes) => {
        const bytes = Buffer.from(FLIGHT)
        for (const [at, value] of changes) bytes[at] = value
        survives(() => readReply(bytes, true))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('the ClientHello', () => {
  it('says its own lengths truly in every version', () => {
    for (const version of ['SSL 3.0', 'TLS 1.0', 'TLS 1.1', 'TLS 1.2', 'TLS 1.3'] as const) {
      const hello = writeClientHello({ version, suites: [0xc02f, 0x002f], host: 'good.test' })
      expect(hello.readUInt16BE(3)).toBe(hello.length - 5)
      expect(hello.readUIntBE(6, 3)).toBe(hello.length - 9)
    }
    const ssl2 = writeSsl2Hello()
    expect(ssl2.readUInt16BE(0) & 0x7fff).toBe(ssl2.length - 2)
  })

  it('names the host, but never an IP address (RFC 6066 §3)', () => {
    expect(writeClientHello({ version: 'TLS 1.2', suites: [1], host: 'good.test' }).includes('good.test')).toBe(true)
    expect(writeClientHello({ version: 'TLS 1.2', suites: [1], host: '192.0.2.1' }).includes('192.0.2.1')).toBe(false)
  })
})
