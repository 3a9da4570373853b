import { randomBytes } from 'node:crypto'
import { removeDrafts } from '#core/disk'
import { VouchsafeError } from '#core/errors'
import { readPrivate, writePrivate } from './private-file.ts'
import type { RootKey } from './root-key.ts'
import { open, seal } from './sealed.ts'

const form = /^([0-9a-f]{16}) ([A-Za-z0-9_-]{43})$/

/**
 * Root keys in a 0600 file, one a line: 16 hex digits of id, a space, 32 bytes in base64url. The first wraps; the
 * others only unwrap, while a rotation is under way. Creates the file when absent.
 * @throws VouchsafeError `refused` when others could read the file, `corrupt` when it is no such file.
 */
export async function openLocalRoots(path: string): Promise<RootKey[]> {
  let text = await readPrivate(path)
  if (text === undefined) {
    text = newLine()
    await writePrivate(path, text)
  }
  const roots = text.split('\n').filter((line) => line !== '').map((line) => rootFrom(line, path))
  if (roots.length === 0) throw notAKeyFile(path)
  return roots
}

/** Puts a new root key first. The old ones stay until `forgetOldLocalRoots`, so that a rotation cut short can go on. */
export async function addLocalRoot(path: string): Promise<RootKey[]> {
  await writePrivate(path, newLine() + ((await readPrivate(path)) ?? ''))
  return openLocalRoots(path)
}

/** Keeps the first root key alone. INVARIANT: called only once nothing is wrapped by the others. */
export async function forgetOldLocalRoots(path: string): Promise<void> {
  const first = (await readPrivate(path))?.split('\n')[0]
  if (first === undefined || !form.test(first)) throw notAKeyFile(path)
  await writePrivate(path, first + '\n')
  await removeDrafts(path) // a root that was on its way when the process was killed
}

function newLine(): string {
  return `${randomBytes(8).toString('hex')} ${randomBytes(32).toString('base64url')}\n`
}

function rootFrom(line: string, path: string): RootKey {
  const [, id, encoded] = form.exec(line) ?? []
  if (id === undefined || encoded === undefined) throw notAKeyFile(path)
  const key = Buffer.from(encoded, 'base64url')
  return {
    id: `local:${id}`,
    wrap: async (plain, context) => seal(key, context, plain),
    unwrap: async (wrapped, context) => open(key, context, wrapped),
    describe: () => `local file ${path}`,
  }
}

function notAKeyFile(path: string): VouchsafeError {
  // The content is not shown: it may be a key with one letter wrong.
  return new VouchsafeError('corrupt', `${path} is not a root key file.`, { mend: 'Restore the file from where you keep its copy. Without it nothing that was sealed can be read.' })
}
