import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { completeSubtrees, consistencyPlan, foldRoot, inclusionPlan, leafHash, proofOf, rootOf, verifyConsistency, verifyInclusion } from './merkle.ts'
import { CompactRange } from './range.ts'
import { decodeBundle, encodeBundle, hashInTile, nodesAtTileLevel, parseTilePath, tileOfNode, tilePath, tilesOf, TILE_WIDTH } from './tile.ts'

const at = (size: number): string[] => [...tilesOf(size)].map(tilePath)

describe('tile paths', () => {
  it('writes the index in groups of three, as c2sp.org/tlog-tiles has it', () => {
    expect(tilePath({ level: 0, index: 1234067, width: 256 })).toBe('tile/0/x001/x234/067')
    expect(tilePath({ level: 'entries', index: 0, width: 7 })).toBe('tile/entries/000.p/7')
    expect(tilePath({ level: 1, index: 1000, width: 256 })).toBe('tile/1/x001/000')
  })

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.constantFrom<number | 'entries'>('entries', 0, 1, 9, 63), fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
        expect(parseTilePath(tilePath({ level, index, width }))).toEqual({ level, index, width })
      }),
    )
  })

  it.each([
    'tile/0/0',
    'tile/0/0000',
    'tile/00/000',
    'tile/64/000',
    'tile/0/001/002',
    'tile/0/x000/001',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000/',
    '/tile/0/000',
    'tile/-1/000',
    'tile/0/../000',
    'tile/0/000\n',
    `tile/0/${'x999/'.repeat(6)}999`,
  ])('refuses %j', (path) => expect(parseTilePath(path)).toBeUndefined())
})

describe('which tiles a tree has', () => {
  it('has those of the worked example: 70,000 entries', () => {
    const tiles = [...tilesOf(70_000)]
    const count = (level: number, full: boolean): number => tiles.filter((tile) => tile.level === level && (tile.width === TILE_WIDTH) === full).length
    expect([count(0, true), count(0, false), count(1, true), count(1, false), count(2, true), count(2, false), count(3, false)]).toEqual([273, 1, 1, 1, 0, 1, 0])
    expect(at(70_000)).toEqual(expect.arrayContaining(['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1', 'tile/entries/273.p/112']))
  })

  it('never makes an empty tile, and never hashes a partial tile into its parent', () => {
    expect(at(0)).toEqual([])
    expect(at(255)).toEqual(['tile/entries/000.p/255', 'tile/0/000.p/255'])
    expect(at(256)).toEqual(['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1'])
    expect(at(257)).toEqual(['tile/entries/000', 'tile/entries/001.p/1', 'tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1'])
  })

  it.each([65_535, 65_536, 65_537])('has the right tiles at %d', (size) => {
    const tiles = at(size)
    expect(tiles.includes('tile/1/000.p/255')).toBe(size === 65_535)
    expect(tiles.includes('tile/1/000')).toBe(size >= 65_536)
    expect(tiles.includes('tile/2/000.p/1')).toBe(size >= 65_536)
    expect(tiles.includes('tile/0/256.p/1')).toBe(size === 65_537)
    expect(tiles.includes('tile/0/255.p/255')).toBe(size === 65_535)
  })

  it('names, for a grown tree, exactly the tiles that changed', () => {
    fc.assert(
      fc.property(fc.nat(140_000), fc.nat(3_000), (old, growth) => {
        const before = new Set(at(old))
        expect([...tilesOf(old + growth, old)].map(tilePath)).toEqual(at(old + growth).filter((path) => !before.has(path)))
      }),
      { numRuns: 30 },
    )
  })
})

