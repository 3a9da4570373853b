import { createHash } from 'node:crypto'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { isVouchsafeError, messageOf, VouchsafeError } from '#core/errors'

/**
 * Passwords that were found in breaches, as SHA-1, in one of the two forms in which they are handed around: a folder with
 * a file for each five hex digits (`ABCDE` or `ABCDE.txt`, lines `<35 hex digits>:<count>`), or one file sorted by hash
 * (lines `<40 hex digits>:<count>`). Nothing leaves this machine.
 */
export interface BreachedList {
  /** How often it was found; 0 where it never was. @throws VouchsafeError `unavailable` when the list cannot be read */
  timesSeen(password: string): Promise<number>
}

// A range of the whole list holds some 2,000 lines, under 100 kB.
const MOST_RANGE_BYTES = 4 * 1024 * 1024
// 40 hex digits, a colon, a count of at most ten digits, CR and LF, with room.
const MOST_LINE_BYTES = 80

export function breachedList(path: string): BreachedList {
  return {
    async timesSeen(password) {
      const sha1 = createHash('sha1').update(password).digest('hex').toUpperCase()
      try {
        return (await stat(path)).isDirectory() ? await timesInFolder(path, sha1) : await timesInFile(path, sha1)
      } catch (error) {
        if (isVouchsafeError(error)) throw error
        throw new VouchsafeError('unavailable', `The list of breached passwords cannot be read: ${messageOf(error)}`, { mend: 'The operator looks at the path of the list, or takes the list away.', cause: error })
      }
    },
  }
}

/** Where the operator lays a list, in the data folder; by either name, and at any time. */
const NAMES = ['breached-passwords', 'breached-passwords.txt']

/** The list in the data folder. Where none was laid, no password was ever seen. */
export function breachedListIn(dataFolder: string): BreachedList {
  return {
    async timesSeen(password) {
      for (const name of NAMES) {
        const path = join(dataFolder, name)
        const found = await stat(path).then(() => true, (error: NodeJS.ErrnoException) => error.code !== 'ENOENT')
        if (found) return breachedList(path).timesSeen(password)
      }
      return 0
    },
  }
}

async function timesInFolder(folder: string, sha1: string): Promise<number> {
  const prefix = sha1.slice(0, 5)
  for (const name of [prefix, `${prefix}.txt`, prefix.toLowerCase(), `${prefix.toLowerCase()}.txt`]) {
    const file = await open(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (file === undefined) continue
    await using closing = file
    const { size } = await closing.stat()
    if (size > MOST_RANGE_BYTES) throw new VouchsafeError('unavailable', `${name} in the list of breached passwords is larger than a range can be.`)
    for (const line of (await closing.readFile('latin1')).split('\n')) {
      const count = countOf(line, sha1.slice(5))
      if (count !== undefined) return count
    }
    return 0
  }
  // A list with a missing range cannot say no: whoever took half of it would learn of nothing.
  throw new VouchsafeError('unavailable', `The list of breached passwords has no file ${prefix}.`, { mend: 'The operator fetches the list whole, or takes it away.' })
}

/** By halving: a file of 40 GB is some 36 reads. */
async function timesInFile(path: string, sha1: string): Promise<number> {
  await using file = await open(path)
  let low = 0 // the start of a line
  let high = (await file.stat()).size
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const line = await lineFrom(file, middle, low)
    if (line === undefined || line.start >= high) {
      high = middle // no line begins between the middle and the end
      continue
    }
    const hash = line.text.slice(0, 40).toUpperCase()
    if (hash === sha1) return countOf(line.text, sha1) ?? 0
    if (hash < sha1) low = line.end
    else high = line.start === low ? low : middle
  }
  return 0
}

/** The first line that begins at or after a place; `from` is known to begin one. */
async function lineFrom(file: FileHandle, at: number, from: number): Promise<{ start: number; end: number; text: string } | undefined> {
  const begin = at === from ? at : at - 1 // one byte earlier: a line that begins right here has its LF there
  const { bytesRead, buffer } = await file.read(Buffer.alloc(2 * MOST_LINE_BYTES + 1), 0, 2 * MOST_LINE_BYTES + 1, begin)
  const bytes = buffer.subarray(0, bytesRead)
  const skip = at === from ? 0 : bytes.indexOf(10) + 1
  if (at !== from && skip === 0) {
    if (bytesRead > MOST_LINE_BYTES) throw new VouchsafeError('unavailable', 'The list of breached passwords holds a line that is too long.')
    return undefined
  }
  const end = bytes.indexOf(10, skip)
  const text = bytes.subarray(skip, end === -1 ? bytesRead : end).toString('latin1')
  if (text === '') return undefined
  if (text.length > MOST_LINE_BYTES) throw new VouchsafeError('unavailable', 'The list of breached passwords holds a line that is too long.')
  return { start: begin + skip, end: end === -1 ? begin + bytesRead : begin + end + 1, text }
}

/** Lines with a count of 0 are padding. */
function countOf(line: string, hash: string): number | undefined {
  const [found = '', count = '1'] = line.trim().split(':')
  return found.toUpperCase() === hash ? Number(count) || 0 : undefined
}
