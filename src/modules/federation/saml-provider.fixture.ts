import { signXml } from '@node-saml/node-saml/lib/xml.js'
import { newKeyPair, selfSigned, type KeyPair } from './certificate.ts'
import { ASSERTION, BEARER, PERSISTENT, PROTOCOL, SUCCESS } from './saml-words.ts'

/** What a SAML provider says; members left out are as they should be. */
export interface Said {
  responseId?: string
  assertionId?: string
  issuer?: string
  destination?: string
  inResponseTo?: string
  confirmationInResponseTo?: string
  recipient?: string
  audience?: string | undefined
  nameId?: string
  format?: string
  at: Date
  /** Seconds from `at`. */
  confirmedFor?: number
  holdsFrom?: number
  holdsFor?: number
  authnInstant?: number
  sessionFor?: number
  method?: string
  context?: string
  attributes?: Record<string, readonly string[]>
  status?: string
  condition?: string
  /** Whatever stands instead of the subject's name. */
  name?: string
}

export interface Place {
  issuer: string
  acs: string
  audience: string
  requestId: string
}

export interface Signer extends KeyPair {
  certificate: string
}

/** Two keys are enough for every test: the provider's, and a stranger's. */
export async function newSigner(): Promise<Signer> {
  const pair = await newKeyPair()
  return { ...pair, certificate: selfSigned(pair, 'idp.example', new Date('2026-01-01T00:00:00Z')) }
}

export function assertionXml(said: Said, place: Place): string {
  const { at, assertionId = '_assertion', issuer = place.issuer, recipient = place.acs, nameId = 'the-subject', format = PERSISTENT, confirmedFor = 300, holdsFrom = -30, holdsFor = 300, authnInstant = -10, method = BEARER, attributes = {} } = said
  const audience = 'audience' in said ? said.audience : place.audience
  const time = (seconds: number): string => new Date(at.getTime() + seconds * 1000).toISOString()
  const name = said.name ?? `<saml:NameID Format="${format}">${nameId}</saml:NameID>`
  return [
    `<saml:Assertion xmlns:saml="${ASSERTION}" ID="${assertionId}" Version="2.0" IssueInstant="${time(0)}"><saml:Issuer>${issuer}</saml:Issuer>`,
    `<saml:Subject>${name}<saml:SubjectConfirmation Method="${method}"><saml:SubjectConfirmationData NotOnOrAfter="${time(confirmedFor)}" Recipient="${recipient}" InResponseTo="${said.confirmationInResponseTo ?? said.inResponseTo ?? place.requestId}"/></saml:SubjectConfirmation></saml:Subject>`,
    `<saml:Conditions NotBefore="${time(holdsFrom)}" NotOnOrAfter="${time(holdsFor)}">${audience === undefined ? '' : `<saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction>`}${said.condition ?? ''}</saml:Conditions>`,
    `<saml:AuthnStatement AuthnInstant="${time(authnInstant)}" SessionIndex="_session"${said.sessionFor === undefined ? '' : ` SessionNotOnOrAfter="${time(said.sessionFor)}"`}><saml:AuthnContext><saml:AuthnContextClassRef>${said.context ?? 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport'}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    Object.keys(attributes).length === 0 ? '' : `<saml:AttributeStatement>${Object.entries(attributes).map(([key, values]) => `<saml:Attribute Name="${key}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`).join('')}</saml:AttributeStatement>`,
    '</saml:Assertion>',
  ].join('')
}

export const responseXml = (assertion: string, said: Said, place: Place): string =>
  `<samlp:Response xmlns:samlp="${PROTOCOL}" ID="${said.responseId ?? '_response'}" Version="2.0" IssueInstant="${said.at.toISOString()}" Destination="${said.destination ?? place.acs}" InResponseTo="${said.inResponseTo ?? place.requestId}"><saml:Issuer xmlns:saml="${ASSERTION}">${said.issuer ?? place.issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${said.status ?? SUCCESS}"/></samlp:Status>${assertion}</samlp:Response>`

/** Signs what an XPath names, as providers do: the signature follows the issuer. */
export const signed = (xml: string, what: 'Assertion' | 'Response', signer: KeyPair, algorithm: 'sha1' | 'sha256' | 'sha512' = 'sha256'): string =>
  signXml(xml, `//*[local-name(.)='${what}']`, { reference: `//*[local-name(.)='${what}']/*[local-name(.)='Issuer']`, action: 'after' }, { privateKey: signer.privateKey, signatureAlgorithm: algorithm, digestAlgorithm: algorithm })

/** A response whose assertion is signed. */
export const signedResponse = (said: Said, place: Place, signer: KeyPair, algorithm?: 'sha1' | 'sha256' | 'sha512'): string => signed(responseXml(assertionXml(said, place), said, place), 'Assertion', signer, algorithm)

export const encoded = (xml: string): string => Buffer.from(xml).toString('base64')
