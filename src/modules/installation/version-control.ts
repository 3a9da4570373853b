import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { DAY, fails, holds, selfCheck, unknown } from './self-check.ts'

const run = promisify(execFile)

/** Neither settings of the account nor of the machine may decide what git says; GIT_OPTIONAL_LOCKS keeps it from writing. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' }

export function versionControlCheck({ releaseRoot }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'version-control',
      title: 'The source of this program is a commit, unchanged',
      controls: ['version-controlled', 'configuration-managed'],
      method: 'Asks git, in the folder that the program was started from, for the commit that is checked out and for tracked files that differ from it.',
      cadenceSeconds: DAY,
      revision: 1,
    },
    {
      targets: () => ['source'],
      look: async (_target, { signal }) => {
        const git = (...args: string[]) => run('git', ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', ...args], { cwd: releaseRoot, env: ENVIRONMENT, signal, timeout: 30_000, maxBuffer: 8 * 1024 * 1024 })
        const commit = await git('rev-parse', '--verify', 'HEAD').then(({ stdout }) => stdout.trim(), () => undefined)
        if (commit === undefined) return unknown('the program was not started from a clone that git can read')
        const { stdout } = await git('status', '--porcelain', '--untracked-files=no')
        const changed = stdout.split('\n').filter((line) => line !== '').map((line) => line.slice(3))
        if (changed.length > 0) return fails(`${changed.length} tracked files differ from commit ${commit.slice(0, 12)}, ${changed[0]} first; commit them or put them back`, { commit, files: changed.slice(0, 50) })
        return holds(`every tracked file is as in commit ${commit.slice(0, 12)}`, { commit })
      },
    },
  )
}
