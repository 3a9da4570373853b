import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOidcProvider, type OidcServer } from '../../src/modules/federation/oidc-provider.fixture.ts'
import { missingForSaml, startSimpleSaml, type SamlServer } from '../../src/modules/federation/simplesamlphp.fixture.ts'
import { acceptWithPassword, CHROMIUM, invite, openConsole, setUpOwner, violations, visitor, type Console, type Visitor } from './console-page.ts'

const SECRET = 'a long secret of the client'

describe.skipIf(!existsSync(CHROMIUM))('signing in through an identity provider', { timeout: 120_000 }, () => {
  let place: Console
  let oidc: OidcServer
  let accounts: string
  let owner: Visitor
  beforeAll(async () => {
    place = await openConsole('sso')
    owner = await visitor(place)
    await setUpOwner(place, owner.page, 'Zoë Owner', 'zoe@harbour.example')
    oidc = await startOidcProvider()
    accounts = await addProvider({ kind: 'oidc', title: 'Harbour accounts', issuer: oidc.issuer, clientId: 'vouchsafe', clientSecret: SECRET, createFor: ['example.com'], secondFactor: 'trusted' })
    registerAt(oidc, accounts)
  }, 120_000)
  afterAll(async () => {
    await oidc?.close()
    await owner?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  async function addProvider(settings: object): Promise<string> {
    const answer = await place.here.operator('/api/v1/federation/providers', { method: 'POST', body: settings })
    if (answer.status !== 201) throw new Error(answer.text)
    return answer.json<{ id: string }>().id
  }

  function registerAt(server: OidcServer, id: string): void {
    const api = `${place.origin}/api/v1/federation/${id}`
    server.register({ clientId: 'vouchsafe', clientSecret: SECRET, redirectUri: `${api}/callback`, signedOut: `${place.origin}/console/sign-in`, backChannelLogout: `${api}/back-channel-logout` })
  }

  /** From the page for signing in to the provider's, and what is typed there. */
  async function byOidc(seen: Visitor, login: string, { title = 'Harbour accounts', path = '' } = {}): Promise<void> {
    await seen.page.goto(`${place.origin}/console/${path}`)
    await seen.page.getByRole('link', { name: `Sign in with ${title}` }).click()
    await atProvider(seen, login)
  }

  async function atProvider({ page }: Visitor, login: string): Promise<void> {
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
    await owner.page.goto(`${place.origin}/console/`)
    await signOut(owner, 'Zoë Owner')
    await owner.page.getByRole('link', { name: 'Sign in with Gone accounts' }).click()
    await owner.page.getByRole('alert').getByText('does not answer').waitFor()
    await owner.page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await owner.page.getByRole('heading', { name: 'Today' }).waitFor()
    await place.here.operator(`/api/v1/federation/providers/${away}`, { method: 'DELETE' })
  })

  describe('where the provider’s word is not enough', () => {
    const title = 'Harbour gate'
    let gate: OidcServer
    let dee: Visitor
    beforeAll(async () => {
      gate = await startOidcProvider({ domain: 'gate.example' })
      registerAt(gate, await addProvider({ kind: 'oidc', title, issuer: gate.issuer, clientId: 'vouchsafe', clientSecret: SECRET, createFor: ['gate.example'], secondFactor: 'ours', singleLogout: false }))
      dee = await visitor(place)
    }, 60_000)
    afterAll(async () => {
      await dee?.[Symbol.asyncDispose]()
      await gate?.close()
    })
    const held = async (): Promise<boolean> => (await dee.context.cookies(place.origin)).some(({ name }) => name === '__Host-session')

    it('whoever has no second factor here sets one up, and then comes where they wanted to go', async () => {
      await byOidc(dee, 'dee', { title, path: 'account?x=1' })
      await dee.page.getByText('set up a second factor').waitFor()
      expect(await held()).toBe(false)
      expect(await violations(dee.page)).toEqual([])
      await dee.page.getByRole('button', { name: 'Make a passkey' }).click()
      await dee.page.getByLabel('I have kept them').check()
      await dee.page.getByRole('button', { name: 'Go to the console' }).click()
      await dee.page.getByRole('heading', { name: 'Your account' }).waitFor()
      expect(dee.page.url()).toBe(`${place.origin}/console/account?x=1`)
      expect(await held()).toBe(true)
    })

    it('whoever has one shows it: the provider alone opens nothing', async () => {
      await signOut(dee, 'Dee')
      await dee.page.getByRole('link', { name: `Sign in with ${title}` }).waitFor()
      await dee.context.clearCookies({ name: /^_(?!_)/ }) // the provider asks anew who they are
      await byOidc(dee, 'dee', { title, path: 'account?x=2' })
      await dee.page.getByText('Show your second factor here as well.').waitFor()
      expect(await violations(dee.page)).toEqual([])
      expect(await held()).toBe(false)
      await dee.page.goto(`${place.origin}/console/people`)
      await dee.page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
      await dee.page.goBack()
      await dee.page.getByLabel('Recovery code').fill('wrong-wrong-wrong')
      await dee.page.getByRole('button', { name: 'Continue' }).click()
      await dee.page.getByRole('alert').waitFor()
      await dee.page.getByRole('button', { name: 'Use a passkey' }).click()
      await dee.page.getByRole('heading', { name: 'Your account' }).waitFor()
      expect(dee.page.url()).toBe(`${place.origin}/console/account?x=2`)
    })

    it('an address made by somebody else shows a step, and leads nowhere', async () => {
      await using guest = await visitor(place)
      await guest.page.goto(`${place.origin}/console/sign-in?next=second-factor&ways=totp,nonsense&return=${encodeURIComponent('https://elsewhere.example/')}`)
      await guest.page.getByLabel('Code of your authenticator app').fill('123456')
      await guest.page.getByRole('button', { name: 'Continue' }).click()
      await guest.page.getByRole('alert').waitFor()
      await guest.page.getByRole('button', { name: 'Start again' }).click()
      await guest.page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
      await guest.page.goto(`${place.origin}/console/sign-in?problem=made-up-by-somebody`)
      await guest.page.getByRole('alert').getByText('This sign-in did not work.').waitFor()
    })
  })

  describe('one’s own accounts at providers', () => {
    let fin: Visitor
    const finAt = (path: string): Promise<unknown> => fin.page.goto(`${place.origin}/console/${path}`)
    beforeAll(async () => {
      fin = await visitor(place)
      await acceptWithPassword(fin.page, await invite(owner.page, place.origin, 'Fin Harbour', 'fin@harbour.example'), 'five quiet herons wait')
    }, 60_000)
    afterAll(() => fin?.[Symbol.asyncDispose]())

    it('one that is somebody else’s is refused, in words, and said once', async () => {
      await finAt('account')
      await fin.page.getByRole('button', { name: 'Add Harbour accounts' }).click()
      await atProvider(fin, 'ada')
      await fin.page.getByRole('alert').getByText('belongs to somebody else here').waitFor()
      expect(await violations(fin.page)).toEqual([])
      await expect.poll(() => fin.page.url()).toBe(`${place.origin}/console/account`)
      await fin.page.reload()
      await fin.page.getByRole('button', { name: 'Add Harbour accounts' }).waitFor()
      expect(await fin.page.getByRole('alert').count()).toBe(0)
    })

    it('one’s own is added, signs one in, and is taken away again', async () => {
      await fin.context.clearCookies({ name: /^_(?!_)/ })
      await fin.page.getByRole('button', { name: 'Add Harbour accounts' }).click()
      await atProvider(fin, 'fin')
      await fin.page.getByText('Harbour accounts has been added').waitFor()
      expect(await violations(fin.page)).toEqual([])
      await using elsewhere = await visitor(place)
      await byOidc(elsewhere, 'fin')
      await elsewhere.page.getByRole('button', { name: 'Fin Harbour' }).waitFor()
      await fin.page.getByRole('button', { name: 'Take away Harbour accounts' }).click()
      await fin.page.getByRole('dialog').getByRole('button', { name: 'Take it away' }).click()
      await fin.page.getByText('None yet.').first().waitFor()
      // The session that came by it has ended; their own, by password, has not.
      await elsewhere.page.goto(`${place.origin}/console/account`)
      await elsewhere.page.getByRole('link', { name: 'Sign in with Harbour accounts' }).waitFor()
      await fin.page.reload()
      await fin.page.getByRole('button', { name: 'Add Harbour accounts' }).waitFor()
    })

    it('an invitation is accepted with an account that somebody has; whoever may takes it away', async () => {
      const link = await invite(owner.page, place.origin, 'Gil Harbour', 'gil@harbour.example')
      await using gil = await visitor(place)
      await gil.page.goto(link)
      await gil.page.getByRole('button', { name: 'Sign in with Harbour accounts' }).waitFor()
      expect(await violations(gil.page)).toEqual([])
      await gil.page.getByRole('button', { name: 'Sign in with Harbour accounts' }).click()
      await atProvider(gil, 'gil.elsewhere')
      await gil.page.getByRole('button', { name: 'Gil Harbour' }).waitFor()
      await owner.page.goto(`${place.origin}/console/people`)
      await owner.page.getByRole('link', { name: 'Gil Harbour' }).click()
      await owner.page.getByText('with their invitation').waitFor()
      expect(await violations(owner.page)).toEqual([])
      await owner.page.getByRole('button', { name: 'Take away Harbour accounts' }).click()
      await owner.page.getByRole('dialog').getByRole('button', { name: 'Take it away' }).click()
      await owner.page.getByText('No account at a provider signs Gil Harbour in.').waitFor()
      await gil.page.goto(`${place.origin}/console/account`)
      await gil.page.getByRole('link', { name: 'Sign in with Harbour accounts' }).waitFor()
    })
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
