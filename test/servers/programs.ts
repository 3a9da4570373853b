import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Where a program of the system is, or undefined. Daemons live in sbin, which the PATH of an ordinary user leaves out. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin']
  for (const folder of folders) {
    const file = path.join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // not here
    }
  }
  return undefined
}

/** Those of the named programs that are absent: a test names them when it is skipped. */
export const missingPrograms = (...names: string[]): string[] => names.filter((name) => findProgram(name) === undefined)

/** A folder of its own for one test file; removed by the caller with `removeFolder`. */
export const makeFolder = (what: string): string => mkdtempSync(path.join(tmpdir(), `vouchsafe-${what}-`))
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

/** A port that was free a moment ago, on any loopback address. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await anyFreePort()
    // The system may give one again that was given before and is not listened on yet.
    if (given.has(port)) continue
    given.add(port)
    return port
  }
}
const given = new Set<number>()

function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

/** Can this process listen there? Ports below 1024 are often closed to ordinary users. */
export function canListen(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, address, () => server.close(() => resolve(true)))
  })
}

export interface Daemon {
  child: ChildProcess
  /** Everything the program wrote so far. */
  output(): string
  /** Ends the program and waits for its end. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts a program in the foreground and waits until it accepts TCP connections there.
 * @throws when it ends or stays silent for ten seconds; the message holds what it wrote
 */
export async function startDaemon(file: string, args: readonly string[], ready: readonly { address: string; port: number }[], env: Record<string, string> = {}): Promise<Daemon> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let written = ''
  const keep = (chunk: Buffer): void => {
    written = (written + chunk.toString()).slice(-20_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.once('error', (error) => keep(Buffer.from(String(error))))
  const daemon: Daemon = {
    child,
    output: () => written,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        child.kill('SIGTERM')
        const killer = setTimeout(() => child.kill('SIGKILL'), 3000)
        await ended
        clearTimeout(killer)
      }
    },
  }
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null || child.pid === undefined) break
    const open = await Promise.all(ready.map(({ address, port }) => accepts(address, port)))
    if (open.every(Boolean)) return daemon
    await sleep(50)
  }
  await daemon.stop()
  throw new Error(`${path.basename(file)} did not start:\n${written}`)
}

function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
