import { TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Authenticator } from '../../src/modules/authentication/authenticator.fixture.ts'
import { makePlace, openHere, type Answer, type Place, type RunningHere } from './installation.ts'

const PASSWORD = 'five quiet herons wait'

/** Somebody at a browser, over real HTTP: cookies as they are set, the headers that a browser adds by itself, the text against forgery. */
class Visitor {
  readonly cookies = new Map<string, string>()
  csrf: string | undefined
  last: Answer | undefined
  readonly #here: RunningHere
  constructor(here: RunningHere) {
    this.#here = here
  }

  get origin(): string {
    return `http://localhost:${this.#here.port}`
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await this.#here.public(`/api/v1${path}`, {
      method,
      headers: {
        host: `localhost:${this.#here.port}`,
        ...(this.cookies.size === 0 ? {} : { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...(method === 'GET' ? {} : { origin: this.origin, 'sec-fetch-site': 'same-origin' }),
        ...(this.csrf === undefined ? {} : { 'vouchsafe-csrf': this.csrf }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    })
    this.last = answer
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return answer
  }

  async ok<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.send(method, path, body)
    expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300)
    return answer.text === '' ? (undefined as T) : answer.json<T>()
  }

  async session(): Promise<{ person: { id: string }; csrf: string }> {
    const session = await this.ok<{ person: { id: string }; csrf: string }>('GET', '/session')
    this.csrf = session.csrf
    return session
  }
}

