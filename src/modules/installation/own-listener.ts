import { VouchsafeError } from '#core/errors'

/** What our own listener answered. */
export interface OwnAnswer {
  status: number
  headers: Headers
  text: string
}

const LIMIT_MS = 15_000
const MOST_CHARACTERS = 8 * 1024 * 1024

/**
 * Asks our own listener, on loopback, as any stranger would; redirects are not followed.
 * @throws VouchsafeError `unavailable` before the listener is open, `refused` for an address that is not this machine
 */
export async function ask(localUrl: string, path: string, request: { method?: string; headers?: Record<string, string>; body?: string; signal?: AbortSignal } = {}): Promise<OwnAnswer> {
  if (localUrl === '') throw new VouchsafeError('unavailable', 'the listener is not open yet')
  const url = new URL(path, localUrl)
  // INVARIANT: these checks never call anybody else, whatever a path or a setting holds.
  if (url.origin !== new URL(localUrl).origin) throw new VouchsafeError('refused', `${path} leads away from this installation`)
  const { method = 'GET', headers = {}, body, signal } = request
  const limit = AbortSignal.timeout(LIMIT_MS)
  const answer = await fetch(url, { method, headers: { 'user-agent': 'vouchsafe self check', ...headers }, redirect: 'manual', signal: signal ? AbortSignal.any([limit, signal]) : limit, ...(body === undefined ? {} : { body }) })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text: text.slice(0, MOST_CHARACTERS) }
}
