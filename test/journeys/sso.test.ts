import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOidcProvider, type OidcServer } from '../../src/modules/federation/oidc-provider.fixture.ts'
import { missingForSaml, startSimpleSaml, type SamlServer } from '../../src/modules/federation/simplesamlphp.fixture.ts'
import { CHROMIUM, openConsole, setUpOwner, visitor, type Console, type Visitor } from './console-page.ts'

const SECRET = 'a long secret of the client'

describe.skipIf(!existsSync(CHROMIUM))('signing in through an identity provider', { timeout: 120_000 }, () => {
  let place: Console
  let oidc: OidcServer
  let accounts: string
  beforeAll(async () => {
    place = await openConsole('sso')
    oidc = await startOidcProvider()
    accounts = await addProvider({ kind: 'oidc', title: 'Harbour accounts', issuer: oidc.issuer, clientId: 'vouchsafe', clientSecret: SECRET, createFor: ['example.com'], secondFactor: 'trusted' })
    const api = `${place.origin}/api/v1/federation/${accounts}`
    oidc.register({ clientId: 'vouchsafe', clientSecret: SECRET, redirectUri: `${api}/callback`, signedOut: `${place.origin}/console/sign-in`, backChannelLogout: `${api}/back-channel-logout` })
  }, 120_000)
  afterAll(async () => {
    await oidc?.close()
    await place?.[Symbol.asyncDispose]()
  })

  async function addProvider(settings: object): Promise<string> {
    const answer = await place.here.operator('/api/v1/federation/providers', { method: 'POST', body: settings })
    if (answer.status !== 201) throw new Error(answer.text)
    return answer.json<{ id: string }>().id
  }

  /** From the page for signing in to the provider's, and what is typed there. */
  async function byOidc({ page }: Visitor, login: string): Promise<void> {
    await page.goto(`${place.origin}/console/`)
    await page.getByRole('link', { name: 'Sign in with Harbour accounts' }).click()
    await page.locator('input[name=login]').fill(login)
    await page.locator('input[name=password]').fill('anything')
    await page.locator('button[type=submit]').click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL((url) => url.origin === place.origin && url.pathname.startsWith('/console'))
  }

  const signOut = async ({ page }: Visitor, name: string): Promise<void> => {
    await page.getByRole('button', { name }).click()
    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  }

  it('OpenID Connect lets somebody in whom the provider vouches for, and their session is ours', async () => {
    await using ada = await visitor(place)
    await byOidc(ada, 'ada')
    await ada.page.getByRole('button', { name: 'Ada' }).waitFor()
    const cookies = await ada.context.cookies(place.origin)
    expect(cookies.find(({ name }) => name === '__Host-session')).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax' })
    expect(cookies.filter(({ name }) => name.startsWith('__Host-federation'))).toEqual([])
    // The provider's own page asks for fonts that are not on this machine.
    expect(ada.complaints.filter((text) => !text.includes('ERR_NAME_NOT_RESOLVED'))).toEqual([])
  })

  it('signing out ends the session at the provider too', async () => {
    await using bo = await visitor(place)
    await byOidc(bo, 'bo')
    await signOut(bo, 'Bo')
    await bo.page.getByRole('button', { name: /sign me out/i }).click()
    await bo.page.waitForURL(`${place.origin}/console/sign-in`)
    await bo.page.getByRole('link', { name: 'Sign in with Harbour accounts' }).click()
    await bo.page.locator('input[name=login]').waitFor()
  })

  it('a sign-in that somebody else began is nobody’s in this browser', async () => {
    await using ada = await visitor(place)
    await using mallory = await visitor(place)
    const caught: string[] = []
    mallory.page.on('request', (request) => void (request.url().includes(`/federation/${accounts}/callback?`) && caught.push(request.url())))
    await byOidc(mallory, 'mallory')
    expect(caught).toHaveLength(1)
    await ada.page.goto(caught[0] ?? '')
    await ada.page.getByRole('alert').getByText('not begun in this browser').waitFor()
    expect((await ada.context.cookies(place.origin)).filter(({ name }) => name === '__Host-session')).toEqual([])
  })

  it('while the provider is away that is said, and the owner still comes in by passkey', async () => {
    const gone = await startOidcProvider()
    const away = await addProvider({ kind: 'oidc', title: 'Gone accounts', issuer: gone.issuer, clientId: 'vouchsafe', clientSecret: SECRET })
    await gone.close()
    await using owner = await visitor(place)
    await setUpOwner(place, owner.page, 'Zoë Owner', 'zoe@harbour.example')
    await signOut(owner, 'Zoë Owner')
    await owner.page.getByRole('link', { name: 'Sign in with Gone accounts' }).click()
    await owner.page.getByRole('alert').getByText('does not answer').waitFor()
    await owner.page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await owner.page.getByRole('heading', { name: 'Today' }).waitFor()
    await place.here.operator(`/api/v1/federation/providers/${away}`, { method: 'DELETE' })
  })

  const missing = missingForSaml()
  describe.skipIf(missing.length > 0)(`SAML${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`, () => {
    let saml: SamlServer
    beforeAll(async () => {
      saml = await startSimpleSaml()
      const id = await addProvider({ kind: 'saml', title: 'Harbour directory', metadata: await saml.metadata(), createFor: ['example.com'], secondFactor: 'trusted', nameAttribute: 'displayName' })
      const { publicKey } = (await place.here.operator(`/api/v1/federation/providers/${id}`)).json<{ publicKey: string }>()
      const api = `${place.origin}/api/v1/federation/${id}`
      saml.register({ entityId: `${api}/metadata`, acs: `${api}/acs`, logout: `${api}/logout`, certificate: publicKey })
    }, 60_000)
    afterAll(() => saml?.close())

    async function bySaml({ page }: Visitor, name: string): Promise<void> {
      await page.goto(`${place.origin}/console/groups`)
      await page.getByRole('link', { name: 'Sign in with Harbour directory' }).click()
      await page.locator('input[name=username]').fill(name)
      await page.locator('input[name=password]').fill('correct horse')
      await page.locator('input[name=password]').press('Enter')
      await page.waitForURL((url) => url.origin === place.origin && url.pathname.startsWith('/console'))
    }

    it('lets somebody in whom the provider vouches for, where they wanted to go', async () => {
      await using bo = await visitor(place)
      await bySaml(bo, 'bo')
      // oidc-provider vouched for bo@example.com before: an address leads to nobody.
      await bo.page.getByRole('alert').getByText('Somebody with your address is here already').waitFor()
      await using other = await visitor(place)
      const people = (await place.here.operator('/api/v1/people?email=bo@example.com')).json<{ items: { id: string }[] }>()
      await place.here.operator(`/api/v1/people/${people.items[0]?.id}`, { method: 'PATCH', body: { email: 'bo.first@example.com' } })
      await bySaml(other, 'bo')
      await other.page.getByRole('button', { name: 'Bo Example' }).waitFor()
      expect(other.page.url()).toBe(`${place.origin}/console/groups`)
    })

    it('signing out ends the session at the provider too', async () => {
      await using bo = await visitor(place)
      await bySaml(bo, 'bo')
      await signOut(bo, 'Bo Example')
      await bo.page.waitForURL(`${place.origin}/console/sign-in`)
      await bo.page.getByRole('link', { name: 'Sign in with Harbour directory' }).click()
      await bo.page.locator('input[name=password]').waitFor()
    })

    it('a sign-out at the provider ends ours', async () => {
      await using bo = await visitor(place)
      await bySaml(bo, 'bo')
      await bo.page.getByRole('button', { name: 'Bo Example' }).waitFor()
      await bo.page.goto(`${saml.url}/saml2/idp/SingleLogoutService.php?ReturnTo=${encodeURIComponent(`${saml.url}/`)}`)
      await bo.page.goto(`${place.origin}/console/`)
      await bo.page.getByRole('link', { name: 'Sign in with Harbour directory' }).waitFor()
    })
  })
})
