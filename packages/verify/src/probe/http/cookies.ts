import { fails, holds, listed, quoted, unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import { frontPage } from './page.ts'
import { headerLines } from './request.ts'

/** What a Set-Cookie line says of a cookie, without its value, which may be a secret. */
export interface Cookie {
  name: string
  secure: boolean
  httpOnly: boolean
  sameSite: 'strict' | 'lax' | 'none' | undefined
  domain: string | undefined
  path: string | undefined
}

/** RFC 6265 §5.2 and its revision (rfc6265bis §5.6): of an attribute given twice the last counts. */
export function parseSetCookie(line: string): Cookie | undefined {
  const [pair = '', ...attributes] = line.split(';')
  const at = pair.indexOf('=')
  const name = (at < 0 ? '' : pair.slice(0, at)).trim()
  // A line without a name sets a nameless cookie, unless it has no value either.
  if (name === '' && pair.trim() === '') return undefined
  const cookie: Cookie = { name, secure: false, httpOnly: false, sameSite: undefined, domain: undefined, path: undefined }
  for (const attribute of attributes) {
    const equals = attribute.indexOf('=')
    const key = (equals < 0 ? attribute : attribute.slice(0, equals)).trim().toLowerCase()
    const value = equals < 0 ? '' : attribute.slice(equals + 1).trim()
    if (key === 'secure') cookie.secure = true
    else if (key === 'httponly') cookie.httpOnly = true
    else if (key === 'domain') cookie.domain = value === '' ? undefined : value.toLowerCase()
    else if (key === 'path') cookie.path = value.startsWith('/') ? value : undefined
    else if (key === 'samesite') {
      const mode = value.toLowerCase()
      cookie.sameSite = mode === 'strict' || mode === 'lax' || mode === 'none' ? mode : undefined
    }
  }
  return cookie
}

/** What is wrong with a cookie that came over https; empty when nothing is. */
export function cookieFaults(cookie: Cookie): string[] {
  const faults: string[] = []
  const prefix = cookie.name.toLowerCase()
  if (!cookie.secure) faults.push('is not Secure')
  if (holdsSession(cookie.name) && !cookie.httpOnly) faults.push('is not HttpOnly')
  // rfc6265bis §4.1.3: browsers refuse a cookie that breaks the promise of its prefix.
  if (prefix.startsWith('__host-') && (!cookie.secure || cookie.path !== '/' || cookie.domain !== undefined)) faults.push('breaks the rules of __Host-')
  if (prefix.startsWith('__secure-') && !cookie.secure) faults.push('breaks the rules of __Secure-')
  if (cookie.sameSite === 'none' && holdsSession(cookie.name)) faults.push('is sent along from other sites (SameSite=None)')
  return faults
}

/** Names of session and sign-in cookies; a token against forgery must be readable by scripts and is left out. */
function holdsSession(name: string): boolean {
  return /sess|sid$|^sid|auth|token|jwt|login|remember|^__host-|^__secure-/i.test(name) && !/csrf|xsrf/i.test(name)
}

export async function checkCookies(visit: Visit): Promise<Finding> {
  const front = await frontPage(visit)
  const last = front.answers[front.answers.length - 1]!
  const cookies = front.answers.flatMap((answer) => headerLines(answer, 'set-cookie')).slice(0, 50).flatMap((line) => parseSetCookie(line) ?? [])
  const judged = cookies.map((cookie) => ({ cookie, faults: cookieFaults(cookie) }))
  const observation = {
    pages: front.answers.length,
    cookies: judged.map(({ cookie, faults }) => ({
      name: quoted(cookie.name, 80),
      secure: cookie.secure,
      httpOnly: cookie.httpOnly,
      sameSite: cookie.sameSite ?? null,
      faults,
    })),
  }
  const bad = judged.find(({ faults }) => faults.length > 0)
  if (bad !== undefined) return fails(`the cookie ${quoted(bad.cookie.name, 80)} ${listed(bad.faults)}; set its attributes`, observation)
  if (cookies.length === 0 && last.status >= 500) return unknown(`the site answers with an error (${last.status}); mend the site first`, observation)
  if (cookies.length === 0) return holds('the front page sets no cookies', observation)
  return holds(`${cookies.length} cookie${cookies.length === 1 ? '' : 's'} set, each with the attributes it needs`, observation)
}
