import { spawn } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder, writeWhole } from '#core/disk'
import { VouchsafeError, messageOf } from '#core/errors'
import type { Account } from './account.ts'
import { randomPassword, scramVerifier } from './scram.ts'

export const adminRole = 'vouchsafe_admin'

/** The environment the database's programs run in: nothing of ours, no locale or time zone of the machine. */
export const plainEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * The folder of one embedded database:
 * `cluster/` PostgreSQL's own data, `run/` its socket, `admin.secret` the password of its administrator.
 */
export interface ClusterFolder {
  root: string
  cluster: string
  run: string
  secretFile: string
}

export function clusterFolder(root: string): ClusterFolder {
  return { root, cluster: join(root, 'cluster'), run: join(root, 'run'), secretFile: join(root, 'admin.secret') }
}

/** The major version a cluster was written by; `undefined` where there is none yet. */
export async function clusterMajor(folder: ClusterFolder): Promise<number | undefined> {
  try {
    return Number.parseInt(await readFile(join(folder.cluster, 'PG_VERSION'), 'utf8'), 10)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const left = await stat(folder.cluster).catch(() => undefined)
    if (left === undefined) return undefined
    throw new VouchsafeError('corrupt', `The database folder ${folder.cluster} has no PG_VERSION: it is not a whole PostgreSQL database.`, {
      mend: 'Restore the data folder from a backup. Remove the folder only if you are sure that it never held anything.',
    })
  }
}

/**
 * Refuses a data folder of another major version.
 * PostgreSQL would refuse it too, but with a message that does not say what to do.
 */
export function requireSameMajor(found: number, ours: number, folder: ClusterFolder): void {
  if (found === ours) return
  throw new VouchsafeError('refused', `The database in ${folder.cluster} was written by PostgreSQL ${found}; this release runs PostgreSQL ${ours}.`, {
    mend:
      found < ours
        ? `Start the release that ran PostgreSQL ${found} once more, make a backup with it, and restore that backup with this one.`
        : `Use the release that wrote it, or a later one; PostgreSQL ${ours} cannot read the files of ${found}.`,
  })
}

/** Creates the cluster. It gets its name only once it is whole and on disk, so that a start cut short leaves none. */
export async function createCluster(folder: ClusterFolder, software: string, account: Account | undefined, sync: boolean): Promise<void> {
  const password = randomPassword()
  const draft = await mkdtemp(join(folder.root, '.cluster-'))
  try {
    const verifierFile = join(draft, 'verifier')
    await writeFile(verifierFile, scramVerifier(password) + '\n', { mode: 0o600 })
    if (account !== undefined) for (const path of [draft, verifierFile]) await chown(path, account.uid, account.gid)
    await run(
      join(software, 'bin', 'initdb'),
      [
        '-D', join(draft, 'data'), '-U', adminRole, `--pwfile=${verifierFile}`, '--auth-local=scram-sha-256', '--auth-host=reject',
        '-E', 'UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--data-checksums', ...(sync ? [] : ['--no-sync']),
      ],
      account,
    )
    await writeWhole(folder.secretFile, password + '\n')
    // The draft's parent belongs to us, so as root we may move what belongs to the account of the database.
    await rename(join(draft, 'data'), folder.cluster)
    await syncFolder(folder.root)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

export async function readAdminPassword(folder: ClusterFolder): Promise<string> {
  try {
    return (await readFile(folder.secretFile, 'utf8')).trim()
  } catch (error) {
    throw new VouchsafeError('refused', `The password of the embedded database, ${folder.secretFile}, cannot be read: ${messageOf(error)}.`, {
      mend: 'Restore that file from the backup that the data folder came from; it belongs to the database beside it.',
      cause: error,
    })
  }
}

/**
 * A 0700 folder for the socket, owned by the account of the database. Made anew at each start: the lock file that a
 * killed server left in it would have the next one refuse. The caller has ended whatever ran before.
 */
export async function prepareRunFolder(path: string, account: Account | undefined): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
  if (account !== undefined) await chown(path, account.uid, account.gid)
}

function run(program: string, args: string[], account: Account | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: '/',
      env: plainEnvironment,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (part: string) => (said = (said + part).slice(-4000)))
    const fail = (why: string, cause?: unknown) =>
      reject(
        new VouchsafeError('unavailable', `The embedded database could not be created: ${why}.`, {
          mend: creationMend(why),
          cause,
        }),
      )
    child.on('error', (error) => fail(error.message, error))
    child.on('close', (code) => (code === 0 ? resolve() : fail(said.trim().split('\n').slice(-3).join(' ') || `initdb ended with ${code}`)))
  })
}

function creationMend(why: string): string {
  if (/No space left/i.test(why)) return 'Make room on the disk of the data folder (about 100 MB), then start again.'
  if (/Read-only file system|Permission denied/i.test(why)) return 'Give --data a folder that can be written.'
  return 'Mend what the message names, or use a PostgreSQL of your own with --database-url.'
}
