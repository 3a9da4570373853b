import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown } from './self-check.ts'

/** What runs, below the folder of the release. */
const FOLDERS = ['dist', 'packages/verify/dist']

/** SHA-256 of every file that runs, by its path below the folder of the release. */
export function releaseFiles(root: string): Map<string, string> {
  const files = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(js|mjs|cjs|css|html|json)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
  )
  if (existsSync(join(root, 'package-lock.json'))) files.push('package-lock.json')
  return new Map(files.sort().map((file) => [file, createHash('sha256').update(readFileSync(join(root, file))).digest('hex')]))
}

export function releaseFilesCheck({ releaseRoot, releaseDigest }: InstallationParts): Check {
  // Read once, when the program starts: what is compared later is compared with what was loaded then.
  const atStart = releaseFiles(releaseRoot)
  return selfCheck(
    {
      noun: 'release-files',
      title: "The program's files are those that it was started from",
      controls: ['deployment-restricted', 'configuration-managed'],
      method: "Computes the SHA-256 of every file of the built release and of its lockfile, and compares each with what it was when the program started; bindings name the digest of the whole.",
      cadenceSeconds: HOUR,
      revision: 1,
    },
    {
      targets: () => ['release'],
      look: () => {
        const built = [...atStart.keys()].filter((file) => file !== 'package-lock.json').length
        if (built === 0) return unknown('the program runs from its source, not from a built release')
        const now = releaseFiles(releaseRoot)
        const changed = [...atStart].filter(([file, digest]) => now.get(file) !== digest).map(([file]) => file)
        const added = [...now.keys()].filter((file) => !atStart.has(file))
        const different = [...changed, ...added]
        if (different.length > 0) return fails(`${different.length} of ${now.size} files differ from what was started, ${different[0]} first; start again from a release you trust`, { files: different.slice(0, 50) })
        return holds(`${atStart.size} files are as they were when the program started (release ${releaseDigest.slice(0, 12)})`, { files: atStart.size, release: releaseDigest })
      },
    },
  )
}
