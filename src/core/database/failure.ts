import { VouchsafeError, messageOf } from '#core/errors'

/** SQLSTATE codes (PostgreSQL manual, appendix A) and socket errors that mean: the server is not there, or not yet. */
const gone = new Set(['57P01', '57P02', '57P03', '53300', 'ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'])

/** Serialization failure and deadlock: the transaction did nothing and may simply be tried again. */
const tryAgain = new Set(['40001', '40P01'])

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** Whether the failure means that the server is away. A connection that ends under pg carries no code, only a message. */
export function isGone(error: unknown): boolean {
  const code = codeOf(error)
  return gone.has(code) || code.startsWith('08') || /Connection terminated|timeout exceeded when trying to connect|not queryable/i.test(messageOf(error))
}

export function mayBeTriedAgain(error: unknown): boolean {
  return tryAgain.has(codeOf(error))
}

/**
 * Gives the failures of the server itself our own error, which says what to do; leaves every other error as it is
 * (a unique violation means something only to the room whose table it is).
 */
export function databaseFailure(error: unknown): unknown {
  if (error instanceof VouchsafeError) return error
  const code = codeOf(error)
  if (isGone(error)) {
    return new VouchsafeError('unavailable', 'The database does not answer.', {
      mend: 'Nothing was changed. It is tried again by itself; if this lasts, `vouchsafe doctor` says why.',
      cause: error,
    })
  }
  if (code === '53100' || code === 'ENOSPC' || (code.startsWith('58') && /No space left/i.test(messageOf(error)))) {
    return new VouchsafeError('unavailable', 'The disk of the database is full.', {
      mend: 'Nothing was changed. Make room on the disk; the database goes on by itself.',
      cause: error,
    })
  }
  if (code === '57014') return new VouchsafeError('unavailable', 'The database took longer than the time limit.', { mend: 'Nothing was changed. Try again with less at once.', cause: error })
  if (code === '55P03') return new VouchsafeError('conflict', 'Somebody else is changing the same thing.', { mend: 'Nothing was changed. Try again.', cause: error })
  if (tryAgain.has(code)) return new VouchsafeError('conflict', 'Others kept changing the same thing at the same time.', { mend: 'Nothing was changed. Try again.', cause: error })
  return error
}
