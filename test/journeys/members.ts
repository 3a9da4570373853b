import { Secret, TOTP } from 'otpauth'
import type { Clock } from '#core/clock'
import type { Installation } from '../../src/installation.ts'
import type { Answer, Call, RunningHere } from './installation.ts'

/** Where people of a test sign in: an installation in this process, or one in a process of its own. */
export type Reached = Pick<RunningHere, 'port' | 'public'> & { installation: Pick<Installation, 'url' | 'setUpCode'> }

/** Somebody who has signed in, as their browser would be: with cookies, and with what a page of ours sends along. */
export interface Member {
  id: string
  email: string
  /** Ten, each good once. */
  recoveryCodes: readonly string[]
  /** As them. */
  call(path: string, given?: Call): Promise<Answer>
  /** With the cookie alone, as a page of another site would have it sent. */
  bare(path: string, given?: Call): Promise<Answer>
  /** The cookie alone, for a connection that stays open. */
  cookie(): string
  /** The same cookie, shown to another installation. */
  at(other: Reached, path: string, given?: Call): Promise<Answer>
  /** With an API token of theirs instead, shown to their installation or to another. */
  token(scopes: readonly string[], at?: Reached): Promise<(path: string, given?: Call) => Promise<Answer>>
}

/** Everybody's. */
export const PASSWORD = 'harbour lantern quiet orange'

/** What a browser keeps of an answer, beside what it had. */
export const cookiesOf = (answer: Answer, before = ''): string => {
  const jar = new Map(before.split('; ').filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf('=')), pair] as const))
  for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
    const pair = line.split(';')[0] ?? ''
    const name = pair.slice(0, pair.indexOf('='))
    if (pair.endsWith('=')) jar.delete(name)
    else jar.set(name, pair)
  }
  return [...jar.values()].join('; ')
}

/** @throws when it was refused */
export const must = (answer: Answer, what: string): Answer => {
  if (answer.status >= 300) throw new Error(`${what}: ${answer.status} ${answer.text}`)
  return answer
}

/** Goes from a set-up code or an invitation to a session, by password and codes of an authenticator app. */
async function enrol(here: Reached, clock: Clock, begin: { path: string; body: object }, email: string): Promise<Member> {
  const origin = here.installation.url
  const ours = { origin, 'sec-fetch-site': 'same-origin', host: `localhost:${here.port}` }
  let jar = ''
  const step = async (path: string, body: object): Promise<Answer> => {
    const answer = must(await here.public(path, { method: 'POST', body, headers: { ...ours, cookie: jar } }), path)
    jar = cookiesOf(answer, jar)
    return answer
  }
  await step(begin.path, begin.body)
  await step('/api/v1/enrolment/password', { password: PASSWORD })
  const { secret } = (await step('/api/v1/enrolment/totp/options', {})).json<{ secret: string }>()
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.now().getTime() })
  const { recoveryCodes } = (await step('/api/v1/enrolment/totp', { code })).json<{ recoveryCodes: string[] }>()
  const bare = (path: string, given: Call = {}): Promise<Answer> => here.public(path, { ...given, headers: { host: ours.host, cookie: jar, ...given.headers } })
  const session = must(await bare('/api/v1/session'), 'session').json<{ csrf: string; person: { id: string } }>()
  const call = (path: string, given: Call = {}): Promise<Answer> => bare(path, { ...given, headers: { ...ours, 'vouchsafe-csrf': session.csrf, ...given.headers } })
  return {
    id: session.person.id,
    email,
    recoveryCodes,
    call,
    bare,
    cookie: () => jar,
    at: (other, path, given = {}) => other.public(path, { ...given, headers: { origin: `http://localhost:${other.port}`, 'sec-fetch-site': 'same-origin', host: `localhost:${other.port}`, cookie: jar, 'vouchsafe-csrf': session.csrf, ...given.headers } }),
    async token(scopes, at = here) {
      const expiresAt = new Date(clock.now().getTime() + 86_400_000).toISOString()
      const { token } = must(await call('/api/v1/tokens', { method: 'POST', body: { name: 'test', scopes, expiresAt } }), 'token').json<{ token: string }>()
      return (path, given = {}) => at.public(path, { ...given, headers: { authorization: `Bearer ${token}`, ...given.headers } })
    },
  }
}

/** The first owner, by the set-up code that the start prints. */
export const becomeOwner = (here: Reached, clock: Clock): Promise<Member> => enrol(here, clock, { path: '/api/v1/set-up', body: { code: here.installation.setUpCode, displayName: 'Olive Owner', email: 'olive@example.org' } }, 'olive@example.org')

/** Somebody invited, who comes by the link that they were given. */
export const accept = (here: Reached, clock: Clock, link: string, email: string): Promise<Member> => enrol(here, clock, { path: '/api/v1/invitation', body: { token: tokenIn(link) } }, email)

/** The secret of a link: what stands after its #. */
export const tokenIn = (link: string): string => /#([\w-]{20,})$/.exec(link)?.[1] ?? ''

/** Somebody invited by the owner, who has come and holds these roles. */
export async function invite(here: Reached, clock: Clock, owner: Member, displayName: string, ...roles: string[]): Promise<Member> {
  const email = `${displayName.toLowerCase().replaceAll(' ', '.')}@example.org`
  const { link } = must(await owner.call('/api/v1/invitations', { method: 'POST', body: { displayName, email } }), 'invitation').json<{ link: string }>()
  const member = await accept(here, clock, link, email)
  for (const role of roles) must(await owner.call('/api/v1/assignments', { method: 'POST', body: { role, person: member.id, reason: 'test' } }), `role ${role}`)
  return member
}
