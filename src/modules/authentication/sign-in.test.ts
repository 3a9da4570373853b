import { TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TemporaryServer } from '#core/database'
import { Authenticator } from './authenticator.fixture.ts'
import { removeFolders, standForSignIn, type Browser, startTemporaryServer, type SignInStand } from './sign-in.fixture.ts'

const PASSWORD = 'plenty of quiet herons 9'

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

const codeAt = (secret: string, at: Date): string => new TOTP({ secret }).generate({ timestamp: at.getTime() })

/** Somebody who was invited, and accepted with a password and an authenticator app. */
async function withPassword(email: string): Promise<{ email: string; id: string; secret: string; recoveryCodes: string[]; browser: Browser }> {
  await stand.change((tx) => stand.invitations.invite(tx, { displayName: email.split('@')[0] ?? '', email }, { kind: 'operator', name: 'test' }))
  const [, token = ''] = /#(\S+)/.exec(stand.post.sent.at(-1)?.text ?? '') ?? []
  const browser = stand.browser()
  expect(await browser.call('POST /invitation', { token: token.replace(/^token=/, '') })).toMatchObject({ next: 'enrol', person: { email } })
  expect(await browser.call('POST /enrolment/password', { password: PASSWORD })).toEqual({ next: 'totp' })
  const { secret } = await browser.call<{ secret: string }>('POST /enrolment/totp/options')
  const { recoveryCodes } = await browser.call<{ recoveryCodes: string[] }>('POST /enrolment/totp', { code: codeAt(secret, stand.clock.now()) })
  const { person } = await browser.session()
  stand.clock.advance(60_000) // the next code
  return { email, id: person.id, secret, recoveryCodes, browser }
}

async function withPasskey(email: string): Promise<{ email: string; id: string; authenticator: Authenticator; recoveryCodes: string[]; browser: Browser }> {
  await stand.change((tx) => stand.invitations.invite(tx, { displayName: email.split('@')[0] ?? '', email }, { kind: 'operator', name: 'test' }))
  const [, token = ''] = /#(\S+)/.exec(stand.post.sent.at(-1)?.text ?? '') ?? []
  const browser = stand.browser()
  await browser.call('POST /invitation', { token: token.replace(/^token=/, '') })
  const authenticator = new Authenticator()
  const options = await browser.call<Parameters<Authenticator['create']>[0]>('POST /enrolment/passkey/options')
  const { recoveryCodes } = await browser.call<{ recoveryCodes: string[] }>('POST /enrolment/passkey', { response: authenticator.create(options) })
  const { person } = await browser.session()
  return { email, id: person.id, authenticator, recoveryCodes, browser }
}

const signInByPasskey = async (browser: Browser, authenticator: Authenticator, bent = {}): Promise<unknown> => {
  const options = await browser.call<Parameters<Authenticator['get']>[0]>('POST /sign-in/passkey/options')
  return browser.call('POST /sign-in/passkey', { response: authenticator.get(options, bent) })
}

describe('the first owner', () => {
  it('comes in once, by the set-up code and a passkey, and the code is worth nothing after', async () => {
    const own = await standForSignIn(server)
    const { code } = await own.setUp.renew({ kind: 'operator', name: 'test' })
    const browser = own.browser()
    expect(await browser.call('GET /sign-in')).toEqual({ setUp: true, providers: [] })
    await browser.call('POST /set-up', { code, displayName: 'Ada Example', email: 'ada@example.com' })
    const options = await browser.call<Parameters<Authenticator['create']>[0]>('POST /enrolment/passkey/options')
    const authenticator = new Authenticator()
    const { recoveryCodes } = await browser.call<{ recoveryCodes: string[] }>('POST /enrolment/passkey', { response: authenticator.create(options), name: 'Laptop' })
    expect(recoveryCodes).toHaveLength(10)
    const { person } = await browser.session()
    expect(own.owners).toContain(person.id)
    expect(await browser.call('GET /sign-in')).toEqual({ setUp: false, providers: [] })
    await expect(own.browser().call('POST /set-up', { code, displayName: 'Eve', email: 'eve@example.com' })).rejects.toMatchObject({ code: 'not-allowed' })
    expect(await own.passkeysOf(person.id)).toMatchObject([{ name: 'Laptop', prf: true, backedUp: true }])
  })
})

describe('signing in', () => {
  it('takes a password and then a code, and the session is a new one', async () => {
    const ada = await withPassword('ada@example.com')
    const browser = stand.browser()
    expect(await browser.call('POST /sign-in/password', { email: 'ADA@example.com', password: PASSWORD })).toEqual({ next: 'second-factor', ways: ['totp', 'recovery-code'] })
    expect(browser.cookies).not.toHaveProperty('__Host-session')
    expect(await browser.call('POST /sign-in/totp', { code: codeAt(ada.secret, stand.clock.now()) })).toEqual({ next: 'done' })
    expect((await browser.session()).factors).toEqual(['password', 'totp'])
  })

  it('takes a passkey alone, without anybody naming themselves', async () => {
    const { authenticator, id } = await withPasskey('bo@example.com')
    const browser = stand.browser()
    expect(await signInByPasskey(browser, authenticator)).toEqual({ next: 'done' })
    expect((await browser.session()).person.id).toBe(id)
  })
})
