import { createVerify, X509Certificate } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPERATOR, ORIGIN, removeFolders, standForFederation, startTemporaryServer, type FederationStand, type TemporaryServer, type Visitor } from './federation.fixture.ts'
import { encoded, newSigner, signedResponse, type Place, type Said, type Signer } from './saml-provider.fixture.ts'
import { ASSERTION, METADATA, PERSISTENT, PROTOCOL } from './saml-words.ts'
import { redirectUrl } from './saml-redirect.ts'
import { childOf, readXml } from './xml.ts'

const ISSUER = 'https://idp.example/metadata'
let server: TemporaryServer
let stand: FederationStand
let idp: Signer
let stranger: Signer
let provider: string
let api: string

beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standForFederation(server)
  idp = await newSigner()
  stranger = await newSigner()
  provider = await stand.provider({ kind: 'saml', title: 'Directory', issuer: ISSUER, signInUrl: 'https://idp.example/sso?tenant=1', signOutUrl: 'https://idp.example/slo', certificates: [idp.certificate], secondFactor: 'trusted', createFor: ['example.com'] })
  api = `${ORIGIN}/api/v1/federation/${provider}`
})
afterAll(async () => {
  await server.stop()
  removeFolders()
})

interface Left {
  request: string
  relayState: string
  place: Place
  url: URL
}

/** Leaves for the provider, and reads what it is asked. */
async function leave(visitor: Visitor, query: Record<string, string> = {}): Promise<Left> {
  const url = await visitor.leave(provider, query)
  const request = inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString()
  return { request, url, relayState: url.searchParams.get('RelayState') ?? '', place: { issuer: ISSUER, acs: `${api}/acs`, audience: `${api}/metadata`, requestId: readXml(request).attributes.get('ID') ?? '' } }
}

const answered = (left: Left, said: Partial<Said> = {}, by = idp): Record<string, string> => ({
  SAMLResponse: encoded(signedResponse({ at: stand.clock.now(), assertionId: `_${left.relayState}`, attributes: { mail: ['ada@example.com'], displayName: ['Ada'] }, ...said }, left.place, by)),
  RelayState: left.relayState,
})
const post = async (visitor: Visitor, form: Record<string, string>): Promise<string> => (await visitor.go(`${api}/acs`, form)).url

describe('asking a SAML provider', () => {
  it('is a request that it can verify, for our address, and that holds a word to find the way back', async () => {
    const visitor = stand.visitor()
    const { request, url, relayState, place } = await leave(visitor)
    expect(url.href).toMatch(/^https:\/\/idp\.example\/sso\?tenant=1&SAMLRequest=/)
    expect(relayState).toMatch(/^[0-9a-f]{32}$/)
    expect(place.requestId).toBe(`_${relayState}`)
    const root = readXml(request)
    expect(Object.fromEntries(root.attributes)).toMatchObject({ Version: '2.0', Destination: 'https://idp.example/sso?tenant=1', AssertionConsumerServiceURL: `${api}/acs` })
    expect(childOf(root, ASSERTION, 'Issuer')?.text).toBe(`${api}/metadata`)
    const { publicKey } = await stand.visitor().call<{ publicKey: string }>(`GET /federation/providers/${provider}`, undefined, { actor: OPERATOR })
    const [, query = ''] = /\?tenant=1&(.*)&Signature=/.exec(url.href) ?? []
    expect(createVerify('sha256').update(query).verify(new X509Certificate(publicKey).publicKey, url.searchParams.get('Signature') ?? '', 'base64')).toBe(true)
    expect(visitor.lastSetCookies).toMatchObject([{ name: `federation-${relayState}`, sameSite: 'None', maxAgeSeconds: 600 }])
    expect((await leave(visitor, { fresh: '1' })).request).toContain('ForceAuthn="true"')
  })

  it('tells it in metadata who we are', async () => {
    const { file = '' } = await stand.visitor().answer(`GET /federation/${provider}/metadata`)
    const root = readXml(file)
    expect(root).toMatchObject({ namespace: METADATA, name: 'EntityDescriptor' })
    expect(root.attributes.get('entityID')).toBe(`${api}/metadata`)
    expect(file).toContain(`Location="${api}/acs"`)
    expect(file).not.toMatch(/PRIVATE/)
  })
})

