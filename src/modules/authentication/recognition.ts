import { VouchsafeError } from '#core/errors'
import type { Recognised, Recognition, Shown } from '#core/module'
import type { People } from '#modules/identity'
import { isApiToken } from './api-token.ts'
import { cookieOf, SESSION_COOKIE } from './cookies.ts'
import { csrfRefusal, csrfToken } from './csrf.ts'
import { isWithin } from './network.ts'
import type { RingSecrets } from './secrets-of-ring.ts'
import { digestOf } from './secret.ts'
import { deathOf, isStrong, SEEN_EVERY_MS, type Session } from './session.ts'
import type { AuthenticationStore } from './store.ts'

/** Recognises whoever sends a request: two queries by primary key, and a write at most once a minute. */
export class CredentialRecognition implements Recognition {
  readonly #store: AuthenticationStore
  readonly #people: People
  readonly #secrets: RingSecrets
  constructor(parts: { store: AuthenticationStore; people: People; secrets: RingSecrets }) {
    this.#store = parts.store
    this.#people = parts.people
    this.#secrets = parts.secrets
  }

  async recognise(shown: Shown): Promise<Recognised | undefined> {
    // A token speaks for itself; where one is shown, the cookie beside it is not looked at.
    if (shown.authorization !== undefined) return this.#byToken(shown, shown.authorization)
    const cookie = cookieOf(shown.client, SESSION_COOKIE)
    if (cookie !== undefined) return this.#bySession(shown, digestOf(cookie))
    // An empty cookie is one that we removed.
    if (shown.client.cookies[`__Host-${SESSION_COOKIE}`]) throw dead('This session is not known here.')
    return undefined
  }

  /** The session behind a cookie, if it is alive: for routes that deal with the session itself. */
  async sessionOf(shown: Pick<Shown, 'client' | 'at'>): Promise<{ session: Session; digest: Buffer } | undefined> {
    const cookie = cookieOf(shown.client, SESSION_COOKIE)
    const digest = cookie === undefined ? undefined : digestOf(cookie)
    const found = digest && (await this.#store.session(digest))
    if (digest === undefined || found === undefined) return undefined
    const standing = await this.#people.standing(found.session.personId)
    return deathOf(found.session, standing, found.kept.settings, shown.at) === undefined ? { session: found.session, digest } : undefined
  }

  byId(sessionId: string): Promise<Session | undefined> {
    return this.#store.sessionById(sessionId)
  }

  /** The text for the header `vouchsafe-csrf`. */
  async csrfOf(session: Session): Promise<string> {
    return csrfToken(await this.#secrets.csrfKey(), session.id)
  }

  async #bySession(shown: Shown, digest: Buffer): Promise<Recognised> {
    const found = await this.#store.session(digest)
    if (found === undefined) throw dead('This session is not known here.')
    const { session, kept } = found
    const standing = await this.#people.standing(session.personId)
    const death = deathOf(session, standing, kept.settings, shown.at)
    if (death !== undefined || standing === undefined) throw dead({ ended: 'This session was ended.', idle: 'This session was not used for too long.', over: 'This session is over.' }[death ?? 'ended'])
    requireNetwork(shown, kept.settings.networkAllowList, [])
    const refusal = csrfRefusal(shown.method, shown.client.origin, { ...(shown.origin === undefined ? {} : { origin: shown.origin }), ...(shown.fetchSite === undefined ? {} : { secFetchSite: shown.fetchSite }), ...(shown.csrf === undefined ? {} : { token: shown.csrf }) }, await this.csrfOf(session))
    if (refusal !== undefined) throw new VouchsafeError('not-allowed', refusal, { mend: 'Requests that change something carry the header vouchsafe-csrf with the text that GET /api/v1/session gives, from pages of this site only.' })
    if (shown.passive !== true && shown.at.getTime() - session.lastSeenAt.getTime() >= SEEN_EVERY_MS) await this.#store.sawSession(digest, shown.at)
    return {
      actor: { kind: 'person', id: session.personId, by: { kind: 'session', sessionId: session.id, ...(session.strongUntil !== undefined && isStrong(session.strongUntil, shown.at) ? { strongUntil: session.strongUntil } : {}) } },
      groups: standing.groups,
      endsAt: session.endsAt,
    }
  }

  async #byToken(shown: Shown, authorization: string): Promise<Recognised> {
    const [, text = ''] = /^Bearer +(\S{1,200})$/i.exec(authorization) ?? []
    // One text for every reason: a thief learns nothing of a token that was found.
    const refused = dead('This token is not valid here.', 'Look whether it was copied whole, has expired or was revoked; make a new one in the console.')
    if (!isApiToken(text)) throw refused
    const digest = digestOf(text)
    const found = await this.#store.token(digest)
    if (found === undefined || shown.at >= found.token.expiresAt) throw refused
    const { token, kept } = found
    const standing = await this.#people.standing(token.ownerId)
    if (standing === undefined || !standing.active || standing.epoch !== token.epoch) throw refused
    requireNetwork(shown, kept.settings.networkAllowList, token.networks)
    if (token.lastUsedAt === undefined || shown.at.getTime() - token.lastUsedAt.getTime() >= SEEN_EVERY_MS) await this.#store.sawToken(digest, shown.at)
    const by = { kind: 'token', tokenId: token.id } as const
    return { actor: standing.kind === 'service' ? { kind: 'service', id: token.ownerId, by } : { kind: 'person', id: token.ownerId, by }, groups: standing.groups, scopes: token.scopes, endsAt: token.expiresAt }
  }
}

function requireNetwork({ client }: Shown, ofOrganisation: readonly string[], ofToken: readonly string[]): void {
  for (const networks of [ofOrganisation, ofToken]) {
    if (networks.length > 0 && !isWithin(client.address, networks)) {
      throw new VouchsafeError('not-signed-in', 'This may not be used from where you are.', { mend: 'Come from one of the networks that the organisation allows.' })
    }
  }
}

function dead(message: string, mend = 'Sign in again.'): VouchsafeError {
  return new VouchsafeError('not-signed-in', message, { mend })
}
