import { randomUUID } from 'node:crypto'
import { VouchsafeError } from '#core/errors'
import type { Client, Events, SetCookie } from '#core/module'
import type { People, Person } from '#modules/identity'
import { DEVICE_COOKIE, DEVICE_DAYS, familiarMarks } from './attempts.ts'
import { authentication } from './contract.ts'
import { CEREMONY_COOKIE, cookieOf, removed, sessionCookie } from './cookies.ts'
import { digestOf, randomSecret } from './secret.ts'
import { deviceText, STRONG_MINUTES, type Factor, type Provenance, type Session } from './session.ts'
import { ours, type AuthenticationChange, type AuthenticationStore } from './store.ts'
import type { Change } from '#core/database'

export interface NewSession {
  person: Pick<Person, 'id'>
  factors: readonly Factor[]
  client: Client
  /** Whether what was shown is enough for dangerous acts: two factors, or all that this person has. */
  strong: boolean
  /** Of a sign-in through an identity provider. */
  provenance?: Provenance
}

/** Sessions for those who let people in: signing in here, and identity providers. */
export class Sessions {
  readonly #store: AuthenticationStore
  readonly #events: Events
  readonly #people: People
  constructor(parts: { store: AuthenticationStore; events: Events; people: People }) {
    this.#store = parts.store
    this.#events = parts.events
    this.#people = parts.people
  }

  /**
   * Begins a session in the caller's change, for somebody who is held: who is deactivated at the same moment loses it too. Always a new random secret: what a browser held before is worth nothing after.
   * @returns the session, and the cookies that the answer must set
   */
  async begin(change: Change<never>, { person, factors, client, strong, provenance }: NewSession): Promise<{ session: Session; cookies: SetCookie[] }> {
    const tx = ours(change)
    const { epoch } = await this.#people.holdLiving(change, person.id)
    const { settings } = await this.#store.securitySettings()
    const secret = randomSecret()
    const session: Session = {
      id: randomUUID(),
      personId: person.id,
      epoch,
      factors,
      createdAt: tx.at,
      lastSeenAt: tx.at,
      endsAt: new Date(tx.at.getTime() + settings.absoluteHours * 3_600_000),
      ...(strong ? { strongUntil: strongUntil(tx.at) } : {}),
      address: client.address.slice(0, 60),
      device: deviceText(client.userAgent),
    }
    // The session that this browser still holds ends: nobody is signed in twice in one place.
    const before = cookieOf(client, 'session')
    const previous = before === undefined ? undefined : await this.#store.session(digestOf(before))
    if (previous !== undefined) await this.#ended(tx, await this.#store.endSessions(tx, { id: previous.session.id }))
    await this.#store.addSession(tx, session, digestOf(secret), provenance)
    const device = cookieOf(client, DEVICE_COOKIE) ?? randomSecret()
    await this.#store.markFamiliar(tx, person.id, familiarMarks(person.id, { ...client, cookies: { ...client.cookies, [`__Host-${DEVICE_COOKIE}`]: device } }))
    await this.#events.happened(tx, authentication, 'session.begun', { person: person.id, session: session.id, factors: [...factors] })
    return { session, cookies: [sessionCookie(secret, settings.absoluteHours), { name: DEVICE_COOKIE, value: device, maxAgeSeconds: DEVICE_DAYS * 86_400, sameSite: 'Lax' }, removed(CEREMONY_COOKIE)] }
  }

  /**
   * The same session under a new cookie, strong for some minutes: the second factor was shown again.
   * @throws VouchsafeError `not-signed-in` when it ended meanwhile
   */
  async stepUp(change: Change<never>, session: Session, digest: Buffer, factor: Factor): Promise<SetCookie[]> {
    const tx = ours(change)
    const secret = randomSecret()
    const factors = [...new Set([...session.factors, factor])]
    if (!(await this.#store.renewSession(tx, session.id, digest, digestOf(secret), strongUntil(tx.at), factors))) throw new VouchsafeError('not-signed-in', 'This session has ended.', { mend: 'Sign in again.' })
    await this.#events.happened(tx, authentication, 'session.stepped-up', { person: session.personId, session: session.id, factor })
    const hoursLeft = Math.max(1, Math.ceil((session.endsAt.getTime() - tx.at.getTime()) / 3_600_000))
    return [sessionCookie(secret, hoursLeft)]
  }

  /** Ends some sessions; never all of everybody. @returns how many */
  async end(change: Change<never>, which: { person?: string; id?: string; except?: string; provider?: string; subject?: string; providerSession?: string }): Promise<number> {
    const tx = ours(change)
    const ended = await this.#store.endSessions(tx, which)
    await this.#ended(tx, ended)
    return ended.length
  }

  of(personId: string, at: Date): Promise<Session[]> {
    return this.#store.sessionsOf(personId, at)
  }

  async #ended(tx: AuthenticationChange, ended: readonly { id: string; person: string }[]): Promise<void> {
    for (const { id, person } of ended) await this.#events.happened(tx, authentication, 'session.ended', { person, session: id })
  }
}

export const strongUntil = (at: Date): Date => new Date(at.getTime() + STRONG_MINUTES * 60_000)
