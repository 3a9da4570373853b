import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOidcProvider, type OidcServer } from './oidc-provider.fixture.ts'
import { formIn, ORIGIN, removeFolders, standForFederation, startTemporaryServer, type FederationStand, type TemporaryServer, type Visitor } from './federation.fixture.ts'

let server: TemporaryServer
let stand: FederationStand
let idp: OidcServer
let provider: string

const SETTINGS = { kind: 'oidc', title: 'Harbour accounts', clientId: 'vouchsafe', clientSecret: 'a long client secret', secondFactor: 'trusted', createFor: ['example.com'] }

beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standForFederation(server)
  idp = await startOidcProvider()
  provider = await stand.provider({ ...SETTINGS, issuer: idp.issuer })
  const api = `${ORIGIN}/api/v1/federation/${provider}`
  idp.register({ clientId: 'vouchsafe', clientSecret: 'a long client secret', redirectUri: `${api}/callback`, signedOut: `${ORIGIN}/console/sign-in`, backChannelLogout: `${api}/back-channel-logout` })
})
afterAll(async () => {
  await idp.close()
  await server.stop()
  removeFolders()
})

/** Signs in at the provider, as a person would: the login, then the question whether Vouchsafe may know. */
async function signIn(visitor: Visitor, login: string, from?: URL): Promise<string> {
  let page = await visitor.go(from ?? (await visitor.leave(provider)))
  for (let forms = 0; forms < 3 && page.url.startsWith('http'); forms++) {
    const { action, fields } = formIn(page)
    page = await visitor.go(action, { ...fields, ...('login' in fields ? { login, password: 'anything' } : {}) })
  }
  return page.url
}

describe('signing in through an OpenID Connect provider', () => {
  it('creates somebody of an allowed domain once, and knows them again by issuer and subject', async () => {
    const first = stand.visitor()
    expect(await signIn(first, 'ada')).toBe('/console')
    const id = await first.person()
    expect(await stand.people.find(id ?? '')).toMatchObject({ displayName: 'Ada', email: 'ada@example.com', state: 'active' })
    const again = stand.visitor()
    expect(await signIn(again, 'ada')).toBe('/console')
    expect(await again.person()).toBe(id)
    expect(stand.heard.filter(({ name }) => name === 'account.linked')).toHaveLength(1)
  })

  it('goes back to where it was begun, and to no other site', async () => {
    const visitor = stand.visitor()
    expect(await signIn(visitor, 'ada', await visitor.leave(provider, { return: '/console/people?q=a' }))).toBe('/console/people?q=a')
    for (const bad of ['//evil.example', '/\\evil.example', 'https://evil.example/', '/api/v1/federation/sign-out', '/console/../api/v1/x']) {
      const other = stand.visitor()
      expect(await signIn(other, 'ada', await other.leave(provider, { return: bad })), bad).toBe('/console')
    }
  })

  it('lets two people in at once, each as themselves', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `person${index}x`)
    const visitors = names.map(() => stand.visitor())
    const places = await Promise.all(visitors.map((visitor, index) => signIn(visitor, names[index] ?? '')))
    expect(new Set(places)).toEqual(new Set(['/console']))
    const people = await Promise.all(visitors.map(async (visitor) => (await stand.people.find((await visitor.person()) ?? ''))?.email))
    expect(people).toEqual(names.map((name) => `${name}@example.com`))
  })
})
