import type { Client, SetCookie } from '#core/module'

export const SESSION_COOKIE = 'session'
/** Of a sign-in, an enrolment or a reset under way. */
export const CEREMONY_COOKIE = 'sign-in'

/** The value of a cookie of ours. Only under the prefix: without it, a neighbouring host could have set it (RFC 6265bis §4.1.3.2). */
export function cookieOf({ cookies }: Client, name: string): string | undefined {
  const value = cookies[`__Host-${name}`]
  // What we give out is 43 characters; anything else is not ours and reaches no query.
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined
}

export const sessionCookie = (value: string, hours: number): SetCookie => ({ name: SESSION_COOKIE, value, maxAgeSeconds: hours * 3600, sameSite: 'Lax' })

/** Strict: nothing but our own page goes on with a sign-in, so that nobody is signed in to somebody else's account by a link. */
export const ceremonyCookie = (value: string, minutes: number): SetCookie => ({ name: CEREMONY_COOKIE, value, maxAgeSeconds: minutes * 60, sameSite: 'Strict' })

export const removed = (name: string): SetCookie => ({ name, value: '', maxAgeSeconds: 0 })
