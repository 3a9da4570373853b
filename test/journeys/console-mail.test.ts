import { chmodSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startExim, type Exim } from '../servers/exim.ts'
import { freePort, makeFolder, missingPrograms, removeFolder } from '../servers/programs.ts'
import { acceptWithPassword, CHROMIUM, codeOf, type Console, openConsole, setUpOwner, type Visitor, visitor } from './console-page.ts'
import { linksTo, linkTo } from './letters.ts'

const BO = 'bo@harbour.example'
const PASSWORD = 'five quiet herons wait'
const ANOTHER = 'nine grey cranes turn'

const missing = missingPrograms('exim4', path.basename(CHROMIUM))

describe.skipIf(missing.length > 0)(`links that come by mail, opened in a browser${missing.length > 0 ? ` (missing: ${missing.join(', ')})` : ''}`, { timeout: 120_000 }, () => {
  const folder = makeFolder('mail')
  let mailbox: Exim
  let place: Console
  let ada: Visitor
  /** Bo at the browser in which the invitation was accepted. */
  let bo: Visitor
  let secret: string
  beforeAll(async () => {
    chmodSync(folder, 0o711) // the mail server runs as somebody else
    mailbox = await startExim(path.join(folder, 'exim'), { port: await freePort() })
    place = await openConsole('mail')
    ada = await visitor(place)
    await setUpOwner(place, ada.page)
  })
  afterAll(async () => {
    for (const seen of [bo, ada]) await seen?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
    await mailbox?.stop()
    removeFolder(folder)
  })

  async function askForLink(email: string): Promise<string | null> {
    await using seen = await visitor(place)
    const { page } = seen
    await page.goto(`${place.origin}/console/`)
    await page.getByRole('link', { name: /Forgotten/ }).click()
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('button', { name: 'Send the link' }).click()
    const told = await page.getByRole('status').filter({ hasText: 'mail' }).textContent()
    expect(seen.complaints).toEqual([])
    return told
  }

  /** With a link and a wrong code: not further than the second factor. */
  async function openLink(link: string): Promise<Visitor> {
    const seen = await visitor(place)
    await seen.page.goto(link)
    await seen.page.getByRole('button', { name: 'Go on' }).click()
    return seen
  }

  it('a mail server is set in the console, and a test arrives', async () => {
    const { page } = ada
    await page.goto(`${place.origin}/console/mail`)
    await page.getByLabel('Host').fill('127.0.0.1')
    await page.getByLabel('Port').fill(String(mailbox.port))
    await page.getByLabel('Encryption').selectOption('none')
    await page.getByLabel('Sender address').fill('security@harbour.example')
    await page.getByLabel('Sender name').fill('Harbour Software')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    await page.getByRole('button', { name: 'Send a test to yourself' }).click()
    await page.getByText('A test is on its way to ada@harbour.example.').waitFor()
    await expect.poll(() => mailbox.letters().filter((letter) => /\nTo: ada@harbour\.example/i.test(letter)).length, { timeout: 20_000 }).toBe(1)
    await page.getByRole('row', { name: /ada@harbour\.example.*sent/ }).waitFor()
  })

  it('who is invited gets the link by mail alone, and begins with it', async () => {
    const { page } = ada
    await page.goto(`${place.origin}/console/people`)
    await page.getByRole('button', { name: 'Invite somebody' }).first().click()
    await page.getByLabel('Name', { exact: true }).fill('Bo Sørensen')
    await page.getByLabel('E-mail address').last().fill(BO)
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    await page.getByText('Bo Sørensen has been invited.').waitFor()
    expect(await page.getByLabel('Link').count()).toBe(0)
    const link = await linkTo(mailbox, BO, 'invitation')
    expect(link.startsWith(`${place.origin}/console/invitation#`)).toBe(true)
    bo = await visitor(place)
    ;({ secret } = await acceptWithPassword(bo.page, link, PASSWORD))
    expect(bo.page.url()).not.toContain('#')
    // Whoever reads the mailbox later finds a dead link.
    await using again = await visitor(place)
    await again.page.goto(link)
    await again.page.getByRole('button', { name: 'Accept' }).click()
    await again.page.getByRole('alert').waitFor()
    expect([...bo.complaints, ...again.complaints]).toEqual([])
  })

  it('who has forgotten the password is told the same as somebody unknown, and only one of them gets a letter', async () => {
    expect(await askForLink('nobody.of.ours@harbour.example')).toBe(await askForLink(BO))
    await linkTo(mailbox, BO, 'reset')
    expect(linksTo(mailbox, 'nobody.of.ours@harbour.example', 'reset')).toEqual([])
  })

  it('whoever reads the mail gets no further than the second factor, by the page or past it', async () => {
    const link = await linkTo(mailbox, BO, 'reset')
    await using thief = await openLink(link)
    const { page } = thief
    for (const wrong of ['000000', '123456']) {
      await page.getByLabel('Code of your authenticator app').fill(wrong)
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('alert').waitFor()
    }
    expect(await page.getByLabel('New password').count()).toBe(0)
    const asked = await page.evaluate(async (password) => {
      const answers = []
      for (const [path, body] of [['password-reset/password', { password }], ['enrolment/password', { password }], ['enrolment/totp/options', {}]] as const) answers.push((await fetch(`/api/v1/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).status)
      return [...answers, (await fetch('/api/v1/session')).status]
    }, ANOTHER)
    for (const status of asked) expect([401, 403, 409], String(asked)).toContain(status)
    // The link is spent with that, for everybody.
    await using again = await openLink(link)
    await again.page.getByRole('alert').waitFor()
    // And who was signed in all along still is, with the password that they know.
    await bo.page.reload()
    await bo.page.getByRole('heading', { name: 'Today' }).waitFor()
    await using door = await visitor(place)
    await signIn(door, PASSWORD)
    await door.page.getByLabel('Code of your authenticator app').waitFor()
  })

  it('with the second factor a new password is chosen; the old one and every other session are dead', async () => {
    await askForLink(BO)
    const link = await linkTo(mailbox, BO, 'reset', 2)
    await using seen = await openLink(link)
    const { page } = seen
    await page.getByLabel('Code of your authenticator app').fill(codeOf(secret, 0))
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('New password').fill(ANOTHER)
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('link', { name: 'Go to the console' }).click()
    await page.getByRole('heading', { name: 'Today' }).waitFor()
    expect(seen.complaints).toEqual([])
    await bo.page.reload()
    await bo.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await signIn(bo, PASSWORD)
    await bo.page.getByRole('alert').waitFor()
    expect(await bo.page.getByLabel('Code of your authenticator app').count()).toBe(0)
    await signIn(bo, ANOTHER)
    await bo.page.getByLabel('Code of your authenticator app').fill(codeOf(secret, 1))
    await bo.page.getByRole('button', { name: 'Continue' }).click()
    await bo.page.getByRole('heading', { name: 'Today' }).waitFor()
  })

  async function signIn({ page }: Visitor, password: string): Promise<void> {
    if (!page.url().startsWith(place.origin)) await page.goto(`${place.origin}/console/`)
    await page.getByLabel('E-mail address').fill(BO)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Continue' }).click()
  }
})
