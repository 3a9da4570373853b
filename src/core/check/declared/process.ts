import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ContainedCommand {
  argv: readonly string[]
  /** The whole environment: nothing of ours is inherited beside a plain PATH, HOME and TMPDIR in the command's own folder. */
  env: Readonly<Record<string, string>>
  stdin: Uint8Array
  limits: ProcessLimits
  signal: AbortSignal
}

export interface ProcessLimits {
  memoryMegabytes: number
  processes: number
  cpuSeconds: number
  fileMegabytes: number
  outputBytes: number
}

export const DEFAULT_LIMITS: ProcessLimits = {
  memoryMegabytes: 4_096, // address space, not use: a Go or Node program reserves gigabytes that it never touches
  processes: 64,
  cpuSeconds: 300,
  fileMegabytes: 64,
  outputBytes: 256 * 1024,
}

export type CommandEnd =
  | { kind: 'exited'; code: number }
  | { kind: 'signalled'; signal: string }
  | { kind: 'stopped'; why: 'time' | 'output' }
  | { kind: 'not-started'; reason: string }

export interface CommandOutcome {
  end: CommandEnd
  stdout: Uint8Array
  stderr: Uint8Array
  /** Processes that outlived the command and were killed. */
  stragglers: number
}

/**
 * How a command's processes are told from all others, so that every one of them can be ended.
 * - `account`: as root, each run gets a user id that nobody else has. Nothing a process does (fork, setsid, cleared environment)
 *   takes it out of its user id, and as another user it can neither read our files nor signal us.
 * - `marker`: not as root, processes are found by process group and by a random word in their environment. A process that
 *   leaves its session *and* clears its environment escapes the search; the limits on it remain.
 */
export type Containment = { kind: 'account'; uid: number } | { kind: 'marker' }

// systemd.io, "Users, Groups, UIDs and GIDs on systemd systems": 61184–65519 is set aside for accounts that live as long as a service.
const FIRST_UID = 61_184
const LAST_UID = 65_519
const PRLIMIT = '/usr/bin/prlimit'
const ROUNDS_OF_KILLING = 50 // each round ends all that it finds; a fork bomb at its limit of processes is over after a few
const PIPE_GRACE_MS = 200

const inUse = new Set<number>()

/**
 * Runs a command to its end or to one of its limits, and ends everything that it started.
 *
 * INVARIANT: when this resolves no process of the command is left, and its folder is gone.
 */
export async function runContained(command: ContainedCommand, wanted?: Containment['kind']): Promise<CommandOutcome> {
  const containment = await contain(wanted ?? (process.getuid?.() === 0 ? 'account' : 'marker'))
  const folder = await mkdtemp(join(tmpdir(), 'vouchsafe-check-'))
  const marker = randomBytes(16).toString('hex')
  try {
    if (containment.kind === 'account') await chown(folder, containment.uid, containment.uid)
    await chmod(folder, 0o700)
    return await run(command, containment, folder, marker)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
    if (containment.kind === 'account') inUse.delete(containment.uid)
  }
}

async function run(command: ContainedCommand, containment: Containment, folder: string, marker: string): Promise<CommandOutcome> {
  const [program = '', ...args] = await limited(command, containment)
  const empty = new Uint8Array()
  if (command.signal.aborted) return { end: { kind: 'stopped', why: 'time' }, stdout: empty, stderr: empty, stragglers: 0 }
  let child: ChildProcess
  const nothing = await open('/dev/null', 'r+')
  const cover = await coverInherited(nothing)
  // From here to the listeners nothing may be awaited: an end or an abort in between would be missed.
  try {
    child = spawn(program, args, {
      cwd: folder,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: folder, TMPDIR: folder, ...command.env, VOUCHSAFE_RUN: marker },
      detached: true, // its own session and process group, with no terminal of ours
      shell: false,
      stdio: ['pipe', 'pipe', 'pipe', ...cover],
      ...(containment.kind === 'account' && { uid: containment.uid, gid: containment.uid }),
    })
  } catch (error) {
    return { end: { kind: 'not-started', reason: String((error as NodeJS.ErrnoException).code ?? 'error') }, stdout: empty, stderr: empty, stragglers: 0 }
  } finally {
    void nothing.close()
  }
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[], bytes: 0 }
  let stopped: 'time' | 'output' | undefined
  const stop = (why: 'time' | 'output'): void => {
    stopped ??= why
    killGroup(child.pid)
  }
  const onAbort = (): void => stop('time')
  command.signal.addEventListener('abort', onAbort, { once: true })
  if (command.signal.aborted) onAbort() // it may have come while the files were looked through
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (piece: Buffer) => {
      const room = command.limits.outputBytes - output.bytes
      output.bytes += piece.length
      if (room > 0) output[name].push(piece.subarray(0, room))
      if (piece.length > room) {
        child[name]?.destroy()
        stop('output')
      }
    })
    child[name]?.on('error', () => undefined)
  }
  // A command that never reads its input closes the pipe; that is its right.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(command.stdin)

  const closed = new Promise((resolve) => child.once('close', resolve))
  const ended = await new Promise<CommandEnd>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ kind: 'not-started', reason: error.code ?? 'error' }))
    child.once('exit', (code, signal) => resolve(signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signalled', signal }))
  })
  // The last bytes may still be in the pipe, but a grandchild that holds it open must not hold us.
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, PIPE_GRACE_MS))])
  command.signal.removeEventListener('abort', onAbort)
  const stragglers = await endAll(containment, child.pid, marker)
  child.stdout?.destroy()
  child.stderr?.destroy()
  const end: CommandEnd = stopped && ended.kind !== 'not-started' ? { kind: 'stopped', why: stopped } : ended
  return { end, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr), stragglers }
}

