/** One member of what was sent that cannot be taken. */
export interface FieldProblem {
  /** JSON Pointer into the body (RFC 6901): `/email`. */
  pointer: string
  message: string
}

/** What the server says when something cannot be done (RFC 9457), or what we say when it says nothing. */
export class Problem extends Error {
  readonly status: number
  /** The last part of the type: `not-allowed`, `precondition-failed`. */
  readonly code: string
  readonly mend: string | undefined
  readonly fields: readonly FieldProblem[]
  /** With `precondition-failed`: the record as it is now. */
  readonly current: Readonly<Record<string, unknown>> | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(given: { status: number; code: string; message: string; mend?: string; fields?: readonly FieldProblem[]; current?: Readonly<Record<string, unknown>>; retryAfterSeconds?: number }) {
    super(given.message)
    this.name = 'Problem'
    this.status = given.status
    this.code = given.code
    this.mend = given.mend
    this.fields = given.fields ?? []
    this.current = given.current
    this.retryAfterSeconds = given.retryAfterSeconds
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** Reads the body of a failed answer. A proxy between us may answer in its own way, so nothing of it is taken for granted. */
export function readProblem(status: number, body: unknown, retryAfter: string | null): Problem {
  const given = isRecord(body) ? body : {}
  const errors = Array.isArray(given['errors']) ? given['errors'].filter(isRecord) : []
  const mend = text(given['mend'])
  const current = given['current']
  const seconds = retryAfter === null || !/^\d{1,6}$/.test(retryAfter) ? undefined : Number(retryAfter)
  return new Problem({
    status,
    code: text(given['type'])?.split(':').at(-1) ?? 'unknown',
    message: text(given['detail']) ?? `The server answered with ${status} and gave no reason.`,
    ...(mend === undefined ? {} : { mend }),
    ...(isRecord(current) ? { current } : {}),
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
    fields: errors.flatMap((error) => {
      const pointer = text(error['pointer'])
      const message = text(error['message'])
      return pointer === undefined || message === undefined ? [] : [{ pointer, message }]
    }),
  })
}

/** Whatever was thrown, as something that can be shown. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  if (thrown instanceof DOMException && thrown.name === 'NotAllowedError') return new Problem({ status: 0, code: 'cancelled', message: 'The passkey was not used: it was cancelled, or took too long.', mend: 'Try again, or choose another way.' })
  if (thrown instanceof TypeError) return new Problem({ status: 0, code: 'unreachable', message: 'The server cannot be reached.', mend: 'Check the connection. What you filled in is still here; try again.' })
  return new Problem({ status: 0, code: 'unknown', message: thrown instanceof Error ? thrown.message : 'Something went wrong in this page.', mend: 'Reload the page if it stays.' })
}
