import { databaseFailure } from '#core/database'
import { isVouchsafeError, type ErrorCode } from '#core/errors'
import { ScimRefusal, type ScimType } from '#modules/provisioning'

/** An answer that is no success, where the protocol itself asks for it. */
export class Declined extends Error {
  readonly status: 403 | 404 | 405 | 415 | 501
  readonly allow: string | undefined
  constructor(status: 403 | 404 | 405 | 415 | 501, detail: string, allow?: string) {
    super(detail)
    this.status = status
    this.allow = allow
  }
}

/** RFC 7644 §3.12. */
export interface ScimError {
  readonly status: number
  readonly scimType?: ScimType
  readonly detail: string
  readonly retryAfterSeconds?: number
  readonly allow?: string
}

const STATUS: Record<ErrorCode, number> = {
  'bad-input': 400,
  'too-large': 413,
  unsupported: 501,
  'not-found': 404,
  'not-allowed': 403,
  'not-signed-in': 401,
  'step-up-needed': 403,
  conflict: 409,
  'precondition-failed': 412,
  'rate-limited': 429,
  unreachable: 502,
  unavailable: 503,
  refused: 409,
  corrupt: 500,
  internal: 500,
}

/** Members of people and groups that must be one of a kind. */
const UNIQUE = new Set(['/email', '/externalId', '/name', '/displayName'])

/** What is not ours to expect tells nothing of itself. */
export function scimErrorOf(thrown: unknown): ScimError {
  if (thrown instanceof Declined) return { status: thrown.status, detail: thrown.message, ...(thrown.allow === undefined ? {} : { allow: thrown.allow }) }
  const error = databaseFailure(thrown)
  if (!isVouchsafeError(error)) return { status: 500, detail: 'Something went wrong here; it has been written to the log.' }
  const status = STATUS[error.code]
  const scimType = scimTypeOf(error)
  return {
    status,
    detail: error.mend === undefined ? error.message : `${error.message} ${error.mend}`,
    ...(scimType === undefined ? {} : { scimType }),
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  }
}

function scimTypeOf(error: { code: ErrorCode; fields: readonly { pointer: string }[] }): ScimType | undefined {
  if (error instanceof ScimRefusal) return error.scimType
  if (error.code === 'bad-input') return 'invalidValue'
  return error.code === 'conflict' && error.fields.some(({ pointer }) => UNIQUE.has(pointer)) ? 'uniqueness' : undefined
}

export function errorResponse({ status, scimType, detail, retryAfterSeconds, allow }: ScimError): Response {
  const headers = new Headers({ 'content-type': 'application/scim+json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  if (status === 429 || status === 503) headers.set('retry-after', String(Math.max(1, Math.ceil(retryAfterSeconds ?? 5)))) // RFC 9110 §10.2.3
  if (status === 401) headers.set('www-authenticate', 'Bearer realm="scim"') // RFC 6750 §3
  if (allow !== undefined) headers.set('allow', allow)
  return new Response(JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), ...(scimType === undefined ? {} : { scimType }), detail }), { status, headers })
}
