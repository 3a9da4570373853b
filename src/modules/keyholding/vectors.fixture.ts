import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { inflateSync, zstdDecompressSync } from 'node:zlib'

const ARCHIVE = resolve(import.meta.dirname, '../../../../shared/data/age/age-testdata.tar.zst')
export const vectorsAreHere = existsSync(ARCHIVE)

export interface Vector {
  name: string
  /** success, no match, HMAC failure, header failure, armor failure, payload failure */
  expect: string
  armored: boolean
  file: Uint8Array
}

/** The test files of the age format (C2SP CCTV): a header of `key: value` lines, an empty line, the age file. */
export function readVectors(): Vector[] {
  const tar = zstdDecompressSync(readFileSync(ARCHIVE))
  const vectors: Vector[] = []
  for (let at = 0; at + 512 <= tar.length; ) {
    const text = (from: number, length: number): string => tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '')
    const [name, size, type] = [text(0, 100), Number.parseInt(text(124, 12) || '0', 8), text(156, 1)]
    const body = tar.subarray(at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
    const end = body.indexOf('\n\n')
    if ((type !== '0' && type !== '') || end < 0) continue
    const fields = new Map(body.toString('latin1', 0, end).split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]))
    const expected = fields.get('expect')
    if (expected === undefined) continue
    const file = body.subarray(end + 2)
    vectors.push({ name: name.split('/').at(-1) ?? name, expect: expected, armored: fields.get('armored') === 'yes', file: fields.get('compressed') === 'zlib' ? inflateSync(file) : file })
  }
  return vectors
}
