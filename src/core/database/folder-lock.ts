import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { VouchsafeError, messageOf } from '#core/errors'

/** Who holds a folder; shown to the person whose start was refused. */
export interface FolderHolder {
  pid: number
  host: string
  since: string
}

export interface FolderLock {
  release(): void
}

/**
 * The file that holds the lock of a folder.
 * INVARIANT: nothing in this process opens it: closing any descriptor of it drops the lock (POSIX fcntl), and a second
 * server could then start on the same data. Whatever reads its way through a data folder must pass over it.
 */
export const lockFileOf = (folder: string): string => join(folder, 'lock')

/**
 * Holds `folder` for this process alone, until `release` or the death of the process.
 *
 * The lock is the kernel's own record lock, taken through SQLite's exclusive transaction, because Node has no
 * call for it. The kernel drops it whenever the process ends, kill -9 and power loss included, and it holds
 * across containers that share the folder; a file with a process id in it does neither. The process id is
 * written beside it only to say who the holder is.
 *
 * @throws VouchsafeError `refused` when another process holds it, `unavailable` when the folder cannot be written.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const holderFile = join(folder, 'holder.json')
  let file: DatabaseSync | undefined
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    // SQLite itself knows of the invariant above and minds its own descriptors.
    file = new DatabaseSync(lockFileOf(folder), { timeout: 0 })
    await chmod(lockFileOf(folder), 0o600)
    // Memory journal: the lock file holds nothing, so no journal needs to survive.
    file.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;')
  } catch (error) {
    file?.close()
    if (/locked|busy/i.test(messageOf(error))) {
      const holder = await readHolder(holderFile)
      const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}, since ${holder.since},`
      throw new VouchsafeError('refused', `The data folder ${folder} is in use: ${who} has it open.`, {
        mend: 'Stop that process first, or give this one another folder with --data.',
        cause: error,
      })
    }
    throw unwritable(folder, error)
  }
  const held = file
  const holder: FolderHolder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  try {
    await writeFile(holderFile, JSON.stringify(holder) + '\n', { mode: 0o600 })
  } catch (error) {
    held.close()
    throw unwritable(folder, error)
  }
  let released = false
  return {
    release() {
      if (released) return
      released = true
      held.close()
    },
  }
}

async function readHolder(file: string): Promise<FolderHolder | undefined> {
  try {
    const read = JSON.parse(await readFile(file, 'utf8')) as Partial<FolderHolder>
    if (typeof read.pid === 'number' && typeof read.host === 'string' && typeof read.since === 'string') return read as FolderHolder
  } catch {
    // The lock decides; who holds it is only a courtesy.
  }
  return undefined
}

function unwritable(folder: string, error: unknown): VouchsafeError {
  return new VouchsafeError('unavailable', `The data folder ${folder} cannot be written: ${messageOf(error)}.`, {
    mend: 'Check that the folder is on a writable disk with room left and belongs to the account that starts Vouchsafe, or name another with --data.',
    cause: error,
  })
}
