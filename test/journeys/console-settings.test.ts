import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newKeyPair, selfSigned } from '../../src/modules/federation/certificate.ts'
import { CHROMIUM, type Console, NARROW, openConsole, overflow, setUpOwner, type Visitor, violations, visitor, WIDE } from './console-page.ts'

const SHOTS = process.env['VOUCHSAFE_SHOTS']

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

  it('a mail setting that somebody else has changed meanwhile is shown both ways, and theirs is kept where one’s own does not speak', async () => {
    const { page } = ada
    const setByOperator = async (change: object): Promise<void> => {
      const body = { host: 'mail.harbour.example', port: 587, tls: 'starttls', fromAddress: 'security@harbour.example', fromName: 'Harbour', ...change }
      expect((await place.here.operator('/api/v1/mail', { method: 'PUT', body })).status).toBe(200)
    }
    await setByOperator({})
    await go('mail')
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password').fill('never in sight')
    await page.getByLabel('Sender name').fill('Harbour, by Ada')
    await setByOperator({ port: 2525, fromName: 'Harbour, by the operator' })
    await page.getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else has changed this meanwhile' })
    await dialog.getByText('Harbour, by the operator').waitFor()
    expect(await dialog.textContent()).toContain('a new one')
    expect(await dialog.textContent()).not.toContain('never in sight')
    expect(await violations(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Save mine over it' }).click()
    await page.getByText('Saved.').waitFor()
    expect((await place.here.operator('/api/v1/mail')).json<{ setting: object }>().setting).toMatchObject({ port: 2525, username: 'ada', password: 'kept', fromName: 'Harbour, by Ada' })
  })

  describe('sign-in providers', () => {
    const certificate = async (): Promise<string> => {
      const pair = await newKeyPair()
      return selfSigned(pair, 'idp.harbour.example', new Date())
    }
    const add = async (settings: object): Promise<string> => {
      const answer = await place.here.operator('/api/v1/federation/providers', { method: 'POST', body: settings })
      if (answer.status !== 201) throw new Error(answer.text)
      return `/federation/providers/${answer.json<{ id: string }>().id}`
    }
    const read = async (path: string): Promise<Record<string, unknown>> => (await place.here.operator(`/api/v1${path}`)).json()
    const passes = async (): Promise<void> => {
      for (const viewport of [WIDE, NARROW]) {
        await ada.page.setViewportSize(viewport)
        expect(await violations(ada.page)).toEqual([])
        expect(await overflow(ada.page)).toBeLessThanOrEqual(0)
        if (SHOTS !== undefined) await ada.page.screenshot({ path: `${SHOTS}/provider-${viewport.width}.png`, fullPage: true })
      }
      await ada.page.setViewportSize(WIDE)
    }

    it('groups follow one, and its certificates roll over', async () => {
      const { page } = ada
      const group = (await place.here.operator('/api/v1/groups', { method: 'POST', body: { name: 'Platform' } })).json<{ id: string }>().id
      const [old, young] = [await certificate(), await certificate()]
      const path = await add({ kind: 'saml', title: 'Harbour directory', issuer: 'https://idp.harbour.example', signInUrl: 'https://idp.harbour.example/sso', certificates: [old] })
      await go(path.replace('/federation/', ''))
      await page.getByLabel('Claim or attribute with groups').fill('memberOf')
      await page.getByRole('button', { name: 'Map a group' }).click()
      await page.getByLabel('Group 1 at the provider', { exact: true }).fill('engineers')
      await page.getByLabel('Group 1 here', { exact: true }).selectOption({ label: 'Platform' })
      await page.getByLabel('Add one of the groups').selectOption({ label: 'Platform' })
      await page.getByRole('button', { name: 'Add a certificate' }).click()
      await page.getByLabel('Certificate 2', { exact: true }).fill('no certificate')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByRole('alert').getByRole('link', { name: /^Certificates/ }).waitFor()
      await page.getByLabel('Certificate 2', { exact: true }).fill(young)
      await page.getByText(/SHA-256/).nth(1).waitFor()
      await passes()
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Saved.').waitFor()
      expect(await read(path)).toMatchObject({ groupsFrom: 'memberOf', groups: [{ named: 'engineers', group }], defaultGroups: [group], certificates: [old, young] })
      await page.getByRole('button', { name: 'Try it' }).click()
      await page.getByText('Certificate 2').first().waitFor()
      await page.getByRole('button', { name: 'Take off certificate 1' }).click()
      await page.getByRole('button', { name: 'Take off group 1' }).click()
      await page.getByRole('button', { name: 'Save' }).click()
      await expect.poll(() => read(path)).toMatchObject({ groups: [], defaultGroups: [group], certificates: [young] })
    })

    it('its client secret is replaced, and never shown', async () => {
      const { page } = ada
      const path = await add({ kind: 'oidc', title: 'Harbour accounts', issuer: 'https://accounts.harbour.example', clientId: 'vouchsafe', clientSecret: 'the one before' })
      await go(path.replace('/federation/', ''))
      await page.getByLabel('New client secret').fill('the one after it')
      await passes()
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Saved.').waitFor()
      expect(await page.getByLabel('New client secret').inputValue()).toBe('')
      const audited = await place.here.operator('/api/v1/audit?limit=5')
      expect(audited.text).toContain('clientSecret')
      expect(audited.text).not.toContain('the one after it')
      await page.getByLabel('How we show that it is us').selectOption({ label: 'a key of our own' })
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Our public key').waitFor()
      expect(ada.complaints).toEqual([])
    })
  })
})
