import { randomUUID } from 'node:crypto'
import type { Actor, Change } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { identity } from './contract.ts'
import { INVITATION_DAYS, invitationLink, invitationText, newToken, tokenHash } from './invitation.ts'
import type { IdentityParts } from './parts.ts'
import type { People, Person, PersonId } from './people.ts'
import { endInvitation, findInvitation, findInvitationByToken, findPerson, insertInvitation, lockInvitationByToken, lockPerson, outside, personOf, takeTurn, updatePerson, within, type InvitationRow, type PersonRow } from './store.ts'

/** An invitation that was just made. */
export interface Invited {
  id: string
  person: PersonId
  expiresAt: Date
  /** Where it went; absent where no mail is set up. */
  sentTo?: string
  /** Only where no mail is set up: for whoever invites to hand over, by a way that only the invited can read. */
  link?: string
}

export interface Invitations {
  /**
   * Adds somebody, invited, and sends them a link.
   * @throws VouchsafeError `conflict` for somebody who is here already
   */
  invite(tx: Change<never>, person: { displayName: string; email: string; title?: string }, by: Actor, days?: number): Promise<Invited>
  /** A new link for somebody who has not accepted; the one before is worth nothing from then on. */
  resend(tx: Change<never>, id: PersonId, by: Actor, days?: number): Promise<Invited>
  /** Ends an invitation that waits, expired or not. They stay invited, and can be sent another. */
  revoke(tx: Change<never>, invitation: string): Promise<void>
  /** Whom a token invites, without using it up; undefined for one that is unknown, used, revoked or expired. */
  look(token: string, at: Date): Promise<Person | undefined>
  /**
   * Uses it up: they are active with this. Whoever calls it keeps their first credentials in the same change.
   * @throws VouchsafeError `not-allowed` when it has died meanwhile; the same for every reason
   */
  accept(tx: Change<never>, token: string): Promise<PersonId>
  /** Back to invited, with a new invitation on its way: for somebody who has lost everything they sign in with. */
  reinvite(tx: Change<never>, id: PersonId, by: Actor): Promise<void>
}

const dead = (): VouchsafeError => new VouchsafeError('not-allowed', 'This invitation is not valid any more.', { mend: 'Ask whoever invited you to send it again.' })

export function createInvitations({ db, events, owners, mail, organisation, localUrl }: IdentityParts, people: People): Invitations {
  return { invite, resend, revoke, look, accept, reinvite }

  async function invite(tx: Change<never>, { displayName, email, title }: { displayName: string; email: string; title?: string }, by: Actor, days = INVITATION_DAYS): Promise<Invited> {
    const person = await people.create(tx, { kind: 'person', displayName, email, state: 'invited', ...(title === undefined ? {} : { title }) })
    return make(tx, person.id, by, days)
  }

  async function resend(tx: Change<never>, id: PersonId, by: Actor, days = INVITATION_DAYS): Promise<Invited> {
    const person = await lockPerson(within(tx), id)
    if (person === undefined) throw new VouchsafeError('not-found', 'There is no such person.')
    if (person.state !== 'invited') throw new VouchsafeError('conflict', person.state === 'active' ? 'They have accepted already.' : 'This person has been deactivated.', { mend: person.state === 'active' ? 'Nothing is left to do.' : 'Reactivate them first.' })
    return make(tx, person.id as PersonId, by, days)
  }

  async function make(tx: Change<never>, id: PersonId, by: Actor, days: number): Promise<Invited> {
    const person = await findPerson(within(tx), id)
    if (person === undefined || person.email_folded === null || person.email === null) throw new VouchsafeError('conflict', 'Only a person with an e-mail address can be invited.')
    await endInvitation(within(tx), id, 'replaced', tx.at)
    const token = newToken()
    const row: InvitationRow = {
      id: randomUUID(),
      person_id: id,
      email_folded: person.email_folded,
      token_hash: tokenHash(token),
      made_by: `${by.kind}:${by.name}`,
      made_at: tx.at,
      expires_at: new Date(tx.at.getTime() + days * 86_400_000),
      ended_at: null,
      ended_how: null,
    }
    await insertInvitation(within(tx), row)
    await events.happened(tx, identity, 'invitation.made', { invitation: row.id, person: id })
    const { name, publicUrl } = await organisation()
    const link = invitationLink(publicUrl === undefined ? localUrl() : new URL(publicUrl).origin, token)
    const made = { id: row.id, person: id, expiresAt: row.expires_at }
    if (mail === undefined || !(await mail.isReady())) return { ...made, link }
    await mail.send(tx, { to: person.email, ...invitationText({ displayName: person.display_name, organisation: name, link, expiresAt: row.expires_at }) })
    return { ...made, sentTo: person.email }
  }

  async function revoke(tx: Change<never>, invitation: string): Promise<void> {
    const row = await findInvitation(within(tx), invitation)
    if (row === undefined) throw new VouchsafeError('not-found', 'There is no such invitation.')
    const ended = row.ended_at === null ? await endInvitation(within(tx), row.person_id, 'revoked', tx.at) : undefined
    if (ended?.id === row.id) await events.happened(tx, identity, 'invitation.revoked', { invitation: row.id, person: row.person_id })
    else tx.note({ already: true })
  }

  async function look(token: string, at: Date): Promise<Person | undefined> {
    const q = outside(db.app)
    const row = await findInvitationByToken(q, tokenHash(token))
    const person = row === undefined ? undefined : await findPerson(q, row.person_id)
    return row !== undefined && person !== undefined && isGood(row, person, at) ? personOf(person) : undefined
  }

  async function accept(tx: Change<never>, token: string): Promise<PersonId> {
    const row = await lockInvitationByToken(within(tx), tokenHash(token))
    const person = row === undefined ? undefined : await lockPerson(within(tx), row.person_id)
    if (row === undefined || person === undefined || !isGood(row, person, tx.at)) throw dead()
    await endInvitation(within(tx), person.id, 'accepted', tx.at)
    await people.activate(tx, person.id as PersonId)
    await events.happened(tx, identity, 'invitation.accepted', { invitation: row.id, person: person.id })
    return person.id as PersonId
  }

  async function reinvite(tx: Change<never>, id: PersonId, by: Actor): Promise<void> {
    await takeTurn(tx)
    const person = await lockPerson(within(tx), id)
    if (person === undefined || person.kind !== 'person') throw new VouchsafeError('not-found', 'There is no such person.')
    if (person.state === 'deactivated') throw new VouchsafeError('conflict', 'This person has been deactivated.', { mend: 'Reactivate them first.' })
    if (await owners.isLastOwner(tx, id)) throw new VouchsafeError('conflict', 'This is the last owner who can sign in; until they had accepted, nobody could manage this installation.', { mend: 'Make somebody else an owner first.' })
    if (person.state === 'active') {
      // Never accepted, as far as a reactivation is concerned: they have nothing to sign in with.
      await updatePerson(within(tx), id, { state: 'invited', activated_at: null, version: person.version + 1, changed_at: tx.at })
      await people.signOutEverywhere(tx, id)
      await events.happened(tx, identity, 'person.changed', { person: id, fields: ['state'] })
    }
    await make(tx, id, by, INVITATION_DAYS)
  }
}

/** INVARIANT: it holds for this person and for the address it was made for; whoever has another one by now needs another. */
const isGood = (row: InvitationRow, person: PersonRow, at: Date): boolean => row.ended_at === null && row.expires_at > at && person.state === 'invited' && person.email_folded === row.email_folded
