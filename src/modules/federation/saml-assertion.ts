import type { SamlSettings } from './provider.ts'
import { distrust, Refusal } from './refusal.ts'
import { instantOf, requireIssuer } from './saml-message.ts'
import { ASSERTION, BEARER, EMAIL_FORMAT, TRANSIENT } from './saml-words.ts'
import { MOST_SKEW_SECONDS } from './skew.ts'
import type { Vouched } from './vouched.ts'
import { childOf, childrenOf, type Element } from './xml.ts'

/** What an assertion must be for. */
export interface Circumstances {
  audience: string
  acs: string
  requestId: string
  /** When the provider was asked to have them show anew who they are; undefined: it was not. */
  freshSince?: Date
  at: Date
}

/** Attributes in which providers name addresses, people and methods, when nothing is configured. */
const EMAIL_ATTRIBUTES = ['urn:oid:0.9.2342.19200300.100.1.3', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress', 'email', 'mail', 'emailAddress']
const NAME_ATTRIBUTES = ['urn:oid:2.16.840.1.113730.3.1.241', 'http://schemas.microsoft.com/identity/claims/displayname', 'displayName', 'name']
const METHOD_ATTRIBUTES = ['http://schemas.microsoft.com/claims/authnmethodsreferences']

/**
 * What a signed assertion says, by the rules of SAML 2.0 Profiles §4.1.4.2 and Core §2.
 * @param assertion the signed bytes, and nothing else
 * @throws Refusal
 */
export function readAssertion(assertion: Element, settings: SamlSettings, { audience, acs, requestId, freshSince, at }: Circumstances): { vouched: Vouched; once: { id: string; expiresAt: Date } } {
  const id = assertion.attributes.get('ID') ?? ''
  if (assertion.attributes.get('Version') !== '2.0' || id === '') throw distrust('an assertion without version or id')
  requireIssuer(assertion, settings.issuer)
  const subject = childOf(assertion, ASSERTION, 'Subject') ?? missing('subject')
  const confirmedUntil = confirmed(subject, { acs, requestId, at })
  const conditionsUntil = requireConditions(assertion, audience, at)
  const statement = childrenOf(assertion, ASSERTION, 'AuthnStatement')[0] ?? missing('statement of how they signed in')
  const authenticatedAt = instantOf(statement, 'AuthnInstant') ?? missing('time of their signing in')
  const sessionUntil = instantOf(statement, 'SessionNotOnOrAfter')
  if (isLater(authenticatedAt, at)) throw distrust('a sign-in that is yet to come')
  if (sessionUntil !== undefined && isOver(sessionUntil, at)) throw distrust('a session that is over')
  if (freshSince !== undefined && authenticatedAt.getTime() < freshSince.getTime() - MOST_SKEW_SECONDS * 1000) throw new Refusal('not-fresh')

  const attributes = attributesOf(assertion)
  const first = (configured: string | undefined, usual: readonly string[], most: number): string | undefined =>
    (configured === undefined ? usual : [configured]).flatMap((name) => attributes.get(name) ?? []).find((value) => value !== '' && value.length <= most)
  const name = childOf(subject, ASSERTION, 'NameID')
  const session = statement.attributes.get('SessionIndex')
  const displayName = first(settings.nameAttribute, NAME_ATTRIBUTES, 200)
  const email = first(settings.emailAttribute, EMAIL_ATTRIBUTES, 320)
  const context = childOf(statement, ASSERTION, 'AuthnContext')
  const methods = [...(context === undefined ? [] : childrenOf(context, ASSERTION, 'AuthnContextClassRef').map(({ text }) => text.trim())), ...METHOD_ATTRIBUTES.flatMap((attribute) => attributes.get(attribute) ?? [])]
  return {
    vouched: {
      issuer: settings.issuer,
      subject: subjectOf(name, attributes, settings),
      ...(displayName === undefined ? {} : { displayName }),
      // An organisation lists the domains for whose addresses it believes this provider; SAML knows no "verified".
      ...(email === undefined ? {} : { email }),
      groups: settings.groupsFrom === undefined ? [] : (attributes.get(settings.groupsFrom) ?? []),
      methods,
      authenticatedAt,
      ...(session === undefined ? {} : { session }),
      ...(name === undefined ? {} : { handle: handleOf(name, session) }),
    },
    once: { id, expiresAt: new Date(Math.max(confirmedUntil.getTime(), conditionsUntil.getTime()) + MOST_SKEW_SECONDS * 1000) },
  }
}

/** Who it is about, in a form that is never given to somebody else. */
export function subjectOf(name: Element | undefined, attributes: ReadonlyMap<string, readonly string[]>, { subjectAttribute, issuer }: Pick<SamlSettings, 'subjectAttribute' | 'issuer'>): string {
  if (subjectAttribute !== undefined) {
    const [value, more] = attributes.get(subjectAttribute) ?? []
    if (value === undefined || value === '' || more !== undefined || value.length > MOST_SUBJECT) throw distrust('the attribute with the subject is not there once')
    return value
  }
  if (name === undefined || name.children.length > 0 || name.text === '' || name.text.length > MOST_SUBJECT) throw distrust('a subject without a name')
  const format = name.attributes.get('Format')
  if (format === TRANSIENT) throw distrust('its NameID is another one each time: set the attribute with the subject, or have it send a persistent NameID')
  if (format === EMAIL_FORMAT) throw distrust('its NameID is an address, which may be given to somebody else: set the attribute with the subject, or have it send a persistent NameID')
  const qualifier = name.attributes.get('NameQualifier')
  return qualifier === undefined || qualifier === issuer ? name.text : `${qualifier}!${name.text}`
}

const MOST_SUBJECT = 1024

/** Bearer confirmation (Profiles §4.1.4.2): for this address, this request, and not too late. @returns until when */
function confirmed(subject: Element, { acs, requestId, at }: { acs: string; requestId: string; at: Date }): Date {
  const refused: string[] = []
  for (const confirmation of childrenOf(subject, ASSERTION, 'SubjectConfirmation')) {
    if (confirmation.attributes.get('Method') !== BEARER) continue
    const data = childOf(confirmation, ASSERTION, 'SubjectConfirmationData')
    const until = data && instantOf(data, 'NotOnOrAfter')
    const from = data && instantOf(data, 'NotBefore')
    if (data === undefined || until === undefined) refused.push('has no end')
    else if (data.attributes.get('Recipient') !== acs) refused.push('is for another address')
    else if (data.attributes.get('InResponseTo') !== requestId) refused.push('answers another request, or none')
    else if (isOver(until, at)) refused.push('is over')
    else if (from !== undefined && isLater(from, at)) refused.push('is yet to begin')
    else return until
  }
  throw distrust(refused.length === 0 ? 'no bearer confirmation' : `a confirmation that ${refused[0]}`)
}

/** Core §2.5.1. @returns until when, or the far end of what one confirmation can last */
function requireConditions(assertion: Element, audience: string, at: Date): Date {
  const conditions = childOf(assertion, ASSERTION, 'Conditions') ?? missing('condition')
  const [from, until] = [instantOf(conditions, 'NotBefore'), instantOf(conditions, 'NotOnOrAfter')]
  if (from !== undefined && isLater(from, at)) throw distrust('an assertion that is yet to hold')
  if (until !== undefined && isOver(until, at)) throw distrust('an assertion that is over')
  let restricted = false
  for (const condition of conditions.children) {
    if (condition.namespace !== ASSERTION || !['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'].includes(condition.name)) throw distrust('a condition that is not understood') // Core §2.5.1.1: then it does not hold
    if (condition.name !== 'AudienceRestriction') continue
    if (!childrenOf(condition, ASSERTION, 'Audience').some(({ text }) => text.trim() === audience)) throw distrust('an assertion for somebody else')
    restricted = true
  }
  if (!restricted) throw distrust('an assertion for anybody')
  return until ?? at
}

/** Attributes by name; of one that comes twice, all values (Core §2.7.3). */
function attributesOf(assertion: Element): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const statement of childrenOf(assertion, ASSERTION, 'AttributeStatement')) {
    for (const attribute of childrenOf(statement, ASSERTION, 'Attribute')) {
      const name = attribute.attributes.get('Name') ?? ''
      const values = childrenOf(attribute, ASSERTION, 'AttributeValue').filter(({ children }) => children.length === 0).map(({ text }) => text.trim())
      found.set(name, [...(found.get(name) ?? []), ...values].slice(0, 1000))
    }
  }
  return found
}

function handleOf({ text, attributes }: Element, session: string | undefined): NonNullable<Vouched['handle']> {
  const [format, nameQualifier, spNameQualifier] = [attributes.get('Format'), attributes.get('NameQualifier'), attributes.get('SPNameQualifier')]
  return { kind: 'saml', nameId: text, ...(format === undefined ? {} : { format }), ...(nameQualifier === undefined ? {} : { nameQualifier }), ...(spNameQualifier === undefined ? {} : { spNameQualifier }), ...(session === undefined ? {} : { sessionIndex: session }) }
}

const isOver = (until: Date, at: Date): boolean => at.getTime() >= until.getTime() + MOST_SKEW_SECONDS * 1000
const isLater = (from: Date, at: Date): boolean => from.getTime() > at.getTime() + MOST_SKEW_SECONDS * 1000

function missing(what: string): never {
  throw distrust(`an assertion without a ${what}`)
}
