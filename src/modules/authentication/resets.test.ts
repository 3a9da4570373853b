import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeFolders, standForSignIn, startTemporaryServer, type SignInStand, type TemporaryServer } from './sign-in.fixture.ts'

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

const linkFor = async (email: string): Promise<string> => {
  await stand.browser().call('POST /password-reset', { email })
  return /reset#(\S+)/.exec(stand.post.sent.at(-1)?.text ?? '')?.[1] ?? ''
}

test('a link that went to an address which is theirs no longer opens nothing, and neither does a reset begun by it', async () => {
  const moving = await stand.add({ email: 'old@harbour.example' })
  const [opened, link] = [stand.browser(), await linkFor('old@harbour.example')]
  expect(await opened.call('POST /password-reset/link', { token: link })).toEqual({ next: 'choose-password' })
  const waiting = await linkFor('old@harbour.example')
  await stand.change((tx) => stand.people.update(tx, moving.id, { title: 'Captain' }))
  await stand.change((tx) => stand.people.update(tx, moving.id, { email: 'new@harbour.example' }))
  await expect(stand.browser().call('POST /password-reset/link', { token: waiting })).rejects.toMatchObject({ code: 'not-allowed' })
  await expect(opened.call('POST /password-reset/password', { password: 'a wholly new phrase 4' })).rejects.toMatchObject({ code: 'not-signed-in' })
})

test('another change of theirs leaves a link as it is', async () => {
  const staying = await stand.add({ email: 'stays@harbour.example' })
  const link = await linkFor('stays@harbour.example')
  await stand.change((tx) => stand.people.update(tx, staying.id, { title: 'Mate' }))
  expect(await stand.browser().call('POST /password-reset/link', { token: link })).toEqual({ next: 'choose-password' })
})
