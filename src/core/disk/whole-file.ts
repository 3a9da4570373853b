import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** What the name of a draft ends in, after the name of its file. */
const draftEnd = /^\.[0-9a-f]{24}\.new$/

/**
 * Writes a file of mode 0600 whole or not at all, on disk when it returns.
 *
 * A draft, its bytes on disk, then the name, then the folder that holds the name: each before the next, so that a power
 * cut leaves the old file or the new one (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014). Folders
 * that are missing are made, 0700.
 * @param options.drafts folder for the draft, on the same file system; default: beside the file
 * @param options.ifAbsent writes only where nothing is; of several at the same time, one does
 * @returns whether it was written
 */
export async function writeWhole(file: string, bytes: Uint8Array | string, options: { drafts?: string; ifAbsent?: true } = {}): Promise<boolean> {
  const folder = dirname(file)
  const draft = join(options.drafts ?? folder, `${basename(file)}.${randomBytes(12).toString('hex')}.new`)
  try {
    if (options.drafts !== undefined) await mkdir(options.drafts, { recursive: true, mode: 0o700 })
    await makeFolder(folder)
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (options.ifAbsent) {
      try {
        await link(draft, file) // refuses where rename would replace
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw error
      }
    } else await rename(draft, file)
    await syncFolder(folder)
    return true
  } finally {
    await rm(draft, { force: true }).catch(() => {})
  }
}

/** Removes a file, and the drafts of it that a killed process left: they hold what it held. On disk when it returns. */
export async function removeWhole(file: string): Promise<void> {
  await rm(file, { force: true })
  await removeDrafts(file)
  await syncFolder(dirname(file))
}

/** Removes the drafts of a file that a killed process left beside it. Call while nobody else writes the file. */
export async function removeDrafts(file: string): Promise<void> {
  const [folder, name] = [dirname(file), basename(file)]
  for (const other of await readdir(folder)) if (other.startsWith(name) && draftEnd.test(other.slice(name.length))) await rm(join(folder, other), { force: true })
}

/** Makes a folder, and those above it that are missing, 0700, each on disk. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let at = folder; at !== first; at = dirname(at)) await syncFolder(dirname(at))
  await syncFolder(dirname(first))
}

/** A new or a removed name is on disk once its folder is (fsync(2)). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
