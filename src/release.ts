import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What runs here: every binding names its digest, so that readers see when another program began to observe. */
export interface Release {
  version: string
  /** SHA-256, hexadecimal, over the program's files and the lockfile that fixes its dependencies. */
  digest: string
  /** The folder with package.json; code lies in dist/ below it, or in src/ while it is being worked on. */
  root: string
}

/** Reads the release that this very file belongs to. */
export function readRelease(): Release {
  const here = dirname(fileURLToPath(import.meta.url))
  const root = dirname(here)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return { version, digest: releaseDigest(root, basename(here) === 'src' ? 'src' : 'dist'), root }
}

/**
 * SHA-256, hexadecimal, over what runs: built, or from source, where pages still take the built verifier along.
 * INVARIANT: no file that decides what is observed, kept or shown is left out.
 */
export function releaseDigest(root: string, mode: 'src' | 'dist'): string {
  const folders = [mode, `packages/verify/${mode}`, ...(mode === 'src' ? ['packages/verify/dist'] : []), 'packages/verify/schemas', 'starter']
  const digest = createHash('sha256')
  for (const folder of folders) {
    if (!existsSync(join(root, folder))) continue
    for (const file of filesBelow(join(root, folder))) digest.update(`${file.slice(root.length + 1)}\n`).update(createHash('sha256').update(readFileSync(file)).digest())
  }
  return digest.update(readFileSync(join(root, 'package-lock.json'))).digest('hex')
}

// Source maps, type declarations and tests change nothing that is observed.
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(?:map|d\.ts)$|\.(?:test|fixture|trial)\.[jt]sx?$|^\./.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
