import { existsSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, codeOf, type Console, openConsole, setUpOwner, type Visitor, visitor } from './console-page.ts'

const PASSWORD = 'seven slow barges pass'
/** More presses of Tab than there are things to reach on any of these screens: who needs more is lost. */
const MOST_TABS = 40

describe.skipIf(!existsSync(CHROMIUM))('the console with no mouse', { timeout: 120_000 }, () => {
  let place: Console
  let ada: Visitor
  let secret: string
  beforeAll(async () => {
    place = await openConsole('keys')
    ada = await visitor(place)
    await setUpOwner(place, ada.page)
    const { page } = ada
    await page.goto(`${place.origin}/console/account`)
    await page.getByRole('button', { name: 'Set one' }).click()
    await page.getByLabel('New password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('button', { name: 'Set it up' }).click()
    secret = (await page.getByLabel('Secret for the authenticator app').textContent()) ?? ''
    await page.getByLabel('Code that the app shows now').fill(codeOf(secret, -1))
    await page.getByRole('dialog').getByRole('button', { name: 'Set it up' }).click()
    await page.getByText('Set up: it gives you a code').waitFor()
  })
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  /** Presses Tab until this has the focus, which must be seen: an outline is drawn around it. */
  async function tabTo(page: Page, role: 'button' | 'link' | 'textbox' | 'searchbox', name: string): Promise<void> {
    const wanted = page.getByRole(role, { name, exact: role !== 'link' }).first()
    await wanted.waitFor()
    for (let presses = 0; presses < MOST_TABS; presses++) {
      await page.keyboard.press('Tab')
      if (!(await wanted.evaluate((element) => element === element.ownerDocument.activeElement))) continue
      const ring = await wanted.evaluate((element) => {
        const { outlineStyle, outlineWidth, boxShadow } = element.ownerDocument.defaultView!.getComputedStyle(element)
        return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) || boxShadow !== 'none'
      })
      expect(ring, `${name} shows that it has the focus`).toBe(true)
      return
    }
    throw new Error(`${name} was not reached by Tab`)
  }

  it('somebody signs in, goes to a check by the palette, runs it, reads the result and signs out', async () => {
    await using seen = await visitor(place)
    const { page } = seen
    await page.goto(`${place.origin}/console/`)
    await tabTo(page, 'textbox', 'E-mail address')
    await page.keyboard.type('ada@harbour.example')
    await tabTo(page, 'textbox', 'Password')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    const code = page.getByLabel('Code of your authenticator app')
    await code.waitFor()
    expect(await code.evaluate((element) => element === element.ownerDocument.activeElement), 'the code is asked for where one types').toBe(true)
    await page.keyboard.type(codeOf(secret))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Today' }).waitFor()

    await page.keyboard.press('Control+k')
    await page.keyboard.type('checks')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Checks', level: 1 }).waitFor()
    await tabTo(page, 'searchbox', 'Title, id or control')
    await page.keyboard.type('disk has room')
    await tabTo(page, 'link', 'The disk has room')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'The disk has room', level: 1 }).waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('run')
    await page.getByRole('option', { name: /Run .* now/ }).waitFor()
    const answered = page.waitForResponse((response) => response.url().endsWith('/api/v1/runs') && response.request().method() === 'POST')
    await page.keyboard.press('Enter')
    expect((await answered).status()).toBe(200)
    await page.getByRole('status').getByText(/ecorded/).waitFor()

    await page.keyboard.press('Control+k')
    await page.keyboard.type('sign out')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
    expect(seen.complaints).toEqual([])
  })
})
