import { randomBytes } from 'node:crypto'
import { TOTP } from 'otpauth'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { TemporaryServer } from '#core/database'
import { Authenticator, type Bent } from './authenticator.fixture.ts'
import { DEFAULT_SECURITY } from './security-settings.ts'
import { AuthenticationStore, ours } from './store.ts'
import { type Browser, ORIGIN, removeFolders, standForSignIn, startTemporaryServer, type SignInStand } from './sign-in.fixture.ts'

const PASSWORD = 'plenty of quiet herons 9'
const OPERATOR = { kind: 'operator', name: 'test' } as const

let server: TemporaryServer
let stand: SignInStand
beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standForSignIn(server)
})
afterAll(async () => {
  await server.stop()
  removeFolders()
})
// Tests of limits use up attempts; the next one begins in a new hour.
afterEach(() => stand.clock.advance(2 * 3_600_000))

const codeAt = (secret: string, at = stand.clock.now()): string => new TOTP({ secret }).generate({ timestamp: at.getTime() })
const nextCode = (secret: string): string => {
  stand.clock.advance(60_000)
  return codeAt(secret)
}

interface Somebody {
  email: string
  id: string
  secret: string
  recoveryCodes: string[]
  browser: Browser
}
let count = 0

async function invited(client: Partial<Browser['client']> = {}): Promise<{ email: string; browser: Browser }> {
  const email = `person${++count}@harbour.example`
  await stand.change((tx) => stand.invitations.invite(tx, { displayName: `Number ${count}`, email }, OPERATOR))
  const browser = stand.browser(client)
  await browser.call('POST /invitation', { token: /#(?:token=)?(\S+)/.exec(stand.post.sent.at(-1)?.text ?? '')?.[1] ?? '' })
  return { email, browser }
}

async function withPassword(client: Partial<Browser['client']> = {}): Promise<Somebody> {
  const { email, browser } = await invited(client)
  await browser.call('POST /enrolment/password', { password: PASSWORD })
  const { secret } = await browser.call<{ secret: string }>('POST /enrolment/totp/options')
  const { recoveryCodes } = await browser.call<{ recoveryCodes: string[] }>('POST /enrolment/totp', { code: codeAt(secret) })
  const { person } = await browser.session()
  return { email, id: person.id, secret, recoveryCodes, browser }
}

async function withPasskey(): Promise<Omit<Somebody, 'secret'> & { authenticator: Authenticator }> {
  const { email, browser } = await invited()
  const authenticator = new Authenticator()
  const { recoveryCodes } = await browser.call<{ recoveryCodes: string[] }>('POST /enrolment/passkey', { response: authenticator.create(await browser.call('POST /enrolment/passkey/options')) })
  const { person } = await browser.session()
  return { email, id: person.id, recoveryCodes, browser, authenticator }
}

const signIn = async ({ email, secret }: Somebody, client: Partial<Browser['client']> = {}): Promise<Browser> => {
  const browser = stand.browser(client)
  await browser.call('POST /sign-in/password', { email, password: PASSWORD })
  await browser.call('POST /sign-in/totp', { code: nextCode(secret) })
  await browser.session()
  return browser
}

describe('a passkey', () => {
  const assertion = async (authenticator: Authenticator, bent: Bent) => {
    const browser = stand.browser()
    const options = await browser.call<{ challenge: string; rpId: string }>('POST /sign-in/passkey/options')
    return browser.call('POST /sign-in/passkey', { response: authenticator.get(options, bent) })
  }

  it.each<[string, Bent]>([
    ['of another origin', { origin: 'https://security.example.com.evil.example' }],
    ['of a neighbouring origin', { origin: 'https://www.example.com' }],
    ['of our host by plain HTTP', { origin: 'http://security.example.com' }],
    ['of another relying party', { rpId: 'evil.example' }],
    ['with another challenge', { challenge: randomBytes(32).toString('base64url') }],
    ['without user verification', { flags: 0x01 | 0x08 | 0x10 }],
    ['without anybody present', { flags: 0x04 | 0x08 | 0x10 }],
    ['that was made for registering', { type: 'webauthn.create' }],
    ['made in a frame of another site', { crossOrigin: true }],
    ['with one bit of the signature changed', { signature: true }],
    ["with somebody else's user handle", { userHandle: randomBytes(16).toString('base64url') }],
  ])('%s is refused, in one text', async (_what, bent) => {
    const { authenticator } = await withPasskey()
    await expect(assertion(authenticator, bent)).rejects.toMatchObject({ code: 'not-allowed', message: 'The passkey could not be verified.' })
    expect(await assertion(authenticator, {})).toEqual({ next: 'done' })
  })

  it('that nobody has is refused in the same text', async () => {
    const stranger = new Authenticator()
    stranger.userHandle = randomBytes(16).toString('base64url')
    await expect(assertion(stranger, {})).rejects.toMatchObject({ code: 'not-allowed', message: 'The passkey could not be verified.' })
  })

  it('answers each challenge once, rightly or wrongly', async () => {
    const { authenticator } = await withPasskey()
    const browser = stand.browser()
    const options = await browser.call<{ challenge: string; rpId: string }>('POST /sign-in/passkey/options')
    await expect(browser.call('POST /sign-in/passkey', { response: authenticator.get(options, { signature: true }) })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(browser.call('POST /sign-in/passkey', { response: authenticator.get(options) })).rejects.toMatchObject({ code: 'not-allowed' })
    const response = authenticator.get(await browser.call('POST /sign-in/passkey/options'))
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => browser.call('POST /sign-in/passkey', { response })))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it("is worth nothing under another browser's challenge", async () => {
    const { authenticator } = await withPasskey()
    const mine = stand.browser()
    const theirs = stand.browser()
    const response = authenticator.get(await mine.call('POST /sign-in/passkey/options'))
    await theirs.call('POST /sign-in/passkey/options')
    await expect(theirs.call('POST /sign-in/passkey', { response })).rejects.toMatchObject({ code: 'not-allowed' })
  })

  it('whose counter went back is refused, and told of', async () => {
    const { authenticator, id } = await withPasskey()
    await assertion(authenticator, { counts: true })
    await assertion(authenticator, { counts: true })
    authenticator.counter = 0
    await expect(assertion(authenticator, { counts: true })).rejects.toMatchObject({ code: 'not-allowed' })
    const [passkey] = await stand.passkeysOf(id)
    expect(passkey?.suspectAt).toEqual(stand.clock.now())
    expect(stand.heard.filter(({ name }) => name === 'passkey.suspected')).toHaveLength(1)
  })

  it('is registered once, verified, and with a challenge of its own', async () => {
    const { browser: first } = await invited()
    const authenticator = new Authenticator()
    const options = await first.call<Parameters<Authenticator['create']>[0]>('POST /enrolment/passkey/options')
    for (const bent of [{ flags: 0x01 }, { origin: 'https://evil.example' }, { rpId: 'evil.example' }, { challenge: 'AAAA' }, { type: 'webauthn.get' }, { crossOrigin: true }] satisfies Bent[]) {
      await expect(first.call('POST /enrolment/passkey', { response: authenticator.create(options, bent) })).rejects.toMatchObject({ code: 'bad-input' })
      Object.assign(options, await first.call('POST /enrolment/passkey/options'))
    }
    await first.call('POST /enrolment/passkey', { response: authenticator.create(options) })
    const { browser: second } = await invited()
    await expect(second.call('POST /enrolment/passkey', { response: authenticator.create(await second.call('POST /enrolment/passkey/options')) })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('of somebody else is no second factor', async () => {
    const ada = await withPassword()
    await ada.browser.call('POST /credentials/passkeys', { response: new Authenticator().create(await ada.browser.call('POST /credentials/passkeys/options')) })
    const eve = await withPasskey()
    const browser = stand.browser()
    expect(await browser.call('POST /sign-in/password', { email: ada.email, password: PASSWORD })).toMatchObject({ ways: ['totp', 'passkey', 'recovery-code'] })
    const options = await browser.call<{ challenge: string; rpId: string }>('POST /sign-in/passkey/options')
    await expect(browser.call('POST /sign-in/passkey', { response: eve.authenticator.get(options) })).rejects.toMatchObject({ code: 'not-allowed' })
    expect(browser.cookies).not.toHaveProperty('__Host-session')
  })
})

describe('a code', () => {
  it('shown by many at once lets exactly one in', async () => {
    const ada = await withPassword()
    stand.clock.advance(60_000)
    const browsers = await Promise.all(Array.from({ length: 6 }, async (_, index) => {
      const browser = stand.browser({ address: `203.0.113.${index + 20}` })
      await browser.call('POST /sign-in/password', { email: ada.email, password: PASSWORD })
      return browser
    }))
    const code = codeAt(ada.secret)
    const all = await Promise.allSettled(browsers.map((browser) => browser.call('POST /sign-in/totp', { code })))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('is not taken again, nor is an older one, even once the clock was set back', async () => {
    const ada = await withPassword()
    await signIn(ada)
    const browser = stand.browser()
    await browser.call('POST /sign-in/password', { email: ada.email, password: PASSWORD })
    await expect(browser.call('POST /sign-in/totp', { code: codeAt(ada.secret) })).rejects.toMatchObject({ code: 'not-allowed' })
    stand.clock.advance(-120_000)
    await expect(browser.call('POST /sign-in/totp', { code: codeAt(ada.secret) })).rejects.toMatchObject({ code: 'not-allowed' })
    stand.clock.advance(240_000)
    expect(await browser.call('POST /sign-in/totp', { code: codeAt(ada.secret) })).toEqual({ next: 'done' })
  })

  it('may be wrong five times, then the password is asked for again', async () => {
    const ada = await withPassword()
    const browser = stand.browser()
    await browser.call('POST /sign-in/password', { email: ada.email, password: PASSWORD })
    for (let wrong = 0; wrong < 5; wrong++) await expect(browser.call('POST /sign-in/totp', { code: '000000' })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(browser.call('POST /sign-in/totp', { code: nextCode(ada.secret) })).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(browser.call('POST /sign-in/totp', { code: nextCode(ada.secret) })).rejects.toMatchObject({ code: 'not-signed-in' })
  })

  it('of recovery works once, however it is typed, and is somebody’s own', async () => {
    const [ada, bo] = [await withPassword(), await withPassword()]
    const [code = '', second = ''] = ada.recoveryCodes
    const browser = stand.browser()
    await browser.call('POST /sign-in/password', { email: ada.email, password: PASSWORD })
    await expect(browser.call('POST /sign-in/recovery-code', { code: bo.recoveryCodes[0] })).rejects.toMatchObject({ code: 'not-allowed' })
    expect(await browser.call('POST /sign-in/recovery-code', { code: ` ${code.toLowerCase().replaceAll('-', ' ')} ` })).toEqual({ next: 'done' })
    const again = await Promise.all([0, 1, 2].map(async () => {
      const other = stand.browser()
      await other.call('POST /sign-in/password', { email: ada.email, password: PASSWORD })
      return other
    }))
    await expect(again[0]!.call('POST /sign-in/recovery-code', { code })).rejects.toMatchObject({ code: 'not-allowed' })
    const all = await Promise.allSettled(again.map((other) => other.call('POST /sign-in/recovery-code', { code: second })))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('without a password before it opens nothing', async () => {
    const ada = await withPassword()
    const browser = stand.browser()
    await expect(browser.call('POST /sign-in/totp', { code: nextCode(ada.secret) })).rejects.toMatchObject({ code: 'not-signed-in' })
    await browser.call('POST /sign-in/passkey/options')
    await expect(browser.call('POST /sign-in/totp', { code: nextCode(ada.secret) })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(browser.call('POST /sign-in/recovery-code', { code: ada.recoveryCodes[0] })).rejects.toMatchObject({ code: 'not-allowed' })
  })
})

describe('strangers', () => {
  it('are told the same, in the same shape, of accounts that are there and that are not', async () => {
    const ada = await withPassword()
    const gone = await withPassword()
    await stand.people.deactivate(gone.id as never, { by: OPERATOR, way: 'console' })
    const said = async (email: string) => {
      const browser = stand.browser({ address: '198.51.100.9' })
      const error = await browser.call('POST /sign-in/password', { email, password: 'not the one at all' }).then(() => undefined, (thrown: unknown) => thrown as Error & { code: string; mend: string })
      return { code: error?.code, message: error?.message, mend: error?.mend, cookies: Object.keys(browser.cookies) }
    }
    const known = await said(ada.email)
    expect(known.code).toBe('not-allowed')
    for (const email of ['nobody@harbour.example', gone.email, 'not an address', `${'x'.repeat(300)}@example.com`]) expect(await said(email)).toEqual(known)
    const asked = (email: string) => stand.browser({ address: '198.51.100.9' }).reply('POST /password-reset', { email })
    stand.post.sent.length = 0
    expect(await asked('nobody@harbour.example')).toEqual(await asked(ada.email))
    expect(stand.post.sent.map(({ to }) => to)).toEqual([ada.email])
  })

  it('cannot lock anybody out: a flood from everywhere stops strangers, not the owner', async () => {
    const owner = await withPassword({ address: '203.0.113.50' })
    const outcomes: (string | number)[] = []
    for (let index = 0; index < 60; index++) {
      const attacker = stand.browser({ address: `198.18.${index}.${index}` })
      outcomes.push(await attacker.call('POST /sign-in/password', { email: owner.email, password: `guess ${index} of many` }).then(() => 'in', (error: { code: string; retryAfterSeconds?: number }) => error.code))
    }
    expect(outcomes.filter((outcome) => outcome === 'not-allowed')).toHaveLength(30)
    expect(outcomes.slice(30).every((outcome) => outcome === 'rate-limited')).toBe(true)
    // From where they were before, though on a new device …
    const home = await signIn(owner, { address: '203.0.113.50' })
    // … and on the device that they had, though from somewhere else.
    const travelling = stand.browser({ address: '192.0.2.77' })
    travelling.cookies['__Host-device'] = home.cookies['__Host-device'] ?? ''
    await travelling.call('POST /sign-in/password', { email: owner.email, password: PASSWORD })
    expect(await travelling.call('POST /sign-in/totp', { code: nextCode(owner.secret) })).toEqual({ next: 'done' })
    // A device mark of somebody else buys a stranger nothing.
    const eve = await withPassword()
    const forged = stand.browser({ address: '192.0.2.78' })
    forged.cookies['__Host-device'] = eve.browser.cookies['__Host-device'] ?? ''
    await expect(forged.call('POST /sign-in/password', { email: owner.email, password: PASSWORD })).rejects.toMatchObject({ code: 'rate-limited' })
  })

  it('at one place are told to wait, and for how long', async () => {
    const ada = await withPassword()
    const attempt = () => stand.browser({ address: '2001:db8:1:2::99' }).call('POST /sign-in/password', { email: ada.email, password: 'guess after guess' })
    for (let index = 0; index < 10; index++) await expect(attempt()).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(attempt()).rejects.toMatchObject({ code: 'rate-limited', retryAfterSeconds: 15 * 60 })
    // Another address of the same customer is the same place.
    await expect(stand.browser({ address: '2001:db8:1:2:ffff::1' }).call('POST /sign-in/password', { email: ada.email, password: PASSWORD })).rejects.toMatchObject({ code: 'rate-limited' })
    stand.clock.advance(15 * 60_000)
    await expect(attempt()).rejects.toMatchObject({ code: 'not-allowed' })
  })

  it('trying all at once are counted one by one', async () => {
    const ada = await withPassword()
    const all = await Promise.all(Array.from({ length: 40 }, () => stand.browser({ address: '192.0.2.4' }).call('POST /sign-in/password', { email: ada.email, password: 'all at the same time' }).catch((error: { code: string }) => error.code)))
    expect(all.filter((code) => code === 'not-allowed')).toHaveLength(10)
    expect(all.filter((code) => code === 'rate-limited')).toHaveLength(30)
  })
})

describe('a session', () => {
  it('has cookies that no script reads, no other host sets, and no other site sends along', async () => {
    const { browser } = await withPassword()
    expect(Object.keys(browser.cookies).sort()).toEqual(['__Host-device', '__Host-session'])
    expect(browser.cookies['__Host-session']).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(browser.lastSetCookie).toEqual([])
    const { browser: fresh, authenticator } = { ...(await withPasskey()), browser: stand.browser() }
    const options = await fresh.call<{ challenge: string; rpId: string }>('POST /sign-in/passkey/options')
    expect(fresh.lastSetCookie).toMatchObject([{ name: 'sign-in', sameSite: 'Strict', maxAgeSeconds: 600 }])
    await fresh.call('POST /sign-in/passkey', { response: authenticator.get(options) })
    expect(fresh.lastSetCookie).toMatchObject([{ name: 'session', sameSite: 'Lax', maxAgeSeconds: 86_400 }, { name: 'device', sameSite: 'Lax' }, { name: 'sign-in', value: '' }])
  })

  it('is never one that was there before: a planted cookie, and a planted sign-in, lead nowhere', async () => {
    const ada = await withPassword()
    const planted = 'A'.repeat(43)
    const browser = stand.browser()
    browser.cookies['__Host-session'] = planted
    browser.cookies['__Host-sign-in'] = planted
    await browser.call('POST /sign-in/password', { email: ada.email, password: PASSWORD })
    expect(browser.cookies['__Host-sign-in']).not.toBe(planted)
    await browser.call('POST /sign-in/totp', { code: nextCode(ada.secret) })
    expect(browser.cookies['__Host-session']).not.toBe(planted)
    expect(browser.cookies).not.toHaveProperty('__Host-sign-in')
    // Eve leaves her own half-done sign-in in Ada's browser: Ada's passkey does not finish it.
    const eve = await withPassword()
    const bo = await withPasskey()
    const half = stand.browser()
    await half.call('POST /sign-in/password', { email: eve.email, password: PASSWORD })
    const victim = stand.browser()
    victim.cookies['__Host-sign-in'] = half.cookies['__Host-sign-in'] ?? ''
    await expect(victim.call('POST /sign-in/passkey', { response: bo.authenticator.get(await victim.call('POST /sign-in/passkey/options')) })).rejects.toMatchObject({ code: 'not-allowed' })
  })

  it('replaces the one that the browser had', async () => {
    const ada = await withPassword()
    const before = ada.browser.cookies['__Host-session'] ?? ''
    await ada.browser.call('POST /sign-in/password', { email: ada.email, password: PASSWORD })
    await ada.browser.call('POST /sign-in/totp', { code: nextCode(ada.secret) })
    const old = stand.browser()
    old.cookies['__Host-session'] = before
    await expect(old.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
  })

  it('that is dead is said to be, not taken for nobody', async () => {
    const browser = stand.browser()
    expect(await browser.recognise('GET')).toBeUndefined()
    for (const cookie of ['A'.repeat(43), 'short', "' or 1=1", 'x'.repeat(4000)]) {
      browser.cookies['__Host-session'] = cookie
      await expect(browser.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    }
    // Without the prefix it is not ours, whoever set it.
    const { browser: other } = await withPassword()
    const bare = stand.browser()
    bare.cookies['session'] = other.cookies['__Host-session'] ?? ''
    expect(await bare.recognise('GET')).toBeUndefined()
  })

  it('ends with sign-out, when unused, at its hour, and by others’ hands; a look costs a write a minute', async () => {
    const ada = await withPassword()
    const seen = async () => (await ada.browser.call<{ items: { current: boolean; lastSeenAt: string }[] }>('GET /sessions')).items.find(({ current }) => current)?.lastSeenAt
    const first = await seen()
    stand.clock.advance(30_000)
    expect(await seen()).toBe(first)
    stand.clock.advance(31_000)
    await seen()
    expect(await seen()).toBe(stand.clock.now().toISOString())
    const other = await signIn(ada, { userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36' })
    const { items } = await ada.browser.call<{ items: { id: string; device: string; current: boolean }[] }>('GET /sessions')
    expect(items.map(({ device, current }) => [device, current]).toSorted(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([['Chrome on Windows', false], ['Firefox on Linux', true]])
    await ada.browser.reply('DELETE /sessions/{session}', undefined, { params: { session: items.find(({ current }) => !current)?.id ?? '' } })
    await expect(other.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    // Somebody else's is not there.
    const bo = await withPassword()
    const { session } = await bo.browser.session()
    await expect(ada.browser.reply('DELETE /sessions/{session}', undefined, { params: { session } })).rejects.toMatchObject({ code: 'not-found' })
    stand.clock.advance(60 * 60_000)
    await expect(ada.browser.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    const third = await signIn(ada)
    await third.call('POST /sign-out')
    expect(third.cookies).not.toHaveProperty('__Host-session')
  })

  it('is ended by whoever may end those of others, under its own person alone', async () => {
    const [ada, admin] = [await withPassword(), await withPassword()]
    const { session } = await ada.browser.session()
    const end = (person: string) => admin.browser.reply('DELETE /people/{person}/sessions/{session}', undefined, { params: { person, session } })
    await expect(end(admin.id)).rejects.toMatchObject({ code: 'not-found' })
    await expect(ada.browser.recognise('GET')).resolves.toBeDefined()
    expect((await end(ada.id)).status).toBe(204)
    await expect(ada.browser.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
  })

  it('needs the text against forgery for whatever changes something', async () => {
    const { browser } = await withPassword()
    const { csrf } = await browser.session()
    await expect(browser.recognise('POST', { csrf })).resolves.toBeDefined()
    for (const bad of [{ csrf: '' }, { csrf: 'x'.repeat(43) }, { csrf, origin: 'https://evil.example' }, { csrf, fetchSite: 'cross-site' }, { csrf, fetchSite: 'same-site' }]) await expect(browser.recognise('POST', bad)).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(browser.recognise('GET', { csrf: '', origin: 'https://evil.example', fetchSite: 'cross-site' })).resolves.toBeDefined()
  })

  it('is ended from another one only with the second factor again; signing out needs nothing', async () => {
    const ada = await withPassword()
    const other = await signIn(ada)
    const { session } = await other.session()
    stand.clock.advance(11 * 60_000)
    await expect(ada.browser.reply('DELETE /sessions/{session}', undefined, { params: { session } })).rejects.toMatchObject({ code: 'step-up-needed' })
    await expect(ada.browser.call('POST /sessions/end-others')).rejects.toMatchObject({ code: 'step-up-needed' })
    await expect(other.recognise('GET')).resolves.toBeDefined()
    await ada.browser.call('POST /step-up/totp', { code: nextCode(ada.secret), password: PASSWORD })
    expect(await ada.browser.call('POST /sessions/end-others')).toEqual({ ended: 1 })
    await expect(other.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    stand.clock.advance(11 * 60_000)
    expect((await ada.browser.reply('POST /sign-out')).status).toBe(200)
  })

  it('is strong for ten minutes; showing the factor again gives it a new cookie and the same text', async () => {
    const ada = await withPassword()
    stand.clock.advance(11 * 60_000)
    await expect(ada.browser.call('POST /credentials/recovery-codes')).rejects.toMatchObject({ code: 'step-up-needed' })
    expect(await ada.browser.call('GET /step-up')).toEqual({ ways: ['totp'] })
    await expect(ada.browser.call('POST /step-up/password', { password: PASSWORD })).rejects.toMatchObject({ code: 'not-allowed' })
    const before = { ...ada.browser.cookies }
    const code = codeAt(ada.secret)
    // Both factors again: neither without the other.
    await expect(ada.browser.call('POST /step-up/totp', { code, password: 'not the one' })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(ada.browser.call('POST /step-up/totp', { code })).rejects.toMatchObject({ code: 'bad-input' })
    await expect(ada.browser.call('POST /step-up/totp', { code: '000000', password: PASSWORD })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(ada.browser.call('POST /credentials/recovery-codes')).rejects.toMatchObject({ code: 'step-up-needed' })
    await ada.browser.call('POST /step-up/totp', { code, password: PASSWORD })
    expect(ada.browser.cookies['__Host-session']).not.toBe(before['__Host-session'])
    const old = stand.browser()
    Object.assign(old.cookies, before)
    await expect(old.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    // No new GET /session: what was interrupted goes on with the text that it had.
    const { recoveryCodes } = await ada.browser.call<{ recoveryCodes: string[] }>('POST /credentials/recovery-codes')
    expect(recoveryCodes).toHaveLength(10)
    await expect(ada.browser.call('POST /step-up/totp', { code, password: PASSWORD })).rejects.toMatchObject({ code: 'not-allowed' })
  })
})

describe('whoever is deactivated', () => {
  it('is out with the next request: sessions, tokens, sign-ins, links and enrolments die in the same transaction', async () => {
    const ada = await withPassword()
    const { token } = await ada.browser.call<{ token: string }>('POST /tokens', { name: 'script', scopes: ['session.read'], expiresAt: new Date(stand.clock.now().getTime() + 86_400_000).toISOString() })
    const half = stand.browser()
    await half.call('POST /sign-in/password', { email: ada.email, password: PASSWORD })
    stand.post.sent.length = 0
    await stand.browser().call('POST /password-reset', { email: ada.email })
    const link = /#(\S+)/.exec(stand.post.sent[0]?.text ?? '')?.[1]
    await stand.people.deactivate(ada.id as never, { by: OPERATOR, way: 'console' })
    const left = await stand.db.appPool.query(`select (select count(*) from authentication.session where person_id = $1) + (select count(*) from authentication.token where owner_id = $1) + (select count(*) from authentication.ceremony where person_id = $1) + (select count(*) from authentication.reset_link where person_id = $1) as rows`, [ada.id])
    expect(Number(left.rows[0].rows)).toBe(0)
    await expect(ada.browser.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(stand.browser().recognise('GET', { authorization: `Bearer ${token}` })).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(half.call('POST /sign-in/totp', { code: nextCode(ada.secret) })).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(stand.browser().call('POST /password-reset/link', { token: link })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(stand.browser().call('POST /sign-in/password', { email: ada.email, password: PASSWORD })).rejects.toMatchObject({ code: 'not-allowed' })
    // Reactivated, nothing comes back by itself.
    await stand.people.reactivate(ada.id as never, OPERATOR)
    await expect(ada.browser.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(stand.browser().recognise('GET', { authorization: `Bearer ${token}` })).rejects.toMatchObject({ code: 'not-signed-in' })
  })

  it('is refused with a passkey in the text of an unknown one', async () => {
    const bo = await withPasskey()
    await stand.people.deactivate(bo.id as never, { by: OPERATOR, way: 'console' })
    const browser = stand.browser()
    await expect(browser.call('POST /sign-in/passkey', { response: bo.authenticator.get(await browser.call('POST /sign-in/passkey/options')) })).rejects.toMatchObject({ code: 'not-allowed', message: 'The passkey could not be verified.' })
  })

  it('is out even where nothing was deleted: the epoch kills what anyone forgot', async () => {
    const ada = await withPassword()
    const { token } = await ada.browser.call<{ token: string }>('POST /tokens', { name: 'x', scopes: ['session.read'], expiresAt: new Date(stand.clock.now().getTime() + 86_400_000).toISOString() })
    const authorization = `Bearer ${token}`
    await expect(stand.browser().recognise('GET', { authorization })).resolves.toBeDefined()
    await stand.db.appPool.query('update identity.person set epoch = epoch + 1 where id = $1', [ada.id])
    await expect(stand.browser().recognise('GET', { authorization })).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(ada.browser.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
  })

  it('cannot slip in while it happens', async () => {
    for (let round = 0; round < 4; round++) {
      const ada = await withPassword()
      const browser = stand.browser()
      await browser.call('POST /sign-in/password', { email: ada.email, password: PASSWORD })
      const code = nextCode(ada.secret)
      await Promise.allSettled([browser.call('POST /sign-in/totp', { code }), stand.people.deactivate(ada.id as never, { by: OPERATOR, way: 'scim' })])
      await expect(browser.recognise('GET').then((found) => (found === undefined ? Promise.reject(new Error('nobody')) : found))).rejects.toBeDefined()
    }
  })
})

describe('a forgotten password', () => {
  const linkFor = async (email: string): Promise<string> => {
    stand.post.sent.length = 0
    await stand.browser().call('POST /password-reset', { email })
    return /#(\S+)/.exec(stand.post.sent[0]?.text ?? '')?.[1] ?? ''
  }

  it('is replaced by mail and second factor together; every session ends', async () => {
    const ada = await withPassword()
    const token = await linkFor(ada.email)
    const browser = stand.browser()
    expect(await browser.call('POST /password-reset/link', { token })).toMatchObject({ next: 'second-factor', ways: ['totp', 'recovery-code'] })
    await expect(browser.call('POST /password-reset/password', { password: 'a wholly new phrase 4' })).rejects.toMatchObject({ code: 'not-allowed' })
    expect(await browser.call('POST /sign-in/totp', { code: nextCode(ada.secret) })).toEqual({ next: 'choose-password' })
    await expect(browser.call('POST /password-reset/password', { password: 'harbour2026' })).rejects.toMatchObject({ code: 'bad-input' })
    expect(await browser.call('POST /password-reset/password', { password: 'a wholly new phrase 4' })).toEqual({ next: 'done' })
    expect((await browser.session()).factors).toEqual(['totp', 'password'])
    await expect(ada.browser.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(stand.browser().call('POST /sign-in/password', { email: ada.email, password: PASSWORD })).rejects.toMatchObject({ code: 'not-allowed' })
  })

  it('has a link that works once, for half an hour, and only the newest', async () => {
    const ada = await withPassword()
    const [first, second] = [await linkFor(ada.email), await linkFor(ada.email)]
    await expect(stand.browser().call('POST /password-reset/link', { token: first })).rejects.toMatchObject({ code: 'not-allowed' })
    const all = await Promise.allSettled([0, 1, 2].map(() => stand.browser().call('POST /password-reset/link', { token: second })))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const third = await linkFor(ada.email)
    stand.clock.advance(30 * 60_000)
    await expect(stand.browser().call('POST /password-reset/link', { token: third })).rejects.toMatchObject({ code: 'not-allowed' })
  })

  it('is started by somebody else without their seeing a link, and losing everything leads to a new invitation', async () => {
    const [ada, admin] = [await withPassword(), await withPassword()]
    stand.post.sent.length = 0
    expect(await admin.browser.call('POST /people/{person}/password-reset', {}, { params: { person: ada.id } })).toEqual({})
    expect(stand.post.sent.map(({ to }) => to)).toEqual([ada.email])
    stand.post.sent.length = 0
    expect(await admin.browser.call('POST /people/{person}/re-invitation', {}, { params: { person: ada.id } })).toEqual({})
    await expect(ada.browser.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(stand.browser().call('POST /sign-in/password', { email: ada.email, password: PASSWORD })).rejects.toMatchObject({ code: 'not-allowed' })
    expect(await admin.browser.call('GET /people/{person}/credentials', undefined, { params: { person: ada.id } })).toEqual({ person: ada.id, passkeys: [], password: null, totp: null, recoveryCodes: { left: 0 } })
    const browser = stand.browser()
    expect(await browser.call('POST /invitation', { token: /#(?:token=)?(\S+)/.exec(stand.post.sent[0]?.text ?? '')?.[1] })).toMatchObject({ next: 'enrol' })
    // Whatever somebody slipped in meanwhile is gone once the invitation is accepted.
    await stand.db.appPool.query(`insert into authentication.secret_phrase (person_id, hash, changed_at) select $1, hash, changed_at from authentication.secret_phrase limit 1`, [ada.id])
    await browser.call('POST /enrolment/passkey', { response: new Authenticator().create(await browser.call('POST /enrolment/passkey/options')) })
    await browser.session()
    expect(await browser.call('GET /credentials')).toMatchObject({ password: null, totp: null, passkeys: [{}] })
  })
})

describe('ways to sign in', () => {
  it('cannot be taken away to the last, even by two requests at once', async () => {
    const bo = await withPasskey()
    const second = new Authenticator()
    stand.clock.advance(1000)
    await bo.browser.call('POST /credentials/passkeys', { response: second.create(await bo.browser.call('POST /credentials/passkeys/options')), name: 'Key on the ring' })
    const { passkeys } = await bo.browser.call<{ passkeys: { id: string; name: string; prf?: boolean }[] }>('GET /credentials')
    expect(passkeys.map(({ name, prf }) => [name, prf])).toEqual([['Passkey', true], ['Key on the ring', true]])
    const all = await Promise.allSettled(passkeys.map(({ id }) => bo.browser.reply('DELETE /credentials/passkeys/{passkey}', undefined, { params: { passkey: id } })))
    expect(all.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const ada = await withPassword()
    await expect(ada.browser.reply('DELETE /credentials/totp')).rejects.toMatchObject({ code: 'refused' })
    await expect(ada.browser.reply('DELETE /credentials/password')).rejects.toMatchObject({ code: 'refused' })
  })

  it('are changed only with the second factor again, each of them', async () => {
    const ways = stand.module.routes.filter(({ on }) => /^(POST|PUT|DELETE) \/credentials/.test(on))
    expect(ways.length).toBeGreaterThan(7)
    expect(ways.filter(({ stepUp }) => !stepUp).map(({ on }) => on)).toEqual([])
    const theirs = ['POST /people/{person}/password-reset', 'POST /people/{person}/re-invitation', 'POST /tokens', 'POST /people/{person}/tokens', 'PATCH /security-settings']
    for (const on of theirs) expect(stand.module.routes.find((route) => route.on === on), on).toMatchObject({ stepUp: true })
  })

  it('do not age: a password is taken after ten years as on the first day', async () => {
    const ada = await withPassword()
    stand.clock.advance(10 * 366 * 86_400_000)
    await expect(signIn(ada)).resolves.toBeDefined()
  })

  it('change only for somebody who knows the present password, and end the other sessions', async () => {
    const ada = await withPassword()
    const other = await signIn(ada)
    await expect(ada.browser.call('PUT /credentials/password', { password: 'brand new phrase 5' })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(ada.browser.call('PUT /credentials/password', { password: 'brand new phrase 5', current: 'wrong' })).rejects.toMatchObject({ code: 'not-allowed' })
    await ada.browser.call('PUT /credentials/password', { password: 'brand new phrase 5', current: PASSWORD })
    await expect(other.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(ada.browser.recognise('GET')).resolves.toBeDefined()
  })
})

describe('an API token', () => {
  const life = (days: number) => new Date(stand.clock.now().getTime() + days * 86_400_000).toISOString()

  it('is recognised with its scopes until it expires, from its networks alone, and is shown once', async () => {
    const ada = await withPassword()
    const made = await ada.browser.call<{ token: string; id: string }>('POST /tokens', { name: 'deploy', scopes: ['session.read'], networks: ['192.0.2.0/24'], expiresAt: life(1) })
    const inside = stand.browser({ address: '192.0.2.9' })
    const authorization = `Bearer ${made.token}`
    expect(await inside.recognise('POST', { authorization })).toMatchObject({ actor: { kind: 'person', id: ada.id, by: { kind: 'token', tokenId: made.id } }, scopes: ['session.read'] })
    await expect(stand.browser({ address: '192.0.3.9' }).recognise('GET', { authorization })).rejects.toMatchObject({ code: 'not-signed-in' })
    const { items } = await ada.browser.call<{ items: Record<string, unknown>[] }>('GET /tokens')
    expect(JSON.stringify(items)).not.toContain(made.token.slice(5, 20))
    expect(items[0]).toMatchObject({ name: 'deploy', lastUsedAt: stand.clock.now().toISOString() })
    stand.clock.advance(86_400_000)
    await expect(inside.recognise('GET', { authorization })).rejects.toMatchObject({ code: 'not-signed-in' })
  })

  it('that is dead, mangled or of another kind is refused, never taken for nobody', async () => {
    const ada = await withPassword()
    const { token, id } = await ada.browser.call<{ token: string; id: string }>('POST /tokens', { name: 'x', scopes: ['session.read'], expiresAt: life(1) })
    const flipped = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')
    for (const authorization of [`Bearer ${flipped}`, 'Bearer ', 'Bearer vs_', `Basic ${token}`, token, `Bearer ${token} x`, `Bearer ${'x'.repeat(5000)}`, '']) await expect(ada.browser.recognise('GET', { authorization })).rejects.toMatchObject({ code: 'not-signed-in' })
    await ada.browser.reply('DELETE /tokens/{token}', undefined, { params: { token: id } })
    await expect(stand.browser().recognise('GET', { authorization: `Bearer ${token}` })).rejects.toMatchObject({ code: 'not-signed-in' })
  })

  it('must expire, within what the organisation allows', async () => {
    const ada = await withPassword()
    for (const expiresAt of [life(366), life(-1), undefined, 'never']) await expect(ada.browser.call('POST /tokens', { name: 'x', scopes: ['session.read'], expiresAt })).rejects.toMatchObject({ code: 'bad-input' })
    await expect(ada.browser.call('POST /tokens', { name: 'x', scopes: [], expiresAt: life(1) })).rejects.toMatchObject({ code: 'bad-input' })
    await expect(ada.browser.call('POST /tokens', { name: 'x', scopes: ['session.read'], networks: ['10/8'], expiresAt: life(1) })).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('of a service account is made for it; nobody makes one for somebody else', async () => {
    const ada = await withPassword()
    const robot = await stand.add({ kind: 'service', displayName: 'Deployer' })
    const { token } = await ada.browser.call<{ token: string }>('POST /people/{person}/tokens', { name: 'deploy', scopes: ['session.read'], expiresAt: life(30) }, { params: { person: robot.id } })
    expect(await stand.browser().recognise('GET', { authorization: `Bearer ${token}` })).toMatchObject({ actor: { kind: 'service', id: robot.id } })
    const bo = await withPassword()
    await expect(ada.browser.call('POST /people/{person}/tokens', { name: 'x', scopes: ['session.read'], expiresAt: life(1) }, { params: { person: bo.id } })).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('the organisation', () => {
  it('decides by whoever may, from what it is now, and the change holds with the next request', async () => {
    const own = await standForSignIn(server)
    const operator = { actor: { kind: 'operator', name: 'ada' } as const }
    const browser = own.browser()
    const now = await browser.reply('GET /security-settings', undefined, operator)
    expect(now).toMatchObject({ etag: '0', body: { requireSecondFactor: true, requireSingleSignOn: false, idleMinutes: 60 } })
    await expect(browser.call('PATCH /security-settings', { idleMinutes: 30 }, operator)).rejects.toMatchObject({ code: 'precondition-failed' })
    expect(await browser.reply('PATCH /security-settings', { idleMinutes: 30 }, { ...operator, ifMatch: '0' })).toMatchObject({ etag: '1', body: { idleMinutes: 30 } })
    await expect(browser.call('PATCH /security-settings', { idleMinutes: 20 }, { ...operator, ifMatch: '0' })).rejects.toMatchObject({ code: 'precondition-failed', current: { idleMinutes: 30 } })
    const races = await Promise.allSettled([10, 15, 20].map((idleMinutes) => browser.call('PATCH /security-settings', { idleMinutes }, { ...operator, ifMatch: '1' })))
    expect(races.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    // Even one that read before the other wrote changes nothing.
    const store = new AuthenticationStore(own.db)
    expect(await own.change((tx) => store.setSecuritySettings(ours(tx), DEFAULT_SECURITY, 1))).toBe(false)
    expect(await own.change((tx) => store.setSecuritySettings(ours(tx), DEFAULT_SECURITY, 0))).toBe(false)
  })

  it('that allows some networks only lets nobody in or stay from elsewhere', async () => {
    const ada = await withPassword()
    const operator = { actor: { kind: 'operator', name: 'ada' } as const }
    const { etag = '' } = await ada.browser.reply('GET /security-settings', undefined, operator)
    await expect(ada.browser.call('PATCH /security-settings', { networkAllowList: ['198.51.100.0/24'] }, { ifMatch: etag })).rejects.toMatchObject({ code: 'refused' })
    const { etag: shut = '' } = await ada.browser.reply('PATCH /security-settings', { networkAllowList: ['198.51.100.0/24'] }, { ...operator, ifMatch: etag })
    await expect(ada.browser.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(stand.browser().call('POST /sign-in/password', { email: ada.email, password: PASSWORD })).rejects.toMatchObject({ code: 'not-allowed' })
    await ada.browser.reply('PATCH /security-settings', { networkAllowList: [] }, { ...operator, ifMatch: shut })
    await expect(ada.browser.recognise('GET')).resolves.toBeDefined()
  })

  it('that requires single sign-on lets in here only owners who may break the glass', async () => {
    const [ada, bo] = [await withPassword(), await withPassword()]
    const operator = { actor: { kind: 'operator', name: 'ada' } as const }
    const { etag = '' } = await ada.browser.reply('GET /security-settings', undefined, operator)
    await expect(ada.browser.call('PATCH /security-settings', { requireSingleSignOn: true, breakGlass: [ada.id] }, { ...operator, ifMatch: etag })).rejects.toMatchObject({ code: 'bad-input' })
    stand.owners.add(ada.id)
    const { etag: on = '' } = await ada.browser.reply('PATCH /security-settings', { requireSingleSignOn: true, breakGlass: [ada.id] }, { ...operator, ifMatch: etag })
    await expect(signIn(ada)).resolves.toBeDefined()
    await expect(stand.browser().call('POST /sign-in/password', { email: bo.email, password: PASSWORD })).rejects.toMatchObject({ code: 'not-allowed', message: 'This organisation signs in through its identity provider.' })
    stand.owners.delete(ada.id)
    await expect(stand.browser().call('POST /sign-in/password', { email: ada.email, password: PASSWORD })).rejects.toMatchObject({ code: 'not-allowed' })
    await ada.browser.reply('PATCH /security-settings', { requireSingleSignOn: false }, { ...operator, ifMatch: on })
  })
})

describe("a provider's word", () => {
  const PROVENANCE = { provider: 'idp-1', subject: 'subject-9', session: 'sid-3' }
  const vouched = async (id: string, browser: Browser) => {
    const person = await stand.people.find(id)
    const { next, cookies } = await stand.afterProvider(person!, PROVENANCE, { client: browser.client, at: stand.clock.now() })
    for (const { name, value } of cookies) browser.cookies[`__Host-${name}`] = value
    return next
  }

  it('is one factor: the second is asked for, and the session knows where it came from', async () => {
    const ada = await withPassword()
    const browser = stand.browser()
    expect(await vouched(ada.id, browser)).toEqual({ next: 'second-factor', ways: ['totp', 'recovery-code'] })
    expect(browser.cookies).not.toHaveProperty('__Host-session')
    await browser.call('POST /sign-in/totp', { code: nextCode(ada.secret) })
    const { session, factors } = await browser.session()
    expect(factors).toEqual(['provider', 'totp'])
    expect(await stand.provenanceOf(session)).toEqual(PROVENANCE)
    expect(await stand.provenanceOf((await ada.browser.session()).session)).toBeUndefined()
    const ended = await stand.change((tx) => stand.sessions.end(tx, { provider: 'idp-1', subject: 'subject-9', providerSession: 'sid-3' }))
    expect(ended).toBe(1)
    await expect(browser.recognise('GET')).rejects.toMatchObject({ code: 'not-signed-in' })
    await expect(ada.browser.recognise('GET')).resolves.toBeDefined()
  })

  it('leads somebody without a second factor to setting one up, and to a session that knows its provider', async () => {
    const person = await stand.add()
    const browser = stand.browser()
    expect(await vouched(person.id, browser)).toEqual({ next: 'enrol' })
    const { secret } = await browser.call<{ secret: string }>('POST /enrolment/totp/options')
    await browser.call('POST /enrolment/totp', { code: codeAt(secret) })
    const { session, factors } = await browser.session()
    expect(factors).toEqual(['provider', 'totp'])
    expect(await stand.provenanceOf(session)).toEqual(PROVENANCE)
  })

  it('is asked for anew where nothing here shows both factors: the code of an app alone is not enough', async () => {
    const person = await stand.add()
    const browser = stand.browser()
    await vouched(person.id, browser)
    const { secret } = await browser.call<{ secret: string }>('POST /enrolment/totp/options')
    await browser.call('POST /enrolment/totp', { code: codeAt(secret) })
    await browser.session()
    stand.clock.advance(11 * 60_000)
    expect(await browser.call('GET /step-up')).toEqual({ ways: [], provider: PROVENANCE.provider })
    await expect(browser.call('POST /step-up/totp', { code: codeAt(secret), password: 'anything' })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(browser.call('POST /credentials/recovery-codes')).rejects.toMatchObject({ code: 'step-up-needed' })
    expect(await vouched(person.id, browser)).toEqual({ next: 'second-factor', ways: ['totp', 'recovery-code'] })
    await browser.call('POST /sign-in/totp', { code: nextCode(secret) })
    await browser.session()
    await expect(browser.call('POST /credentials/recovery-codes')).resolves.toBeDefined()
  })

  it('meets single sign-on where it is required', async () => {
    const [owner, ada] = [await withPassword(), await withPassword()]
    stand.owners.add(owner.id)
    const operator = { actor: { kind: 'operator', name: 'ada' } as const }
    const { etag = '' } = await ada.browser.reply('GET /security-settings', undefined, operator)
    const { etag: on = '' } = await ada.browser.reply('PATCH /security-settings', { requireSingleSignOn: true, breakGlass: [owner.id] }, { ...operator, ifMatch: etag })
    const browser = stand.browser()
    expect(await vouched(ada.id, browser)).toMatchObject({ next: 'second-factor' })
    expect(await browser.call('POST /sign-in/totp', { code: nextCode(ada.secret) })).toEqual({ next: 'done' })
    await ada.browser.reply('PATCH /security-settings', { requireSingleSignOn: false }, { ...operator, ifMatch: on })
  })
})

describe('the audit', () => {
  it('tells of sign-ins, refusals, step-ups and ends, and holds no secret and no address', async () => {
    const own = await standForSignIn(server)
    await own.change((tx) => own.invitations.invite(tx, { displayName: 'Ada', email: 'ada@harbour.example' }, OPERATOR))
    const invitation = /#(?:token=)?(\S+)/.exec(own.post.sent[0]?.text ?? '')?.[1] ?? ''
    const browser = own.browser()
    const secrets: string[] = [invitation, PASSWORD, 'a wrong guess of 9']
    const keep = () => secrets.push(...Object.values(browser.cookies))
    await browser.call('POST /invitation', { token: invitation })
    keep()
    await browser.call('POST /enrolment/password', { password: PASSWORD })
    const { secret } = await browser.call<{ secret: string }>('POST /enrolment/totp/options')
    const code = codeAt(secret, own.clock.now())
    const { recoveryCodes } = await browser.call<{ recoveryCodes: string[] }>('POST /enrolment/totp', { code })
    keep()
    secrets.push(secret, code, ...recoveryCodes, (await browser.session()).csrf)
    const { token } = await browser.call<{ token: string }>('POST /tokens', { name: 'x', scopes: ['session.read'], expiresAt: new Date(own.clock.now().getTime() + 86_400_000).toISOString() })
    secrets.push(token)
    own.clock.advance(60_000)
    await browser.call('POST /step-up/totp', { code: codeAt(secret, own.clock.now()), password: PASSWORD })
    keep()
    await browser.call('POST /sign-out')
    await own.browser().call('POST /sign-in/password', { email: 'ada@harbour.example', password: 'a wrong guess of 9' }).catch(() => {})
    const audit = await own.audit()
    for (const action of ['credentials.enrol', 'session.step-up', 'session.end', 'sign-in.refuse', 'token.issue']) expect(audit).toContain(action)
    for (const text of secrets) expect(audit.includes(text), text).toBe(false)
    expect(audit).not.toContain('203.0.113.7')
    expect(audit).toContain('203.0.113.0/24')
    expect(audit).not.toContain('ada@harbour.example')
    // Nor does the database hold any of them where it could be read: every text and byte column of the room.
    const dump = await own.db.appPool.query<{ table_name: string }>(`select table_name from information_schema.tables where table_schema = 'authentication'`)
    for (const { table_name } of dump.rows) {
      const { rows } = await own.db.appPool.query<{ line: string }>(`select t::text as line from authentication."${table_name}" t`)
      const all = rows.map(({ line }) => line).join('\n')
      for (const text of secrets) if (text.length > 6) expect(all.includes(text) || all.includes(Buffer.from(text).toString('hex')), `${table_name}: ${text}`).toBe(false)
    }
  })
})

it('the origin of the tests is the one that passkeys are bound to', () => expect(ORIGIN).toBe('https://security.example.com'))
