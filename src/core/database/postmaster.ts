import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFile, readdir, readlink, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { VouchsafeError } from '#core/errors'
import type { Account } from './account.ts'
import { plainEnvironment } from './cluster.ts'
import type { ClusterFolder } from './cluster.ts'

/** A running postgres that is our child. */
export interface Postmaster {
  pid: number
  /** Settles when the process has ended, with its last words. */
  ended: Promise<string>
  /** Fast shutdown: running transactions are rolled back, what was committed is on disk. */
  stop(): Promise<void>
}

/** Longest wait for crash recovery at start. A large cluster after a power cut replays up to 1 GB of WAL. */
const readyWithinMs = 120_000

/** Longest wait for the checkpoint of a fast shutdown before we ask for an immediate one, which loses nothing either. */
const stopWithinMs = 30_000

/**
 * Starts postgres as our own child and returns once it takes connections.
 *
 * It gets a session of its own, so that Ctrl-C in a terminal reaches us alone and we stop things in their order.
 * @throws VouchsafeError `unavailable` with the server's own last words.
 */
export async function startPostmaster(options: {
  folder: ClusterFolder
  software: string
  account: Account | undefined
  settings: Record<string, string>
}): Promise<Postmaster> {
  const { folder, software, account, settings } = options
  const args = ['-D', folder.cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const child = spawn(join(software, 'bin', 'postgres'), args, {
    cwd: '/',
    env: plainEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  })
  const pid = child.pid
  let lastWords = ''
  let whenReady: () => void = () => {}
  const ready = new Promise<void>((resolve) => (whenReady = resolve))
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    lastWords = (lastWords + part).slice(-4000)
    if (part.includes('ready to accept connections')) whenReady()
  })
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('exit', () => resolve(lastWords))
  })
  const outcome = await Promise.race([ready.then(() => 'ready' as const), ended, sleep(readyWithinMs, 'late' as const, { ref: false })])
  if (outcome !== 'ready' || pid === undefined) {
    if (pid !== undefined) child.kill('SIGQUIT')
    throw startFailure(outcome === 'late' ? `it was not ready after ${readyWithinMs / 1000} s` : outcome)
  }
  return { pid, ended, stop: () => stopChild(child, ended) }
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGINT') // fast shutdown
  const outcome = await Promise.race([ended, sleep(stopWithinMs, undefined, { ref: false })])
  if (outcome !== undefined) return
  child.kill('SIGQUIT') // immediate: recovery at the next start
  await ended
}

/** Turns the server's last words into an error that says what to do. */
export function startFailure(lastWords: string): VouchsafeError {
  const fatal = lastWords.split('\n').filter((line) => /FATAL|PANIC|HINT|could not/.test(line))
  const why = (fatal.length > 0 ? fatal.slice(-3).join(' ') : lastWords.trim().slice(-500)) || 'it said nothing'
  const mend = /No space left/i.test(why)
    ? 'Make room on the disk of the data folder; the database comes back with everything it had confirmed.'
    : /Read-only file system|Permission denied/i.test(why)
      ? 'Make the data folder writable for the account that the database runs as.'
      : /incompatible|initialized by PostgreSQL version/i.test(why)
        ? 'Use the release that wrote this data folder.'
        : 'Mend what the message names. `vouchsafe doctor` shows more.'
  return new VouchsafeError('unavailable', `The embedded database did not start: ${why}`, { mend })
}

/**
 * Ends a postgres that outlived the process that started it, and clears a postmaster.pid that names no postgres.
 * The caller holds the folder's lock, so whatever still runs there belongs to nobody. What it had confirmed is on
 * disk; what it was in the middle of has lost its client.
 */
export async function endOrphan(folder: ClusterFolder): Promise<'none' | 'ended'> {
  const orphans = await postgresProcessesOf(folder.cluster)
  const hadOrphans = orphans.size > 0
  const askedAt = Date.now()
  const hurried = new Set<number>()
  for (const pid of orphans) signal(pid, 'SIGINT')
  while (orphans.size > 0) {
    await sleep(20)
    for (const pid of orphans) {
      if (!(await isPostgresOf(pid, folder.cluster))) orphans.delete(pid)
      else if (Date.now() - askedAt > stopWithinMs && !hurried.has(pid)) {
        signal(pid, 'SIGQUIT')
        hurried.add(pid)
      }
    }
  }
  // Left by a kill -9. After a reboot, or where nobody reaps the dead, its number may seem alive to postgres, which would
  // take it for a live server and refuse. Nothing runs here any more, so it names nothing.
  await rm(join(folder.cluster, 'postmaster.pid'), { force: true })
  return hadOrphans ? 'ended' : 'none'
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // ended by itself
  }
}

/**
 * Every postgres at work in `cluster`. Not postmaster.pid alone: one that was started a moment before its parent was
 * killed has not written that yet, and children live on for a moment after their postmaster was killed.
 */
async function postgresProcessesOf(cluster: string): Promise<Set<number>> {
  const candidates = new Set<number>()
  const named = Number.parseInt(await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => ''), 10)
  if (Number.isSafeInteger(named)) candidates.add(named)
  if (process.platform === 'linux') for (const name of await readdir('/proc')) if (/^\d+$/.test(name)) candidates.add(Number(name))
  const found = new Set<number>()
  for (const pid of candidates) if (await isPostgresOf(pid, cluster)) found.add(pid)
  return found
}

/** Whether `pid` is alive and is a postgres of `cluster`: read from /proc, or from ps where there is none. */
async function isPostgresOf(pid: number, cluster: string): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 1 || pid === process.pid) return false
  if (process.platform === 'linux') {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (cwd === cluster) return true
    const [program, ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
    return program !== undefined && basename(program) === 'postgres' && args[0] === '-D' && args[1] === cluster
  }
  const listed = await promisify(execFile)('/bin/ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }))
  return listed.stdout.includes('postgres') && listed.stdout.includes(cluster)
}