describe('signing in over HTTP', { timeout: 120_000 }, () => {
  let place: Place
  let here: RunningHere
  let ada: Visitor
  let bo: { visitor: Visitor; id: string; secret: string; email: string }
  const authenticator = new Authenticator()
  const bent = () => ({ origin: `http://localhost:${here.port}` })
  const code = (secret: string, ahead = 0): string => new TOTP({ secret }).generate({ timestamp: Date.now() + ahead * 30_000 })

  beforeAll(async () => {
    place = await makePlace('sign-in')
    here = await openHere(place)
    ada = new Visitor(here)
    await ada.ok('POST', '/set-up', { code: here.installation.setUpCode, displayName: 'Ada Example', email: 'ada@harbour.example' })
    await ada.ok('POST', '/enrolment/passkey', { response: authenticator.create(await ada.ok('POST', '/enrolment/passkey/options', {}), bent()) })
    await ada.session()
  }, 120_000)
  afterAll(async () => {
    await here?.installation.stop()
    place?.remove()
  })

  it('sets cookies that are for this host, out of reach of scripts, and not sent along by other sites', async () => {
    const visitor = new Visitor(here)
    await visitor.ok('POST', '/sign-in/passkey', { response: authenticator.get(await visitor.ok('POST', '/sign-in/passkey/options', {}), bent()) })
    const lines = [visitor.last?.headers['set-cookie'] ?? []].flat()
    const session = lines.find((line) => line.startsWith('__Host-session='))?.toLowerCase() ?? ''
    for (const attribute of ['; secure', '; httponly', '; path=/', '; samesite=lax', '; max-age=86400']) expect(session).toContain(attribute)
    expect(session).not.toContain('domain')
    expect(visitor.last?.headers['cache-control']).toBe('no-store')
  })

  it('invites somebody, who begins with a password and an app', async () => {
    const answer = await ada.send('POST', '/invitations', { displayName: 'Bo Example', email: 'bo@harbour.example' })
    const link = /#([A-Za-z0-9_-]+)/.exec(answer.text)?.[1]
    expect(link, answer.text).toBeDefined()
    const visitor = new Visitor(here)
    await visitor.ok('POST', '/invitation', { token: link })
    expect(await visitor.ok('POST', '/enrolment/password', { password: PASSWORD })).toEqual({ next: 'totp' })
    const { secret } = await visitor.ok<{ secret: string }>('POST', '/enrolment/totp/options', {})
    await visitor.ok('POST', '/enrolment/totp', { code: code(secret, -1) })
    bo = { visitor, secret, email: 'bo@harbour.example', id: (await visitor.session()).person.id }
  })

  it('refuses what another site has a browser send, and what comes without the text of the session', async () => {
    expect((await ada.send('POST', '/sessions/end-others', {}, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await ada.send('POST', '/sessions/end-others', {}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await ada.send('POST', '/sessions/end-others', {}, { 'vouchsafe-csrf': 'nothing of ours' })).status).toBe(403)
    expect((await ada.send('POST', '/sessions/end-others', {})).status).toBe(200)
  })

  it('says 401 to a dead session, and still lets whoever holds it sign in', async () => {
    const visitor = new Visitor(here)
    visitor.cookies.set('__Host-session', 'A'.repeat(43))
    expect((await visitor.send('GET', '/session')).status).toBe(401)
    expect(await visitor.ok('POST', '/sign-in/passkey', { response: authenticator.get(await visitor.ok('POST', '/sign-in/passkey/options', {}), bent()) })).toEqual({ next: 'done' })
    expect((await visitor.send('GET', '/session')).status).toBe(200)
  })

  it('takes a token for what its scopes say, wherever it is good, and 401 for one that is not', async () => {
    const { token, id } = await ada.ok<{ token: string; id: string }>('POST', '/tokens', { name: 'journey', scopes: ['person.read'], expiresAt: new Date(Date.now() + 3_600_000).toISOString() })
    const by = (text: string, path: string, method = 'GET') => here.public(`/api/v1${path}`, { method, headers: { authorization: `Bearer ${text}` }, ...(method === 'GET' ? {} : { body: {} }) })
    expect((await by(token, '/people')).status).toBe(200)
    expect((await by(token, '/security-settings')).status).toBe(403)
    expect((await by(token, '/sessions')).status).toBe(403) // a session's own
    expect((await by(token, '/invitations', 'POST')).status).toBe(403)
    expect((await by(`${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`, '/people')).status).toBe(401)
    await ada.ok('DELETE', `/tokens/${id}`)
    expect((await by(token, '/people')).status).toBe(401)
  })

  it('sends whoever guesses away with 429 and the seconds to wait', async () => {
    const visitor = new Visitor(here)
    let answer: Answer | undefined
    for (let guess = 0; guess < 12; guess++) answer = await visitor.send('POST', '/sign-in/password', { email: 'carol@harbour.example', password: `guess number ${guess}` })
    expect(answer?.status).toBe(429)
    expect(Number(answer?.headers['retry-after'])).toBeGreaterThan(60)
  })

  it('keeps the security settings by their entity tag', async () => {
    const read = await ada.send('GET', '/security-settings')
    expect(read.status, read.text).toBe(200)
    const etag = String(read.headers['etag'])
    expect((await ada.send('PATCH', '/security-settings', { idleMinutes: 45 }, { 'if-match': etag })).status).toBe(200)
    const late = await ada.send('PATCH', '/security-settings', { idleMinutes: 50 }, { 'if-match': etag })
    expect(late.status).toBe(412)
    expect(late.json()).toMatchObject({ current: { idleMinutes: 45 } })
    expect((await ada.send('PATCH', '/security-settings', { networkAllowList: ['198.51.100.0/24'] }, { 'if-match': String((await ada.send('GET', '/security-settings')).headers['etag']) })).status).toBe(409)
  })

  it('the checks of signing in hold here, and see what they should', async () => {
    const ids = ['password-hashes', 'second-factor', 'half-signed-in', 'cookies', 'tokens', 'audited'].map((noun) => `authentication/${noun}`)
    const { out, err } = await here.run('check', ...ids, '--format', 'json')
    const { checks } = JSON.parse(out) as { checks: { id: string; verdict: string; summary: string }[] }
    expect(Object.fromEntries(checks.map(({ id, verdict, summary }) => [id, verdict === 'holds' ? 'holds' : summary])), err).toEqual(Object.fromEntries(ids.map((id) => [id, 'holds'])))
    // Each of those that look at records sees what is wrong once it is.
    const { appPool } = here.installation.organisation.database
    await appPool.query(`update authentication.secret_phrase set hash = regexp_replace(hash, 'm=19456', 'm=4096')`)
    await appPool.query(`delete from authentication.totp where person_id = $1`, [bo.id])
    await appPool.query(`insert into authentication.token select sha256('x'), gen_random_uuid(), $1, 0, 'x', '{}', '{}', now(), 'x', now() + interval '3 years', null`, [bo.id])
    const wrong = JSON.parse((await here.run('check', ...ids, '--format', 'json')).out) as { checks: { id: string; verdict: string }[] }
    expect(wrong.checks.filter(({ verdict }) => verdict === 'fails').map(({ id }) => id).sort()).toEqual(['authentication/password-hashes', 'authentication/second-factor', 'authentication/tokens'])
    await appPool.query(`delete from authentication.token where name = 'x'`)
  })

  it('whoever is deactivated is refused with the next request, and after a restart', async () => {
    expect((await bo.visitor.send('GET', '/session')).status).toBe(200)
    const answer = await ada.send('POST', `/people/${bo.id}/deactivate`, {})
    expect(answer.status, answer.text).toBeLessThan(300)
    expect((await bo.visitor.send('GET', '/session')).status).toBe(401)
    await here.installation.stop()
    here = await openHere(place)
    const again = new Visitor(here)
    for (const [name, value] of bo.visitor.cookies) again.cookies.set(name, value)
    expect((await again.send('GET', '/session')).status).toBe(401)
    const back = new Visitor(here)
    for (const [name, value] of ada.cookies) back.cookies.set(name, value)
    expect((await back.send('GET', '/session')).status).toBe(200)
  })
})
