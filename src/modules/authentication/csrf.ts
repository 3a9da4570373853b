import { hmacOf, isSame } from './secret.ts'

export interface CsrfHeaders {
  origin?: string
  secFetchSite?: string
  /** The header `vouchsafe-csrf`. */
  token?: string
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The text that GET /session gives, bound to one session. It outlives a step-up, so that what was interrupted can go on. */
export function csrfToken(key: Uint8Array, sessionId: string): string {
  return hmacOf(key, `vouchsafe/csrf/v1|${sessionId}`).toString('base64url')
}

/**
 * Whether a request by cookie was really made by our own pages: where the browser says where it comes from, that must be us,
 * and the token must be the session's. Requests that only read pass.
 * @returns why not, or undefined
 */
export function csrfRefusal(method: string, ownOrigin: string, headers: CsrfHeaders, expected: string): string | undefined {
  if (SAFE.has(method)) return undefined
  if (headers.secFetchSite !== undefined && headers.secFetchSite !== 'same-origin') return 'The request comes from another site.'
  if (headers.origin !== undefined && headers.origin !== ownOrigin) return 'The request comes from another origin.'
  // Browsers send one of the two with every unsafe request of a page; what sends neither is no page of ours.
  if (headers.origin === undefined && headers.secFetchSite === undefined) return 'The request does not say where it comes from.'
  if (headers.token === undefined || !isSame(Buffer.from(headers.token), Buffer.from(expected))) return 'The header vouchsafe-csrf is missing or not that of this session.'
  return undefined
}
