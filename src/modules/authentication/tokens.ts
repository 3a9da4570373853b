import { randomUUID } from 'node:crypto'
import type { Actor as AuditActor, OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Events } from '#core/module'
import type { Access } from '#core/permission'
import type { People } from '#modules/identity'
import { newApiToken, requireHeld } from './api-token.ts'
import { authentication } from './contract.ts'
import { digestOf } from './secret.ts'
import { forSibling, type ApiToken, type AuthenticationChange, type AuthenticationStore } from './store.ts'

export interface NewToken {
  name: string
  scopes: readonly string[]
  /** As Networks read them. Empty: from everywhere. */
  networks: readonly string[]
  expiresAt: Date
}

/** Tokens that one owner may hold; each is a row that somebody has to look through. */
const MOST_TOKENS = 100

/** API tokens of persons and service accounts. */
export class Tokens {
  readonly #parts: { db: OrganisationDatabase; store: AuthenticationStore; events: Events; people: People }
  constructor(parts: { db: OrganisationDatabase; store: AuthenticationStore; events: Events; people: People }) {
    this.#parts = parts
  }

  /**
   * @param access of whoever makes it: nobody gives more than they hold
   * @returns the token, which is shown this once
   * @throws VouchsafeError `bad-input` for scopes that are not held, or a life that is too long
   */
  async issue(ownerId: string, { name, scopes, networks, expiresAt }: NewToken, by: AuditActor, access: Access, at: Date): Promise<{ secret: string; token: ApiToken }> {
    const { db, store, events, people } = this.#parts
    requireHeld(scopes, access)
    const { settings } = await store.securitySettings()
    if (expiresAt <= at) throw new VouchsafeError('bad-input', 'The token would have expired already.', { fields: [{ pointer: '/expiresAt', message: 'is in the past' }] })
    if (expiresAt.getTime() - at.getTime() > settings.tokenDays * 86_400_000) {
      throw new VouchsafeError('bad-input', `A token lives at most ${settings.tokenDays} days here.`, { mend: 'Choose an earlier day; tokens are renewed by making new ones.', fields: [{ pointer: '/expiresAt', message: `is more than ${settings.tokenDays} days ahead` }] })
    }
    const secret = newApiToken()
    const made = { id: randomUUID(), ownerId, name, scopes: [...new Set(scopes)].sort(), networks, createdAt: at, createdBy: by.name, expiresAt }
    const token = await db.change({ actor: by, action: 'token.issue', subject: { kind: 'token', id: made.id }, detail: { owner: ownerId, scopes: made.scopes, expiresAt: expiresAt.toISOString() } }, async (tx: AuthenticationChange) => {
      const { epoch, state } = await people.holdLiving(forSibling(tx), ownerId)
      if (state !== 'active') throw new VouchsafeError('conflict', 'Only somebody who is active can hold a token.')
      const whole: ApiToken = { ...made, epoch }
      await store.takeTurn(tx, ownerId)
      if ((await store.tokens({ owner: ownerId, limit: MOST_TOKENS })).length >= MOST_TOKENS) throw new VouchsafeError('refused', `There are ${MOST_TOKENS} tokens already.`, { mend: 'Revoke those that nobody uses.' })
      await store.addToken(tx, whole, digestOf(secret))
      await events.happened(tx, authentication, 'token.issued', { owner: ownerId, token: whole.id })
      return whole
    })
    return { secret, token }
  }

  async revoke(id: string, by: AuditActor, owner?: string): Promise<void> {
    const { db, store, events } = this.#parts
    await db.change({ actor: by, action: 'token.revoke', subject: { kind: 'token', id } }, async (tx: AuthenticationChange) => {
      const [revoked] = await store.revokeTokens(tx, { id, ...(owner === undefined ? {} : { owner }) })
      if (revoked === undefined) throw new VouchsafeError('not-found', 'There is no such token.')
      await events.happened(tx, authentication, 'token.revoked', { owner: revoked.owner, token: id })
    })
  }

  of(owner: string): Promise<ApiToken[]> {
    return this.#parts.store.tokens({ owner, limit: MOST_TOKENS })
  }
}
