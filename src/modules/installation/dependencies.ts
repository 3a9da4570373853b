import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { DAY, fails, holds, MINUTE, selfCheck, unknown, type Sight } from './self-check.ts'

interface LockEntry {
  version?: string
  integrity?: string
  resolved?: string
  link?: boolean
  optional?: boolean
  dev?: boolean
  devOptional?: boolean
  peer?: boolean
  name?: string
}
type Lock = Readonly<Record<string, LockEntry>>

export function dependenciesCheck({ releaseRoot }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'dependencies',
      title: 'What is installed is what the lockfile fixes',
      controls: ['configuration-managed', 'deployment-restricted'],
      method:
        "Compares package-lock.json with the record that npm left of what it installed, integrity by integrity, and with the name and version that each installed package gives itself; a package that the lockfile does not know, or that is there without an integrity of SHA-512, is a finding.",
      cadenceSeconds: DAY,
      timeLimitSeconds: 5 * MINUTE,
      revision: 1,
    },
    {
      targets: () => ['installed packages'],
      look: async () => {
        const [lock, hidden] = await Promise.all([readLock(join(releaseRoot, 'package-lock.json')), readLock(join(releaseRoot, 'node_modules', '.package-lock.json'))])
        if (!lock) return unknown('there is no package-lock.json beside this release')
        const modules = join(releaseRoot, 'node_modules')
        const installed = await installedPackages(modules, 'node_modules')
        return judgeInstalled(lock, hidden, installed)
      },
    },
  )
}

/** Pure. @param installed what each folder of node_modules calls itself, by its path below the release */
export function judgeInstalled(lock: Lock, hidden: Lock | undefined, installed: ReadonlyMap<string, { name: string; version: string }>): Sight {
  const problems: string[] = []
  let compared = 0
  for (const [path, found] of installed) {
    const fixed = lock[path]
    if (!fixed) {
      problems.push(`${path} is installed but not in the lockfile`)
      continue
    }
    if (fixed.link) continue // our own workspace, part of the release itself
    if (found.version !== fixed.version) problems.push(`${path} is version ${found.version}, the lockfile fixes ${fixed.version}`)
    else if (found.name !== (fixed.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))) problems.push(`${path} calls itself ${found.name}`)
    else if (!fixed.integrity?.startsWith('sha512-')) problems.push(`${path} has no SHA-512 in the lockfile`)
    else if (hidden && hidden[path]?.integrity !== fixed.integrity) problems.push(`${path} was installed from another archive than the lockfile names`)
    else compared++
  }
  // What is only for development, or optional for another machine, may be absent.
  for (const [path, fixed] of Object.entries(lock)) {
    if (path.startsWith('node_modules/') && !fixed.link && !fixed.optional && !fixed.dev && !fixed.devOptional && !fixed.peer && !installed.has(path)) problems.push(`${path} is missing`)
  }
  const [first] = problems
  if (first !== undefined) return fails(`${first}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}; run npm ci`, { problems: problems.slice(0, 50) })
  if (compared === 0) return unknown('no package is installed beside this release')
  if (!hidden) return unknown(`${compared} packages have the right version, but npm left no record of what it installed`)
  return holds(`${compared} installed packages are those that the lockfile fixes, by version and SHA-512`, { packages: compared })
}

/** The packages of a lockfile by their path; undefined where there is none. */
export async function readLock(path: string): Promise<Lock | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as { packages: Lock }).packages
}

/** Every package below a node_modules folder, nested ones included. Links are our own workspaces and are not followed. */
async function installedPackages(folder: string, path: string): Promise<Map<string, { name: string; version: string }>> {
  const found = new Map<string, { name: string; version: string }>()
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.name.startsWith('.') || !entry.isDirectory()) continue
    const below = join(folder, entry.name)
    if (entry.name.startsWith('@')) {
      for (const [inner, named] of await installedPackages(below, `${path}/${entry.name}`)) found.set(inner, named)
      continue
    }
    const text = await readFile(join(below, 'package.json'), 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const { name, version } = JSON.parse(text) as { name?: string; version?: string }
    found.set(`${path}/${entry.name}`, { name: name ?? '', version: version ?? '' })
    for (const [inner, named] of await installedPackages(join(below, 'node_modules'), `${path}/${entry.name}/node_modules`)) found.set(inner, named)
  }
  return found
}
