import { Problem, readProblem } from './problem.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface Call {
  query?: Query
  /** Sent as JSON; bytes and text go as they are. */
  body?: unknown
  mediaType?: string
  /** Entity tag of what the change is based on: 412 when it has changed since. */
  ifMatch?: string | undefined
  signal?: AbortSignal
  /** Without it, a session that ended is asked for in a dialog, and the call made again. */
  quiet?: true
}

export interface Reply<T> {
  body: T
  etag: string | undefined
  status: number
}

/** What stops a call until a person has done something: signed in again, or shown a second factor. */
export type Interruption = 'sign-in' | 'step-up'

/** Resolves once the person has done it; false when they would not. */
type Interrupt = (why: Interruption) => Promise<boolean>

let interrupt: Interrupt = async () => false
let csrf: string | undefined

/** Whoever can show a dialog says so here. */
export function onInterruption(handler: Interrupt): void {
  interrupt = handler
}

/** The token that a change must carry; it is given with the session and bound to it. */
export function setCsrf(token: string | undefined): void {
  csrf = token
}

const address = (path: string, query: Query = {}): string => {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, String(value)] as [string, string]]))
  return `/api/v1${path}${given.length === 0 ? '' : `?${new URLSearchParams(given)}`}`
}

async function once<T>(method: Method, path: string, call: Call): Promise<Reply<T>> {
  const headers: Record<string, string> = { accept: 'application/json' }
  let body: BodyInit | undefined
  if (call.body !== undefined) {
    const raw = typeof call.body === 'string' || call.body instanceof Blob
    headers['content-type'] = call.mediaType ?? 'application/json'
    body = raw ? (call.body as BodyInit) : JSON.stringify(call.body)
  }
  if (call.ifMatch !== undefined) headers['if-match'] = `"${call.ifMatch}"`
  if (csrf !== undefined && method !== 'GET') headers['vouchsafe-csrf'] = csrf
  const answer = await fetch(address(path, call.query), { method, headers, credentials: 'same-origin', redirect: 'error', ...(body === undefined ? {} : { body }), ...(call.signal === undefined ? {} : { signal: call.signal }) })
  const json: unknown = answer.status === 204 ? undefined : await answer.json().catch(() => undefined)
  if (!answer.ok) throw readProblem(answer.status, json, answer.headers.get('retry-after'))
  return { body: json as T, etag: answer.headers.get('etag')?.replace(/^W\//, '').replaceAll('"', '') ?? undefined, status: answer.status }
}

/**
 * One call of the API. Where the session has ended, or an act needs a second factor, the person is asked and the very
 * same call made again: what they had filled in is never lost.
 * @throws Problem
 */
export async function send<T>(method: Method, path: string, call: Call = {}): Promise<Reply<T>> {
  for (let asked = 0; ; asked++) {
    try {
      return await once<T>(method, path, call)
    } catch (thrown) {
      if (!(thrown instanceof Problem) || call.quiet || asked === 2) throw thrown
      const why = thrown.status === 401 ? 'sign-in' : thrown.code === 'step-up-needed' ? 'step-up' : undefined
      if (why === undefined || !(await interrupt(why))) throw thrown
    }
  }
}

export const get = async <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> => (await send<T>('GET', path, { ...(query === undefined ? {} : { query }), ...(signal === undefined ? {} : { signal }) })).body
export const post = async <T>(path: string, body: unknown = {}): Promise<T> => (await send<T>('POST', path, { body })).body
export const put = async <T>(path: string, body: unknown, ifMatch?: string): Promise<T> => (await send<T>('PUT', path, { body, ifMatch })).body
export const patch = async <T>(path: string, body: unknown, ifMatch?: string): Promise<T> => (await send<T>('PATCH', path, { body, ifMatch })).body
export const remove = async (path: string): Promise<void> => void (await send('DELETE', path))

/** A page of a list; `next` is the cursor of the one after. */
export interface Page<T> {
  items: T[]
  next?: string | null
}

/** Every item of a list, for an export; ends at `most`, so that a browser is not filled. */
export async function all<T>(path: string, query: Query = {}, most = 50_000): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const page = await get<Page<T>>(path, { ...query, limit: 200, cursor })
    items.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined && items.length < most)
  return items
}
