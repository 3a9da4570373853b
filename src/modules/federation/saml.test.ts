import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { SamlSettings } from './provider.ts'
import { Refusal } from './refusal.ts'
import { readAssertion } from './saml-assertion.ts'
import { assertionXml, encoded, newSigner, responseXml, signed, signedResponse, type Place, type Said, type Signer } from './saml-provider.fixture.ts'
import { signedAssertion } from './saml-response.ts'
import { EMAIL_FORMAT, PERSISTENT, TRANSIENT } from './saml-words.ts'
import type { Vouched } from './vouched.ts'

const AT = new Date('2026-11-22T09:00:00Z')
const PLACE: Place = { issuer: 'https://idp.example/metadata', acs: 'https://security.example.com/api/v1/federation/x/acs', audience: 'https://security.example.com/api/v1/federation/x/metadata', requestId: '_request' }

let idp: Signer
let stranger: Signer
let settings: SamlSettings
beforeAll(async () => {
  idp = await newSigner()
  stranger = await newSigner()
  settings = SamlSettings.parse({ kind: 'saml', title: 'Directory', issuer: PLACE.issuer, signInUrl: 'https://idp.example/sso', certificates: [idp.certificate], groupsFrom: 'groups' })
})

async function take(xml: string, over: Partial<SamlSettings> = {}, circumstances: { at?: Date; freshSince?: Date } = {}): Promise<Vouched> {
  const own = { ...settings, ...over }
  const { requestId, acs, audience } = PLACE
  const assertion = await signedAssertion(encoded(xml), { issuer: own.issuer, certificates: own.certificates, audience, acs, requestId, privateKey: undefined })
  return readAssertion(assertion, own, { audience, acs, requestId, at: AT, ...circumstances }).vouched
}
const why = async (xml: string, over: Partial<SamlSettings> = {}, circumstances: { at?: Date; freshSince?: Date } = {}): Promise<string> => {
  const error: unknown = await take(xml, over, circumstances).then(
    (vouched) => new Error(`it was believed, as ${vouched.subject}`),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Refusal)) throw error
  return error.why
}
const good = (said: Partial<Said> = {}): string => signedResponse({ at: AT, ...said }, PLACE, idp)

