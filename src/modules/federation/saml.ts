import { randomBytes } from 'node:crypto'
import type { Once } from './admission.ts'
import type { Begun } from './begun.ts'
import type { addressesOf } from './parts.ts'
import type { Provider, SamlSettings } from './provider.ts'
import { distrust } from './refusal.ts'
import { readAssertion, subjectOf } from './saml-assertion.ts'
import { authnRequest, logoutRequest, logoutResponse, messageId, readLogoutRequest } from './saml-message.ts'
import { readRedirect, redirectUrl, type RedirectQuery } from './saml-redirect.ts'
import { signedAssertion } from './saml-response.ts'
import type { LogoutHandle, Vouched } from './vouched.ts'

type SamlProvider = Provider & { settings: SamlSettings }
type Addresses = ReturnType<typeof addressesOf>

/** Whose sessions a SAML provider wants ended, and where the browser goes back to. */
export interface SamlLogout {
  once: Once
  /** By subject, by the provider's sessions, or both. */
  subject?: string
  sessions: readonly string[]
  answer: string
}

/** SAML 2.0 providers: requests by redirect, responses by post; only what was signed is read. */
export class Saml {
  readonly #keyOf: (provider: Provider) => Promise<string | undefined>
  constructor(keyOf: (provider: Provider) => Promise<string | undefined>) {
    this.#keyOf = keyOf
  }

  async signInUrl({ settings, ...provider }: SamlProvider, begun: Begun, addresses: Addresses, at: Date): Promise<string> {
    const xml = authnRequest({ id: begun.id, to: settings.signInUrl, addresses, fresh: begun.fresh, at })
    return redirectUrl(settings.signInUrl, { kind: 'SAMLRequest', xml, relayState: begun.id }, settings.signsRequests ? await this.#keyOf({ settings, ...provider }) : undefined)
  }

  /** @throws Refusal */
  async vouched(provider: SamlProvider, begun: Begun, response: string, { acs, metadata }: Addresses, at: Date): Promise<{ vouched: Vouched; once: Once }> {
    const requestId = messageId(begun.id)
    const { issuer, certificates } = provider.settings
    const assertion = await signedAssertion(response, { issuer, certificates, audience: metadata, acs, requestId, privateKey: await this.#keyOf(provider) })
    return readAssertion(assertion, provider.settings, { audience: metadata, acs, requestId, at, ...(begun.fresh ? { freshSince: new Date(begun.at) } : {}) })
  }

  /** Where to send the browser to end the provider's own session; undefined where it offers no single logout. */
  async signOutUrl(provider: SamlProvider, handle: Extract<LogoutHandle, { kind: 'saml' }>, addresses: Addresses, at: Date): Promise<string | undefined> {
    const { signOutUrl } = provider.settings
    if (signOutUrl === undefined) return undefined
    const xml = logoutRequest({ id: randomBytes(16).toString('hex'), to: signOutUrl, handle, addresses, at })
    return redirectUrl(signOutUrl, { kind: 'SAMLRequest', xml }, await this.#keyOf(provider))
  }

  /**
   * What a provider sends to our logout address: an order of its own, or the answer to one of ours.
   * @returns undefined for an answer: the session here has ended before we asked
   * @throws Refusal `not-trusted`
   */
  async logout(provider: SamlProvider, query: RedirectQuery, addresses: Addresses, at: Date): Promise<SamlLogout | undefined> {
    const { settings } = provider
    const { kind, xml, relayState } = readRedirect(query, settings.certificates)
    if (kind === 'SAMLResponse') return undefined
    const order = readLogoutRequest(xml, { issuer: settings.issuer, address: addresses.logout, at })
    const subject = settings.subjectAttribute === undefined ? subjectOf({ name: 'NameID', namespace: '', children: [], text: order.nameId, attributes: new Map([...(order.format === undefined ? [] : [['Format', order.format] as const]), ...(order.nameQualifier === undefined ? [] : [['NameQualifier', order.nameQualifier] as const])]) }, new Map(), settings) : undefined
    if (subject === undefined && order.sessionIndexes.length === 0) throw distrust('a logout request that names no session')
    const to = settings.signOutUrl ?? settings.signInUrl
    const answer = logoutResponse({ id: randomBytes(16).toString('hex'), to, inResponseTo: order.id, addresses, at })
    return {
      once: { id: order.id, expiresAt: order.expiresAt },
      ...(subject === undefined ? {} : { subject }),
      sessions: order.sessionIndexes,
      answer: redirectUrl(to, { kind: 'SAMLResponse', xml: answer, ...(relayState === undefined ? {} : { relayState }) }, await this.#keyOf(provider)),
    }
  }
}
