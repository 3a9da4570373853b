import { SAML } from '@node-saml/node-saml'
import { messageOf } from '#core/errors'
import { distrust, Refusal } from './refusal.ts'
import { ASSERTION, ENCRYPTION, PROTOCOL, SIGNATURE, SUCCESS } from './saml-words.ts'
import { childOf, everyElement, readXml, type Element } from './xml.ts'

/** Whom a response must be for, and whose it must be. */
export interface Expected {
  issuer: string
  /** PEM; any of them may have signed. */
  certificates: readonly string[]
  /** Our entity id. */
  audience: string
  /** Address that it was posted to. */
  acs: string
  /** Of the request that it answers. */
  requestId: string
  /** For encrypted assertions; PEM. */
  privateKey: string | undefined
}

const SIGNATURES = ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512']
const DIGESTS = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512']
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
const CONTENT_CIPHERS = ['http://www.w3.org/2009/xmlenc11#aes256-gcm', 'http://www.w3.org/2009/xmlenc11#aes128-gcm', 'http://www.w3.org/2001/04/xmlenc#aes256-cbc', 'http://www.w3.org/2001/04/xmlenc#aes128-cbc']
const KEY_CIPHERS = ['http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p']

/** Most responses have 10 kB; one with a thousand groups 150. */
const MOST_BASE64 = 256 * 1024

/**
 * The assertion of a response, as it was signed.
 *
 * First the shape is judged, by a reader that refuses what two readers could read differently: one response, one
 * assertion as its child, ids that are unique, signatures only where they belong and only of the kind that can be believed.
 * Then node-saml verifies the signature and hands out the bytes that it covers. INVARIANT: whatever is believed
 * afterwards is read from those bytes alone.
 * @param encoded the form field SAMLResponse
 * @throws Refusal
 */
export async function signedAssertion(encoded: string, expected: Expected): Promise<Element> {
  const xml = decoded(encoded)
  const response = readXml(xml)
  const shape = judge(response, expected)
  const verified = await verify(xml, expected, shape.isEncrypted)
  const assertion = readXml(verified)
  if (assertion.namespace !== ASSERTION || assertion.name !== 'Assertion') throw distrust('what was signed is no assertion')
  if (shape.assertionId !== undefined && assertion.attributes.get('ID') !== shape.assertionId) throw distrust('the assertion that was signed is another one')
  return assertion
}

function decoded(encoded: string): string {
  const bare = encoded.replace(/[\r\n\t ]/g, '')
  if (bare.length > MOST_BASE64 || !/^[A-Za-z0-9+/]+={0,2}$/.test(bare)) throw distrust('a response that is no base64, or too long')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bare, 'base64'))
  } catch (cause) {
    throw distrust('a response that is not UTF-8', cause)
  }
}

function judge(response: Element, { acs, requestId }: Expected): { isEncrypted: boolean; assertionId?: string } {
  if (response.namespace !== PROTOCOL || response.name !== 'Response' || response.attributes.get('Version') !== '2.0') throw distrust('no response')
  const all = [...everyElement(response)]
  requireUniqueIds(all)
  // By local name, whatever the namespace: other readers look no further.
  const assertions = all.filter(({ name }) => name === 'Assertion' || name === 'EncryptedAssertion')
  if (all.filter(({ name }) => name === 'Response').length !== 1) throw distrust('several responses')
  requireStatus(response, assertions.length)
  const [assertion] = assertions
  if (assertion === undefined || assertions.length > 1 || assertion.namespace !== ASSERTION || !response.children.includes(assertion)) throw distrust(`${assertions.length} assertions, or one in a place where none belongs`)
  const isEncrypted = assertion.name === 'EncryptedAssertion'
  const signatures = all.filter(({ name }) => name === 'Signature')
  const places = [response, ...(isEncrypted ? [] : [assertion])]
  const signed = places.filter((place) => {
    const signature = childOf(place, SIGNATURE, 'Signature')
    if (signature !== undefined) requireSignature(signature, place)
    return signature !== undefined
  })
  if (signed.length !== signatures.length) throw distrust('a signature in a place where none belongs')
  if (signed.length === 0) throw distrust('no signature')
  if (isEncrypted) {
    // What is not signed is not decrypted: the answers to altered ciphertexts would give it away piece by piece.
    if (!signed.includes(response)) throw distrust('an encrypted assertion in a response that is not signed')
    requireCiphers(assertion)
  }
  // Unsigned, these prove nothing, and the assertion says both again; an answer to something else is told apart here.
  const [destination, inResponseTo] = [response.attributes.get('Destination'), response.attributes.get('InResponseTo')]
  if (destination !== undefined && destination !== acs) throw distrust('a response for another address')
  if (inResponseTo !== requestId) throw distrust('a response to another request, or to none')
  const assertionId = assertion.attributes.get('ID')
  return { isEncrypted, ...(assertionId === undefined ? {} : { assertionId }) }
}

