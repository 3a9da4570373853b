import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '#core/errors'
import type { Check } from '#core/check'
import { readLock } from './dependencies.ts'
import { archivedFiles, differences } from './package-archive.ts'
import type { InstallationParts } from './parts.ts'
import { DAY, fails, holds, MINUTE, selfCheck, unknown } from './self-check.ts'

export function dependencyFilesCheck({ releaseRoot, npmCache = process.env['npm_config_cache'] ?? join(homedir(), '.npm') }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'dependency-files',
      title: 'Dependencies are installed as their makers packed them',
      controls: ['configuration-managed', 'deployment-restricted'],
      method: "Takes each dependency's archive from npm's cache, believes it only if it has the SHA-512 that the lockfile fixes, unpacks it, and compares every file with the installed one; a changed, missing or added file is a finding. What is for development only is left out, and where npm no longer keeps an archive nothing can be said.",
      cadenceSeconds: DAY,
      timeLimitSeconds: 10 * MINUTE,
      revision: 1,
    },
    {
      targets: () => ['files of dependencies'],
      look: async (_target, { signal }) => {
        const lock = await readLock(join(releaseRoot, 'package-lock.json'))
        if (!lock) return unknown('there is no package-lock.json beside this release')
        let compared = 0
        const missing: string[] = []
        for (const [path, { integrity, dev, devOptional }] of Object.entries(lock)) {
          if (integrity === undefined || dev || devOptional || !existsSync(join(releaseRoot, path))) continue
          signal.throwIfAborted()
          const archived = await archivedFiles(npmCache, integrity).catch((error: unknown) => messageOf(error))
          if (typeof archived !== 'object') {
            missing.push(archived === undefined ? path : `${path}: ${archived}`)
            continue
          }
          const [first, ...more] = await differences(join(releaseRoot, path), archived)
          if (first !== undefined) return fails(`${path}: ${first}${more.length > 0 ? ` (and ${more.length} more files)` : ''}; run npm ci`, { package: path, files: [first, ...more].slice(0, 50) })
          compared++
        }
        const all = compared + missing.length
        if (missing.length > 0) return unknown(`npm keeps the archives of ${compared} of ${all} dependencies; those were compared and are as packed`, { compared, missing: missing.slice(0, 50) })
        return compared === 0 ? unknown('no dependency is installed beside this release') : holds(`every file of ${compared} dependencies is as in the archive that the lockfile fixes`, { packages: compared })
      },
    },
  )
}
