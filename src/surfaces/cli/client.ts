import { request } from 'node:http'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VouchsafeError } from '#core/errors'
import { findOperatorDoor } from '../http/operator.ts'
import type { Problem } from '../http/problem.ts'
import { isErrorCode } from './exit.ts'

export const DATA = { data: { type: 'string' } } as const

// Of the release: the same folder from wherever the command is called.
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** `--data`, else VOUCHSAFE_DATA, else `data/` of the release. */
export const dataFolder = (given: string | undefined, terminal: { env: Readonly<Record<string, string | undefined>>; cwd: string }): string =>
  resolve(terminal.cwd, given ?? terminal.env['VOUCHSAFE_DATA'] ?? join(ROOT, 'data'))

export interface Client {
  get<T>(path: string): Promise<T>
  send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>
  sendBytes<T>(path: string, bytes: Uint8Array): Promise<T>
}

// A dry run waits for its slowest check.
const TIMEOUT_MS = 300_000

/** Speaks to the running installation over its operator socket. `as` is who the audit shall name. */
export function operatorClient(data: string, as?: string): Client {
  const { socketPath, token } = findOperatorDoor(data)
  const call = <T>(method: string, path: string, body?: Uint8Array): Promise<T> =>
    new Promise((resolve, reject) => {
      const headers: Record<string, string | number> = { authorization: `Bearer ${token}`, accept: 'application/json' }
      if (as !== undefined) headers['vouchsafe-as'] = Buffer.from(as, 'utf8').toString('latin1') // a header carries bytes; these are UTF-8
      if (body) Object.assign(headers, { 'content-type': 'application/json', 'content-length': body.length })
      const outgoing = request({ socketPath, method, path: `/api/v1${path}`, headers, timeout: TIMEOUT_MS }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const status = incoming.statusCode ?? 500
          if (status >= 400) return reject(errorOf(text, status))
          try {
            resolve((text === '' ? undefined : JSON.parse(text)) as T)
          } catch {
            reject(unreadable(status))
          }
        })
      })
      outgoing.on('timeout', () => outgoing.destroy(new VouchsafeError('unreachable', 'The installation did not answer in five minutes.')))
      outgoing.on('error', (cause: NodeJS.ErrnoException) => {
        const gone = cause.code === 'ECONNREFUSED' || cause.code === 'ENOENT'
        reject(gone ? new VouchsafeError('unavailable', `No installation runs on ${data}.`, { mend: 'Start it with `npm start`.', cause }) : cause)
      })
      outgoing.end(body)
    })
  return {
    get: (path) => call('GET', path),
    send: (method, path, body) => call(method, path, body === undefined ? undefined : Buffer.from(JSON.stringify(body))),
    sendBytes: (path, bytes) => call('POST', path, bytes),
  }
}

function errorOf(text: string, status: number): VouchsafeError {
  try {
    const problem = JSON.parse(text) as Problem
    const named = problem.type.replace('urn:vouchsafe:problem:', '')
    // Some problems exist over HTTP alone, such as a wrong Host; and a newer server may know more than we do.
    const code = isErrorCode(named) ? named : status < 500 ? 'bad-input' : 'internal'
    return new VouchsafeError(code, problem.detail, { ...(problem.mend === undefined ? {} : { mend: problem.mend }), fields: problem.errors ?? [] })
  } catch {
    return unreadable(status)
  }
}

const unreadable = (status: number): VouchsafeError =>
  new VouchsafeError('internal', `The installation answered ${status} with something that cannot be read.`, { mend: 'Use the command of the same release that runs.' })
