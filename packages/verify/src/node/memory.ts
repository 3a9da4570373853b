import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { LogMemory } from '../verification/trust.ts'

/** What is kept of a log: the last checkpoint in full, so that a fork can be shown to others, and how far it was read. */
export interface StoredLog extends LogMemory {
  note: string
  /** The log was read up to this entry, for these claims. */
  scan?: { to: number; claims: readonly string[] }
}

/** `~/.local/state/vouchsafe/verify`, or where the XDG base directory specification puts it. */
export const defaultMemoryFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  join(environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'vouchsafe', 'verify')

/** The reader's memory on disk: one file a log, and one that says which log a site showed. Nobody else reads them. */
export class MemoryFolder {
  readonly #folder: string | undefined

  /** @param folder undefined: nothing is remembered */
  constructor(folder: string | undefined) {
    this.#folder = folder
  }

  async log(origin: string): Promise<StoredLog | undefined> {
    const stored = (await this.#read(`${nameOf(origin)}.json`)) as Partial<StoredLog> | undefined
    const { size, root, vkey, firstSeenAt, seenAt, note } = stored ?? {}
    const whole = stored?.origin === origin && Number.isSafeInteger(size) && typeof root === 'string' && typeof vkey === 'string' && Number.isFinite(firstSeenAt) && Number.isFinite(seenAt) && typeof note === 'string'
    return whole ? (stored as StoredLog) : undefined
  }

  async keep(log: StoredLog): Promise<void> {
    await this.#write(`${nameOf(log.origin)}.json`, log)
  }

  /** The origin of the log that a site showed last. */
  async site(address: string): Promise<string | undefined> {
    const stored = (await this.#read(`site-${nameOf(address)}.json`)) as { origin?: unknown } | undefined
    return typeof stored?.origin === 'string' ? stored.origin : undefined
  }

  async keepSite(address: string, origin: string): Promise<void> {
    await this.#write(`site-${nameOf(address)}.json`, { address, origin })
  }

  /** Two checkpoints that cannot both be true are proof against a log: both are kept. @returns where */
  async keepFork(origin: string, notes: readonly string[], at: number): Promise<string | undefined> {
    return await this.#write(`${nameOf(origin)}.fork-${at}.json`, { origin, notes })
  }

  /** @throws the file system's error, except when there is nothing */
  async #read(name: string): Promise<unknown> {
    if (this.#folder === undefined) return undefined
    let text: string
    try {
      text = await readFile(join(this.#folder, name), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    try {
      return JSON.parse(text)
    } catch {
      // Forgetting is no harm that a reader could not see: the report then says "first visit".
      return undefined
    }
  }

  async #write(name: string, value: unknown): Promise<string | undefined> {
    if (this.#folder === undefined) return undefined
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const path = join(this.#folder, name)
    const draft = `${path}.${process.pid}`
    await writeFile(draft, `${JSON.stringify(value)}\n`, { mode: 0o600 })
    await rename(draft, path)
    return path
  }
}

const nameOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)
