import { mkdirSync, rmSync } from 'node:fs'
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
