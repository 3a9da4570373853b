import { VouchsafeError, isVouchsafeError, messageOf } from '#core/errors'
import type { Fetch, FetchAnswer } from './fetch.ts'

export interface Call {
  method: string
  url: URL
  headers: Record<string, string>
  body?: Uint8Array
}

export interface CallLimits {
  retries: number
  maxBytes: number
}

/** The world as one run may use it. */
export interface Line {
  fetch: Fetch
  signal: AbortSignal
  allowPrivate: boolean
  /** Milliseconds that the run still has. */
  remainingMs(): number
  /** Waits; rejects when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  now(): Date
}

const REQUEST_MS = 30_000 // a call that takes longer than half a minute is as good as unanswered
const FIRST_PAUSE_MS = 500

/**
 * Sends one call, again where the other side asks for it: after `429`, `5xx`, GitHub's `403` with no calls left, and after a
 * failed connection. What may have had an effect (POST, PATCH) is sent again only after `429` and `503`, which say that
 * nothing was done. Waits as long as `Retry-After` says (RFC 9110 §10.2.3), never longer than the run lasts.
 *
 * @throws VouchsafeError `unreachable` or `rate-limited`; other statuses are answers and are returned
 */
export async function send(line: Line, call: Call, limits: CallLimits): Promise<FetchAnswer> {
  const repeatable = call.method !== 'POST' && call.method !== 'PATCH'
  const where = `${call.method} ${call.url.origin}${call.url.pathname}`
  for (let attempt = 0; ; attempt++) {
    let answer: FetchAnswer | undefined
    try {
      answer = await line.fetch(call.url.href, {
        method: call.method,
        headers: call.headers,
        ...(call.body && { body: call.body }),
        maxBytes: limits.maxBytes,
        timeoutMs: Math.max(1, Math.min(REQUEST_MS, line.remainingMs())),
        maxRedirects: 0,
        allowPrivate: line.allowPrivate,
        signal: line.signal,
      })
    } catch (cause) {
      line.signal.throwIfAborted()
      // An address that may not be called and an answer that is too large stay what they are.
      const final = isVouchsafeError(cause) && cause.code !== 'unreachable' && cause.code !== 'unavailable'
      if (final || !repeatable || attempt >= limits.retries) {
        throw new VouchsafeError(isVouchsafeError(cause) ? cause.code : 'unreachable', `${where} got no answer: ${reasonOf(cause)}`, {
          cause,
          mend: (isVouchsafeError(cause) ? cause.mend : undefined) ?? 'Look whether the address is right and can be reached from where this check runs.',
        })
      }
    }
    if (answer && !wantsPause(answer, repeatable)) return answer
    if (answer && attempt >= limits.retries) {
      if (answer.status === 429 || isExhausted(answer)) throw new VouchsafeError('rate-limited', `${where} was answered ${answer.status} (too many calls) ${attempt + 1} times.`, { mend: 'Run this check less often, or ask for a higher limit.' })
      return answer
    }
    const pause = (answer && pauseOf(answer, line.now())) ?? FIRST_PAUSE_MS * 2 ** attempt
    if (pause >= line.remainingMs()) {
      throw new VouchsafeError('rate-limited', `${where} asks to wait ${Math.ceil(pause / 1000)} s, longer than this run has.`, { mend: 'Run it less often, or raise timeLimit.' })
    }
    await line.wait(pause, line.signal)
  }
}

function wantsPause(answer: FetchAnswer, repeatable: boolean): boolean {
  if (answer.status === 429 || answer.status === 503 || isExhausted(answer)) return true
  return repeatable && answer.status >= 500
}

// docs.github.com, "Rate limits for the REST API": a primary limit is answered 403 or 429 with no calls remaining, a secondary one with Retry-After.
const isExhausted = (answer: FetchAnswer): boolean => answer.status === 403 && (answer.headers['x-ratelimit-remaining'] === '0' || answer.headers['retry-after'] !== undefined)

/** Milliseconds that an answer asks to wait, from `Retry-After`, GitHub's `x-ratelimit-reset` or Okta's `x-rate-limit-reset`. */
function pauseOf(answer: FetchAnswer, now: Date): number | undefined {
  const after = answer.headers['retry-after']
  if (after !== undefined) {
    if (/^\d{1,9}$/.test(after)) return Number(after) * 1000
    const at = Date.parse(after)
    if (!Number.isNaN(at)) return Math.max(0, at - now.getTime())
  }
  const reset = answer.headers['x-ratelimit-reset'] ?? answer.headers['x-rate-limit-reset']
  return (answer.status === 429 || answer.status === 403) && reset !== undefined && /^\d{1,12}$/.test(reset) ? Math.max(0, Number(reset) * 1000 - now.getTime()) : undefined
}

/** The innermost reason: `fetch failed` alone helps nobody. */
function reasonOf(error: unknown): string {
  let at = error
  for (let depth = 0; depth < 5 && at instanceof Error && at.cause instanceof Error; depth++) at = at.cause
  return messageOf(at).replace(/\.?$/, '.')
}
