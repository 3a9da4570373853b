import { lstat, readFile } from 'node:fs/promises'
import { removeWhole, writeWhole } from '#core/disk'
import { VouchsafeError, messageOf } from '#core/errors'

/** Reads a file only we may read. @throws VouchsafeError `refused` when others could have read or written it. */
export async function readPrivate(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unavailable(path, error)
  })
  if (found === undefined) return undefined
  if (!found.isFile()) {
    throw new VouchsafeError('refused', `${path} is not a plain file.`, { mend: 'Put the file itself there; a link could point to a place that others write.' })
  }
  if ((found.mode & 0o077) !== 0) {
    throw new VouchsafeError('refused', `${path} is open to others (mode ${(found.mode & 0o777).toString(8).padStart(4, '0')}).`, {
      mend: `Run: chmod 600 ${path}. If others could have read it, rotate the key afterwards.`,
    })
  }
  const self = process.getuid?.()
  if (self !== undefined && found.uid !== self) {
    throw new VouchsafeError('refused', `${path} belongs to account ${found.uid}, not to account ${self} that runs Vouchsafe.`, {
      mend: `Run: chown ${self} ${path}, if you know where it came from.`,
    })
  }
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw unavailable(path, error)
  })
}

/** Writes a 0600 file whole or not at all, on disk when it returns. */
export async function writePrivate(path: string, text: string): Promise<void> {
  try {
    await writeWhole(path, text)
  } catch (error) {
    throw unavailable(path, error)
  }
}

/** Removes a file for good, as far as a file system allows. */
export async function removePrivate(path: string): Promise<void> {
  try {
    await removeWhole(path)
  } catch (error) {
    throw unavailable(path, error)
  }
}

function unavailable(path: string, error: unknown): VouchsafeError {
  return new VouchsafeError('unavailable', `The key file ${path} cannot be read or written: ${messageOf(error)}.`, {
    mend: 'Check the folder, its disk and the account that runs Vouchsafe.',
    cause: error,
  })
}
