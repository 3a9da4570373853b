import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptWithPassword, CHROMIUM, type Console, invite, NARROW, openConsole, overflow, setUpOwner, type Visitor, violations, visitor, WIDE } from './console-page.ts'

/** Where screenshots go for whoever wants to look at them; left out, none are made. */
const SHOTS = process.env['VOUCHSAFE_SHOTS']

const DOORS = ['set-up', 'forgotten', 'invitation', 'reset', 'nowhere']
const SCREENS = ['', 'people', 'groups', 'service-accounts', 'invitations', 'roles', 'roles/owner', 'access', 'account', 'settings/security', 'providers', 'directories', 'webhooks', 'mail', 'nowhere']

describe.skipIf(!existsSync(CHROMIUM))('the console as it is seen', { timeout: 180_000 }, () => {
  let place: Console
  let ada: Visitor
  let bo: string
  beforeAll(async () => {
    place = await openConsole('console')
    ada = await visitor(place)
    await setUpOwner(place, ada.page)
    const link = await invite(ada.page, place.origin, 'Bo Sørensen', 'bo@harbour.example')
    await using guest = await visitor(place)
    await acceptWithPassword(guest.page, link, 'five quiet herons wait')
    await invite(ada.page, place.origin, 'Chidi Okafor', 'chidi@harbour.example')
    await ada.page.goto(`${place.origin}/console/people`)
    await ada.page.getByRole('link', { name: 'Bo Sørensen' }).waitFor()
    bo = (await ada.page.getByRole('link', { name: 'Bo Sørensen' }).getAttribute('href')) ?? ''
  })
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  async function look({ page, complaints }: Visitor, path: string, what: string): Promise<void> {
    const found: unknown[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const viewport of [WIDE, NARROW]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize(viewport)
        await page.goto(new URL(path, `${place.origin}/console/`).href)
        await page.locator('h1').first().waitFor()
        await page.locator('.bone').first().waitFor({ state: 'detached' })
        if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${what}-${colorScheme}-${viewport.width}.png`, fullPage: true })
        found.push(...(await violations(page)).map((violation) => `${colorScheme} ${viewport.width}: ${violation}`))
        if ((await overflow(page)) > 0) found.push(`${colorScheme} ${viewport.width}: it scrolls sideways`)
      }
    }
    expect(found).toEqual([])
    expect(complaints.splice(0)).toEqual([])
  }

  it.each(DOORS)('/%s, signed out, passes WCAG 2.2 AA, light and dark, wide and at 320 px', async (path) => {
    await using guest = await visitor(place)
    await look(guest, path, `door-${path}`)
  })

  it.for(SCREENS)('/%s, signed in, passes the same', async (path, { skip }) => {
    // A module that this installation is not assembled with is in no owner's rail.
    if (path !== 'nowhere' && path !== 'roles/owner') skip((await ada.page.locator(`nav a[href="/console/${path}"]`).count()) === 0, 'this installation does not have it')
    await look(ada, path, `screen-${path.replaceAll('/', '-') || 'today'}`)
  })

  it('a person, with everything that is known of them, passes the same', () => look(ada, bo, 'screen-person'))

  it('dialogs pass the same, hold the focus, and give it back', async () => {
    const { page } = ada
    for (const viewport of [WIDE, NARROW]) {
      await page.setViewportSize(viewport)
      for (const [path, button] of [['people', 'Invite somebody'], ['roles', 'Make a role'], ['account', 'Make a token'], [bo, 'Deactivate'], [bo, 'Give a role']] as const) {
        await page.goto(new URL(path, `${place.origin}/console/`).href)
        const opener = page.getByRole('button', { name: button }).first()
        await opener.click()
        const dialog = page.getByRole('dialog')
        await dialog.waitFor()
        expect(await violations(page)).toEqual([])
        if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/dialog-${button.replaceAll(' ', '-')}-${viewport.width}.png` })
        for (let presses = 0; presses < 30; presses++) await page.keyboard.press('Tab')
        expect(await page.evaluate("document.activeElement === document.body || document.activeElement.closest('dialog') !== null")).toBe(true)
        await page.keyboard.press('Escape')
        await dialog.waitFor({ state: 'detached' })
        expect(await opener.evaluate((element) => element === (globalThis as unknown as { document: { activeElement: unknown } }).document.activeElement)).toBe(true)
      }
    }
    await page.setViewportSize(WIDE)
  })

  it('everything is reached by keys: the palette goes places, two keys go quicker, j and k walk a list', async () => {
    const { page } = ada
    await page.goto(`${place.origin}/console/`)
    await page.getByRole('heading', { name: 'Today' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('peop')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'People' }).waitFor()
    await page.getByRole('link', { name: 'Ada Example' }).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Bo Sørensen', level: 1 }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('r')
    await page.getByRole('heading', { name: 'Roles' }).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Go to People').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('dark')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate('document.documentElement.dataset.scheme')).toBe('dark')
    await page.reload()
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(18, 21, 22)')
    await page.evaluate("localStorage.removeItem('vouchsafe.scheme')")
  })

  it('on a phone the rail is behind a button', async () => {
    const { page } = ada
    await page.setViewportSize(NARROW)
    await page.goto(`${place.origin}/console/people`)
    await page.getByRole('button', { name: 'Menu' }).click()
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/menu-320.png` })
    expect(await violations(page)).toEqual([])
    await page.getByRole('dialog').getByRole('link', { name: 'Groups' }).click()
    await page.getByRole('heading', { name: 'Groups' }).waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  it('nothing comes from elsewhere, and no file is missing', async () => {
    const { page } = ada
    await page.setViewportSize(WIDE)
    await page.goto(`${place.origin}/console/people`)
    await page.getByRole('link', { name: 'Ada Example' }).waitFor()
    await page.evaluate('document.fonts.ready.then(() => 1)')
    const hosts: string[] = await page.evaluate("performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin)")
    expect(new Set(hosts)).toEqual(new Set([place.origin]))
    expect(await page.evaluate("[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family.replaceAll('\"', ''))")).toEqual(expect.arrayContaining(['Source Serif 4', 'Inter']))
  })
})
