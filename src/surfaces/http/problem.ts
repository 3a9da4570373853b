import { VerifyError } from '@vouchsafe/verify'
import { databaseFailure } from '#core/database'
import { isVouchsafeError, VouchsafeError, type ErrorCode, type FieldError } from '#core/errors'

/** RFC 9457 problem details. `mend` and `errors` are extension members (§3.2). */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  mend?: string
  errors?: readonly FieldError[]
  /** With 412: what it is now. */
  current?: unknown
  retryAfterSeconds?: number
  instance?: string
}

const STATUS: Record<ErrorCode, { status: number; title: string }> = {
  'bad-input': { status: 422, title: 'What was sent cannot be taken' },
  'too-large': { status: 413, title: 'Too large' },
  unsupported: { status: 415, title: 'Not supported' },
  'not-found': { status: 404, title: 'Not found' },
  'not-allowed': { status: 403, title: 'Not allowed' },
  'not-signed-in': { status: 401, title: 'Not signed in' },
  'step-up-needed': { status: 403, title: 'Show your second factor first' },
  conflict: { status: 409, title: 'Conflict' },
  'precondition-failed': { status: 412, title: 'It has changed meanwhile' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  unreachable: { status: 502, title: 'Something outside did not answer' },
  unavailable: { status: 503, title: 'Not available at the moment' },
  refused: { status: 409, title: 'Refused for safety' },
  corrupt: { status: 500, title: 'Stored data is damaged' },
  internal: { status: 500, title: 'A defect of this software' },
}

/** The status is chosen here and nowhere else. What is not ours to expect tells nothing of itself. */
export function problemOf(thrown: unknown, instance?: string): Problem {
  const error = isMissingFile(thrown) ? thrown : databaseFailure(thrown)
  const known = isVouchsafeError(error)
    ? error
    : error instanceof VerifyError
      ? new VouchsafeError('bad-input', error.message, { cause: error })
      : new VouchsafeError('internal', 'Something went wrong here; it has been written to the log.', { mend: 'Try again. If it stays, `vouchsafe doctor` may say why.' })
  const { status, title } = STATUS[known.code]
  return {
    type: `urn:vouchsafe:problem:${known.code}`,
    title,
    status,
    detail: known.message,
    ...(known.mend === undefined ? {} : { mend: known.mend }),
    ...(known.fields.length === 0 ? {} : { errors: known.fields }),
    ...(known.current === undefined ? {} : { current: known.current }),
    ...(known.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: known.retryAfterSeconds }),
    ...(instance === undefined ? {} : { instance }),
  }
}

// A socket that is not there means that the database is away; another file that is not there means something else.
const isMissingFile = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ENOENT' && (error as { syscall?: unknown }).syscall !== 'connect'

export function problemResponse(problem: Problem, more: Readonly<Record<string, string>> = {}): Response {
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  if (problem.status === 503 || problem.status === 429) headers.set('retry-after', String(Math.max(1, Math.ceil(problem.retryAfterSeconds ?? 5)))) // RFC 9110 §10.2.3
  // RFC 9110 §11.6.1: a 401 says how one signs in. Browsers show no box of their own for this scheme.
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer realm="vouchsafe"')
  for (const [name, value] of Object.entries(more)) headers.set(name, value)
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}
