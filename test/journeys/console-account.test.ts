import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, codeOf, type Console, openConsole, setUpOwner, type Visitor, visitor } from './console-page.ts'

const PASSWORD = 'seven slow barges pass'

describe.skipIf(!existsSync(CHROMIUM))('what one signs in with, in one’s own account', { timeout: 120_000 }, () => {
  let place: Console
  let ada: Visitor
  let secret: string
  let recoveryCodes: string[]
  beforeAll(async () => {
    place = await openConsole('account')
    ada = await visitor(place)
    await setUpOwner(place, ada.page)
    await ada.page.goto(`${place.origin}/console/account`)
    await ada.page.getByRole('button', { name: 'Set one' }).click()
    await ada.page.getByLabel('New password').fill(PASSWORD)
    await ada.page.getByRole('button', { name: 'Set the password' }).click()
    await ada.page.getByText('You have one').waitFor()
  })
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  /** On a machine that has none of her passkeys. */
  async function atTheDoor(): Promise<Visitor> {
    const seen = await visitor(place)
    await seen.page.goto(`${place.origin}/console/`)
    await seen.page.getByLabel('E-mail address').fill('ada@harbour.example')
    await seen.page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await seen.page.getByRole('button', { name: 'Continue' }).click()
    return seen
  }
  const show = async ({ page }: Visitor, label: string, code: string): Promise<void> => {
    await page.getByLabel(label).fill(code)
    await page.getByRole('button', { name: 'Continue' }).click()
  }
  const isIn = ({ page }: Visitor): Promise<void> => page.getByRole('heading', { name: 'Today' }).waitFor()

  it('an authenticator app is set up once it has shown that it has the secret', async () => {
    const { page } = ada
    await page.getByRole('button', { name: 'Set it up' }).click()
    secret = (await page.getByLabel('Secret for the authenticator app').textContent()) ?? ''
    expect(await page.getByRole('img', { name: /QR code/ }).evaluate((picture) => (picture as unknown as { naturalWidth: number }).naturalWidth)).toBeGreaterThan(50)
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Code that the app shows now').fill('000000')
    await dialog.getByRole('button', { name: 'Set it up' }).click()
    await dialog.getByRole('alert').waitFor()
    await using early = await atTheDoor()
    await early.page.getByRole('button', { name: 'Use a passkey' }).waitFor()
    expect(await early.page.getByLabel('Code of your authenticator app').count()).toBe(0) // not while it is half set up
    await dialog.getByLabel('Code that the app shows now').fill(codeOf(secret, -1))
    await dialog.getByRole('button', { name: 'Set it up' }).click()
    await page.getByText('Set up: it gives you a code').waitFor()
  })

  it('its codes let in after the password, each of them once', async () => {
    await using seen = await atTheDoor()
    const code = codeOf(secret)
    await show(seen, 'Code of your authenticator app', code)
    await isIn(seen)
    await using again = await atTheDoor()
    await show(again, 'Code of your authenticator app', code)
    await again.page.getByRole('alert').waitFor()
    expect(await again.page.getByRole('heading', { name: 'Today' }).count()).toBe(0)
    expect([...seen.complaints, ...again.complaints]).toEqual([])
  })

  it('new recovery codes take the place of the old ones', async () => {
    const { page } = ada
    const make = async (): Promise<string[]> => {
      await page.getByRole('button', { name: 'Make new ones' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Make new ones' }).click()
      await page.getByLabel('I have kept them').waitFor()
      const codes = await page.getByLabel('Recovery codes').getByRole('listitem').allTextContents()
      expect(await page.getByRole('button', { name: 'Go on' }).isDisabled()).toBe(true) // nobody goes on without them
      await page.getByLabel('I have kept them').check()
      await page.getByRole('button', { name: 'Go on' }).click()
      return codes
    }
    const before = await make()
    recoveryCodes = await make()
    expect(new Set([...before, ...recoveryCodes]).size).toBe(20)
    await using seen = await atTheDoor()
    await seen.page.getByRole('button', { name: 'Use a recovery code' }).click()
    await show(seen, 'Recovery code', before[0] ?? '')
    await seen.page.getByRole('alert').waitFor()
    await show(seen, 'Recovery code', recoveryCodes[0] ?? '')
    await isIn(seen)
  })

  it('a recovery code lets in once, in whatever way it is typed, and the account says how many are left', async () => {
    const typed = ` ${(recoveryCodes[1] ?? '').toUpperCase()} `
    await using seen = await atTheDoor()
    await seen.page.getByRole('button', { name: 'Use a recovery code' }).click()
    await show(seen, 'Recovery code', typed)
    await isIn(seen)
    for (const again of [typed, recoveryCodes[1] ?? '', (recoveryCodes[1] ?? '').replaceAll('-', '')]) {
      await using refused = await atTheDoor()
      await refused.page.getByRole('button', { name: 'Use a recovery code' }).click()
      await show(refused, 'Recovery code', again)
      await refused.page.getByRole('alert').waitFor()
      expect(await refused.page.getByRole('heading', { name: 'Today' }).count()).toBe(0)
    }
    await ada.page.reload()
    await ada.page.getByText('8 left.').waitFor()
  })

  it('another session is seen, ended, and refused with its next request', async () => {
    await using seen = await atTheDoor()
    await show(seen, 'Code of your authenticator app', codeOf(secret, 1))
    await isIn(seen)
    const { page } = ada
    await page.reload()
    await page.getByRole('button', { name: 'End all others' }).click()
    await page.getByRole('button', { name: 'End them' }).click()
    await page.getByText('You are signed in here alone.').waitFor()
    await expect.poll(async () => seen.page.evaluate("fetch('/api/v1/session').then((answer) => answer.status)")).toBe(401)
    await page.reload()
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
  })

  it('once the app is removed its codes let nobody in', async () => {
    const { page } = ada
    await page.locator('section').filter({ has: page.getByRole('heading', { name: 'Authenticator app' }) }).getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click()
    await page.getByText('Not set up. It is the second factor of a password.').waitFor()
    await using seen = await atTheDoor()
    await seen.page.getByRole('button', { name: /recovery code/i }).or(seen.page.getByLabel('Recovery code')).first().waitFor()
    expect(await seen.page.getByLabel('Code of your authenticator app').count()).toBe(0)
    expect(ada.complaints).toEqual([])
  })
})
