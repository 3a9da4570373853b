import { VouchsafeError, type ErrorCode } from '#core/errors'

/** Kinds of error that RFC 7644 §3.12, table 9, names. */
export type ScimType = 'invalidFilter' | 'tooMany' | 'uniqueness' | 'mutability' | 'invalidSyntax' | 'invalidPath' | 'noTarget' | 'invalidValue'

/** A failure in SCIM's own words; the HTTP status follows from the code, as everywhere. */
export class ScimRefusal extends VouchsafeError {
  readonly scimType: ScimType
  constructor(scimType: ScimType, message: string, options: { code?: ErrorCode; cause?: unknown } = {}) {
    super(options.code ?? (scimType === 'uniqueness' ? 'conflict' : 'bad-input'), message, options.cause === undefined ? {} : { cause: options.cause })
    this.scimType = scimType
  }
}

/** A word of the request as a message may repeat it: cut, and without anything that breaks a line. */
export const quoted = (word: string): string => JSON.stringify(word.length > 60 ? `${word.slice(0, 60)}…` : word)
