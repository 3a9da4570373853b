import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { syncFolder, writeWhole } from '#core/disk'
import { VouchsafeError } from '#core/errors'

const NAME = /^(\d{12})-[0-9a-f]{8}\.json$/

/**
 * What a runner saw and the server has not yet received: one file an observation, signed, numbered in the order in which
 * they were observed, on disk before anything is sent. What the server refuses for good moves to `refused/`, with the reason.
 *
 * INVARIANT: a file leaves the folder only once the server has the observation, or has refused it for good.
 */
export class Spool {
  readonly #folder: string
  #next: number
  private constructor(folder: string, next: number) {
    this.#folder = folder
    this.#next = next
  }

  /** Opens the folder, creating it; half-written files of a crash are removed. */
  static async open(folder: string): Promise<Spool> {
    try {
      await mkdir(path.join(folder, 'refused'), { recursive: true, mode: 0o700 })
      for (const name of await readdir(folder)) if (/\.(?:part|new)$/.test(name)) await rm(path.join(folder, name), { force: true })
    } catch (cause) {
      throw new VouchsafeError('unavailable', `The spool ${folder} cannot be written to.`, { cause, mend: 'Give the runner a folder of its own.' })
    }
    const spool = new Spool(folder, 0)
    const last = (await spool.waiting()).at(-1)
    spool.#next = last === undefined ? 1 : Number(NAME.exec(last)?.[1]) + 1
    return spool
  }

  /** Names of what waits, oldest first. */
  async waiting(): Promise<string[]> {
    return (await readdir(this.#folder)).filter((name) => NAME.test(name)).sort()
  }

  /** Puts an observation on disk; durable when this resolves. @throws VouchsafeError `unavailable` when the disk will not take it */
  async add(body: Uint8Array): Promise<string> {
    const name = `${String(this.#next++).padStart(12, '0')}-${randomBytes(4).toString('hex')}.json`
    try {
      await writeWhole(path.join(this.#folder, name), body)
    } catch (cause) {
      throw new VouchsafeError('unavailable', 'An observation could not be kept on disk.', { cause, mend: `Look at the space and the rights of ${this.#folder}.` })
    }
    return name
  }

  read(name: string): Promise<Uint8Array> {
    return readFile(path.join(this.#folder, name))
  }

  async delivered(name: string): Promise<void> {
    await rm(path.join(this.#folder, name), { force: true })
    await syncFolder(this.#folder)
  }

  async refuse(name: string, reason: string): Promise<void> {
    const handle = await open(path.join(this.#folder, 'refused', `${name}.reason`), 'w', 0o600)
    await handle.writeFile(`${reason}\n`)
    await handle.close()
    await rename(path.join(this.#folder, name), path.join(this.#folder, 'refused', name))
    await syncFolder(this.#folder)
  }
}
