import type { OrganisationDatabase } from '#core/database'
import { isVouchsafeError, VouchsafeError } from '#core/errors'
import type { Client, Events, SetCookie } from '#core/module'
import { foldedAddress, type People, type Person, type PersonId } from '#modules/identity'
import type { Attempts } from './attempts.ts'
import { CEREMONY_MINUTES, MOST_TRIES, nextStep, type Ceremony, type Way } from './ceremony.ts'
import { authentication } from './contract.ts'
import { CEREMONY_COOKIE, ceremonyCookie, cookieOf } from './cookies.ts'
import { coarse, isWithin } from './network.ts'
import { normalisedPassword, MOST_CHARACTERS } from './password.ts'
import type { PasswordHashing } from './password-hash.ts'
import { assertionOptions, newUserHandle, notVerified, type Assertion, type RelyingParty } from './passkey.ts'
import { wrongCode, type SecondFactors, type Taking } from './second-factor.ts'
import { digestOf, randomSecret } from './secret.ts'
import type { SecuritySettings } from './security-settings.ts'
import type { Factor, Provenance } from './session.ts'
import type { Sessions } from './sessions.ts'
import { forSibling, type AuthenticationChange, type AuthenticationStore, type StoredCeremony } from './store.ts'

/** What the person does next, as the API says it. */
export type Next = { next: 'done' } | { next: 'second-factor'; ways: readonly Way[] } | { next: 'enrol' } | { next: 'choose-password' }
export interface Answer {
  next: Next
  cookies: SetCookie[]
}

/** Where a request stands: who sent it and when. */
export interface Asked {
  client: Client
  at: Date
}

export interface SigningInParts {
  db: OrganisationDatabase
  store: AuthenticationStore
  events: Events
  people: People
  sessions: Sessions
  factors: SecondFactors
  hashing: PasswordHashing
  attempts: Attempts
  party(client?: Client): Promise<RelyingParty>
  isOwner(personId: string): Promise<boolean>
}

type Open = Extract<Ceremony, { kind: 'sign-in' | 'reset' }>

/** The procedure of signing in. What comes after what is decided by `nextStep`; here it is asked, counted and written down. */
export class SigningIn {
  readonly #parts: SigningInParts
  constructor(parts: SigningInParts) {
    this.#parts = parts
  }

