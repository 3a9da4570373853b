import type { OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Client, Events, SetCookie } from '#core/module'
import type { People, Person } from '#modules/identity'
import type { Attempts } from './attempts.ts'
import type { BreachedList } from './breached-list.ts'
import { hasSecondFactor, stepUpWays, type Enrolled, type Way } from './ceremony.ts'
import { authentication } from './contract.ts'
import { MOST_PASSKEYS, nameOf, readNewPasskey } from './new-passkey.ts'
import { acceptPassword, normalisedPassword } from './password.ts'
import type { PasswordHashing } from './password-hash.ts'
import { assertionOptions, notVerified, registrationOptions, type Assertion, type Passkey, type Registration, type RelyingParty } from './passkey.ts'
import { newRecoveryCodes, recoveryDigest } from './recovery-code.ts'
import { wrongCode, type SecondFactors, type Taking } from './second-factor.ts'
import { randomSecret } from './secret.ts'
import type { RingSecrets } from './secrets-of-ring.ts'
import type { Factor, Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import { byPerson, endOf, userHandleOf, type Asked } from './signing-in.ts'
import { forSibling, type AuthenticationChange, type AuthenticationStore } from './store.ts'
import { newTotpSecret, stepOfCode, totpOffer } from './totp.ts'

export interface OwnCredentialsParts {
  db: OrganisationDatabase
  store: AuthenticationStore
  events: Events
  people: People
  sessions: Sessions
  factors: SecondFactors
  hashing: PasswordHashing
  attempts: Attempts
  secrets: RingSecrets
  breached?: BreachedList
  party(client?: Client): Promise<RelyingParty>
}

/** Somebody with a session, who deals with what is their own. */
export interface SignedIn extends Asked {
  session: Session
  /** Of the cookie. */
  digest: Buffer
}

/** What people see of what they sign in with, or of what somebody else does. No secret is in it. */
export interface CredentialSummary {
  passkeys: readonly Passkey[]
  password?: { changedAt: Date }
  totp?: { since: Date }
  recoveryCodes: { left: number }
}

export async function credentialsOf(store: AuthenticationStore, personId: string): Promise<CredentialSummary> {
  const [passkeys, password, totp, left] = await Promise.all([store.passkeysOf(personId), store.password(personId), store.totp(personId), store.recoveryCodesLeft(personId)])
  return { passkeys, recoveryCodes: { left }, ...(password === undefined ? {} : { password: { changedAt: password.changedAt } }), ...(totp === undefined ? {} : { totp: { since: totp.createdAt } }) }
}

/** What people do with their own ways to sign in, and showing a second factor again (step-up). */
export class OwnCredentials {
  readonly #parts: OwnCredentialsParts
  constructor(parts: OwnCredentialsParts) {
    this.#parts = parts
  }

  // Step-up

  /** Whoever came by a provider may also sign in there anew: without a password here, that is what is left beside passkeys. */
  async stepUpOffer({ session }: SignedIn): Promise<{ ways: Way[]; provider?: string }> {
    const [enrolled, provenance] = await Promise.all([this.#parts.factors.enrolledBy(session.personId), this.#parts.store.provenanceOf(session.id)])
    return { ways: stepUpWays(enrolled), ...(provenance === undefined ? {} : { provider: provenance.provider }) }
  }

  async stepUpOptions(signedIn: SignedIn): Promise<object> {
    const challenge = randomSecret()
    await this.#open('step-up', signedIn, { challenge })
    return assertionOptions(await this.#parts.party(signedIn.client), challenge)
  }

  async stepUpWithPasskey(signedIn: SignedIn, response: Assertion): Promise<SetCookie[]> {
    const challenge = await this.#parts.store.takeChallenge(ceremonyOf('step-up', signedIn), signedIn.at)
    const { suspect, take, passkey } = await this.#parts.factors.passkey(await this.#parts.party(signedIn.client), challenge, response, signedIn.session.personId)
    if (suspect) {
      await this.#change(signedIn, 'passkey.suspect', (tx) => suspect(tx), { passkey: passkey.id })
      throw notVerified()
    }
    return this.#stepUp(signedIn, 'passkey', take)
  }

  async stepUpWithTotp(signedIn: SignedIn, code: string, password: string): Promise<SetCookie[]> {
    await this.#requireWay(signedIn, 'totp')
    await this.#requirePassword(signedIn, password)
    await this.#try(signedIn, 'second-factor')
    const take = await this.#parts.factors.totp(signedIn.session.personId, code, signedIn.at)
    if (take === undefined) throw wrongCode()
    return this.#stepUp(signedIn, 'totp', take)
  }

  async stepUpWithPassword(signedIn: SignedIn, typed: string): Promise<SetCookie[]> {
    await this.#requireWay(signedIn, 'password')
    await this.#requirePassword(signedIn, typed)
    return this.#stepUp(signedIn, 'password', async () => {})
  }

  async #requireWay(signedIn: SignedIn, way: Way): Promise<void> {
    if (!(await this.stepUpOffer(signedIn)).ways.includes(way)) throw new VouchsafeError('not-allowed', 'This is not enough to show that it is you.', { mend: 'Show a passkey, or your password and a code; or sign out and in again.' })
  }

  async #stepUp(signedIn: SignedIn, factor: Factor, take: Taking): Promise<SetCookie[]> {
    const cookies = await this.#change(signedIn, 'session.step-up', async (tx) => {
      await take(forSibling(tx))
      return this.#parts.sessions.stepUp(forSibling(tx), signedIn.session, signedIn.digest, factor)
    }, { factor })
    await this.#parts.attempts.succeeded({ account: signedIn.session.personId, client: signedIn.client, at: signedIn.at, what: 'second-factor' })
    return cookies
  }

  // Passkeys

  async passkeyOptions(signedIn: SignedIn): Promise<object> {
    const { store, party } = this.#parts
    const person = await this.#person(signedIn)
    const known = await store.passkeysOf(person.id)
    if (known.length >= MOST_PASSKEYS) throw new VouchsafeError('refused', `You have ${known.length} passkeys; more are not kept.`, { mend: 'Remove one that you do not use.' })
    const challenge = randomSecret()
    const userHandle = await userHandleOf(store, person.id)
    await this.#open('passkey', signedIn, { challenge, userHandle })
    return registrationOptions(await party(signedIn.client), { handle: userHandle, name: person.email ?? person.displayName, displayName: person.displayName }, known, challenge)
  }

  async addPasskey(signedIn: SignedIn, response: Registration, name?: string): Promise<Passkey> {
    const { store, party, events } = this.#parts
    const id = ceremonyOf('passkey', signedIn)
    const open = await store.ceremony(id, signedIn.at)
    const challenge = await store.takeChallenge(id, signedIn.at)
    const userHandle = open?.state.kind === 'own' ? open.state.userHandle : undefined
    const passkey: Passkey = { ...(await readNewPasskey(store, await party(signedIn.client), userHandle === undefined ? undefined : challenge, response, { userHandle: userHandle ?? '', at: signedIn.at, ...(name === undefined ? {} : { name }) })), personId: signedIn.session.personId }
    await this.#change(signedIn, 'passkey.add', async (tx) => {
      await store.takeTurn(tx, passkey.personId)
      await store.addPasskey(tx, passkey)
      await store.endBegun(tx, passkey.personId)
      await events.happened(tx, authentication, 'passkey.added', { person: passkey.personId, passkey: passkey.id })
    }, { passkey: passkey.id })
    return passkey
  }

  async renamePasskey(signedIn: SignedIn, id: string, name: string): Promise<void> {
    await this.#change(signedIn, 'passkey.rename', async (tx) => {
      if (!(await this.#parts.store.renamePasskey(tx, signedIn.session.personId, id, nameOf(name, true)))) throw noPasskey()
    }, { passkey: id })
  }

  async removePasskey(signedIn: SignedIn, id: string): Promise<void> {
    const { store, events } = this.#parts
    const person = signedIn.session.personId
    await this.#change(signedIn, 'passkey.remove', async (tx) => {
      await this.#requireWayIn(tx, person, (now) => ({ ...now, passkeys: now.passkeys - 1 }))
      if (!(await store.removePasskey(tx, person, id))) throw noPasskey()
      await events.happened(tx, authentication, 'passkey.removed', { person, passkey: id })
      await this.#endOthers(tx, signedIn)
    }, { passkey: id })
  }

  // Password

  /** @param current asked for where there is one: a session that somebody else got hold of does not know it (ASVS 6.2.3) */
  async setPassword(signedIn: SignedIn, typed: string, current?: string): Promise<void> {
    const { store, hashing, breached, party, events } = this.#parts
    const person = await this.#person(signedIn)
    if ((await store.password(person.id)) !== undefined) await this.#requirePassword(signedIn, current ?? '')
    const { settings } = await store.securitySettings()
    const second = settings.requireSecondFactor || hasSecondFactor(await this.#parts.factors.enrolledBy(person.id))
    const password = await acceptPassword(typed, { withSecondFactor: second, context: [(await party()).name, person.email ?? '', person.displayName], ...(breached === undefined ? {} : { breached }) })
    const hash = await hashing.hash(password)
    await this.#change(signedIn, 'password.change', async (tx) => {
      await store.takeTurn(tx, person.id)
      await store.setPassword(tx, person.id, hash)
      await events.happened(tx, authentication, 'password.changed', { person: person.id })
      await this.#endOthers(tx, signedIn)
    })
  }

  async removePassword(signedIn: SignedIn): Promise<void> {
    const { store, events } = this.#parts
    const person = signedIn.session.personId
    await this.#change(signedIn, 'password.remove', async (tx) => {
      await this.#requireWayIn(tx, person, (now) => ({ ...now, password: false }))
      if (!(await store.removePassword(tx, person))) throw new VouchsafeError('not-found', 'You have no password.')
      await store.endBegun(tx, person)
      await events.happened(tx, authentication, 'password.changed', { person })
    })
  }

  // Authenticator app and recovery codes

  async totpOptions(signedIn: SignedIn): Promise<{ uri: string; secret: string; svg: string }> {
    const person = await this.#person(signedIn)
    const secret = newTotpSecret()
    const id = ceremonyOf('totp', signedIn)
    const state = { kind: 'own', totp: await this.#parts.secrets.seal('ceremony', id, secret) } as const
    await this.#parts.store.openCeremony(id, state, { personId: person.id, expiresAt: endOf(state, signedIn.at) })
    return totpOffer(secret, (await this.#parts.party()).name, person.email ?? person.displayName)
  }

  async addTotp(signedIn: SignedIn, code: string): Promise<void> {
    const { store, secrets, events } = this.#parts
    await this.#try(signedIn, 'second-factor')
    const id = ceremonyOf('totp', signedIn)
    const open = await store.ceremony(id, signedIn.at)
    const waiting = open?.state.kind === 'own' ? open.state.totp : undefined
    if (open === undefined || waiting === undefined) throw new VouchsafeError('bad-input', 'Take the secret into your authenticator app first.')
    const secret = await secrets.open('ceremony', id, waiting)
    const step = stepOfCode(secret, code, signedIn.at)
    if (step === undefined) throw wrongCode()
    const person = signedIn.session.personId
    const sealed = await secrets.seal('totp', person, secret)
    await this.#change(signedIn, 'totp.add', async (tx) => {
      if (!(await store.endCeremony(tx, id, open.state))) throw wrongCode()
      await store.takeTurn(tx, person)
      await store.setTotp(tx, person, { keyId: sealed.keyId, sealed: Buffer.from(sealed.bytes, 'base64'), lastStep: step })
      await events.happened(tx, authentication, 'totp.added', { person })
      await this.#endOthers(tx, signedIn)
    })
  }

  async removeTotp(signedIn: SignedIn): Promise<void> {
    const { store, events } = this.#parts
    const person = signedIn.session.personId
    await this.#change(signedIn, 'totp.remove', async (tx) => {
      await this.#requireWayIn(tx, person, (now) => ({ ...now, totp: false }))
      if (!(await store.removeTotp(tx, person))) throw new VouchsafeError('not-found', 'You have no authenticator app here.')
      await events.happened(tx, authentication, 'totp.removed', { person })
      await this.#endOthers(tx, signedIn)
    })
  }

  /** @returns ten new ones, shown once; the old ones are worth nothing from then on */
  async newRecoveryCodes(signedIn: SignedIn): Promise<readonly string[]> {
    const { store, events } = this.#parts
    const person = signedIn.session.personId
    const codes = newRecoveryCodes()
    await this.#change(signedIn, 'recovery-codes.make', async (tx) => {
      await store.takeTurn(tx, person)
      await store.replaceRecoveryCodes(tx, person, codes.flatMap((code) => recoveryDigest(person, code) ?? []))
      await events.happened(tx, authentication, 'recovery-codes.made', { person })
    })
    return codes
  }

  // What they share

  async #person({ session }: SignedIn): Promise<Person> {
    const person = await this.#parts.people.find(session.personId)
    if (person === undefined) throw new VouchsafeError('not-signed-in', 'This session has ended.', { mend: 'Sign in again.' })
    return person
  }

  async #requirePassword(signedIn: SignedIn, typed: string): Promise<void> {
    await this.#try(signedIn, 'password')
    const kept = await this.#parts.store.password(signedIn.session.personId)
    const { right } = await this.#parts.hashing.verify(kept?.hash, normalisedPassword(typed))
    if (!right) throw new VouchsafeError('not-allowed', 'The present password is not right.', { mend: 'Type it again, or sign out and ask for a link to a new one.' })
    await this.#parts.attempts.succeeded({ account: signedIn.session.personId, client: signedIn.client, at: signedIn.at, what: 'password' })
  }

  #try({ session, client, at }: SignedIn, what: 'password' | 'second-factor'): Promise<void> {
    return this.#parts.attempts.begin({ account: session.personId, client, at, what })
  }

  /** INVARIANT: nobody takes away the last way in, or the second factor that stands beside their password. */
  async #requireWayIn(tx: AuthenticationChange, personId: string, after: (now: Enrolled) => Enrolled): Promise<void> {
    const { store, factors } = this.#parts
    await store.takeTurn(tx, personId)
    const left = after(await factors.enrolledBy(personId))
    const { settings } = await store.securitySettings()
    if (left.passkeys > 0 || (left.password && (left.totp || !settings.requireSecondFactor))) return
    throw new VouchsafeError('refused', 'Then you could not sign in any more.', { mend: 'Add another way first: a passkey, or a password with an authenticator app.' })
  }

  /** Whoever was let in by what is gone now goes with it. */
  async #endOthers(tx: AuthenticationChange, { session }: SignedIn): Promise<void> {
    await this.#parts.store.endBegun(tx, session.personId)
    await this.#parts.sessions.end(forSibling(tx), { person: session.personId, except: session.id })
  }

  async #open(what: 'step-up' | 'passkey', signedIn: SignedIn, { challenge, userHandle }: { challenge: string; userHandle?: string }): Promise<void> {
    const state = { kind: 'own', ...(userHandle === undefined ? {} : { userHandle }) } as const
    await this.#parts.store.openCeremony(ceremonyOf(what, signedIn), state, { personId: signedIn.session.personId, challenge, expiresAt: endOf(state, signedIn.at) })
  }

  #change<R>({ session }: SignedIn, action: string, work: (tx: AuthenticationChange) => Promise<R>, detail: Record<string, unknown> = {}): Promise<R> {
    return this.#parts.db.change({ actor: byPerson(session.personId), action, subject: { kind: 'person', id: session.personId }, detail }, work)
  }
}

/** No cookie of its own: it belongs to the session, and dies with the person's other ceremonies. */
const ceremonyOf = (what: 'step-up' | 'passkey' | 'totp', { session }: SignedIn): string => `session:${session.id}:${what}`

const noPasskey = (): VouchsafeError => new VouchsafeError('not-found', 'You have no such passkey.')