describe('a response by way of a browser', () => {
  it('lets in the browser that began, once', async () => {
    const visitor = stand.visitor()
    const form = answered(await leave(visitor))
    const cookies = { ...visitor.cookies }
    expect(await post(visitor, form)).toBe('/console')
    expect(await visitor.person()).toBeDefined()
    Object.assign(visitor.cookies, cookies)
    expect(await post(visitor, form)).toBe('/console/sign-in?problem=used-already')
  })

  it('of two posts at the same moment, lets in one', async () => {
    const visitor = stand.visitor()
    const left = await leave(visitor)
    const form = Buffer.from(new URLSearchParams(answered(left)).toString())
    const answers = await Promise.all(Array.from({ length: 4 }, () => visitor.answer(`POST /federation/${provider}/acs`, form, { crossSite: true })))
    expect(answers.map(({ location }) => location ?? '').toSorted((a, b) => a.localeCompare(b))).toEqual(['/console', ...Array.from({ length: 3 }, () => '/console/sign-in?problem=used-already')])
  })

  it('is nothing in another browser, without a beginning, or with the beginning of another', async () => {
    const visitor = stand.visitor()
    const left = await leave(visitor)
    expect(await post(stand.visitor(), answered(left))).toBe('/console/sign-in?problem=not-begun-here')
    const { SAMLResponse = '' } = answered(left)
    expect(await post(visitor, { SAMLResponse })).toBe('/console/sign-in?problem=not-begun-here')
    const other = await leave(visitor)
    expect(await post(visitor, { SAMLResponse, RelayState: other.relayState })).toBe('/console/sign-in?problem=not-trusted')
    expect(await post(visitor, answered(left))).toBe('/console')
  })

  it('with an assertion that was used before is refused, though it answers another request', async () => {
    const first = stand.visitor()
    expect(await post(first, answered(await leave(first), { assertionId: '_same' }))).toBe('/console')
    const second = stand.visitor()
    expect(await post(second, answered(await leave(second), { assertionId: '_same' }))).toBe('/console/sign-in?problem=used-already')
  })

  it('signed by a stranger lets nobody in, and leaves no trace but the refusal', async () => {
    const visitor = stand.visitor()
    expect(await post(visitor, answered(await leave(visitor), { nameId: 'nobody yet' }, stranger))).toBe('/console/sign-in?problem=not-trusted')
    expect(await visitor.person()).toBeUndefined()
    expect(await stand.audit()).not.toMatch(/nobody yet|PHNhbWxw|ada@example/)
  })

  it('of a decline is told as one', async () => {
    const visitor = stand.visitor()
    const left = await leave(visitor)
    const refusal = `<samlp:Response xmlns:samlp="${PROTOCOL}" ID="_r" Version="2.0" InResponseTo="${left.place.requestId}"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:RequestDenied"/></samlp:StatusCode></samlp:Status></samlp:Response>`
    expect(await post(visitor, { SAMLResponse: encoded(refusal), RelayState: left.relayState })).toBe('/console/sign-in?problem=declined')
  })

  it('may be signed by the next key as soon as both are known, and by the old one no more once it is gone', async () => {
    const patch = (certificates: string[]) => stand.visitor().call(`PATCH /federation/providers/${provider}`, { certificates }, { actor: OPERATOR })
    const [one, two, three] = [stand.visitor(), stand.visitor(), stand.visitor()]
    await patch([idp.certificate, stranger.certificate])
    expect(await post(one, answered(await leave(one), {}, stranger))).toBe('/console')
    expect(await post(two, answered(await leave(two)))).toBe('/console')
    await patch([stranger.certificate])
    expect(await post(three, answered(await leave(three)))).toBe('/console/sign-in?problem=not-trusted')
    await patch([idp.certificate])
  })
})

