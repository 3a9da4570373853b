import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sameBytes, toHex, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import {
  completeSubtrees,
  consistencyPlan,
  EMPTY_ROOT,
  inclusionPlan,
  isSubtree,
  leafHash,
  proofOf,
  rootOf,
  subtreePlan,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from './merkle.ts'
import { CompactRange } from './range.ts'

const data = path.resolve(import.meta.dirname, '../../../../../shared/data/tlog')
const vectors = <T>(name: string): (T & { file: string; desc: string; wantErr: boolean })[] => JSON.parse(readFileSync(path.join(data, name), 'utf8'))
const bytes = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'))
const proofBytes = (proof: string[] | null): Uint8Array[] => (proof ?? []).map(bytes)
const outcome = (act: () => void): boolean => {
  try {
    act()
    return false
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error
    return true
  }
}

describe.skipIf(!existsSync(data))('published Merkle vectors (skipped where ../shared is absent)', () => {
  it('reproduces all 98 inclusion vectors', () => {
    const all = vectors<{ leafIdx: number; treeSize: number; root: string; leafHash: string; proof: string[] | null }>('merkle-inclusion.json')
    expect(all).toHaveLength(98)
    for (const v of all) expect(outcome(() => verifyInclusion(v.leafIdx, v.treeSize, bytes(v.leafHash), proofBytes(v.proof), bytes(v.root))), v.file).toBe(v.wantErr)
  })
  it('reproduces all 98 consistency vectors', () => {
    const all = vectors<{ size1: number; size2: number; root1: string; root2: string; proof: string[] | null }>('merkle-consistency.json')
    expect(all).toHaveLength(98)
    for (const v of all) expect(outcome(() => verifyConsistency(v.size1, v.size2, bytes(v.root1), bytes(v.root2), proofBytes(v.proof))), v.file).toBe(v.wantErr)
  })
  it('reproduces all 204 subtree inclusion vectors', () => {
    const all = vectors<{ leafIdx: number; start: number; end: number; root: string; leafHash: string; proof: string[] | null }>('merkle-subtreeinclusion.json')
    expect(all).toHaveLength(204)
    for (const v of all)
      expect(outcome(() => verifySubtreeInclusion(v.leafIdx, v.start, v.end, bytes(v.leafHash), proofBytes(v.proof), bytes(v.root))), v.file).toBe(v.wantErr)
  })
  it('reproduces all 118 subtree consistency vectors', () => {
    const all = vectors<{ start: number; end: number; size: number; root1: string; root2: string; proof: string[] | null }>('merkle-subtreeconsistency.json')
    expect(all).toHaveLength(118)
    for (const v of all)
      expect(outcome(() => verifySubtreeConsistency(v.start, v.end, v.size, bytes(v.root1), bytes(v.root2), proofBytes(v.proof))), v.file).toBe(v.wantErr)
  })
})

// The oracle: RFC 6962 §2.1 written down as it stands there, with nothing shared with the code under test.
const sha = (...parts: Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
function mth(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0) return sha()
  if (entries.length === 1) return sha(Uint8Array.of(0), entries[0] as Uint8Array)
  let k = 1
  while (k * 2 < entries.length) k *= 2
  return sha(Uint8Array.of(1), mth(entries.slice(0, k)), mth(entries.slice(k)))
}
function naivePath(m: number, entries: readonly Uint8Array[]): Uint8Array[] {
  if (entries.length <= 1) return []
  let k = 1
  while (k * 2 < entries.length) k *= 2
  return m < k ? [...naivePath(m, entries.slice(0, k)), mth(entries.slice(k))] : [...naivePath(m - k, entries.slice(k)), mth(entries.slice(0, k))]
}
function naiveSubproof(m: number, entries: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (m === entries.length) return whole ? [] : [mth(entries)]
  let k = 1
  while (k * 2 < entries.length) k *= 2
  return m <= k
    ? [...naiveSubproof(m, entries.slice(0, k), whole), mth(entries.slice(k))]
    : [...naiveSubproof(m - k, entries.slice(k), false), mth(entries.slice(0, k))]
}

const entriesOf = (size: number): Uint8Array[] => Array.from({ length: size }, (_, i) => utf8(`entry ${i}`))
const hashAtOf =
  (entries: readonly Uint8Array[]) =>
  (level: number, index: number): Uint8Array =>
    mth(entries.slice(index * 2 ** level, (index + 1) * 2 ** level))
const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map(toHex)

describe('the tree against a naive reading of RFC 6962', () => {
  it('gives the root, each path and each consistency proof of every tree up to 40 leaves', () => {
    for (let size = 0; size <= 40; size++) {
      const entries = entriesOf(size)
      const hashAt = hashAtOf(entries)
      const root = mth(entries)
      expect(toHex(rootOf(size, hashAt))).toBe(toHex(root))
      const range = new CompactRange()
      for (const entry of entries) range.append(leafHash(entry))
      expect(toHex(range.root())).toBe(toHex(root))
      for (let index = 0; index < size; index++) {
        const proof = proofOf(inclusionPlan(index, size), hashAt)
        expect(hex(proof)).toEqual(hex(naivePath(index, entries)))
        verifyInclusion(index, size, leafHash(entries[index] as Uint8Array), proof, root)
      }
      for (let old = 1; old <= size; old++) {
        const proof = proofOf(consistencyPlan(old, size), hashAt)
        expect(hex(proof)).toEqual(hex(naiveSubproof(old, entries, true)))
        verifyConsistency(old, size, mth(entries.slice(0, old)), root, proof)
      }
    }
  })

  it('proves every subtree of a tree of 23 leaves, and no other range', () => {
    const entries = entriesOf(23)
    const root = mth(entries)
    for (let start = 0; start <= 23; start++) {
      for (let end = start; end <= 23; end++) {
        if (!isSubtree(start, end)) {
          expect(() => subtreePlan(start, end, 23)).toThrow(VerifyError)
          continue
        }
        const own = mth(entries.slice(start, end))
        const proof = proofOf(subtreePlan(start, end, 23), hashAtOf(entries))
        verifySubtreeConsistency(start, end, 23, own, root, proof)
        if (end > start) expect(() => verifySubtreeConsistency(start, end, 23, EMPTY_ROOT, root, proof)).toThrow(VerifyError)
        for (let index = start; index < end; index++) {
          const inner = proofOf(inclusionPlan(index - start, end - start), hashAtOf(entries.slice(start, end)))
          verifySubtreeInclusion(index, start, end, leafHash(entries[index] as Uint8Array), inner, own)
        }
      }
    }
  })

  it('accepts no proof with a flipped bit, a dropped or doubled hash, or another position', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), fc.nat(), fc.nat(), (size, a, b, c) => {
        const entries = entriesOf(size)
        const index = a % size
        const root = mth(entries)
        const leaf = leafHash(entries[index] as Uint8Array)
        const proof = naivePath(index, entries).map((hash) => Uint8Array.from(hash))
        const refused = (changed: Uint8Array[], at = index, of = size): boolean => outcome(() => verifyInclusion(at, of, leaf, changed, root))
        const flipped = proof.map((hash) => hash.slice())
        const hash = flipped[b % proof.length] as Uint8Array
        hash[c % 32] = (hash[c % 32] as number) ^ (1 << (b % 8))
        expect(refused(flipped)).toBe(true)
        expect(refused(proof.slice(1))).toBe(true)
        expect(refused([...proof, root])).toBe(true)
        expect(refused(proof, (index + 1 + (b % (size - 1))) % size)).toBe(true)
        expect(refused(proof, index, size * 2)).toBe(true)
      }),
    )
  })

  it('rounds no size above 2^53', () => {
    expect(() => verifyInclusion(2 ** 60, 2 ** 61, EMPTY_ROOT, [], EMPTY_ROOT)).toThrow(VerifyError)
    expect(() => inclusionPlan(1, 2 ** 54)).toThrow(VerifyError)
    expect(completeSubtrees(0, 2 ** 52 + 1)).toEqual([
      { level: 52, index: 0 },
      { level: 0, index: 2 ** 52 },
    ])
  })

  it('does not take a leaf for a node: the same bytes hash to different ends', () => {
    const left = leafHash(utf8('a'))
    const right = leafHash(utf8('b'))
    const asLeaf = leafHash(Uint8Array.from([...left, ...right]))
    expect(sameBytes(asLeaf, mth([utf8('a'), utf8('b')]))).toBe(false)
  })

  it('tells of every subtree that an append completes, once', () => {
    const seen = new Map<string, string>()
    const range = new CompactRange()
    const entries = entriesOf(300)
    for (const entry of entries)
      range.append(leafHash(entry), (level, index, hash) => {
        expect(seen.has(`${level}/${index}`)).toBe(false)
        seen.set(`${level}/${index}`, toHex(hash))
      })
    expect(seen.get('8/0')).toBe(toHex(mth(entries.slice(0, 256))))
    expect(seen.has('8/1')).toBe(false)
    expect(seen.size).toBe(300 + 150 + 75 + 37 + 18 + 9 + 4 + 2 + 1)
    expect(toHex(new CompactRange(300, range.hashes).root())).toBe(toHex(mth(entries)))
    expect(() => new CompactRange(301, range.hashes)).toThrow(VerifyError)
  })
})
