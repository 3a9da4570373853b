import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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
  const digest = createHash('sha256')
  for (const folder of [here, join(root, 'packages/verify/dist')]) {
    if (!existsSync(folder)) continue
    for (const file of filesBelow(folder)) digest.update(`${file.slice(root.length + 1)}\n`).update(createHash('sha256').update(readFileSync(file)).digest())
  }
  digest.update(readFileSync(join(root, 'package-lock.json')))
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return { version, digest: digest.digest('hex'), root }
}

// Only what runs: source maps and type declarations change nothing that is observed.
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(js|css|html|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