describe('a response', () => {
  it('is believed when its assertion, the response, or both are signed', async () => {
    const whole = responseXml(assertionXml({ at: AT }, PLACE), { at: AT }, PLACE)
    for (const xml of [good(), signed(whole, 'Response', idp), signed(good(), 'Response', idp), signedResponse({ at: AT }, PLACE, idp, 'sha512')]) expect(await take(xml)).toMatchObject({ issuer: PLACE.issuer, subject: 'the-subject', session: '_session' })
  })

  it('says who somebody is, how they signed in and in which groups they are', async () => {
    const said = { attributes: { mail: ['Ada@example.com'], displayName: ['Ada &amp; Co'], groups: ['staff', 'ada'] }, context: 'https://refeds.org/profile/mfa' }
    expect(await take(good(said))).toMatchObject({ email: 'Ada@example.com', displayName: 'Ada & Co', groups: ['staff', 'ada'], methods: ['https://refeds.org/profile/mfa'], authenticatedAt: new Date('2026-11-22T08:59:50Z'), handle: { kind: 'saml', nameId: 'the-subject', format: PERSISTENT, sessionIndex: '_session' } })
  })

  it('is believed by any of several certificates, while a provider changes its key', async () => {
    expect(await take(good(), { certificates: [stranger.certificate, idp.certificate] })).toMatchObject({ subject: 'the-subject' })
    expect(await why(good(), { certificates: [stranger.certificate] })).toBe('a signature that does not fit')
  })

  it.each<[string, Partial<Said>, string]>([
    ['of another issuer', { issuer: 'https://evil.example' }, 'a Assertion of another issuer'],
    ['for another address (Destination)', { destination: 'https://other.example/acs' }, 'a response for another address'],
    ['for another address (Recipient)', { recipient: 'https://other.example/acs' }, 'a confirmation that is for another address'],
    ['for somebody else (Audience)', { audience: 'https://other.example' }, 'an assertion for somebody else'],
    ['for anybody', { audience: undefined }, 'an assertion for anybody'],
    ['to another request', { inResponseTo: '_another' }, 'a response to another request, or to none'],
    ['whose assertion answers another request', { confirmationInResponseTo: '_another' }, 'a confirmation that answers another request, or none'],
    ['that is over (confirmation)', { confirmedFor: -61 }, 'a confirmation that is over'],
    ['that is over (conditions)', { holdsFor: -61 }, 'an assertion that is over'],
    ['that is yet to hold', { holdsFrom: 61 }, 'an assertion that is yet to hold'],
    ['of a session that is over', { sessionFor: -61 }, 'a session that is over'],
    ['of a sign-in that is yet to come', { authnInstant: 61 }, 'a sign-in that is yet to come'],
    ['confirmed otherwise than by bearing it', { method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' }, 'no bearer confirmation'],
    ['with a condition that is not understood', { condition: '<x:Never xmlns:x="urn:x"/>' }, 'a condition that is not understood'],
    ['that refuses', { status: 'urn:oasis:names:tc:SAML:2.0:status:Responder' }, 'a refusal with an assertion'],
    ['whose NameID is another one each time', { format: TRANSIENT }, 'its NameID is another one each time: set the attribute with the subject, or have it send a persistent NameID'],
    ['whose NameID is an address', { format: EMAIL_FORMAT }, 'its NameID is an address, which may be given to somebody else: set the attribute with the subject, or have it send a persistent NameID'],
    ['without a name', { name: '' }, 'a subject without a name'],
    ['with two names', { name: '<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>' }, 'several NameID'],
    ['with a name in a foreign namespace', { name: '<x:NameID xmlns:x="urn:x">a</x:NameID>' }, 'a subject without a name'],
  ])('%s is refused', async (_what, said, reason) => expect(await why(good(said))).toBe(reason))

  it('may be a minute off, and no more', async () => {
    for (const said of [{ confirmedFor: -50 }, { holdsFor: -50 }, { holdsFrom: 50 }, { authnInstant: 50 }]) expect(await take(good(said)), JSON.stringify(said)).toMatchObject({ subject: 'the-subject' })
    expect(await why(good(), {}, { at: new Date(AT.getTime() + 361_000) })).toBe('a confirmation that is over')
    expect(await why(good(), {}, { at: new Date(AT.getTime() - 3_600_000) })).toMatch(/yet to/)
  })

  it('must be of a fresh sign-in where that was asked for', async () => {
    expect(await why(good({ authnInstant: -3600 }), {}, { freshSince: AT })).toBe('not-fresh')
    expect(await take(good({ authnInstant: -20 }), {}, { freshSince: AT })).toMatchObject({ subject: 'the-subject' })
  })

  it('may name its subject in an attribute, once', async () => {
    const attributes = { employee: ['e-1'] }
    expect(await take(good({ attributes, format: TRANSIENT }), { subjectAttribute: 'employee' })).toMatchObject({ subject: 'e-1' })
    expect(await why(good({ attributes: { employee: ['e-1', 'e-2'] } }), { subjectAttribute: 'employee' })).toMatch(/not there once/)
    expect(await why(good(), { subjectAttribute: 'employee' })).toMatch(/not there once/)
  })
})

describe('a signature', () => {
  it('of a stranger, of SHA-1, over something else, or none at all is not believed', async () => {
    const bare = responseXml(assertionXml({ at: AT }, PLACE), { at: AT }, PLACE)
    expect(await why(bare)).toBe('no signature')
    expect(await why(signedResponse({ at: AT }, PLACE, stranger))).toBe('a signature that does not fit')
    expect(await why(signedResponse({ at: AT }, PLACE, idp, 'sha1'))).toBe('a signature of a kind that is not believed')
    expect(await why(good().replace('the-subject', 'the-owner'))).toBe('a signature that does not fit')
    expect(await why(good().replace(/URI="#_assertion"/, 'URI=""'))).toBe('a signature over something else')
    expect(await why(good().replace('xml-exc-c14n#"/></ds:', 'xml-exc-c14n#"/></ds:').replace(/<(ds:)?DigestMethod Algorithm="[^"]*"/, '<$1DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"'))).toBe('a digest of a kind that is not believed')
  })

  it('is not verified by a certificate that it brings along', async () => {
    const key = new X509Certificate(stranger.certificate).raw.toString('base64')
    const forged = signedResponse({ at: AT, nameId: 'the-owner' }, PLACE, stranger)
    const info = `<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${key}</X509Certificate></X509Data></KeyInfo>`
    expect(await why(forged.replace('</SignatureValue>', `</SignatureValue>${info}`))).toBe('a signature that does not fit')
  })

  it('by a shared secret made of the certificate is not believed', async () => {
    expect(await why(good().replace('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2000/09/xmldsig#hmac-sha1'))).toBe('a signature of a kind that is not believed')
  })
})

describe('wrapping: what is signed stays, and something else stands where it is read', () => {
  const evil = (id = '_evil'): string => assertionXml({ at: AT, nameId: 'the-owner', assertionId: id }, PLACE)
  const parts = (xml: string): { whole: string; assertion: string; signature: string; bare: string } => {
    const [assertion = ''] = /<saml:Assertion[\s\S]*<\/saml:Assertion>/.exec(xml) ?? []
    const [signature = ''] = /<Signature[\s\S]*?<\/Signature>/.exec(xml) ?? []
    return { whole: xml, assertion, signature, bare: assertion.replace(signature, '') }
  }
  const within = (assertion: string, inside: string): string => assertion.replace('</saml:Issuer>', `</saml:Issuer>${inside}`)
  const forResponse = (): { xml: string; signature: string; bare: string } => {
    const xml = signed(responseXml(assertionXml({ at: AT }, PLACE), { at: AT }, PLACE), 'Response', idp)
    const { signature } = parts(xml)
    return { xml, signature, bare: xml.replace(signature, '') }
  }
  const evilResponse = (inside: string, id = '_evil-response'): string => responseXml(evil(), { at: AT, responseId: id }, PLACE).replace('<samlp:Status>', `${inside}<samlp:Status>`)

  it.each<[string, () => string]>([
    ['1: the signed response inside the signature of another', () => { const { signature, bare } = forResponse(); return evilResponse(signature.replace('</Signature>', `<Object>${bare}</Object></Signature>`)) }],
    ['2: the signed response before a signature that stands by itself', () => { const { signature, bare } = forResponse(); return evilResponse(`${bare}${signature}`) }],
    ['3: another assertion before the signed one', () => { const { whole, assertion } = parts(good()); return whole.replace(assertion, evil() + assertion) }],
    ['3b: another assertion after the signed one', () => { const { whole, assertion } = parts(good()); return whole.replace(assertion, assertion + evil()) }],
    ['4: the signed assertion inside another', () => { const { whole, assertion } = parts(good()); return whole.replace(assertion, within(evil(), assertion)) }],
    ['5: the signature in another assertion, the signed one at the end', () => { const { whole, assertion, signature, bare } = parts(good()); return whole.replace(assertion, within(evil(), signature) + bare) }],
    ['6: the signed assertion inside the signature of another', () => { const { whole, assertion, signature, bare } = parts(good()); return whole.replace(assertion, within(evil(), signature.replace('</Signature>', `${bare}</Signature>`))) }],
    ['7: another assertion in extensions', () => { const { whole, assertion } = parts(good()); return whole.replace(assertion, `<samlp:Extensions>${evil()}</samlp:Extensions>${assertion}`) }],
    ['7b: the same id in extensions', () => { const { whole, assertion } = parts(good()); return whole.replace(assertion, `<samlp:Extensions>${evil('_assertion')}</samlp:Extensions>${assertion}`) }],
    ['8: the signed assertion in an object of the signature', () => { const { whole, assertion, signature, bare } = parts(good()); return whole.replace(assertion, within(evil('_assertion'), signature.replace('</Signature>', `<Object>${bare}</Object></Signature>`))) }],
    ['an id in other letters', () => { const { whole, assertion, signature, bare } = parts(good()); return whole.replace(assertion, within(evil().replace('ID="_evil"', 'ID="_evil" Id="_assertion"'), signature) + bare) }],
    ['an assertion in a foreign namespace', () => { const { whole, assertion } = parts(good()); return whole.replace(assertion, `<x:Assertion xmlns:x="urn:x">${evil()}</x:Assertion>${assertion}`) }],
    ['two signatures in one assertion', () => { const { whole, signature } = parts(good()); return whole.replace(signature, signature + signature) }],
  ])('%s is refused', async (_what, xml) => {
    expect(await why(xml())).not.toBe('')
  })

  it('however the pieces are put together, nobody but the subject that was signed is ever believed', async () => {
    const { whole, assertion, signature, bare } = parts(good())
    const pieces = [evil(), evil('_assertion'), assertion, bare, signature, `<samlp:Extensions>${evil()}</samlp:Extensions>`, `<!--x-->`, `<saml:Advice>${evil()}</saml:Advice>`, '\n', '<samlp:Extensions/>']
    const places = [...whole.matchAll(/<(?!\/?(?:ds:)?(?:X509|Digest|Transform))/g)].map(({ index }) => index)
    let believed = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom(...places)), { minLength: 1, maxLength: 3 }), fc.boolean(), async (insertions, dropped) => {
        let xml = dropped ? whole.replace(assertion, '') : whole
        for (const [piece, place] of insertions.toSorted((a, b) => b[1] - a[1])) xml = xml.slice(0, place) + piece + xml.slice(place)
        const subject = await take(xml).then(({ subject: who }) => who, (error: unknown) => { if (error instanceof Refusal) return undefined; throw error })
        if (subject !== undefined) believed++
        expect([undefined, 'the-subject']).toContain(subject)
      }),
      { numRuns: 300 },
    )
    // Some of them change nothing that was signed.
    expect(believed).toBeGreaterThan(0)
  })

  it('no change of a single character makes anybody else of them', async () => {
    const xml = good()
    await fc.assert(
      fc.asyncProperty(fc.nat(xml.length - 1), fc.constantFrom('<', '>', '"', '&', ' ', '/', 'x', '0', '\n', '\u0000'), async (place, sign) => {
        const subject = await take(xml.slice(0, place) + sign + xml.slice(place + 1)).then(({ subject: who }) => who, (error: unknown) => { if (error instanceof Refusal) return undefined; throw error })
        expect([undefined, 'the-subject']).toContain(subject)
      }),
      { numRuns: 300 },
    )
  })
})

