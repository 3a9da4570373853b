import type { VerifyError, VerifyErrorCode } from '@vouchsafe/verify'
import type { ProbeError } from '@vouchsafe/verify/probe'
import { isVouchsafeError, type ErrorCode } from '#core/errors'
import type { ExitCode } from './command.ts'

/** 1: looked, and something stands against it. 2: whoever called has to change something. 3: could not be told. */
const EXIT: Record<ErrorCode, ExitCode> = {
  'bad-input': 2,
  'too-large': 2,
  unsupported: 2,
  'not-found': 2,
  'not-allowed': 2,
  'not-signed-in': 2,
  'step-up-needed': 2,
  conflict: 1,
  'precondition-failed': 1,
  refused: 1,
  corrupt: 1,
  'rate-limited': 3,
  unreachable: 3,
  unavailable: 3,
  internal: 3,
}

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(EXIT, code)

/** The verifier throws errors of its own, since it may not import ours. */
const EXIT_OF_VERIFIER: Record<VerifyErrorCode, ExitCode> = {
  malformed: 2,
  'not-canonical': 2,
  'too-large': 2,
  'bad-signature': 1,
  'bad-proof': 1,
  untrusted: 1,
  inconsistent: 1,
  unreachable: 3,
}

/** The exit code of a command that failed. Chosen here and nowhere else; what is not ours to expect could not be told. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isVouchsafeError(error)) return EXIT[error.code]
  if (isVerifyError(error)) return EXIT_OF_VERIFIER[error.code]
  return isProbeError(error) && error.code === 'bad-target' ? 2 : 3
}

/** What to do about it, where the error knows. */
export const mendOf = (error: unknown): string | undefined => (isVouchsafeError(error) || isProbeError(error) ? error.mend : undefined)

// By their names: most commands need neither program, and would load both for their errors alone.
const isVerifyError = (error: unknown): error is VerifyError => error instanceof Error && error.name === 'VerifyError'
const isProbeError = (error: unknown): error is ProbeError => error instanceof Error && error.name === 'ProbeError'
