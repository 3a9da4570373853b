import { TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeFolders, standForSignIn, startTemporaryServer, type Browser, type SignInStand, type TemporaryServer } from './sign-in.fixture.ts'

// What was begun, and what it rested on has changed since.
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

const codeOf = (secret: string): string => {
  stand.clock.advance(60_000)
  return new TOTP({ secret }).generate({ timestamp: stand.clock.now().getTime() })
}
const withTotp = async (browser: Browser): Promise<string> => {
  const { secret } = await browser.call<{ secret: string }>('POST /enrolment/totp/options')
  await browser.call('POST /enrolment/totp', { code: codeOf(secret) })
  return secret
}
let count = 0
async function somebody(): Promise<{ id: string; email: string; secret: string; browser: Browser }> {
  const email = `begun${++count}@harbour.example`
  await stand.change((tx) => stand.invitations.invite(tx, { displayName: `Begun ${count}`, email }, OPERATOR))
  const browser = stand.browser()
  await browser.call('POST /invitation', { token: /#(\S+)/.exec(stand.post.sent.at(-1)?.text ?? '')?.[1] ?? '' })
  await browser.call('POST /enrolment/password', { password: PASSWORD })
  const secret = await withTotp(browser)
  const { person } = await browser.session()
  return { id: person.id, email, secret, browser }
}
const linkFor = async (email: string): Promise<string> => {
  await stand.browser().call('POST /password-reset', { email })
  return /reset#(\S+)/.exec(stand.post.sent.at(-1)?.text ?? '')?.[1] ?? ''
}

test('a link that went to an address which is theirs no longer opens nothing, and neither does a reset begun by it', async () => {
  const { id, email, secret } = await somebody()
  const [opened, link] = [stand.browser(), await linkFor(email)]
  expect(await opened.call('POST /password-reset/link', { token: link })).toMatchObject({ next: 'second-factor' })
  const waiting = await linkFor(email)
  await stand.change((tx) => stand.people.update(tx, id as never, { email: `moved-${email}` }))
  await expect(stand.browser().call('POST /password-reset/link', { token: waiting })).rejects.toMatchObject({ code: 'not-allowed' })
  await expect(opened.call('POST /sign-in/totp', { code: codeOf(secret) })).rejects.toMatchObject({ code: 'not-signed-in' })
})

test('another change of theirs leaves a link as it is', async () => {
  const { id, email } = await somebody()
  const link = await linkFor(email)
  await stand.change((tx) => stand.people.update(tx, id as never, { title: 'Mate' }))
  expect(await stand.browser().call('POST /password-reset/link', { token: link })).toMatchObject({ next: 'second-factor' })
})

test('whoever signs in by a provider alone gets no link by asking: a mail would be all that it takes', async () => {
  await stand.add({ email: 'by-provider@harbour.example' })
  const before = stand.post.sent.length
  expect(await stand.browser().reply('POST /password-reset', { email: 'by-provider@harbour.example' })).toMatchObject({ status: 202, body: {} })
  expect(stand.post.sent).toHaveLength(before)
})

test('a sign-in that a password began ends when the password is another', async () => {
  const { email, secret, browser } = await somebody()
  const thief = stand.browser({ address: '198.51.100.7' })
  expect(await thief.call('POST /sign-in/password', { email, password: PASSWORD })).toMatchObject({ next: 'second-factor' })
  await browser.call('PUT /credentials/password', { current: PASSWORD, password: 'nine herons went elsewhere 4' })
  await expect(thief.call('POST /sign-in/totp', { code: codeOf(secret) })).rejects.toMatchObject({ code: 'not-signed-in' })
})

test('of two who have yet to set up a second factor with the same password, the one who comes later is not let in', async () => {
  const { id, email } = await somebody()
  await stand.db.appPool.query('delete from authentication.totp where person_id = $1', [id])
  const [theirs, thief] = [stand.browser(), stand.browser({ address: '198.51.100.8' })]
  for (const browser of [thief, theirs]) expect(await browser.call('POST /sign-in/password', { email, password: PASSWORD })).toMatchObject({ next: 'enrol' })
  const secret = await withTotp(theirs)
  await expect(withTotp(thief)).rejects.toMatchObject({ code: 'not-signed-in' })
  const again = stand.browser()
  await again.call('POST /sign-in/password', { email, password: PASSWORD })
  expect(await again.call('POST /sign-in/totp', { code: codeOf(secret) })).toEqual({ next: 'done' })
})
