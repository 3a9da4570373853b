import type { Instant } from '#core/clock'
import type { Actor } from './actor.ts'
import type { Client, Method } from './route.ts'

/** What a request shows of whoever sent it, as the HTTP surface hands it to whoever can tell persons apart. */
export interface Shown {
  readonly method: Method
  readonly client: Client
  readonly at: Instant
  /** The Authorization header, whole. */
  readonly authorization?: string
  /** Header `vouchsafe-csrf`, which only a page of ours can know. */
  readonly csrf?: string
  /** Headers that a browser adds by itself and no page can forge (Fetch Metadata; RFC 6454 §7). */
  readonly origin?: string
  readonly fetchSite?: string
  /** Not a use of the session, which ages on: a console that stays open keeps nobody signed in. */
  readonly passive?: true
}

/** Somebody who was recognised, as they stand with this very request. */
export interface Recognised {
  readonly actor: Extract<Actor, { kind: 'person' | 'service' }>
  /** Groups they are in now: from the standing, which is read with each request. */
  readonly groups: readonly string[]
  /** Permissions that a token is limited to; left out: everything its owner may. */
  readonly scopes?: readonly string[]
  /** When the session or token ends by itself, for answers that stay open. */
  readonly endsAt?: Date
}

/**
 * Recognises whoever sent a request, by session cookie or API token. It answers for authentication alone: what they may
 * do is the business of roles.
 */
export interface Recognition {
  /**
   * @returns undefined when nothing is shown that could be a credential of ours
   * @throws VouchsafeError `not-signed-in` for a credential that is dead, unknown or used from where it may not be;
   *   `not-allowed` where a cookie alone speaks for a request that changes something (no defence against forgery shown)
   */
  recognise(shown: Shown): Promise<Recognised | undefined>
}