function requireUniqueIds(all: readonly Element[]): void {
  const seen = new Set<string>()
  for (const { attributes } of all) {
    for (const [name, value] of attributes) {
      if (!/^(\{[^}]*\})?id$/i.test(name)) continue
      if (seen.has(value)) throw distrust('one id twice')
      seen.add(value)
    }
  }
}

/** @throws Refusal `declined` where the provider says no */
function requireStatus(response: Element, assertions: number): void {
  const status = childOf(response, PROTOCOL, 'Status')
  const code = status && childOf(status, PROTOCOL, 'StatusCode')
  if (code === undefined) throw distrust('a response without a status')
  if (code.attributes.get('Value') === SUCCESS) return
  if (assertions > 0) throw distrust('a refusal with an assertion')
  const inner = childOf(code, PROTOCOL, 'StatusCode')?.attributes.get('Value') ?? code.attributes.get('Value') ?? ''
  throw new Refusal('declined', `the provider says ${/^urn:oasis:names:tc:SAML:2\.0:status:(\w{1,40})$/.exec(inner)?.[1] ?? 'something else'}`)
}

/** SAML 2.0 Core §5.4: enveloped, over the element it stands in and nothing else; by algorithms that can be believed. */
function requireSignature(signature: Element, place: Element): void {
  const info = childOf(signature, SIGNATURE, 'SignedInfo')
  const reference = info && childOf(info, SIGNATURE, 'Reference')
  if (info === undefined || reference === undefined) throw distrust('a signature over nothing')
  const algorithm = (element: Element | undefined): string => element?.attributes.get('Algorithm') ?? ''
  if (!SIGNATURES.includes(algorithm(childOf(info, SIGNATURE, 'SignatureMethod')))) throw distrust('a signature of a kind that is not believed')
  if (!DIGESTS.includes(algorithm(childOf(reference, SIGNATURE, 'DigestMethod')))) throw distrust('a digest of a kind that is not believed')
  if (algorithm(childOf(info, SIGNATURE, 'CanonicalizationMethod')) !== EXCLUSIVE) throw distrust('a signature over another form of XML')
  const transforms = childOf(reference, SIGNATURE, 'Transforms')?.children ?? []
  if (transforms.length !== 2 || algorithm(transforms[0]) !== ENVELOPED || algorithm(transforms[1]) !== EXCLUSIVE) throw distrust('a signature over transformed XML')
  const id = place.attributes.get('ID')
  if (id === undefined || id === '' || reference.attributes.get('URI') !== `#${id}`) throw distrust('a signature over something else')
  if (childOf(signature, SIGNATURE, 'Object') !== undefined) throw distrust('a signature with something inside it')
}

function requireCiphers(encrypted: Element): void {
  const methods = [...everyElement(encrypted)].filter(({ name }) => name === 'EncryptionMethod')
  const used = methods.map(({ namespace, attributes }) => (namespace === ENCRYPTION ? (attributes.get('Algorithm') ?? '') : ''))
  if (used.length !== 2 || !used.every((one) => CONTENT_CIPHERS.includes(one) || KEY_CIPHERS.includes(one)) || !used.some((one) => KEY_CIPHERS.includes(one)) || !used.some((one) => CONTENT_CIPHERS.includes(one))) throw distrust('an assertion encrypted in a way that is not taken')
}

async function verify(xml: string, { certificates, audience, acs, privateKey }: Expected, isEncrypted: boolean): Promise<string> {
  const saml = new SAML({
    idpCert: [...certificates],
    issuer: audience,
    callbackUrl: acs,
    // An assertion within a signed response is signed with it; otherwise it must be signed itself.
    wantAuthnResponseSigned: isEncrypted,
    wantAssertionsSigned: false,
    // Times, audience and request are judged by us, on what was signed and by our clock.
    acceptedClockSkewMs: -1,
    audience: false,
    ...(privateKey === undefined ? {} : { decryptionPvk: privateKey }),
  })
  try {
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: Buffer.from(xml).toString('base64') })
    const signed = profile?.getAssertionXml?.()
    if (signed === undefined) throw distrust('no assertion that was signed')
    return signed
  } catch (error) {
    if (error instanceof Refusal) throw error
    const message = messageOf(error)
    // The library's own words, as far as they hold nothing of what was sent.
    throw distrust(/^(Invalid (document )?signature[\w :']*|Invalid signature)$/.test(message) ? 'a signature that does not fit' : 'a response that cannot be verified', error)
  }
}
