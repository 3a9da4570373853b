import { randomBytes } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { link, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { VouchsafeError, messageOf } from '#core/errors'
import { requireKey, requirePrefix } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'

/** Drafts lie here until they are whole; no key begins with a dot, so none can name one. */
const draftFolder = '.drafts'

/**
 * Objects as files below a folder, 0700 and 0600.
 *
 * Order of a write, so that a power cut leaves the old object or the new one (LWN 457667): write a draft, fsync it,
 * rename it into place, fsync the folder, and any folders that were made for it.
 */
export class FolderObjects implements ObjectStore {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async get(key: string): Promise<Buffer | undefined> {
    return this.#unlessAbsent(() => readFile(this.#path(key)))
  }

  async head(key: string): Promise<{ sizeBytes: number } | undefined> {
    const found = await this.#unlessAbsent(() => stat(this.#path(key)))
    return found?.isFile() ? { sizeBytes: found.size } : undefined
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#place(key, bytes, (draft, path) => rename(draft, path).then(() => true))
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    return this.#place(key, bytes, (draft, path) =>
      link(draft, path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false
          throw error
        },
      ),
    )
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key)
    await this.#unlessAbsent(async () => {
      await rm(path)
      await syncFolder(dirname(path))
    })
  }

  async *list(prefix: string): AsyncIterable<string> {
    requirePrefix(prefix)
    const cut = prefix.lastIndexOf('/') + 1
    yield* this.#listBelow(prefix.slice(0, cut), prefix.slice(cut))
  }

  /** Removes drafts a killed process left behind. Call at start, while nobody else writes here. */
  async clearDrafts(): Promise<void> {
    await rm(join(this.#root, draftFolder), { recursive: true, force: true })
  }

  describe(): string {
    return `folder ${this.#root}`
  }

  async #place(key: string, bytes: Uint8Array, into: (draft: string, path: string) => Promise<boolean>): Promise<boolean> {
    const path = this.#path(key)
    const draft = join(this.#root, draftFolder, randomBytes(12).toString('hex'))
    try {
      await mkdir(dirname(draft), { recursive: true, mode: 0o700 })
      const file = await open(draft, 'wx', 0o600)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await this.#makeFolders(dirname(path))
      const placed = await into(draft, path)
      if (placed) await syncFolder(dirname(path))
      return placed
    } catch (error) {
      throw failure(`${key} could not be written`, error)
    } finally {
      await rm(draft, { force: true }).catch(() => {})
    }
  }

  /** Makes the folders down to `folder` and puts each on disk. */
  async #makeFolders(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    for (let at = folder; at !== first; at = dirname(at)) await syncFolder(dirname(at))
    await syncFolder(dirname(first))
  }

  async *#listBelow(folder: string, begin: string): AsyncIterable<string> {
    const entries = (await this.#unlessAbsent<Dirent[]>(() => readdir(join(this.#root, folder), { withFileTypes: true }))) ?? []
    // A folder sorts as its keys do: with the slash, so that "a.b" comes before "a/b", as in S3.
    const names = entries.filter((entry) => (entry.isFile() || entry.isDirectory()) && !entry.name.startsWith('.') && entry.name.startsWith(begin)).map((entry) => (entry.isDirectory() ? entry.name + '/' : entry.name))
    for (const name of names.toSorted()) {
      if (name.endsWith('/')) yield* this.#listBelow(folder + name, '')
      else yield folder + name
    }
  }

  #path(key: string): string {
    requireKey(key)
    return join(this.#root, key)
  }

  async #unlessAbsent<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
      if (error instanceof VouchsafeError) throw error
      throw failure('the object could not be read', error)
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function failure(what: string, cause: unknown): VouchsafeError {
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC' || (cause as NodeJS.ErrnoException).code === 'EDQUOT'
  return new VouchsafeError('unavailable', full ? 'The disk of the object store is full.' : `Object store: ${what}: ${messageOf(cause)}.`, {
    mend: full ? 'Make room on the disk; nothing half written was left.' : 'Check the folder of the object store and its disk.',
    cause,
  })
}