/** All tiles of a tree, as a log would have written them. */
function grow(size: number): { tiles: Map<string, Uint8Array>; roots: Map<number, Uint8Array>; leaf: (i: number) => Uint8Array } {
  const leaf = (i: number): Uint8Array => leafHash(utf8(`entry ${i}`))
  const levels: Uint8Array[][] = []
  const range = new CompactRange()
  const roots = new Map<number, Uint8Array>()
  for (let i = 0; i < size; i++) {
    range.append(leaf(i), (level, _, hash) => {
      if (level % 8 === 0) (levels[level / 8] ??= []).push(hash)
    })
    if (size - i < 4 || [255, 256, 257, 65_535, 65_536].includes(i + 1)) roots.set(i + 1, range.root())
  }
  const tiles = new Map<string, Uint8Array>()
  for (const tile of tilesOf(size)) {
    if (tile.level === 'entries') continue
    const hashes = (levels[tile.level] as Uint8Array[]).slice(tile.index * 256, tile.index * 256 + tile.width)
    tiles.set(tilePath(tile), Uint8Array.from(hashes.flatMap((hash) => [...hash])))
  }
  return { tiles, roots, leaf }
}

describe.each([255, 256, 257, 65_535, 65_536, 65_537])('a tree of %d entries, read back from its tiles', (size) => {
  const { tiles, roots, leaf } = grow(size)
  const hashAt = (level: number, index: number): Uint8Array => {
    const { tile, from, to } = tileOfNode(level, index, size)
    const bytes = tiles.get(tilePath(tile))
    if (!bytes) throw new Error(`no tile ${tilePath(tile)}`)
    return hashInTile(bytes, from, to)
  }
  const root = roots.get(size) as Uint8Array

  it('gives its root', () => expect(toHex(rootOf(size, hashAt))).toBe(toHex(root)))

  it('proves leaves at every border', () => {
    for (const index of [0, 1, 254, 255, 256, 65_279, 65_280, 65_534, 65_535, size - 1]) {
      if (index >= size) continue
      verifyInclusion(index, size, leaf(index), proofOf(inclusionPlan(index, size), hashAt), root)
    }
  })

  it('proves consistency with the sizes around every border', () => {
    for (const [old, oldRoot] of roots) {
      if (old > size) continue
      verifyConsistency(old, size, oldRoot, root, proofOf(consistencyPlan(old, size), hashAt))
      expect(toHex(foldRoot(completeSubtrees(0, old).map((node) => hashAt(node.level, node.index))))).toBe(toHex(oldRoot))
    }
  })

  it('says of a truncated tile that it is short', () => {
    const { tile, from, to } = tileOfNode(0, size - 1, size)
    const bytes = tiles.get(tilePath(tile)) as Uint8Array
    expect(() => hashInTile(bytes.subarray(0, -1), from, to)).toThrow(VerifyError)
  })
})

describe('entry bundles', () => {
  it('read what was written, and every accepted byte string is written again as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 8 }), (entries, wild, width) => {
        expect(decodeBundle(encodeBundle(entries), entries.length).map(toHex)).toEqual(entries.map(toHex))
        let decoded: Uint8Array[]
        try {
          decoded = decodeBundle(wild, width)
        } catch (error) {
          expect(error).toBeInstanceOf(VerifyError)
          return
        }
        expect(toHex(encodeBundle(decoded))).toBe(toHex(wild))
      }),
    )
  })

  it('refuse a truncated entry, a stray byte, and an entry over 65,535 bytes', () => {
    const bundle = encodeBundle([utf8('one'), utf8('two')])
    expect(() => decodeBundle(bundle.subarray(0, -1), 2)).toThrow(VerifyError)
    expect(() => decodeBundle(bundle, 1)).toThrow(VerifyError)
    expect(() => decodeBundle(bundle, 3)).toThrow(VerifyError)
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(VerifyError)
    expect(decodeBundle(encodeBundle([new Uint8Array(65_535)]), 1)[0]).toHaveLength(65_535)
  })

  it('counts nodes by flooring at each level', () => {
    expect([0, 1, 2].map((level) => nodesAtTileLevel(level, 70_000))).toEqual([70_000, 273, 1])
  })
})

