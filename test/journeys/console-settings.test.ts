import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, type Console, openConsole, setUpOwner, type Visitor, visitor } from './console-page.ts'

describe.skipIf(!existsSync(CHROMIUM))('settings and what is one’s own, in the console', { timeout: 120_000 }, () => {
  let place: Console
  let ada: Visitor
  beforeAll(async () => {
    place = await openConsole('console')
    ada = await visitor(place)
    await setUpOwner(place, ada.page)
  })
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })
  const go = (path: string): Promise<unknown> => ada.page.goto(`${place.origin}/console/${path}`)

  it('a network that would lock oneself out is refused, and what was filled in stays', async () => {
    const { page } = ada
    await go('settings/security')
    await page.getByLabel('Networks').fill('203.0.113.0/24')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByText(/lock yourself out/).waitFor()
    expect(await page.getByLabel('Networks').inputValue()).toBe('203.0.113.0/24')
    await page.getByLabel('Networks').fill('')
    await page.getByLabel('Sessions end unused after (minutes)').fill('3')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByRole('link').click() // the summary leads to the field
    expect(await page.evaluate('document.activeElement.name')).toBe('idleMinutes')
    expect(await page.getByLabel('Sessions end unused after (minutes)').getAttribute('aria-invalid')).toBe('true')
    await page.getByLabel('Sessions end unused after (minutes)').fill('30')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. It holds from the next request.').waitFor()
  })

  it('a token of one’s own is shown once, and works as far as it was let', async () => {
    const { page } = ada
    await go('account')
    await page.getByRole('button', { name: 'Make a token' }).click()
    await page.getByLabel('Name', { exact: true }).fill('build server')
    await page.getByLabel('person.read').check()
    await page.getByRole('button', { name: 'Make it' }).click()
    const token = (await page.getByLabel('Token', { exact: true }).textContent()) ?? ''
    expect(token).toMatch(/^vs_/)
    await page.getByRole('button', { name: 'I have it' }).click()
    await page.getByText('build server').waitFor()
    const authorization = `Bearer ${token}`
    expect((await place.here.public('/api/v1/people', { headers: { authorization } })).status).toBe(200)
    expect((await place.here.public('/api/v1/groups', { headers: { authorization } })).status).toBe(403)
    await page.getByRole('button', { name: 'Revoke build server' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('You have no tokens.').waitFor()
    expect((await place.here.public('/api/v1/people', { headers: { authorization } })).status).toBe(401)
  })

  it('a password that is in every list is refused; another, and new recovery codes, are added to a passkey', async () => {
    const { page } = ada
    await go('account')
    await page.getByRole('button', { name: 'Set one' }).click()
    await page.getByLabel('New password').fill('password1234')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('New password').fill('seven slow barges pass')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByText('You have one').waitFor()
    await page.getByRole('button', { name: 'Make new ones' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Make new ones' }).click()
    await page.getByLabel('I have kept them').check()
    expect(await page.getByLabel('Recovery codes').getByRole('listitem').count()).toBe(10)
    await page.getByRole('button', { name: 'Go on' }).click()
  })

  it('a webhook is made, its secret shown once, and turned off', async () => {
    const { page } = ada
    await go('webhooks')
    await page.getByRole('button', { name: 'Make a webhook' }).first().click()
    await page.getByLabel('Title').fill('Chat')
    await page.getByLabel('Address').fill('https://127.0.0.1:9/hook')
    await page.getByLabel('everything').check()
    await page.getByRole('button', { name: 'Make it' }).click()
    expect(await page.getByLabel('Secret', { exact: true }).textContent()).toMatch(/^whsec_/)
    await page.getByRole('button', { name: 'I have it' }).click()
    await page.getByRole('link', { name: 'Chat' }).click()
    await page.getByRole('button', { name: 'Turn off' }).click()
    await page.getByText('It is turned off.').waitFor()
  })

  it('a directory is connected, with an address and a token to enter there', async () => {
    const { page } = ada
    await go('directories')
    await page.getByRole('button', { name: 'Connect a directory' }).first().click()
    await page.getByLabel('Title').fill('Okta')
    await page.getByRole('button', { name: 'Connect it' }).click()
    expect(await page.getByLabel('Address for the directory').textContent()).toContain('/scim/v2')
    await page.getByRole('button', { name: 'I have both' }).click()
    await page.getByRole('link', { name: 'Okta' }).click()
    await page.getByRole('heading', { name: 'Okta', level: 1 }).waitFor()
    await page.getByText('connected', { exact: true }).waitFor()
  })

  it('a mail server is set, and its password is never shown again', async () => {
    const { page } = ada
    await go('mail')
    await page.getByLabel('Host').fill('127.0.0.1')
    await page.getByLabel('Port').fill('2525')
    await page.getByLabel('Encryption').selectOption('none')
    await page.getByLabel('Sender address').fill('security@harbour.example')
    await page.getByLabel('Sender name').fill('Harbour Software')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    await page.reload()
    expect(await page.getByLabel('Host').inputValue()).toBe('127.0.0.1')
    expect(await page.getByLabel('Password').inputValue()).toBe('')
    expect(ada.complaints).toEqual([])
  })
})