describe('XML of strangers', () => {
  it('holds no comment that could cut a name short', async () => {
    expect(await why(good().replace('the-subject', 'the-owner<!-- -->the-subject'))).toBe('XML that has a comment')
    // Even where the provider has signed it: the two halves would be read as one by some, as the first by others.
    expect(await why(good({ nameId: 'the-owner<!---->.evil' }))).toBe('XML that has a comment')
  })

  it('declares no entities, however many they would be', async () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, n) => `<!ENTITY a${n} "${`&a${n === 0 ? '' : n - 1};`.repeat(10)}">`).join('')}]>`
    expect(await why(bomb + good())).toBe('XML that declares a document type or entities')
    expect(await why(`<!DOCTYPE x SYSTEM "file:///etc/passwd">${good()}`)).toBe('XML that declares a document type or entities')
    expect(await why(good().replace('<samlp:Status>', '<?xml-stylesheet href="x"?><samlp:Status>'))).toBe('XML that has a processing instruction')
    expect(await why(good().replace('the-subject', '&xxe;'))).toBe('XML that names an entity')
  })

  it('is neither too long nor too deep', async () => {
    expect(await why(good().replace('<samlp:Status>', `${'<x>'.repeat(60)}${'</x>'.repeat(60)}<samlp:Status>`))).toBe('XML that is nested too deep')
    expect(await why(good().replace('<samlp:Status>', `${'<x/>'.repeat(6000)}<samlp:Status>`))).toBe('XML that has too many elements')
    expect(await why(good().replace('the-subject', 'x'.repeat(300_000)))).toBe('a response that is no base64, or too long')
  })

  it('is UTF-8 in base64', async () => {
    const { acs, audience, requestId, issuer } = PLACE
    const expected = { issuer, certificates: [idp.certificate], audience, acs, requestId, privateKey: undefined }
    for (const bad of ['', 'no base64!', Buffer.from([0xff, 0xfe, 0x3c]).toString('base64'), Buffer.from(good(), 'utf16le').toString('base64')]) await expect(signedAssertion(bad, expected), bad.slice(0, 20)).rejects.toBeInstanceOf(Refusal)
  })
})