describe('a logout request of the provider', () => {
  let number = 0
  const request = (bent: { issuer?: string; destination?: string; nameId?: string; session?: string; at?: Date; id?: string } = {}): string => {
    const { issuer = ISSUER, destination = `${api}/logout`, nameId = 'the-subject', session, at = stand.clock.now(), id = `_logout-${++number}` } = bent
    return `<samlp:LogoutRequest xmlns:samlp="${PROTOCOL}" xmlns:saml="${ASSERTION}" ID="${id}" Version="2.0" IssueInstant="${at.toISOString()}" Destination="${destination}"><saml:Issuer>${issuer}</saml:Issuer><saml:NameID Format="${PERSISTENT}">${nameId}</saml:NameID>${session === undefined ? '' : `<samlp:SessionIndex>${session}</samlp:SessionIndex>`}</samlp:LogoutRequest>`
  }
  const send = async (xml: string, by: Signer | undefined = idp): Promise<string> => {
    const url = new URL(redirectUrl(`${api}/logout`, { kind: 'SAMLRequest', xml, relayState: 'theirs' }, by?.privateKey))
    return (await stand.visitor().answer(`GET /federation/${provider}/logout`, undefined, { query: Object.fromEntries(url.searchParams) })).location ?? ''
  }

  it('ends the sessions it names, once, and is answered', async () => {
    const visitor = stand.visitor()
    await post(visitor, answered(await leave(visitor)))
    const other = stand.visitor()
    await post(other, answered(await leave(other), { nameId: 'somebody else', attributes: { mail: ['zed@example.com'] } }))
    const xml = request({ session: '_session' })
    expect(await send(xml)).toMatch(/^https:\/\/idp\.example\/slo\?SAMLResponse=.*&RelayState=theirs&SigAlg=.*&Signature=/)
    expect(await visitor.person()).toBeUndefined()
    expect(await other.person()).toBeDefined()
    expect(await send(xml)).toBe('/console/sign-in?problem=not-trusted')
  })

  it('that is not signed, or wrongly, ends nothing', async () => {
    const visitor = stand.visitor()
    await post(visitor, answered(await leave(visitor)))
    const minutes = (count: number): Date => new Date(stand.clock.now().getTime() + count * 60_000)
    expect(await send(request(), stranger)).toBe('/console/sign-in?problem=not-trusted')
    for (const bent of [{ issuer: 'https://evil.example' }, { destination: 'https://other.example/logout' }, { at: minutes(-10) }, { at: minutes(2) }, { nameId: '' }]) expect(await send(request(bent)), JSON.stringify(bent)).toBe('/console/sign-in?problem=not-trusted')
    const url = new URL(redirectUrl(`${api}/logout`, { kind: 'SAMLRequest', xml: request() }, undefined))
    const bare = await stand.visitor().answer(`GET /federation/${provider}/logout`, undefined, { query: Object.fromEntries(url.searchParams) })
    expect(bare.location).toBe('/console/sign-in?problem=not-trusted')
    const signed = new URL(redirectUrl(`${api}/logout`, { kind: 'SAMLRequest', xml: request() }, idp.privateKey))
    signed.searchParams.set('SigAlg', 'http://www.w3.org/2000/09/xmldsig#rsa-sha1')
    expect((await stand.visitor().answer(`GET /federation/${provider}/logout`, undefined, { query: Object.fromEntries(signed.searchParams) })).location).toBe('/console/sign-in?problem=not-trusted')
    expect(await visitor.person()).toBeDefined()
  })

  it('that would unpack to more than any message is refused before it does', async () => {
    expect(await send(request({ nameId: 'x'.repeat(10_000_000) }))).toBe('/console/sign-in?problem=not-trusted')
  })
})

describe('setting a SAML provider up', () => {
  const base = { kind: 'saml', title: 'Other', signInUrl: 'https://other.example/sso', issuer: 'https://other.example' }
  it('reads its metadata', async () => {
    const key = idp.certificate.replace(/-----[^-]+-----|\s/g, '')
    const metadata = `<!-- edited --><md:EntityDescriptor xmlns:md="${METADATA}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://third.example"><md:IDPSSODescriptor protocolSupportEnumeration="${PROTOCOL}"><md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${key}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://third.example/post"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://third.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`
    const made = await stand.visitor().call('POST /federation/providers', { kind: 'saml', title: 'Third', metadata }, { actor: OPERATOR })
    expect(made).toMatchObject({ issuer: 'https://third.example', signInUrl: 'https://third.example/sso', certificates: [new X509Certificate(idp.certificate).toString()] })
    for (const bad of ['', '<x/>', metadata.replace('IDPSSODescriptor', 'SPSSODescriptor').replace('/md:IDPSSODescriptor', '/md:SPSSODescriptor'), `<!DOCTYPE x>${metadata}`, metadata.replaceAll('HTTP-Redirect', 'SOAP')]) await expect(stand.visitor().call('POST /federation/providers', { kind: 'saml', title: 'Bad', metadata: bad }, { actor: OPERATOR })).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('takes no certificate that is none, or with a short key, and no address without TLS', async () => {
    for (const certificates of [[], ['nothing'], [idp.certificate.slice(0, 300)]]) await expect(stand.provider({ ...base, certificates })).rejects.toMatchObject({ code: 'bad-input' })
    for (const signInUrl of ['http://other.example/sso', 'ftp://other.example', 'javascript:alert(1)']) await expect(stand.provider({ ...base, certificates: [idp.certificate], signInUrl })).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('says when a certificate has run out', async () => {
    const test = () => stand.visitor().call<{ findings: { what: string; ok: boolean }[] }>(`POST /federation/providers/${provider}/test`, {}, { actor: OPERATOR })
    expect((await test()).findings).toMatchObject([{ what: 'Certificate', ok: true }, {}, {}])
    stand.clock.advance(11 * 365 * 86_400_000)
    expect((await test()).findings).toMatchObject([{ what: 'Certificate', ok: false }, {}, {}])
    stand.clock.advance(-11 * 365 * 86_400_000)
  })
})
