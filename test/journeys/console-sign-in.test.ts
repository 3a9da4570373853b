import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptWithPassword, CHROMIUM, codeOf, type Console, invite, openConsole, setUpOwner, type Visitor, visitor } from './console-page.ts'

const PASSWORD = 'five quiet herons wait'

describe.skipIf(!existsSync(CHROMIUM))('signing in to the console', { timeout: 120_000 }, () => {
  let place: Console
  let ada: Visitor
  let bo: { secret: string; recoveryCodes: string[] }
  beforeAll(async () => {
    place = await openConsole('console')
    ada = await visitor(place)
    await setUpOwner(place, ada.page)
  })
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  const boAtTheDoor = async (to = ''): Promise<Visitor> => {
    const seen = await visitor(place)
    await seen.page.goto(`${place.origin}/console/${to}`)
    await seen.page.getByLabel('E-mail address').fill('bo@harbour.example')
    await seen.page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await seen.page.getByRole('button', { name: 'Continue' }).click()
    return seen
  }

  it('the set-up code made the first owner, with a passkey, and is dead', async () => {
    expect(await ada.page.getByRole('button', { name: 'Ada Example' }).isVisible()).toBe(true)
    await using other = await visitor(place)
    await other.page.goto(`${place.origin}/console/set-up`)
    await other.page.getByLabel('Set-up code').fill(place.here.installation.setUpCode ?? '')
    await other.page.getByLabel('Your name').fill('Mallory')
    await other.page.getByLabel('Your e-mail address').fill('mallory@elsewhere.example')
    await other.page.getByRole('button', { name: 'Go on' }).click()
    await other.page.getByRole('alert').waitFor()
    expect(await other.page.getByRole('button', { name: 'Make a passkey' }).count()).toBe(0)
  })

  it('who signs out signs in again with the passkey, where they wanted to go', async () => {
    await ada.page.getByRole('button', { name: 'Ada Example' }).click()
    await ada.page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await ada.page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
    await ada.page.goto(`${place.origin}/console/groups?q=plat`)
    await ada.page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await ada.page.getByRole('heading', { name: 'Groups' }).waitFor()
    expect(ada.page.url()).toBe(`${place.origin}/console/groups?q=plat`)
  })

  it('who is invited begins with a password and an authenticator app', async () => {
    const link = await invite(ada.page, place.origin, 'Bo Sørensen', 'bo@harbour.example')
    expect(link).toContain('/console/invitation#')
    await using seen = await visitor(place)
    bo = await acceptWithPassword(seen.page, link, PASSWORD)
    expect(bo.recoveryCodes).toHaveLength(10)
    expect(seen.page.url()).not.toContain(link.split('#')[1] ?? '#')
    expect(await seen.page.getByRole('link', { name: 'People' }).count()).toBe(0)
    expect(seen.complaints).toEqual([])
    await using again = await visitor(place)
    await again.page.goto(link)
    await again.page.getByRole('button', { name: 'Accept' }).click()
    await again.page.getByRole('alert').waitFor()
  })

  it('a password alone lets nobody in; the code of the app does', async () => {
    await using seen = await boAtTheDoor()
    await seen.page.getByLabel('Code of your authenticator app').fill('000000')
    await seen.page.getByRole('button', { name: 'Continue' }).click()
    await seen.page.getByRole('alert').waitFor()
    await seen.page.getByLabel('Code of your authenticator app').fill(codeOf(bo.secret))
    await seen.page.getByRole('button', { name: 'Continue' }).click()
    await seen.page.getByRole('heading', { name: 'Today' }).waitFor()
    expect(seen.complaints).toEqual([])
  })

  it('a recovery code lets in once', async () => {
    await using seen = await boAtTheDoor()
    await seen.page.getByRole('button', { name: 'Use a recovery code' }).click()
    await seen.page.getByLabel('Recovery code').fill(bo.recoveryCodes[0] ?? '')
    await seen.page.getByRole('button', { name: 'Continue' }).click()
    await seen.page.getByRole('heading', { name: 'Today' }).waitFor()
    await using again = await boAtTheDoor()
    await again.page.getByRole('button', { name: 'Use a recovery code' }).click()
    await again.page.getByLabel('Recovery code').fill(bo.recoveryCodes[0] ?? '')
    await again.page.getByRole('button', { name: 'Continue' }).click()
    await again.page.getByRole('alert').waitFor()
    expect(await again.page.getByRole('heading', { name: 'Today' }).count()).toBe(0)
  })

  it('a wrong password and an unknown address are told the same', async () => {
    await using seen = await visitor(place)
    await seen.page.goto(`${place.origin}/console/`)
    const told: (string | null)[] = []
    for (const email of ['bo@harbour.example', 'nobody@harbour.example']) {
      await seen.page.getByLabel('E-mail address').fill(email)
      await seen.page.getByLabel('Password', { exact: true }).fill('not the password at all')
      await seen.page.getByRole('button', { name: 'Continue' }).click()
      await seen.page.getByRole('button', { name: 'Continue', disabled: false }).waitFor()
      told.push(await seen.page.getByRole('alert').textContent())
    }
    expect(told[0]).not.toBeNull()
    expect(told[0]).toBe(told[1])
    expect(await seen.page.getByLabel('E-mail address').inputValue()).toBe('nobody@harbour.example')
  })
})
