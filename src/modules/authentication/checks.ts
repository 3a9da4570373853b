import { randomUUID } from 'node:crypto'
import { fails, holds, looksAt, selfCheck, unknown, type Check, type SelfCheckTerms, type Sight } from '#core/check'
import type { People } from '#modules/identity'
import { newApiToken } from './api-token.ts'
import { endOf } from './signing-in.ts'
import { isSlowHash } from './password-hash.ts'
import { digestOf, randomSecret } from './secret.ts'
import type { AuthenticationStore } from './store.ts'

export interface AuthenticationCheckParts {
  store: AuthenticationStore
  people: People
  /** Address of our own listener; empty until it is open. */
  localUrl(): string
}

const HOUR = 3600
const DAY = 24 * HOUR

/** Checks of how people sign in to this installation. What can be tried is tried, over our own listener, as a stranger would. */
export function authenticationChecks({ store, people, localUrl }: AuthenticationCheckParts): readonly Check[] {
  return [
    check(
      {
        noun: 'password-hashes',
        title: 'Passwords are kept as salted, slow hashes',
        controls: ['password-hashing'],
        method: 'Looks at the algorithm, the parameters and the salt of every stored password hash: argon2id with at least 19 MiB and two passes, a salt of at least 16 bytes, and 32 bytes of result.',
        cadenceSeconds: DAY,
      },
      'stored passwords',
      async () => {
        const kinds = await store.hashKinds()
        const seen = kinds.map(({ kind, count }) => ({ kind, count }))
        // A hash of the same form, so that kind and lengths are judged by what judges real ones.
        const weak = kinds.filter(({ kind, saltLetters, hashLetters }) => !isSlowHash(`${kind}$${'A'.repeat(saltLetters)}$${'A'.repeat(hashLetters)}`))
        if (weak.length > 0) return fails(`${sum(weak)} stored passwords are not hashed with argon2id at today's cost; they are renewed when their owners sign in`, seen)
        return holds(kinds.length === 0 ? 'no password is stored' : `${sum(kinds)} stored passwords, all argon2id`, seen)
      },
    ),
    check(
      {
        noun: 'second-factor',
        title: 'Everybody signs in with a second factor',
        controls: ['workforce-mfa', 'customer-mfa'],
        method: 'Looks whether the setting requires a second factor, whether anybody active has a password and nothing beside it, and whether a session was begun by a password alone.',
        cadenceSeconds: HOUR,
      },
      'people and sessions',
      async (at) => {
        const { settings } = await store.securitySettings()
        if (!settings.requireSecondFactor) return fails('the security settings do not require a second factor')
        const active = (await people.findAll(await store.withPasswordAlone())).filter(({ state }) => state === 'active').length
        const sessions = await store.sessionsByPasswordAlone(at)
        if (active > 0 || sessions > 0) return fails(`${active} people have a password and no second factor, ${sessions} sessions were begun by a password alone`, { people: active, sessions })
        return holds('required, and nobody active is without one', { people: 0, sessions: 0 })
      },
    ),
    check(
      {
        noun: 'half-signed-in',
        title: 'A password without the second factor opens nothing',
        controls: ['workforce-mfa', 'customer-mfa', 'customer-sign-in'],
        method: 'Puts a sign-in of nobody where a right password would have brought it, then tries over our own listener what an attacker would: a made-up code, and reading the session with the cookie of the sign-in. Both must be refused, and no session cookie given.',
        cadenceSeconds: HOUR,
      },
      'sign-in',
      async (at, signal) => {
        const secret = randomSecret()
        const id = digestOf(secret).toString('hex')
        const state = { kind: 'sign-in', shown: ['password'] } as const
        await store.openCeremony(id, { ...state, shown: ['password'] }, { personId: randomUUID(), expiresAt: endOf({ ...state, shown: ['password'] }, at) })
        try {
          const code = await ask(localUrl(), '/api/v1/sign-in/totp', { method: 'POST', cookie: `__Host-sign-in=${secret}`, body: { code: '000000' }, signal })
          const session = await ask(localUrl(), '/api/v1/session', { cookie: `__Host-sign-in=${secret}; __Host-session=${secret}`, signal })
          const seen = { code: code.status, session: session.status }
          if (code.cookies.some((cookie) => cookie.startsWith('__Host-session=')) || code.status < 400) return fails('a made-up code was taken', seen)
          if (session.status !== 401) return fails(`the cookie of a sign-in was answered ${session.status} for a session`, seen)
          return code.status === 403 ? holds('a made-up code was refused, and the sign-in opened no session', seen) : unknown(`the made-up code was answered ${code.status}`, seen)
        } finally {
          await store.dropCeremony(id)
        }
      },
    ),
    check(
      {
        noun: 'cookies',
        title: 'Cookies of sign-in are out of reach of scripts and other sites',
        controls: ['customer-sign-in', 'secure-defaults'],
        method: 'Begins a sign-in over our own listener and looks at the cookie: __Host- prefix, Secure, HttpOnly, Path=/, no Domain, SameSite. A made-up session cookie must be answered 401, and change nothing.',
        cadenceSeconds: DAY,
      },
      'cookies',
      async (_at, signal) => {
        const begun = await ask(localUrl(), '/api/v1/sign-in/passkey/options', { method: 'POST', body: {}, signal })
        const [cookie] = begun.cookies
        if (begun.status !== 200 || cookie === undefined) return unknown(`a sign-in was answered ${begun.status}`)
        const attributes = cookie.split(';').slice(1).map((part) => part.trim().toLowerCase())
        const missing = ['secure', 'httponly', 'path=/'].filter((attribute) => !attributes.includes(attribute))
        if (!cookie.startsWith('__Host-')) missing.push('the __Host- prefix')
        if (!attributes.some((attribute) => attribute === 'samesite=strict' || attribute === 'samesite=lax')) missing.push('samesite')
        if (attributes.some((attribute) => attribute.startsWith('domain'))) missing.push('being for this host alone')
        if (missing.length > 0) return fails(`a cookie lacks ${missing.join(', ')}`, { attributes })
        const made = await ask(localUrl(), '/api/v1/session', { cookie: `__Host-session=${randomSecret()}`, signal })
        if (made.status !== 401) return fails(`a made-up session was answered ${made.status}`, { status: made.status })
        return holds('every attribute is there, and a made-up session is refused', { attributes })
      },
    ),
    check(
      {
        noun: 'tokens',
        title: 'Every API token expires, and made-up ones are refused',
        controls: ['customer-api-tokens'],
        method: 'Looks at the longest life of any token, and shows our own listener a token that has the right form and was never given out.',
        cadenceSeconds: DAY,
      },
      'tokens',
      async (_at, signal) => {
        const { count, longestDays } = await store.tokenLives()
        // A year is the most that any setting allows; a shorter limit holds for tokens made after it.
        if (longestDays > 366) return fails(`a token lives for ${longestDays} days`, { count, longestDays })
        const { status } = await ask(localUrl(), '/api/v1/session', { authorization: `Bearer ${newApiToken()}`, signal })
        if (status !== 401) return fails(`a made-up token was answered ${status}`, { status })
        return holds(count === 0 ? 'no token was given out' : `${count} tokens, the longest for ${longestDays} days`, { count, longestDays })
      },
    ),
    check(
      {
        noun: 'audited',
        title: 'Signing in is written down',
        controls: ['access-logged', 'customer-audit-log'],
        method: 'Tries to sign in over our own listener, as nobody with a made-up password, and looks whether the audit trail tells of the refusal.',
        cadenceSeconds: DAY,
      },
      'audit trail',
      async (at, signal) => {
        const { status } = await ask(localUrl(), '/api/v1/sign-in/password', { method: 'POST', body: { email: `nobody-${randomUUID()}@invalid.example`, password: randomSecret() }, signal })
        if (status === 429 || status >= 500) return unknown(`the attempt was answered ${status}`, { status })
        if (status < 400) return fails(`an account that is not there was answered ${status}`, { status })
        return (await store.auditedRefusal(at)) ? holds('a refused sign-in was in the audit trail at once', { status }) : fails('a refused sign-in left no trace in the audit trail', { status })
      },
    ),
  ]
}

const sum = (kinds: readonly { count: number }[]): number => kinds.reduce((total, { count }) => total + count, 0)

const check = (terms: Omit<SelfCheckTerms, 'revision'>, target: string, look: (at: Date, signal: AbortSignal) => Promise<Sight>): Check => selfCheck('authentication', { revision: 1, ...terms }, looksAt({ [target]: look }))

/** Asks our own listener on loopback, and nobody else. */
async function ask(localUrl: string, path: string, { method = 'GET', cookie, authorization, body, signal }: { method?: string; cookie?: string; authorization?: string; body?: unknown; signal: AbortSignal }): Promise<{ status: number; cookies: string[] }> {
  if (localUrl === '') throw new Error('the listener is not open yet')
  const answer = await fetch(new URL(path, localUrl), {
    method,
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
    headers: { 'user-agent': 'vouchsafe self check', ...(cookie === undefined ? {} : { cookie }), ...(authorization === undefined ? {} : { authorization }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  await answer.arrayBuffer()
  return { status: answer.status, cookies: answer.headers.getSetCookie() }
}
