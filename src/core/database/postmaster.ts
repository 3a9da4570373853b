import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { execFile } from 'node:child_process'
import { readFile, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
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
export async function endOrphan(folder: ClusterFolder): Promise<'none' | 'ended' | 'cleared'> {
  const pidFile = join(folder.cluster, 'postmaster.pid')
  const text = await readFile(pidFile, 'utf8').catch(() => undefined)
  if (text === undefined) return 'none'
  const pid = Number.parseInt(text, 10)
  if (!(await isPostmasterOf(pid, folder.cluster))) {
    // After a reboot the number may belong to anything; postgres itself would take it for a live server of its own account.
    await rm(pidFile, { force: true })
    return 'cleared'
  }
  process.kill(pid, 'SIGINT')
  const askedAt = Date.now()
  let hurried = false
  while (await isPostmasterOf(pid, folder.cluster)) {
    if (!hurried && Date.now() - askedAt > stopWithinMs) {
      process.kill(pid, 'SIGQUIT')
      hurried = true
    }
    await sleep(20)
  }
  return 'ended'
}

/** Whether `pid` is alive and is a postgres working in `cluster`: read from /proc, or from ps where there is none. */
async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false
  if (process.platform === 'linux') {
    const [cwd, real] = await Promise.all([readlink(`/proc/${pid}/cwd`).catch(() => ''), realpath(cluster)])
    return cwd === real
  }
  const listed = await promisify(execFile)('/bin/ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }))
  return listed.stdout.includes('postgres') && listed.stdout.includes(cluster)
}
