import type { OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Client, Events, SetCookie } from '#core/module'
import { parseAddress, type Invitations, type People, type Person, type SetUp } from '#modules/identity'
import type { Attempts } from './attempts.ts'
import type { BreachedList } from './breached-list.ts'
import { CEREMONY_MINUTES, type Ceremony, type Sealed } from './ceremony.ts'
import { authentication } from './contract.ts'
import { CEREMONY_COOKIE, ceremonyCookie, cookieOf } from './cookies.ts'
import { coarse } from './network.ts'
import { readNewPasskey } from './new-passkey.ts'
import { acceptPassword } from './password.ts'
import type { PasswordHashing } from './password-hash.ts'
import { newUserHandle, registrationOptions, type Passkey, type Registration, type RelyingParty } from './passkey.ts'
import { newRecoveryCodes, recoveryDigest } from './recovery-code.ts'
import { wrongCode } from './second-factor.ts'
import { digestOf, randomSecret } from './secret.ts'
import type { RingSecrets } from './secrets-of-ring.ts'
import type { Factor } from './session.ts'
import type { Sessions } from './sessions.ts'
import { byPerson, endOf, over, userHandleOf, type Asked } from './signing-in.ts'
import { forSibling, type AuthenticationChange, type AuthenticationStore } from './store.ts'
import { newTotpSecret, stepOfCode, totpOffer } from './totp.ts'

export interface EnrollingParts {
  db: OrganisationDatabase
  store: AuthenticationStore
  events: Events
  people: People
  invitations: Invitations
  setUp: SetUp
  sessions: Sessions
  hashing: PasswordHashing
  attempts: Attempts
  secrets: RingSecrets
  breached?: BreachedList
  party(client?: Client): Promise<RelyingParty>
}

type Enrolment = Extract<Ceremony, { kind: 'enrolment' }>

/** What an enrolment leads to: one more thing to set up, or a session and, once, the recovery codes. */
export type Enrolled = { next: 'totp' } | { next: 'done'; recoveryCodes: readonly string[]; cookies: SetCookie[] }

/**
 * First credentials: of whoever sets the installation up, was invited, or needs a second factor. Everything waits on the
 * server until it is enough; then, in one transaction, the person is let in with all of it, or nothing has happened.
 */
export class Enrolling {
  readonly #parts: EnrollingParts
  constructor(parts: EnrollingParts) {
    this.#parts = parts
  }

  /** @throws VouchsafeError `not-allowed` for a wrong code, `bad-input` for an address that is none */
  async beginSetUp({ code, displayName, email }: { code: string; displayName: string; email: string }, asked: Asked): Promise<SetCookie> {
    const { attempts, setUp } = this.#parts
    await attempts.begin({ account: 'set-up', client: asked.client, at: asked.at, what: 'begin' })
    const { written } = parseAddress(email)
    if (!(await setUp.check(code, asked.at))) throw new VouchsafeError('not-allowed', 'This code is not right, or is over.', { mend: 'Read it again; `vouchsafe set-up` prints a new one while there is no owner.' })
    return this.#begin(async (id) => ({ kind: 'enrolment', origin: { by: 'set-up', code: await this.#seal(id, code), displayName, email: written }, person: { displayName, email: written }, userHandle: newUserHandle() }), asked)
  }

  /** @throws VouchsafeError `not-allowed` for a token that invites nobody, whyever */
  async beginInvitation(token: string, asked: Asked): Promise<{ cookie: SetCookie; person: { displayName: string; email: string } }> {
    const { attempts, invitations } = this.#parts
    await attempts.begin({ account: 'invitation', client: asked.client, at: asked.at, what: 'begin' })
    const person = await invitations.look(token, asked.at)
    if (person === undefined) throw new VouchsafeError('not-allowed', 'This invitation is not valid: it was used, withdrawn, or is too old.', { mend: 'Ask whoever invited you for a new one.' })
    const shown = { displayName: person.displayName, email: person.email ?? '' }
    const cookie = await this.#begin(async (id) => ({ kind: 'enrolment', origin: { by: 'invitation', token: await this.#seal(id, token) }, person: { id: person.id, ...shown }, userHandle: await userHandleOf(this.#parts.store, person.id) }), asked, person.id)
    return { cookie, person: shown }
  }

