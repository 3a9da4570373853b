/**
 * Every expected failure of the system carries one of these codes. The HTTP status and the exit code are
 * chosen only at the edge (surfaces/http/problem.ts, surfaces/cli/exit.ts), never where the failure arises.
 */
export type ErrorCode =
  | 'bad-input' // what came in cannot be read or breaks a rule; the message says what to mend
  | 'too-large'
  | 'unsupported' // a form we know of and do not take
  | 'not-found'
  | 'not-allowed'
  | 'not-signed-in' // nobody is known here, or what was shown is dead
  | 'step-up-needed' // a dangerous act: the second factor must be shown again first
  | 'conflict' // the thing has changed, or exists already
  | 'precondition-failed' // an ETag did not match
  | 'rate-limited'
  | 'unreachable' // something outside did not answer, or an address we do not call
  | 'unavailable' // something of ours is down: database, disk, key
  | 'refused' // a safety rule of our own: rollback found, folder in use, wrong major version
  | 'corrupt' // stored bytes are not what was written
  | 'internal' // a defect of ours

export interface FieldError {
  /** JSON Pointer (RFC 6901) into the input, or '' for the whole. */
  pointer: string
  message: string
}

/** The one error type that crosses rooms. `message` says what failed; `mend` says what to do about it. */
export class VouchsafeError extends Error {
  readonly code: ErrorCode
  readonly mend: string | undefined
  readonly fields: readonly FieldError[]
  /** With `precondition-failed`: the record as it is now, cut to what the asker may read, so that both versions can be shown. */
  readonly current: unknown
  /** With `rate-limited` and `unavailable`: seconds after which it is worth asking again. */
  readonly retryAfterSeconds: number | undefined
  constructor(code: ErrorCode, message: string, options: { mend?: string; fields?: readonly FieldError[]; current?: unknown; retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'VouchsafeError'
    this.code = code
    this.mend = options.mend
    this.fields = options.fields ?? []
    this.current = options.current
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

export function isVouchsafeError(error: unknown, code?: ErrorCode): error is VouchsafeError {
  return error instanceof VouchsafeError && (code === undefined || error.code === code)
}

/** The message of anything thrown, for a log line or a cause chain shown to an operator. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
