import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProbeError } from '../failure.ts'
import { RECORD_TYPES, readMessage, readName, writeName, writeQuery } from './message.ts'

/** Runs a reader over hostile bytes: whatever happens, it is a value or our own error. */
function survives(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(ProbeError)
  }
}

const label = fc.stringMatching(/^[a-z0-9_]([a-z0-9-]{0,20}[a-z0-9])?$/)
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'))

// An answer as BIND gives it: www.good.test is an alias of good.test, by compressed names, with an OPT record last.
const ANSWER = Buffer.from(
  '1234' + '85a0' + '0001' + '0002' + '0000' + '0001' +
    '0377777704676f6f640474657374000001' + '0001' +
    'c00c' + '00050001' + '0000003c' + '0002' + 'c010' +
    'c010' + '00010001' + '0000003c' + '0004' + '7f000001' +
    '00' + '0029' + '04d0' + '00008000' + '0000',
  'hex',
)

describe('DNS messages', () => {
  it('a name that was written reads back the same', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(readName(Buffer.concat([Buffer.alloc(12), writeName(text)]), 12).text).toBe(text)
      }),
    )
  })

  it('a query carries its id, its question and the DO flag', () => {
    const query = writeQuery(0xbeef, 'good.test', 'CAA')
    expect(query.subarray(0, 2).toString('hex')).toBe('beef')
    expect(readMessage(query)).toMatchObject({ id: 0xbeef, response: false, question: { name: 'good.test', type: RECORD_TYPES.CAA } })
    expect(query.subarray(-11).toString('hex')).toBe('00002904d0000080000000')
  })

  it('an alias and its address are read through compressed names', () => {
    expect(readMessage(ANSWER)).toMatchObject({
      id: 0x1234,
      response: true,
      authentic: true,
      rcode: 0,
      answers: [
        { name: 'www.good.test', data: { kind: 'name', name: 'good.test' } },
        { name: 'good.test', data: { kind: 'address', address: '127.0.0.1' } },
      ],
    })
  })

  it('a pointer that does not point back is refused: forwards, to itself, or into the header', () => {
    for (const pointer of ['c00e', 'c00c', 'c000']) {
      expect(() => readName(Buffer.concat([Buffer.alloc(12), Buffer.from(pointer, 'hex'), Buffer.from([1, 97, 0])]), 12)).toThrow(/does not point back/)
    }
    // A label whose tail points at its own head would never end.
    expect(() => readName(Buffer.concat([Buffer.alloc(12), Buffer.from('0161c00c', 'hex')]), 12)).toThrow(/does not point back/)
  })

  it('a name of more than 255 octets is refused, however it is put together', () => {
    const long = Buffer.concat([Buffer.alloc(12), ...Array.from({ length: 10 }, () => Buffer.concat([Buffer.from([63]), Buffer.alloc(63, 97)])), Buffer.from([0])])
    expect(() => readName(long, 12)).toThrow(/255/)
    expect(() => writeName(Array.from({ length: 130 }, () => 'ab').join('.'))).toThrow(ProbeError)
  })

  it('no two names share a text: dots and control octets inside a label are escaped', () => {
    const dotted = readName(Buffer.concat([Buffer.alloc(12), Buffer.from([3, 0x61, 0x2e, 0x62, 0])]), 12).text
    const plain = readName(Buffer.concat([Buffer.alloc(12), Buffer.from([1, 0x61, 1, 0x62, 0])]), 12).text
    expect([dotted, plain]).toEqual(['a\\046b', 'a.b'])
  })

  it('random bytes never do more than raise the reader\'s own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => survives(() => readMessage(Buffer.from(bytes)))),
      { numRuns: 2000 },
    )
  })

  it('a real answer with a few octets changed never does more than that either', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(ANSWER.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), fc.nat(ANSWER.length), (changes, end) => {
        const bytes = Buffer.from(ANSWER)
        for (const [at, value] of changes) bytes[at] = value
        survives(() => readMessage(bytes))
        survives(() => readMessage(bytes.subarray(0, end)))
      }),
      { numRuns: 3000 },
    )
  })
})