  async passkeyOptions(asked: Asked): Promise<object> {
    const { id, state } = await this.#going(asked)
    const challenge = randomSecret()
    if (!(await this.#parts.store.setChallenge(id, challenge))) throw over()
    const known = state.person.id === undefined ? [] : await this.#parts.store.passkeysOf(state.person.id)
    return registrationOptions(await this.#parts.party(asked.client), { handle: state.userHandle, name: state.person.email, displayName: state.person.displayName }, known, challenge)
  }

  async withPasskey(response: Registration, name: string | undefined, asked: Asked): Promise<Enrolled> {
    const { id, state } = await this.#going(asked)
    const challenge = await this.#parts.store.takeChallenge(id, asked.at)
    const passkey = await readNewPasskey(this.#parts.store, await this.#parts.party(asked.client), challenge, response, { userHandle: state.userHandle, at: asked.at, ...(name === undefined ? {} : { name }) })
    return this.#finish(id, state, { passkey }, asked)
  }

  async withPassword(typed: string, asked: Asked): Promise<Enrolled> {
    const { store, hashing, breached, party } = this.#parts
    const { id, state } = await this.#going(asked)
    // Their password was right a moment ago: what is missing is something else.
    if (state.origin.by === 'sign-in') throw new VouchsafeError('bad-input', 'You have a password already; set up a passkey or an authenticator app.')
    const { settings } = await store.securitySettings()
    const { name } = await party()
    const password = await acceptPassword(typed, { withSecondFactor: settings.requireSecondFactor, context: [name, state.person.email, state.person.displayName], ...(breached === undefined ? {} : { breached }) })
    const next: Enrolment = { ...state, passwordHash: await hashing.hash(password) }
    if (!settings.requireSecondFactor) return this.#finish(id, next, {}, asked, state)
    await this.#move(id, state, next)
    return { next: 'totp' }
  }

  async totpOptions(asked: Asked): Promise<{ uri: string; secret: string; svg: string }> {
    const { id, state } = await this.#going(asked)
    requirePasswordFirst(state)
    const secret = newTotpSecret()
    await this.#move(id, state, { ...state, totp: await this.#parts.secrets.seal('ceremony', id, secret) })
    return totpOffer(secret, (await this.#parts.party()).name, state.person.email)
  }

  async withTotp(code: string, asked: Asked): Promise<Enrolled> {
    const { id, state } = await this.#going(asked)
    requirePasswordFirst(state)
    if (state.totp === undefined) throw new VouchsafeError('bad-input', 'Take the secret into your authenticator app first.')
    const secret = await this.#parts.secrets.open('ceremony', id, state.totp)
    const step = stepOfCode(secret, code, asked.at)
    if (step === undefined) throw wrongCode()
    return this.#finish(id, state, { totp: { secret, step } }, asked)
  }

  /**
   * INVARIANT: here and nowhere else does an account come to life, and it has what it needs to sign in again.
   * @param stored the state as it lies in the database, where that differs
   */
  async #finish(id: string, state: Enrolment, shown: { passkey?: Omit<Passkey, 'personId'>; totp?: { secret: Uint8Array; step: number } }, { client }: Asked, stored = state): Promise<Enrolled> {
    const { db, store, people, invitations, setUp, sessions, secrets, events } = this.#parts
    const { origin } = state
    const secret = origin.by === 'sign-in' ? '' : Buffer.from(await secrets.open('ceremony', id, origin.by === 'invitation' ? origin.token : origin.code)).toString('utf8')
    const factors: Factor[] = [...(origin.by === 'sign-in' ? origin.shown : state.passwordHash === undefined ? [] : (['password'] as const)), ...(shown.passkey ? (['passkey'] as const) : []), ...(shown.totp ? (['totp'] as const) : [])]
    const codes = newRecoveryCodes()
    // The id of a new owner is known only once the code was taken; the audit names it by its note.
    const subject = state.person.id === undefined ? { kind: 'set-up', id: 'first owner' } : { kind: 'person', id: state.person.id }
    return db.change({ actor: state.person.id === undefined ? { kind: 'system', name: 'set-up' } : byPerson(state.person.id), action: 'credentials.enrol', subject, detail: { by: origin.by, factors, from: coarse(client.address) } }, async (tx: AuthenticationChange) => {
      if (state.person.id !== undefined) await people.holdLiving(forSibling(tx), state.person.id)
      if (!(await store.endCeremony(tx, id, stored))) throw over()
      let person: Pick<Person, 'id'>
      if (origin.by === 'set-up') {
        person = { id: await setUp.redeem(forSibling(tx), secret, { displayName: origin.displayName, email: origin.email }) }
        tx.note({ person: person.id })
      } else {
        const known = await people.find(state.person.id ?? '')
        if (known === undefined || (origin.by === 'sign-in' && known.state !== 'active')) throw over()
        person = known
        if (origin.by === 'invitation') {
          if ((await invitations.accept(forSibling(tx), secret)) !== known.id) throw over()
          // What they may have signed in with before a re-invitation is gone for good.
          await store.removeCredentials(tx, known.id)
        }
      }
      await store.takeTurn(tx, person.id)
      // INVARIANT: a password alone sets up a second factor only where there is none: somebody else who knew it may have been here.
      if (origin.by === 'sign-in' && ((await store.totp(person.id)) !== undefined || (await store.passkeysOf(person.id)).length > 0)) throw over()
      await store.endBegun(tx, person.id)
      if (state.passwordHash !== undefined) await store.setPassword(tx, person.id, state.passwordHash)
      if (shown.passkey) {
        await store.addPasskey(tx, { ...shown.passkey, personId: person.id })
        await events.happened(tx, authentication, 'passkey.added', { person: person.id, passkey: shown.passkey.id })
      }
      if (shown.totp) {
        const sealed = await secrets.seal('totp', person.id, shown.totp.secret)
        await store.setTotp(tx, person.id, { keyId: sealed.keyId, sealed: Buffer.from(sealed.bytes, 'base64'), lastStep: shown.totp.step })
        await events.happened(tx, authentication, 'totp.added', { person: person.id })
      }
      await store.replaceRecoveryCodes(tx, person.id, codes.flatMap((code) => recoveryDigest(person.id, code) ?? []))
      const { cookies } = await sessions.begin(forSibling(tx), { person, factors, client, strong: true, ...(origin.by === 'sign-in' && origin.provenance !== undefined ? { provenance: origin.provenance } : {}) })
      return { next: 'done' as const, recoveryCodes: codes, cookies }
    })
  }

  async #begin(stateOf: (id: string) => Promise<Enrolment>, { at }: Asked, personId?: string): Promise<SetCookie> {
    const secret = randomSecret()
    const id = digestOf(secret).toString('hex')
    const state = await stateOf(id)
    await this.#parts.store.openCeremony(id, state, { expiresAt: endOf(state, at), ...(personId === undefined ? {} : { personId }) })
    return ceremonyCookie(secret, CEREMONY_MINUTES.enrolment)
  }

  async #move(id: string, from: Enrolment, to: Enrolment): Promise<void> {
    if (!(await this.#parts.store.keepCeremony(id, from, to))) throw over()
  }

  #seal(id: string, text: string): Promise<Sealed> {
    return this.#parts.secrets.seal('ceremony', id, Buffer.from(text))
  }

  async #going({ client, at }: Asked): Promise<{ id: string; state: Enrolment }> {
    const cookie = cookieOf(client, CEREMONY_COOKIE)
    const id = cookie === undefined ? '' : digestOf(cookie).toString('hex')
    const found = cookie === undefined ? undefined : await this.#parts.store.ceremony(id, at)
    if (found?.state.kind !== 'enrolment') throw over()
    return { id, state: found.state }
  }
}

/** A second factor stands beside a password; by itself it lets nobody in. */
function requirePasswordFirst(state: Enrolment): void {
  if (state.origin.by !== 'sign-in' && state.passwordHash === undefined) throw new VouchsafeError('bad-input', 'Choose a password first.')
}