/** The command behind the limits that it runs under: prlimit from util-linux where there is one, else the shell's ulimit. */
async function limited({ argv, limits }: ContainedCommand, containment: Containment): Promise<string[]> {
  // RLIMIT_NPROC counts every thread of the user id: with an id of its own a run starts from none, without it from what is there.
  const processes = limits.processes + (containment.kind === 'account' ? 0 : await threadsOf(process.getuid?.() ?? -1))
  const { cpuSeconds, memoryMegabytes, fileMegabytes } = limits
  if (existsSync(PRLIMIT)) {
    return [PRLIMIT, `--nproc=${processes}`, `--cpu=${cpuSeconds}`, `--as=${memoryMegabytes * 1024 * 1024}`, `--fsize=${fileMegabytes * 1024 * 1024}`, '--core=0', '--nofile=256', '--', ...argv]
  }
  // The command is in "$@", never in the text of the script.
  const script = `ulimit -c 0; ulimit -t ${cpuSeconds}; ulimit -n 256; ulimit -f ${fileMegabytes * 2048}; ulimit -v ${memoryMegabytes * 1024} 2>/dev/null; ulimit -u ${processes} 2>/dev/null || ulimit -p ${processes} 2>/dev/null; exec "$@"`
  return ['/bin/sh', '-c', script, 'sh', ...argv]
}

// fcntl.h on every Linux that Node runs on
const O_CLOEXEC = 0o2000000
const HIGHEST_COVERED = 4_096

/**
 * What we were started with and did not ask for (a lock, a log, a socket of whoever started us) would pass to the
 * command: our runtime marks only what it opened itself. Such descriptors are laid over with /dev/null.
 */
async function coverInherited(nothing: FileHandle): Promise<('ignore' | number)[]> {
  const cover: ('ignore' | number)[] = []
  for (const name of await readdir('/proc/self/fdinfo').catch(() => [])) {
    const number = Number(name)
    if (number < 3 || number > HIGHEST_COVERED) continue
    const flags = /^flags:\s+0?([0-7]+)/m.exec(await readFile(`/proc/self/fdinfo/${name}`, 'utf8').catch(() => ''))?.[1]
    if (flags === undefined || (parseInt(flags, 8) & O_CLOEXEC) !== 0) continue
    while (cover.length < number - 3) cover.push('ignore')
    cover[number - 3] = nothing.fd
  }
  return cover
}

async function contain(kind: Containment['kind']): Promise<Containment> {
  if (kind === 'marker') return { kind }
  const taken = new Set((await processes()).map((one) => one.uid))
  const known = await readFile('/etc/passwd', 'utf8').catch(() => '')
  for (const line of known.split('\n')) taken.add(Number(line.split(':')[2]))
  const first = FIRST_UID + (randomBytes(2).readUInt16BE() % (LAST_UID - FIRST_UID + 1))
  for (let i = 0; i <= LAST_UID - FIRST_UID; i++) {
    const uid = FIRST_UID + ((first - FIRST_UID + i) % (LAST_UID - FIRST_UID + 1))
    if (taken.has(uid) || inUse.has(uid)) continue
    inUse.add(uid)
    return { kind: 'account', uid }
  }
  return { kind: 'marker' }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // the group is gone
  }
}

/** Ends all that the run left behind, until none is found any more; gives how many there were. */
async function endAll(containment: Containment, pid: number | undefined, marker: string): Promise<number> {
  const ended = new Set<number>()
  killGroup(pid)
  for (let round = 0; round < ROUNDS_OF_KILLING; round++) {
    const left = (await processes()).filter((one) => one.pid !== pid && one.state !== 'Z' && (containment.kind === 'account' ? one.uid === containment.uid : one.group === pid || one.session === pid))
    const marked = containment.kind === 'marker' ? await markedWith(marker) : []
    const targets = [...new Set([...left.map((one) => one.pid), ...marked])].filter((one) => one !== process.pid)
    if (targets.length === 0) break
    // Stopped first: what is stopped cannot fork between being seen and being killed.
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
      for (const target of targets) {
        ended.add(target)
        try {
          process.kill(target, signal)
        } catch {
          // already gone
        }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(5 * (round + 1), 50)))
  }
  return ended.size
}

interface Process {
  pid: number
  uid: number
  state: string
  group: number
  session: number
}

/** All processes, from /proc; none where the system has no /proc. */
async function processes(): Promise<Process[]> {
  const names = await readdir('/proc').catch(() => [])
  const found: Process[] = []
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue
    try {
      const [stat, status] = await Promise.all([readFile(`/proc/${name}/stat`, 'utf8'), readFile(`/proc/${name}/status`, 'utf8')])
      // proc(5): the name, in brackets, may hold anything, also brackets; the fields begin after the last one.
      const [state = '', , group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      found.push({ pid: Number(name), uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1), state, group: Number(group), session: Number(session) })
    } catch {
      // it ended while we looked
    }
  }
  return found
}

async function markedWith(marker: string): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue
    const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '')
    if (environment.includes(`VOUCHSAFE_RUN=${marker}`)) found.push(Number(name))
  }
  return found
}

async function threadsOf(uid: number): Promise<number> {
  let threads = 0
  for (const one of await processes()) {
    if (one.uid === uid) threads += (await readdir(`/proc/${one.pid}/task`).catch(() => ['one'])).length
  }
  return threads
}