  /** A challenge for whichever passkey the person picks; nobody has to name themselves first. */
  async passkeyOptions({ client, at }: Asked): Promise<{ options: object; cookies: SetCookie[] }> {
    const { store, attempts, party } = this.#parts
    await attempts.begin({ account: '', client, at, what: 'begin' })
    const challenge = randomSecret()
    const cookie = cookieOf(client, CEREMONY_COOKIE)
    const open = cookie === undefined ? undefined : await this.#open(digestOf(cookie).toString('hex'), at)
    const options = assertionOptions(await party(client), challenge)
    // A second factor, or a reset, goes on under its own cookie; anything else begins anew, so that no cookie that
    // somebody planted here is gone on with.
    if (cookie !== undefined && open !== undefined && (open.state.shown.length > 0 || open.state.kind === 'reset') && (await store.setChallenge(digestOf(cookie).toString('hex'), challenge))) return { options, cookies: [] }
    return { options, cookies: [await this.#begin({ kind: 'sign-in', shown: [] }, at, { challenge })] }
  }

  async withPasskey(response: Assertion, asked: Asked): Promise<Answer> {
    const { store, factors, party, db } = this.#parts
    const { id, open } = await this.#going(asked)
    await this.#requireNetwork(asked)
    // INVARIANT: taken away before it is looked at, so that no answer is verified twice.
    const challenge = await store.takeChallenge(id, asked.at)
    const found = await factors.passkey(await party(asked.client), challenge, response, open.personId).catch(async (error: unknown) => {
      if (isVouchsafeError(error, 'not-allowed')) await this.#refused(open.personId, 'passkey', asked)
      throw error
    })
    const { person, suspect, take } = found
    if (suspect) {
      await db.change({ actor: byPerson(person.id), action: 'passkey.suspect', subject: { kind: 'passkey', id: found.passkey.id } }, (tx: AuthenticationChange) => suspect(tx))
      await this.#refused(person.id, 'passkey', asked)
      throw notVerified()
    }
    return this.#shown(id, open, person, 'passkey', take, asked)
  }

  /** Always a new sign-in, whatever cookie is there. Unknown and known accounts cost the same and are told the same. */
  async withPassword(email: string, typed: string, asked: Asked): Promise<Answer> {
    const { store, people, hashing, attempts } = this.#parts
    await this.#requireNetwork(asked)
    const folded = foldedAddress(email)
    const known = folded === undefined ? undefined : await people.findByEmail(email)
    const person = known?.state === 'active' && known.kind === 'person' ? known : undefined
    const account = person?.id ?? digestOf(`vouchsafe/nobody/v1|${folded ?? email.slice(0, 300)}`).toString('hex')
    const attempt = { account, client: asked.client, at: asked.at, what: 'password' } as const
    await attempts.begin(attempt)
    const kept = await store.password(person?.id ?? NOBODY)
    // Longer than any that was ever taken: refused after the same work, not hashed at whatever length it has.
    const password = normalisedPassword(typed.length > 4 * MOST_CHARACTERS ? '' : typed)
    const { right, outdated } = await hashing.verify(kept?.hash, password)
    if (!right || person === undefined) {
      await this.#refused(person?.id, 'password', asked)
      throw new VouchsafeError('not-allowed', 'The address or the password is not right.', { mend: 'Look at both; or sign in with a passkey, or ask for a link to a new password.' })
    }
    await attempts.succeeded(attempt)
    if (outdated && kept !== undefined) await store.rehashPassword(person.id, kept.hash, await hashing.hash(password))
    return this.afterPassword(person, [], asked)
  }

  withTotp(code: string, asked: Asked): Promise<Answer> {
    return this.#withCode('totp', asked, (personId) => this.#parts.factors.totp(personId, code, asked.at))
  }

  withRecoveryCode(code: string, asked: Asked): Promise<Answer> {
    return this.#withCode('recovery-code', asked, (personId) => this.#parts.factors.recoveryCode(personId, code))
  }

  /** A reset goes on like a sign-in whose first factor was the mail. */
  async beginReset(person: Person, asked: Asked): Promise<Answer> {
    const state: Open = { kind: 'reset', shown: [] }
    const cookie = await this.#begin(state, asked.at, { personId: person.id })
    const { settings } = await this.#parts.store.securitySettings()
    return { next: toldOf(nextStep(state, await this.#parts.factors.enrolledBy(person.id), settings)), cookies: [cookie] }
  }

  /** The reset that a request goes on with, once everything is shown that must be. @throws VouchsafeError `not-allowed` */
  async finishedReset(asked: Asked): Promise<{ id: string; person: Person; shown: readonly Factor[] }> {
    const { id, open } = await this.#going(asked)
    const person = open.personId === undefined ? undefined : await this.#parts.people.find(open.personId)
    const { settings } = await this.#parts.store.securitySettings()
    if (person?.state !== 'active' || open.state.kind !== 'reset' || nextStep(open.state, await this.#parts.factors.enrolledBy(person.id), settings).kind !== 'choose-password') throw new VouchsafeError('not-allowed', 'Show your second factor first.', { mend: 'A link from a mail alone changes no password.' })
    return { id, person, shown: open.state.shown }
  }

  /** The password was shown, and maybe something before it: a second factor, a session, or an enrolment comes next. */
  async afterPassword(person: Person, shown: readonly Factor[], asked: Asked): Promise<Answer> {
    const secret = randomSecret()
    const id = digestOf(secret).toString('hex')
    const state: Open = { kind: 'sign-in', shown: [...shown] }
    await this.#parts.store.openCeremony(id, state, { personId: person.id, expiresAt: endOf(state, asked.at) })
    const answer = await this.#shown(id, { state, tries: 0, personId: person.id }, person, 'password', async () => {}, asked)
    return answer.next.next === 'done' ? answer : { ...answer, cookies: [ceremonyCookie(secret, CEREMONY_MINUTES['sign-in']), ...answer.cookies] }
  }

  /**
   * The provider's word is the first factor, and single sign-on, where it is required, is met by it. What is missing is
   * asked for like after a password.
   */
  async afterProvider(person: Person, provenance: Provenance, asked: Asked): Promise<Answer> {
    await this.#requireNetwork(asked)
    const secret = randomSecret()
    const id = digestOf(secret).toString('hex')
    const state: Open = { kind: 'sign-in', shown: [], provenance }
    await this.#parts.store.openCeremony(id, state, { personId: person.id, expiresAt: endOf(state, asked.at) })
    const answer = await this.#shown(id, { state, tries: 0, personId: person.id }, person, 'provider', async () => {}, asked)
    return answer.next.next === 'done' ? answer : { ...answer, cookies: [ceremonyCookie(secret, CEREMONY_MINUTES['sign-in']), ...answer.cookies] }
  }

  async #withCode(factor: 'totp' | 'recovery-code', asked: Asked, look: (personId: string) => Promise<Taking | undefined>): Promise<Answer> {
    const { store, people, attempts } = this.#parts
    const { id, open } = await this.#going(asked)
    const { personId } = open
    const first = open.state.kind === 'sign-in' && open.state.shown.length === 0
    if (personId === undefined || first) throw new VouchsafeError('not-allowed', 'Show your password first.')
    await this.#requireNetwork(asked)
    const attempt = { account: personId, client: asked.client, at: asked.at, what: 'second-factor' } as const
    await attempts.begin(attempt)
    // Counted before the code is looked at: many tries at once are many tries.
    const tries = await store.countTry(id)
    if (tries === undefined || tries > MOST_TRIES) {
      await store.dropCeremony(id)
      throw new VouchsafeError('not-signed-in', 'Too many wrong codes.', { mend: 'Sign in from the beginning.' })
    }
    const person = await people.find(personId)
    const take = person?.state === 'active' ? await look(personId) : undefined
    if (take === undefined || person === undefined) {
      await this.#refused(personId, factor, asked)
      throw wrongCode()
    }
    try {
      const answer = await this.#shown(id, open, person, factor, take, asked)
      await attempts.succeeded(attempt)
      return answer
    } catch (error) {
      if (isVouchsafeError(error, 'not-allowed')) await this.#refused(personId, factor, asked)
      throw error
    }
  }

  /** One more factor was shown rightly: takes it, and goes on to what comes next, in one transaction. */
  async #shown(id: string, open: StoredCeremony & { state: Open }, person: Person, factor: Factor, take: Taking, { client }: Asked): Promise<Answer> {
    const { db, store, people, sessions, factors } = this.#parts
    const { settings } = await store.securitySettings()
    const provenance = open.state.kind === 'sign-in' ? open.state.provenance : undefined
    if (provenance === undefined) await this.#requireLocalSignIn(person.id, settings)
    const state: Open = { ...open.state, shown: [...open.state.shown, factor] }
    const enrolled = await factors.enrolledBy(person.id)
    const step = nextStep(state, enrolled, settings)
    const record = { actor: byPerson(person.id), subject: { kind: 'person', id: person.id }, detail: { factors: state.shown, from: coarse(client.address) } }
    if (step.kind === 'done') {
      return db.change({ ...record, action: 'session.begin' }, async (tx: AuthenticationChange) => {
        // Held first: a deactivation locks the person, and then what is theirs; so does this.
        await people.holdLiving(forSibling(tx), person.id)
        if (!(await store.endCeremony(tx, id, open.state))) throw over()
        await take(forSibling(tx))
        const { cookies } = await sessions.begin(forSibling(tx), { person, factors: state.shown, client, strong: true, ...(provenance === undefined ? {} : { provenance }) })
        return { next: { next: 'done' as const }, cookies }
      })
    }
    const to: Ceremony = step.kind === 'enrol' ? { kind: 'enrolment', origin: { by: 'sign-in', shown: state.shown, ...(provenance === undefined ? {} : { provenance }) }, person: { id: person.id, displayName: person.displayName, email: person.email ?? '' }, userHandle: await userHandleOf(store, person.id) } : state
    await db.change({ ...record, action: 'sign-in.show' }, async (tx: AuthenticationChange) => {
      if (!(await store.moveCeremony(tx, id, open.state, to, person.id))) throw over()
      await take(forSibling(tx))
    })
    return { next: toldOf(step), cookies: [] }
  }

  async #begin(state: Open, at: Date, options: { personId?: PersonId; challenge?: string }): Promise<SetCookie> {
    const secret = randomSecret()
    await this.#parts.store.openCeremony(digestOf(secret).toString('hex'), state, { ...options, expiresAt: endOf(state, at) })
    return ceremonyCookie(secret, CEREMONY_MINUTES[state.kind])
  }

  async #open(id: string, at: Date): Promise<(StoredCeremony & { state: Open }) | undefined> {
    const found = await this.#parts.store.ceremony(id, at)
    return found !== undefined && (found.state.kind === 'sign-in' || found.state.kind === 'reset') ? (found as StoredCeremony & { state: Open }) : undefined
  }

  async #going({ client, at }: Asked): Promise<{ id: string; open: StoredCeremony & { state: Open } }> {
    const cookie = cookieOf(client, CEREMONY_COOKIE)
    const id = cookie === undefined ? '' : digestOf(cookie).toString('hex')
    const open = cookie === undefined ? undefined : await this.#open(id, at)
    if (open === undefined) throw over()
    return { id, open }
  }

  async #requireNetwork({ client }: Asked): Promise<void> {
    const { settings } = await this.#parts.store.securitySettings()
    if (settings.networkAllowList.length > 0 && !isWithin(client.address, settings.networkAllowList)) throw new VouchsafeError('not-allowed', 'Nobody signs in from where you are.', { mend: 'Come from one of the networks that the organisation allows.' })
  }

  /** Said only to whoever has shown that it is them. */
  async #requireLocalSignIn(personId: string, settings: SecuritySettings): Promise<void> {
    if (!settings.requireSingleSignOn) return
    if (settings.breakGlass.includes(personId) && (await this.#parts.isOwner(personId))) return
    throw new VouchsafeError('not-allowed', 'This organisation signs in through its identity provider.', { mend: 'Choose the provider on the page for signing in.' })
  }

  /** Written down with no secret, and with no more of the address than its neighbourhood. */
  async #refused(person: string | undefined, factor: Factor, { client }: Asked): Promise<void> {
    const { db, events } = this.#parts
    await db.change({ actor: { kind: 'system', name: 'sign-in' }, action: 'sign-in.refuse', subject: { kind: 'person', id: person ?? 'unknown' }, detail: { factor, from: coarse(client.address) } }, (tx: AuthenticationChange) => events.happened(tx, authentication, 'sign-in.refused', { factor, ...(person === undefined ? {} : { person }) }))
  }
}

/** A person that nobody is: looking for what they sign in with costs what looking for anybody's costs. */
export const NOBODY = '00000000-0000-4000-8000-000000000000'

export const byPerson = (id: string): { kind: 'person'; name: string } => ({ kind: 'person', name: id })

export const endOf = (state: Ceremony, at: Date): Date => new Date(at.getTime() + CEREMONY_MINUTES[state.kind] * 60_000)

export function toldOf(step: ReturnType<typeof nextStep>): Next {
  if (step.kind === 'show') return { next: 'second-factor', ways: step.ways }
  return { next: step.kind }
}

export function over(): VouchsafeError {
  return new VouchsafeError('not-signed-in', 'This sign-in is over, or was begun elsewhere.', { mend: 'Begin again.' })
}

/** The one that the person's passkeys have already, or a new one. */
export async function userHandleOf(store: AuthenticationStore, personId: string): Promise<string> {
  const [first] = await store.passkeysOf(personId)
  return first?.userHandle ?? newUserHandle()
}
