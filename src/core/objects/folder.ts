import type { Dirent } from 'node:fs'
import { readFile, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder, writeWhole } from '#core/disk'
import { VouchsafeError, messageOf } from '#core/errors'
import { requireKey, requirePrefix } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'

/** Drafts lie here until they are whole; no key begins with a dot, so none can name one. */
const draftFolder = '.drafts'

/** Objects as files below a folder, 0700 and 0600. */
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
    await this.#write(key, bytes)
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    return this.#write(key, bytes, { ifAbsent: true })
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

  async #write(key: string, bytes: Uint8Array, how: { ifAbsent?: true } = {}): Promise<boolean> {
    try {
      return await writeWhole(this.#path(key), bytes, { ...how, drafts: join(this.#root, draftFolder) })
    } catch (error) {
      if (error instanceof VouchsafeError) throw error
      throw failure(`${key} could not be written`, error)
    }
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

function failure(what: string, cause: unknown): VouchsafeError {
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC' || (cause as NodeJS.ErrnoException).code === 'EDQUOT'
  return new VouchsafeError('unavailable', full ? 'The disk of the object store is full.' : `Object store: ${what}: ${messageOf(cause)}.`, {
    mend: full ? 'Make room on the disk; nothing half written was left.' : 'Check the folder of the object store and its disk.',
    cause,
  })
}
