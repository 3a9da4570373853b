import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, fromHex, utf8 } from './bytes.ts'
import * as browser from './platform.browser.ts'
import * as node from './platform.node.ts'

const { Point } = ed25519
const ORDER = Point.Fn.ORDER

function littleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0')).reverse()
}
const fromLittleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
const both = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean[] => [
  node.ed25519Verify(key, message, signature),
  browser.ed25519Verify(key, message, signature),
]

// RFC 8032 §7.1, TEST 1 to 3: secret key, public key, message, signature.
const RFC_8032 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
] as const

describe('both platforms', () => {
  it.each(RFC_8032)('accept the RFC 8032 signature of %s', (_secret, key, message, signature) => {
    expect(both(fromHex(key), fromHex(message), fromHex(signature))).toEqual([true, true])
    expect(both(fromHex(key), fromHex(`${message}00`), fromHex(signature))).toEqual([false, false])
  })

  it('hash alike, in parts or whole (FIPS 180-4 "abc")', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    for (const { sha256 } of [node, browser]) {
      expect(Buffer.from(sha256(utf8('abc'))).toString('hex')).toBe(abc)
      expect(Buffer.from(sha256(utf8('a'), utf8(''), utf8('bc'))).toString('hex')).toBe(abc)
      expect(Buffer.from(sha256()).toString('hex')).toBe(createHash('sha256').digest('hex'))
    }
  })

  it('agree on random keys, messages and damaged signatures', () => {
    const pair = generateKeyPairSync('ed25519')
    const key = Uint8Array.from(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(12))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(95), fc.nat(255), fc.boolean(), (message, at, flip, short) => {
        const signature = Uint8Array.from(sign(null, message, pair.privateKey))
        const damagedKey = Uint8Array.from(key)
        if (at < 64) signature[at] = (signature[at] as number) ^ flip
        else damagedKey[at - 64] = (damagedKey[at - 64] as number) ^ flip
        const given = short ? signature.subarray(0, 63) : signature
        const [a, b] = both(damagedKey, message, given)
        expect(a).toBe(b)
        expect(a).toBe(flip === 0 && !short)
      }),
      { numRuns: 300 },
    )
  })

  it('agree on keys and points that are noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 30, maxLength: 33 }), fc.uint8Array({ minLength: 64, maxLength: 64 }), (key, signature) => {
        const [a, b] = both(key, utf8('m'), signature)
        expect([a, b]).toEqual([false, false])
      }),
      { numRuns: 300 },
    )
  })

  // A point of order 8, found by clearing the large factor of points that are not in the prime-order group.
  function torsion(): InstanceType<typeof Point> {
    for (let y = 2n; ; y++) {
      let point
      try {
        point = Point.fromBytes(littleEndian(y), false)
      } catch {
        continue
      }
      const small = point.multiplyUnsafe(ORDER - 1n).add(point) // order · point
      if (!small.multiplyUnsafe(4n).is0()) return small
    }
  }

  it('refuse all eight keys of small order, in which S = 0 and R neutral fits every message', () => {
    const eighth = torsion()
    const seen = new Set<string>()
    for (let i = 0n; i < 8n; i++) {
      const point = i === 0n ? Point.ZERO : eighth.multiplyUnsafe(i)
      seen.add(point.toHex())
      for (let n = 0; n < 16; n++) expect(both(point.toBytes(), utf8(`message ${n}`), concat(Point.ZERO.toBytes(), new Uint8Array(32)))).toEqual([false, false])
    }
    expect(seen.size).toBe(8)
  })

  it('refuse keys whose y is not reduced', () => {
    const p = 2n ** 255n - 19n
    for (let y = 0n; y < 19n; y++) {
      const key = littleEndian(p + y)
      for (const sign of [0, 0x80]) {
        key[31] = ((key[31] as number) & 0x7f) | sign
        for (let n = 0; n < 4; n++) expect(both(key, utf8(`message ${n}`), concat(littleEndian(1n), new Uint8Array(32)))).toEqual([false, false])
      }
    }
  })

  /** A signature whose R carries a component of small order, under a key that may carry one too. */
  function forge(keyTorsion: bigint, nonceTorsion: bigint, message: Uint8Array): { key: Uint8Array; signature: Uint8Array } {
    const eighth = torsion()
    const secret = 1234567890123456789n
    const nonce = 9876543210987654321n
    const a = keyTorsion === 0n ? Point.BASE.multiply(secret) : Point.BASE.multiply(secret).add(eighth.multiplyUnsafe(keyTorsion))
    const r = nonceTorsion === 0n ? Point.BASE.multiply(nonce) : Point.BASE.multiply(nonce).add(eighth.multiplyUnsafe(nonceTorsion))
    const digest = createHash('sha512').update(r.toBytes()).update(a.toBytes()).update(message).digest()
    const k = fromLittleEndian(digest) % ORDER
    return { key: a.toBytes(), signature: concat(r.toBytes(), littleEndian((nonce + k * secret) % ORDER)) }
  }

  it('agree on keys and nonces of mixed order, where the cofactored equation would accept more', () => {
    let cofactoredOnly = 0
    for (let keyTorsion = 0n; keyTorsion < 8n; keyTorsion++)
      for (let nonceTorsion = 0n; nonceTorsion < 8n; nonceTorsion++) {
        // Several of each: the browser's side changes its way of multiplying once a key has been used often.
        for (let n = 0; n < 3; n++) {
          const message = utf8(`mixed ${keyTorsion} ${nonceTorsion} ${n}`)
          const { key, signature } = forge(keyTorsion, nonceTorsion, message)
          const [a, b] = both(key, message, signature)
          expect(a).toBe(b)
          if (keyTorsion === 0n && nonceTorsion === 0n) expect(a).toBe(true)
          if (!a && ed25519.verify(signature, message, key, { zip215: false })) cofactoredOnly++
        }
      }
    expect(cofactoredOnly).toBeGreaterThan(0) // else this test would show nothing
  })

  it('refuse S + L, the second spelling of a good signature', () => {
    const message = utf8('malleable')
    const { key, signature } = forge(0n, 0n, message)
    expect(both(key, message, signature)).toEqual([true, true])
    const s = fromLittleEndian(signature.subarray(32))
    expect(both(key, message, concat(signature.subarray(0, 32), littleEndian(s + ORDER)))).toEqual([false, false])
  })
})
