import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** Unpacked; the largest package of ours has some 70 MB. */
const MOST_BYTES = 512 * 1024 * 1024
const BLOCK = 512

/** Where npm keeps an archive that it fetched, by its own SHA-512 (cacache, content version 2). @param integrity `sha512-…` in base64 */
export function archivePath(cache: string, integrity: string): string {
  const hex = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex')
  return join(cache, '_cacache', 'content-v2', 'sha512', hex.slice(0, 2), hex.slice(2, 4), hex.slice(4))
}

/**
 * The files of a package's archive by their path below the package's folder.
 * @returns undefined where npm does not keep the archive any more
 * @throws Error where the bytes kept are not those of the integrity, or are no archive
 */
export async function archivedFiles(cache: string, integrity: string): Promise<Map<string, Buffer> | undefined> {
  const packed = await readFile(archivePath(cache, integrity)).catch(() => undefined)
  if (packed === undefined) return undefined
  // INVARIANT: nothing of the cache is believed before it has the digest that the lockfile fixes.
  const digest = createHash('sha512').update(packed).digest()
  const wanted = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64')
  if (digest.length !== wanted.length || !timingSafeEqual(digest, wanted)) throw new Error("the archive in npm's cache is not the one that the lockfile fixes")
  return readTar(await promisify(gunzip)(packed, { maxOutputLength: MOST_BYTES }))
}

/** Regular files of a tar archive (POSIX ustar and pax, IEEE Std 1003.1 pax §ustar; GNU long names), first folder taken off. */
export function readTar(tar: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  let longName: string | undefined
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) break
    const size = Number.parseInt(textOf(header, 124, 12).trim() || '0', 8)
    if (!Number.isSafeInteger(size) || size < 0 || at + BLOCK + size > tar.length) throw new Error('the archive is cut short')
    const content = tar.subarray(at + BLOCK, at + BLOCK + size)
    const type = String.fromCharCode(header[156] ?? 0)
    const prefix = textOf(header, 257, 5) === 'ustar' ? textOf(header, 345, 155) : ''
    const name = longName ?? (prefix === '' ? '' : `${prefix}/`) + textOf(header, 0, 100)
    longName = undefined
    if (type === 'x') longName = paxPath(content)
    else if (type === 'L') longName = textOf(content, 0, content.length)
    else if (type === '0' || type === '\0') files.set(name.slice(name.indexOf('/') + 1), content)
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

const textOf = (bytes: Buffer, from: number, length: number): string => {
  const field = bytes.subarray(from, from + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? field.length : end).toString('utf8')
}

/** Records `<length> <keyword>=<value>\n`. */
function paxPath(content: Buffer): string | undefined {
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.toString('latin1', at, content.indexOf(0x20, at)), 10)
    if (!(length > 0)) return undefined
    const record = content.toString('utf8', content.indexOf(0x20, at) + 1, at + length - 1)
    if (record.startsWith('path=')) return record.slice('path='.length)
    at += length
  }
  return undefined
}

/**
 * What of an installed package is not as in its archive: files changed, missing, or there though the archive has none
 * such. Packages installed inside it are their own.
 */
export async function differences(folder: string, archived: ReadonlyMap<string, Buffer>): Promise<string[]> {
  const found: string[] = []
  for (const [path, content] of archived) {
    if (path.startsWith('node_modules/')) continue
    const installed = await readFile(join(folder, path)).catch(() => undefined)
    if (installed === undefined) found.push(`${path} is missing`)
    else if (!installed.equals(content) && !installed.equals(withoutReturns(content))) found.push(`${path} was changed`)
  }
  for (const path of await filesBelow(folder)) if (!archived.has(path)) found.push(`${path} was added`)
  return found
}

/** npm takes carriage returns out of the programs that a package brings (bin-links), so that they can be run. */
const withoutReturns = (content: Buffer): Buffer => Buffer.from(content.toString('latin1').replace(/^(#![^\n]*)\r\n/, '$1\n'), 'latin1')

async function filesBelow(folder: string, prefix = ''): Promise<string[]> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch(() => [])
  const below = await Promise.all(
    entries.filter(({ name }) => !(prefix === '' && name === 'node_modules')).map(async (entry) => (entry.isDirectory() ? filesBelow(folder, `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`])),
  )
  return below.flat()
}
