import { handlePlace, type Asked } from './admission.ts'
import { isOidc, isSaml, type Departure, type Flow, type FlowParts } from './flow.ts'
import type { Provider } from './provider.ts'
import { distrust, Refusal } from './refusal.ts'
import type { RedirectQuery } from './saml-redirect.ts'
import { forSibling, handleOf, outside, type FederationChange } from './store.ts'
import type { LogoutHandle } from './vouched.ts'

/** Ends sessions at both ends. What ends here ends whatever the provider answers. */
export class Logout {
  readonly #parts: FlowParts
  readonly #flow: Flow
  constructor(parts: FlowParts, flow: Flow) {
    this.#parts = parts
    this.#flow = flow
  }

  /**
   * Ends somebody's own session here.
   * @returns where to send their browser so that the provider's session ends too; undefined where there is nothing to end
   */
  async signOut(sessionId: string, personId: string, { at }: Asked): Promise<string | undefined> {
    const { db, doors } = this.#parts
    const location = await this.#endingAddress(sessionId, at).catch((error: unknown) => {
      // The provider is away: that keeps nobody signed in here.
      if (error instanceof Refusal) return undefined
      throw error
    })
    await db.change({ actor: { kind: 'person', name: personId }, action: 'federation.sign-out', subject: { kind: 'session', id: sessionId }, detail: { atProvider: location !== undefined } }, (tx: FederationChange) => doors.end(forSibling(tx), { id: sessionId }))
    return location
  }

  /** A provider's own word, server to server (OpenID Connect Back-Channel Logout). @throws Refusal */
  async backChannel(id: string, token: string, { at }: Asked): Promise<void> {
    const provider = await this.#flow.provider(id)
    if (!isOidc(provider) || !provider.settings.singleLogout) throw new Refusal('unknown-provider')
    const { jti, expiresAt, subject, session } = await this.#parts.oidc.logoutOrder(provider, token, at)
    const sessions = session === undefined ? [undefined] : [session]
    if (!(await this.#end(provider, { id: jti, expiresAt }, subject, sessions))) throw distrust('a logout token that was used before')
  }

  /** A provider's word by way of a browser (SAML). @returns where the browser goes next @throws Refusal */
  async byRedirect(id: string, query: RedirectQuery, { at }: Asked): Promise<Departure> {
    const provider = await this.#flow.provider(id)
    const addresses = await this.#flow.addresses(provider)
    if (isOidc(provider)) return { location: addresses.signedOut, cookies: [] }
    if (!isSaml(provider) || !provider.settings.singleLogout) throw new Refusal('unknown-provider')
    const order = await this.#parts.saml.logout(provider, query, addresses, at)
    if (order === undefined) return { location: addresses.signedOut, cookies: [] }
    if (!(await this.#end(provider, order.once, order.subject, order.sessions.length === 0 ? [undefined] : order.sessions))) throw distrust('a logout request that was used before')
    return { location: order.answer, cookies: [] }
  }

  async #end(provider: Provider, once: { id: string; expiresAt: Date }, subject: string | undefined, sessions: readonly (string | undefined)[]): Promise<boolean> {
    const { db, doors, admission } = this.#parts
    return db.change({ actor: { kind: 'system', name: 'federation' }, action: 'federation.logout', subject: { kind: 'provider', id: provider.id } }, async (tx: FederationChange) => {
      if (!(await admission.takeLogout(forSibling(tx), provider, once))) return false
      let ended = 0
      for (const session of sessions) ended += await doors.end(forSibling(tx), { provider: provider.id, ...(subject === undefined ? {} : { subject }), ...(session === undefined ? {} : { providerSession: session }) })
      tx.note({ ended })
      return true
    })
  }

  async #endingAddress(sessionId: string, at: Date): Promise<string | undefined> {
    const { db, doors, seals, oidc, saml } = this.#parts
    const provenance = await doors.provenanceOf(sessionId)
    const kept = provenance && (await handleOf(outside(db.app), provenance.provider, provenance.subject))
    if (provenance === undefined || kept === undefined) return undefined
    const provider = await this.#flow.provider(provenance.provider)
    if (!provider.settings.singleLogout) return undefined
    const handle = JSON.parse(await seals.open('sign-in', handlePlace(provider, provenance.subject), kept)) as LogoutHandle
    const addresses = await this.#flow.addresses(provider)
    if (isOidc(provider)) return handle.kind === 'oidc' ? oidc.signOutUrl(provider, handle.idToken, addresses.signedOut, at) : undefined
    return isSaml(provider) && handle.kind === 'saml' ? saml.signOutUrl(provider, { ...handle, ...(provenance.session === undefined ? {} : { sessionIndex: provenance.session }) }, addresses, at) : undefined
  }
}
