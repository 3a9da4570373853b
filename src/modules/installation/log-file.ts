import { open } from 'node:fs/promises'

/** How much of the end of a log file is read at each run; a day of a busy installation is less. */
const TAIL_BYTES = 8 * 1024 * 1024

/** The end of a log file, its first line perhaps cut short; undefined where there is none. */
export async function tailOf(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length)
    return buffer.subarray(0, bytesRead).toString('utf8')
  } finally {
    await file.close()
  }
}
