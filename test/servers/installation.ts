import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './programs.ts'

export interface RunningInstallation {
  child: ChildProcess
  /** Where the page is, without a slash at the end. */
  url: string
  /** Milliseconds from the start of the process to the first whole answer of the page. */
  firstPageMs: number
  /** Milliseconds until every check had run once and the summary was printed. */
  summaryMs: number
  output(): string
  /** Asks it to stop and waits for its end. @returns the exit code, `null` after a kill */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface InstallationSetup {
  /** The folder that holds `dist/` and what belongs beside it. */
  root: string
  data: string
  /** Stands for the user's state folder, where the rollback guard remembers. */
  state: string
  /** Stands for the user's folder of settings, where signing keys of people lie; default: inside `state`. */
  config?: string
  args?: readonly string[]
}

/** How long a start may take before the test gives up on it. */
const PATIENCE_MS = 120_000

const environment = ({ state, config = path.join(state, 'config') }: InstallationSetup): NodeJS.ProcessEnv => ({ ...process.env, XDG_STATE_HOME: state, XDG_CONFIG_HOME: config })
const startArgs = ({ root, data, args = [] }: InstallationSetup, port: number): string[] => [path.join(root, 'dist/main.js'), 'start', '--data', data, '--port', String(port), ...args]

/**
 * Starts the built installation as its users do, and waits until its page answers and its summary is printed.
 * @throws when it ends before, or takes too long; the message holds what it wrote
 */
export async function startInstallation(setup: InstallationSetup): Promise<RunningInstallation> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const began = performance.now()
  const child = spawn(process.execPath, startArgs(setup, port), { env: environment(setup), stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  let exit: { code: number | null } | undefined
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => {
    exit = { code }
    resolve(code)
  }))
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    if (exit === undefined) child.kill(signal)
    return ended
  }
  const until = async (is: () => Promise<boolean> | boolean): Promise<number> => {
    while (!(await is())) {
      if (exit === undefined && performance.now() - began < PATIENCE_MS) await sleep(10)
      else {
        await stop()
        throw new Error(exit?.code === 0 ? `it ended by itself:\n${output}` : `it did not start (exit code ${exit?.code}):\n${output}`)
      }
    }
    return performance.now() - began
  }
  const firstPageMs = await until(() => fetch(`${url}/`).then(async (answer) => (await answer.arrayBuffer()).byteLength > 0 && answer.status === 200, () => false))
  const summaryMs = await until(() => output.includes('Ctrl-C stops everything'))
  return { child, url, firstPageMs, summaryMs, output: () => output, stop }
}

export interface Ended {
  code: number | null
  output: string
}

/** Starts it where it is expected to refuse. */
export const tryStart = (setup: InstallationSetup): Promise<Ended> => run(startArgs(setup, 0), environment(setup))

/** Runs another command of the same program to its end. */
export const runCommand = (setup: InstallationSetup, ...words: readonly string[]): Promise<Ended> => run([path.join(setup.root, 'dist/main.js'), ...words], environment(setup))

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

/** Processes whose command line names `folder`, such as a database on it: what a stop must leave none of. Linux only. */
export function processesOn(folder: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
    } catch {
      return false // ended meanwhile
    }
  })
}
