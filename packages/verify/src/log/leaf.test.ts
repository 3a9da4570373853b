import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../bytes.ts'
import { commitmentOf, decodeLeaf, encodeLeaf, LEAF_BYTES } from './leaf.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const digest = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest())

describe('a leaf', () => {
  it('reads back as it was written, and only one spelling is read', () => {
    fc.assert(
      fc.property(fc.constantFrom('public' as const, 'private' as const), bytes(16), bytes(32), (kind, id, commitment) => {
        const encoded = encodeLeaf({ class: kind, id, commitment })
        expect(encoded).toHaveLength(LEAF_BYTES)
        expect(decodeLeaf(encoded)).toEqual({ class: kind, id, commitment })
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        let leaf
        try {
          leaf = decodeLeaf(noise)
        } catch {
          return
        }
        expect([...encodeLeaf(leaf)]).toEqual([...noise])
      }),
    )
  })

  it('of another version, class or length is refused', () => {
    const good = encodeLeaf({ class: 'public', id: new Uint8Array(16), commitment: new Uint8Array(32) })
    for (const [at, value] of [[0, 0], [0, 2], [1, 0], [1, 3]] as const) expect(() => decodeLeaf(good.with(at, value))).toThrow(expect.objectContaining({ code: 'malformed' }))
    for (const length of [0, 49, 51]) expect(() => decodeLeaf(new Uint8Array(length).fill(1))).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('commits as the design says: SHA-256(domain ‖ salt ‖ SHA-256(envelope))', () => {
    const salt = new Uint8Array(32).fill(7)
    expect([...commitmentOf(salt, utf8('envelope'))]).toEqual([...digest(utf8('vouchsafe/leaf/v1\n'), salt, digest(utf8('envelope')))])
    expect(() => commitmentOf(new Uint8Array(31), utf8(''))).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
