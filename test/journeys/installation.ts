import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openInstallation, type Installation, type InstallationOptions } from '../../src/installation.ts'
import { runCommandLine } from '../../src/surfaces/cli/index.ts'
import { findOperatorDoor } from '../../src/surfaces/http/operator.ts'

export const repositoryRoot = resolve(import.meta.dirname, '../..')
export const sharedFolder = resolve(repositoryRoot, '../shared')

/** A folder for one installation, with the state that it keeps outside of its data. Paths stay short: a socket lies in it. */
export interface Place {
  data: string
  state: string
  remove(): void
}

export async function makePlace(what: string): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), `vs-${what}-`))
  const place = { data: join(folder, 'data'), state: join(folder, 'state'), remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }) }
  mkdirSync(place.state)
  mkdirSync(place.data)
  // As root, PostgreSQL runs under an account of its own, and goes elsewhere where that one cannot reach the folder.
  for (const passable of [folder, place.data]) chmodSync(passable, 0o711)
  return place
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** The body, read as JSON. */
  json<T = Record<string, unknown>>(): T
}

export interface Call {
  method?: string
  headers?: Record<string, string>
  /** An object goes as JSON; a string or bytes go as they are. */
  body?: unknown
}

/** One request over HTTP, on TCP or on a Unix socket, with nothing added but what is told. */
export function call(where: { port: number } | { socketPath: string }, path: string, { method = 'GET', headers = {}, body }: Call = {}): Promise<Answer> {
  const bytes = body === undefined ? undefined : typeof body === 'string' ? Buffer.from(body) : body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(JSON.stringify(body))
  return new Promise((done, fail) => {
    const outgoing = request({ ...('port' in where ? { host: '127.0.0.1', port: where.port } : where), path, method, agent: false, headers: { ...(bytes ? { 'content-length': String(bytes.length), 'content-type': 'application/json' } : {}), ...headers } }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', fail)
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        done({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: <T>() => JSON.parse(text) as T })
      })
    })
    outgoing.on('error', fail)
    outgoing.end(bytes)
  })
}

export interface CommandRun {
  code: number
  out: string
  err: string
}

/** Runs one command line in this process, as bin/vouchsafe would. */
export async function vouchsafe(place: Pick<Place, 'data'>, args: readonly string[], more: { env?: Record<string, string>; cwd?: string; stdin?: Uint8Array } = {}): Promise<CommandRun> {
  let out = ''
  let err = ''
  const code = await runCommandLine(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    stdin: async () => more.stdin ?? new Uint8Array(),
    env: { VOUCHSAFE_DATA: place.data, ...more.env },
    cwd: more.cwd ?? tmpdir(),
    interactive: false,
  })
  return { code, out, err }
}

export interface RunningHere {
  installation: Installation
  place: Place
  port: number
  /** Over TCP, as anybody. */
  public(path: string, given?: Call): Promise<Answer>
  /** Over the operator's socket with its token. */
  operator(path: string, given?: Call): Promise<Answer>
  run(...args: string[]): Promise<CommandRun>
}

/** Opens an installation in this process; `process.env.XDG_STATE_HOME` is its own while it runs. */
export async function openHere(place: Place, options: Partial<InstallationOptions> = {}): Promise<RunningHere> {
  process.env['XDG_STATE_HOME'] = place.state
  const installation = await openInstallation({ data: place.data, host: '127.0.0.1', port: 0, allowPrivate: true, allowCommands: true, say: () => {}, bar: () => {}, ...options })
  const port = Number(new URL(installation.url).port)
  const { socketPath, token } = findOperatorDoor(place.data)
  return {
    installation,
    place,
    port,
    public: (path, given) => call({ port }, path, given),
    operator: (path, given = {}) => call({ socketPath }, path, { ...given, headers: { authorization: `Bearer ${token}`, ...given.headers } }),
    run: (...args) => vouchsafe(place, args),
  }
}

/** Waits until `look` gives something; for what the log or the scheduler does on its own. */
export async function until<T>(look: () => Promise<T | undefined | false>, what: string, withinMs = 20_000): Promise<T> {
  for (const end = performance.now() + withinMs; ; ) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`${what} did not happen within ${withinMs / 1000} s`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

/** The built program, which a child process runs; tests that need it are skipped where nothing was built. */
export const program = join(repositoryRoot, 'dist/main.js')

export interface Child {
  child: ChildProcess
  /** What it wrote so far, both ways. */
  output(): string
  /** Resolves with the exit code. */
  ended: Promise<number>
  /** Resolves once the output holds this. */
  says(text: string | RegExp, withinMs?: number): Promise<RegExpMatchArray>
  stop(signal?: NodeJS.Signals): Promise<number>
}

/** Runs the built program in a process of its own, with a state folder of its own. */
export function runProgram(place: Place, args: readonly string[], env: Record<string, string> = {}, built = program): Child {
  const child = spawn(process.execPath, [built, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: tmpdir(), env: { ...process.env, XDG_STATE_HOME: place.state, XDG_CONFIG_HOME: place.state, VOUCHSAFE_DATA: place.data, ...env } })
  let written = ''
  child.stdout.on('data', (chunk: Buffer) => void (written += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => void (written += chunk.toString()))
  const ended = new Promise<number>((done) => child.once('close', (code) => done(code ?? -1)))
  let over = false
  void ended.then(() => (over = true))
  return {
    child,
    output: () => written,
    ended,
    says: (text, withinMs = 40_000) =>
      until(async () => {
        const found = written.match(text)
        if (!found && over) throw new Error(`the program ended without saying ${text}:\n${written}`)
        return found ?? undefined
      }, `${text} in the output`, withinMs),
    async stop(signal = 'SIGTERM') {
      if (!over) child.kill(signal)
      const killer = setTimeout(() => child.kill('SIGKILL'), 20_000)
      const code = await ended
      clearTimeout(killer)
      return code
    },
  }
}

/** Imports a page, gives each of its sentences what `rests` says, approves it and publishes it. */
export async function publishPage(here: RunningHere, slug: string, sentences: readonly { text: string; controls: string; checks?: string; strength?: string }[]): Promise<Map<string, string>> {
  const body = `# ${slug}\n\n${sentences.map((sentence) => sentence.text).join('\n\n')}\n`
  const as = { 'vouchsafe-as': 'Ada Example' }
  const imported = await here.operator(`/api/v1/policies/import?save=true&slug=${slug}&name=${slug}.md`, { method: 'POST', body, headers: as })
  const { version } = imported.json<{ version: { number: number } }>()
  const at = `/api/v1/policies/${slug}/versions/${version.number}`
  const { lines } = (await here.operator(at)).json<{ lines: { text: string }[] }>()
  for (const [line, { text }] of lines.entries()) {
    const given = sentences.find((sentence) => sentence.text === text)
    const change = given ? { claim: true, controls: given.controls.split(','), checks: given.checks === undefined ? [] : given.checks.split(','), strength: given.strength ?? 'definite' } : { claim: false }
    const answer = await here.operator(`${at}/corrections`, { method: 'POST', body: { line, ...change }, headers: as })
    if (answer.status !== 200) throw new Error(answer.text)
  }
  for (const step of ['approve', 'publish']) {
    const answer = await here.operator(`${at}/${step}`, { method: 'POST', body: {}, headers: as })
    if (answer.status !== 200) throw new Error(`${step}: ${answer.text}`)
  }
  const { claims } = (await here.operator(at)).json<{ claims: { text: string; claimId: string }[] }>()
  return new Map(claims.map((claim) => [claim.text, claim.claimId]))
}
