import type { Actor as AuditActor, OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Client, Events } from '#core/module'
import { foldedAddress, type Invitations, type Mail, type People, type PersonId } from '#modules/identity'
import type { Attempts } from './attempts.ts'
import type { BreachedList } from './breached-list.ts'
import { hasSecondFactor } from './ceremony.ts'
import { authentication } from './contract.ts'
import { acceptPassword } from './password.ts'
import type { PasswordHashing } from './password-hash.ts'
import type { RelyingParty } from './passkey.ts'
import type { SecondFactors } from './second-factor.ts'
import { digestOf, randomSecret } from './secret.ts'
import { byPerson, NOBODY, over, type Answer, type Asked, type SigningIn } from './signing-in.ts'
import type { Sessions } from './sessions.ts'
import { forSibling, type AuthenticationChange, type AuthenticationStore } from './store.ts'

/** How long a link waits in a mailbox, where others may read it. */
export const LINK_MINUTES = 30

export interface ResetsParts {
  db: OrganisationDatabase
  store: AuthenticationStore
  events: Events
  people: People
  invitations: Invitations
  factors: SecondFactors
  signingIn: SigningIn
  sessions: Sessions
  hashing: PasswordHashing
  attempts: Attempts
  breached?: BreachedList
  mail?: Mail
  party(client?: Client): Promise<RelyingParty>
}

/** New passwords for those who forgot theirs. A mail is one factor; the second is always asked for. */
export class Resets {
  readonly #parts: ResetsParts
  constructor(parts: ResetsParts) {
    this.#parts = parts
  }

  /** The same answer and, but for the mail itself, the same work, whether anybody has this address. */
  async ask(email: string, { client, at }: Asked): Promise<void> {
    const { people, attempts, factors } = this.#parts
    const person = await people.findByEmail(email)
    const active = person?.state === 'active' && person.kind === 'person' ? person : undefined
    // INVARIANT: whoever has set up no way to sign in here, since a provider speaks for them, gets none by a mail alone.
    const { passkeys, password, totp } = await factors.enrolledBy(active?.id ?? NOBODY)
    const known = passkeys > 0 || password || totp ? active : undefined
    const account = known?.id ?? digestOf(`vouchsafe/nobody/v1|${foldedAddress(email) ?? ''}`).toString('hex')
    await attempts.begin({ account, client, at, what: 'mail' })
    await this.#send({ kind: 'system', name: 'sign-in' }, known?.id, known?.email, at)
  }

  /** Somebody else has it sent. They see no link, and choose no password. @throws VouchsafeError `unavailable` without mail */
  async start(personId: string, by: AuditActor, at: Date): Promise<void> {
    const { people, mail } = this.#parts
    const person = await people.find(personId)
    if (person === undefined || person.kind !== 'person') throw new VouchsafeError('not-found', 'There is no such person.')
    if (person.state !== 'active' || person.email === undefined) throw new VouchsafeError('conflict', 'Only somebody who is active and has an address can be sent a link.')
    if (mail === undefined || !(await mail.isReady())) throw new VouchsafeError('unavailable', 'No mail can be sent from here.', { mend: 'Set up mail under Integrations; or have an owner invite them anew.' })
    await this.#send(by, person.id, person.email, at)
  }

  async #send(actor: AuditActor, personId: string | undefined, address: string | undefined, at: Date): Promise<void> {
    const { db, store, events, mail, party } = this.#parts
    const secret = randomSecret()
    const { name, origin } = await party()
    const ready = mail !== undefined && (await mail.isReady())
    await db.change({ actor, action: 'password-reset.start', subject: { kind: 'person', id: personId ?? 'unknown' } }, async (tx: AuthenticationChange) => {
      await store.addResetLink(tx, digestOf(secret), personId, new Date(at.getTime() + LINK_MINUTES * 60_000))
      if (personId === undefined || address === undefined) return
      await events.happened(tx, authentication, 'password-reset.started', { person: personId, by: actor.kind })
      // After the #, which browsers send to nobody: the link is in no log on the way.
      if (ready) await mail.send(forSibling(tx), { to: address, subject: `A new password for ${name}`, text: mailText(name, `${origin}/console/reset#${secret}`) })
    })
  }

  /** Single use: opening it spends it, whatever comes of it. @throws VouchsafeError `not-allowed` for one that is not valid */
  async open(secret: string, asked: Asked): Promise<Answer> {
    const { attempts, store, people, signingIn } = this.#parts
    await attempts.begin({ account: 'link', client: asked.client, at: asked.at, what: 'begin' })
    const personId = await store.takeResetLink(digestOf(secret), asked.at)
    const person = personId === undefined ? undefined : await people.find(personId)
    if (person?.state !== 'active') throw new VouchsafeError('not-allowed', 'This link is not valid: it was used, or is too old.', { mend: 'Ask for a new one.' })
    return signingIn.beginReset(person, asked)
  }

  /** Sets the password, ends every session, and signs in. */
  async choose(typed: string, asked: Asked): Promise<Answer> {
    const { db, store, people, hashing, breached, party, factors, sessions, signingIn, events } = this.#parts
    const { id, person, shown } = await signingIn.finishedReset(asked)
    const { settings } = await store.securitySettings()
    const enrolled = await factors.enrolledBy(person.id)
    const second = settings.requireSecondFactor || hasSecondFactor(enrolled)
    const password = await acceptPassword(typed, { withSecondFactor: second, context: [(await party()).name, person.email ?? '', person.displayName], ...(breached === undefined ? {} : { breached }) })
    const hash = await hashing.hash(password)
    await db.change({ actor: byPerson(person.id), action: 'password.reset', subject: { kind: 'person', id: person.id }, detail: { factors: shown } }, async (tx: AuthenticationChange) => {
      await people.holdLiving(forSibling(tx), person.id)
      if (!(await store.endCeremony(tx, id))) throw over()
      await store.takeTurn(tx, person.id)
      await store.setPassword(tx, person.id, hash)
      await store.endBegun(tx, person.id)
      await sessions.end(forSibling(tx), { person: person.id })
      await events.happened(tx, authentication, 'password.changed', { person: person.id })
    })
    // What follows is a sign-in with the new password, judged like any other; the second factor was shown a moment ago.
    return signingIn.afterPassword(person, shown, asked)
  }

  /** For somebody who has lost everything: all they signed in with is gone, and an invitation is on its way. */
  async reinvite(personId: string, by: AuditActor): Promise<void> {
    const { db, store, invitations, events } = this.#parts
    await db.change({ actor: by, action: 'credential.re-invite', subject: { kind: 'person', id: personId }, isolation: 'serializable' }, async (tx: AuthenticationChange) => {
      await invitations.reinvite(forSibling(tx), personId as PersonId, by)
      await store.takeTurn(tx, personId)
      await store.removeCredentials(tx, personId)
      await store.endEverything(tx, personId)
      await events.happened(tx, authentication, 'credentials.removed', { person: personId })
    })
  }
}

const mailText = (name: string, link: string): string =>
  `Somebody asked for a new password for your account at ${name}.

If it was you, open this within ${LINK_MINUTES} minutes. It works once, and you will be asked for your second factor:

${link}

If it was not you, nothing has changed, and nothing needs to be done.
`
