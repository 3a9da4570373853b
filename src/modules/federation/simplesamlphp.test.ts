import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formIn, OPERATOR, ORIGIN, removeFolders, standForFederation, startTemporaryServer, type FederationStand, type TemporaryServer, type Visitor } from './federation.fixture.ts'
import { missingForSaml, startSimpleSaml, type SamlServer } from './simplesamlphp.fixture.ts'

const missing = missingForSaml()
const SETTINGS = { kind: 'saml', secondFactor: 'trusted', createFor: ['example.com'] }

describe.skipIf(missing.length > 0)(`a real SAML provider${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`, () => {
  let server: TemporaryServer
  let stand: FederationStand
  let idp: SamlServer
  let provider: string
  /** The last response that a page posted to us. */
  let posted = ''

  beforeAll(async () => {
    server = await startTemporaryServer()
    stand = await standForFederation(server)
    idp = await startSimpleSaml()
    provider = await stand.provider({ ...SETTINGS, title: 'Harbour directory', metadata: await idp.metadata(), nameAttribute: 'displayName' })
    await register(provider)
  })
  afterAll(async () => {
    await idp.close()
    await server.stop()
    removeFolders()
  })

  async function register(id: string, encrypts = false): Promise<void> {
    const { publicKey = '' } = await stand.visitor().call<{ publicKey?: string }>(`GET /federation/providers/${id}`, undefined, { actor: OPERATOR })
    const api = `${ORIGIN}/api/v1/federation/${id}`
    idp.register({ entityId: `${api}/metadata`, acs: `${api}/acs`, logout: `${api}/logout`, certificate: publicKey, encrypts })
  }

  /** Types the password where it is asked, and posts what the page would post by itself. */
  async function signIn(visitor: Visitor, name: string, from?: URL): Promise<string> {
    let page = await visitor.go(from ?? (await visitor.leave(provider)))
    for (let forms = 0; forms < 4 && page.url.startsWith('http'); forms++) {
      const { action, fields } = formIn(page)
      if (fields['SAMLResponse'] !== undefined) posted = Buffer.from(fields['SAMLResponse'], 'base64').toString()
      page = await visitor.go(action, { ...fields, ...('username' in fields ? { username: name, password: 'correct horse' } : {}) })
    }
    return page.url
  }

  it('lets in whom it vouches for, by a NameID that stays', async () => {
    const visitor = stand.visitor()
    expect(await signIn(visitor, 'ada')).toBe('/console')
    const id = await visitor.person()
    expect(await stand.people.find(id ?? '')).toMatchObject({ displayName: 'Ada Example', email: 'ada@example.com' })
    const again = stand.visitor()
    expect(await signIn(again, 'ada')).toBe('/console')
    expect(await again.person()).toBe(id)
    const bo = stand.visitor()
    await signIn(bo, 'bo')
    expect(await bo.person()).not.toBe(id)
  })

  it('may encrypt what it says', async () => {
    await register(provider, true)
    expect(await signIn(stand.visitor(), 'ada')).toBe('/console')
    expect(posted).toContain('EncryptedAssertion')
    expect(posted).not.toContain('ada@example.com')
    await register(provider, false)
  })

  it('ends its own session when somebody signs out here, and comes back', async () => {
    const visitor = stand.visitor()
    await signIn(visitor, 'ada')
    const { location } = await visitor.call<{ location: string }>('POST /federation/sign-out')
    expect(await visitor.person()).toBeUndefined()
    expect((await visitor.go(location)).url).toBe('/console/sign-in')
    expect((await visitor.go(await visitor.leave(provider))).text).toMatch(/name="password"/)
  })

  it('ends ours when it ends its own', async () => {
    const visitor = stand.visitor()
    await signIn(visitor, 'bo')
    const page = await visitor.go(`${idp.url}/saml2/idp/SingleLogoutService.php?ReturnTo=${encodeURIComponent(`${idp.url}/`)}`)
    expect(await visitor.person(), page.url).toBeUndefined()
    const audit = await stand.audit()
    expect(audit).toContain('federation.logout')
  })
})
