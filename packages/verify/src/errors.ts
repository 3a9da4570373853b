/** What the verifier throws for anything it was given and will not accept. `code` is a closed union. */
export type VerifyErrorCode =
  | 'malformed' // not the format it says it is
  | 'not-canonical' // the right content in bytes that are not the one accepted form
  | 'bad-signature'
  | 'bad-proof'
  | 'untrusted' // a key, witness or origin that the policy does not name
  | 'inconsistent' // two views of one log that cannot both be true: a fork or a rollback
  | 'unreachable'
  | 'too-large'

export class VerifyError extends Error {
  readonly code: VerifyErrorCode
  constructor(code: VerifyErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'VerifyError'
    this.code = code
  }
}
