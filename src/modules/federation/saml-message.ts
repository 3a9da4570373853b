import type { addressesOf } from './parts.ts'
import { distrust } from './refusal.ts'
import { ASSERTION, POST_BINDING, PROTOCOL, SUCCESS } from './saml-words.ts'
import { MOST_SKEW_SECONDS } from './skew.ts'
import type { LogoutHandle } from './vouched.ts'
import { childOf, childrenOf, escaped, readXml, type Element } from './xml.ts'

type Addresses = ReturnType<typeof addressesOf>
type SamlHandle = Extract<LogoutHandle, { kind: 'saml' }>

/** An id in XML is a name: it cannot begin with a digit (XML 1.0 §3.3.1). */
export const messageId = (id: string): string => `_${id}`

const message = (name: string, attributes: Record<string, string | undefined>, issuer: string, content: string): string =>
  `<samlp:${name} xmlns:samlp="${PROTOCOL}" xmlns:saml="${ASSERTION}"${Object.entries(attributes).map(([key, value]) => (value === undefined ? '' : ` ${key}="${escaped(value)}"`)).join('')}><saml:Issuer>${escaped(issuer)}</saml:Issuer>${content}</samlp:${name}>`

/** SAML 2.0 Core §3.4.1. The provider decides which NameID and which factors; we look at what it says. */
export const authnRequest = ({ id, to, addresses, fresh, at }: { id: string; to: string; addresses: Addresses; fresh: boolean; at: Date }): string =>
  message('AuthnRequest', { ID: messageId(id), Version: '2.0', IssueInstant: at.toISOString(), Destination: to, ...(fresh ? { ForceAuthn: 'true' } : {}), ProtocolBinding: POST_BINDING, AssertionConsumerServiceURL: addresses.acs }, addresses.metadata, '<samlp:NameIDPolicy AllowCreate="true"/>')

/** SAML 2.0 Core §3.7.1. */
export function logoutRequest({ id, to, handle, addresses, at }: { id: string; to: string; handle: SamlHandle; addresses: Addresses; at: Date }): string {
  const { nameId, format, nameQualifier, spNameQualifier, sessionIndex } = handle
  const attributes = Object.entries({ Format: format, NameQualifier: nameQualifier, SPNameQualifier: spNameQualifier }).map(([name, value]) => (value === undefined ? '' : ` ${name}="${escaped(value)}"`)).join('')
  const session = sessionIndex === undefined ? '' : `<samlp:SessionIndex>${escaped(sessionIndex)}</samlp:SessionIndex>`
  return message('LogoutRequest', { ID: messageId(id), Version: '2.0', IssueInstant: at.toISOString(), Destination: to, NotOnOrAfter: new Date(at.getTime() + LOGOUT_MS).toISOString() }, addresses.metadata, `<saml:NameID${attributes}>${escaped(nameId)}</saml:NameID>${session}`)
}

/** SAML 2.0 Core §3.7.2. */
export const logoutResponse = ({ id, to, inResponseTo, addresses, at }: { id: string; to: string; inResponseTo: string; addresses: Addresses; at: Date }): string =>
  message('LogoutResponse', { ID: messageId(id), Version: '2.0', IssueInstant: at.toISOString(), Destination: to, InResponseTo: inResponseTo }, addresses.metadata, `<samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status>`)

/** How long a logout request is good for: as long as a redirect takes, and slow people beside. */
const LOGOUT_MS = 5 * 60_000

export interface LogoutRequest {
  id: string
  nameId: string
  format?: string
  nameQualifier?: string
  sessionIndexes: readonly string[]
  expiresAt: Date
}

/**
 * A provider's logout request, whose signature was verified before.
 * @throws Refusal `not-trusted`
 */
export function readLogoutRequest(xml: string, { issuer, address, at }: { issuer: string; address: string; at: Date }): LogoutRequest {
  const root = readXml(xml)
  if (root.namespace !== PROTOCOL || root.name !== 'LogoutRequest' || root.attributes.get('Version') !== '2.0') throw distrust('no logout request')
  requireIssuer(root, issuer)
  if (root.attributes.get('Destination') !== address) throw distrust('a logout request for another address') // Bindings §3.4.5.2: signed messages say it
  const issued = instantOf(root, 'IssueInstant')
  const expiresAt = new Date(Math.min(instantOf(root, 'NotOnOrAfter')?.getTime() ?? Infinity, (issued?.getTime() ?? Number.NaN) + LOGOUT_MS) + MOST_SKEW_SECONDS * 1000)
  if (issued === undefined || issued.getTime() > at.getTime() + MOST_SKEW_SECONDS * 1000 || !(at < expiresAt)) throw distrust('a logout request of another time')
  const id = root.attributes.get('ID') ?? ''
  const name = childOf(root, ASSERTION, 'NameID')
  if (id === '' || id.length > 200 || name === undefined || name.text === '') throw distrust('a logout request of nobody')
  const [format, nameQualifier] = [name.attributes.get('Format'), name.attributes.get('NameQualifier')]
  return { id, nameId: name.text, ...(format === undefined ? {} : { format }), ...(nameQualifier === undefined ? {} : { nameQualifier }), sessionIndexes: childrenOf(root, PROTOCOL, 'SessionIndex').map(({ text }) => text), expiresAt }
}

/** SAML 2.0 Core §2.2.5: without a Format, or as an entity. @throws Refusal `not-trusted` */
export function requireIssuer(element: Element, issuer: string): void {
  const said = childOf(element, ASSERTION, 'Issuer')
  const format = said?.attributes.get('Format') ?? ENTITY
  if (said === undefined || said.children.length > 0 || said.text.trim() !== issuer || format !== ENTITY) throw distrust(`a ${element.name} of another issuer`)
}

const ENTITY = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity'

/** SAML 2.0 Core §1.3.3: UTC, and nothing else. @throws Refusal `not-trusted` for what is no such time */
export function instantOf(element: Element, name: string): Date | undefined {
  const text = element.attributes.get(name)
  if (text === undefined) return undefined
  const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/.test(text) ? new Date(text) : undefined
  if (at === undefined || Number.isNaN(at.getTime())) throw distrust(`a ${name} that is no time`)
  return at
}
