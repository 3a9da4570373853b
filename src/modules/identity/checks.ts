import { randomUUID } from 'node:crypto'
import { fails, holds, looksAt, selfCheck, unknown, type Check, type SelfCheckTerms, type Sight } from '#core/check'
import type { Change } from '#core/database'
import { isVouchsafeError } from '#core/errors'
import { MOST_INVITATION_DAYS, newToken, tokenHash } from './invitation.ts'
import type { Invitations } from './invitations.ts'
import type { IdentityParts } from './parts.ts'
import type { People, PersonId } from './people.ts'
import type { SetUp } from './set-up.ts'
import { findSetUp, hasFirstOwner, insertInvitation, leftOfDeactivated, membersOf, outside, standingOf, takeTurn, waitingInvitations, within } from './store.ts'

export interface CheckedServices {
  people: People
  invitations: Invitations
  setUp: SetUp
  endWithin(tx: Change<never>, id: string, ending: { way: 'leaving' }): Promise<void>
}

const HOUR = 3600

/** Checks of who is in this installation. What can be tried is tried, on a service account that is undone with the transaction. */
export function identityChecks({ db, stillHeld }: IdentityParts, services: CheckedServices): readonly Check[] {
  const { people, invitations, endWithin } = services
  const q = outside(db.app)

  return [
    check(
      {
        noun: 'deactivation',
        title: 'Whoever is deactivated holds nothing any more',
        controls: ['access-removed', 'offboarding-complete'],
        method: 'Makes a service account in a group, deactivates it as people are deactivated, with everything that reacts to it, and looks at what is left; all of it is undone. Then looks through every deactivated person for memberships, invitations, and sessions and tokens that would still be accepted.',
        cadenceSeconds: HOUR,
      },
      { 'a trial': tryDeactivation, 'everybody deactivated': lookAtDeactivated },
    ),
    check(
      {
        noun: 'invitations',
        title: 'Invitations work once, expire, and let nobody in after that',
        controls: ['access-removed', 'customer-sign-in'],
        method: `Brings an invitation that has expired, one that is good, and that one again, on persons that are undone with the transaction. Then looks whether any that waits was made for more than ${MOST_INVITATION_DAYS} days, or for somebody who is in already.`,
        cadenceSeconds: HOUR,
      },
      { 'a trial': tryInvitations, 'those that wait': lookAtInvitations },
    ),
    check(
      {
        noun: 'set-up',
        title: 'Once there is an owner, no set-up code lets anybody in',
        controls: ['access-least-privilege'],
        method: 'Looks whether a set-up code is kept although there has been an owner, or one that has expired or was tried too often.',
        cadenceSeconds: HOUR,
      },
      { 'set-up code': lookAtSetUp },
    ),
  ]

  async function tryDeactivation(): Promise<Sight> {
    return undone(async (tx) => {
      await takeTurn(tx)
      const { id } = await people.create(tx, { kind: 'service', displayName: `Check of deactivation ${randomUUID()}`, state: 'active' })
      const group = await people.createGroup(tx, { name: `Check of deactivation ${randomUUID()}` })
      await people.changeMembers(tx, group.id, { add: [id] }, null)
      const before = await standingOf(within(tx), id)
      if (!before?.active || before.groups.length !== 1) return unknown('the account for the trial did not come to stand')
      await endWithin(tx, id, { way: 'leaving' })
      const after = await standingOf(within(tx), id)
      if (after === undefined || after.active) return fails('an account was deactivated and still stands')
      if (after.epoch <= before.epoch) return fails('the epoch did not grow, so that sessions and tokens would have lived on')
      if ((await membersOf(within(tx), group.id, { limit: 1 })).length > 0) return fails('a membership outlived the deactivation')
      const refused = await people.changeMembers(tx, group.id, { add: [id] }, null).then(() => false, (error: unknown) => isVouchsafeError(error, 'bad-input'))
      return refused ? holds('an account with a membership was deactivated: it stands no more, is in no group, and was not let in again') : fails('a deactivated account was let into a group')
    })
  }

  async function lookAtDeactivated(): Promise<Sight> {
    const { deactivated, count, inGroups, invited } = await leftOfDeactivated(q)
    if (inGroups.length > 0) return fails(`${inGroups.length} deactivated persons are still in groups; take them out`, inGroups)
    if (invited.length > 0) return fails(`${invited.length} deactivated persons have an invitation that waits; revoke it`, invited)
    for (const id of deactivated) if ((await people.standing(id))?.active !== false) return fails('a deactivated person stands as active', [id])
    if (stillHeld === undefined) return holds(`${count} deactivated, none in a group or invited`)
    const held = await stillHeld(deactivated)
    if (held.length > 0) return fails(`${held.length} sessions or tokens of deactivated persons would still be accepted; end them`, held.slice(0, 10).map(({ person, what }) => ({ person, what })))
    return holds(`${count} deactivated, none in a group, invited, or with a session or token that would be accepted`)
  }

  async function tryInvitations(at: Date): Promise<Sight> {
    return undone(async (tx) => {
      const bring = async (expiresAt: Date): Promise<{ token: string; person: PersonId }> => {
        const mark = randomUUID()
        const person = await people.create(tx, { kind: 'person', displayName: `Check of invitations ${mark}`, email: `${mark}@invitation.invalid`, state: 'invited' })
        const token = newToken()
        await insertInvitation(within(tx), { id: randomUUID(), person_id: person.id, email_folded: person.email ?? '', token_hash: tokenHash(token), made_by: 'check:identity/invitations', made_at: new Date(expiresAt.getTime() - HOUR * 1000), expires_at: expiresAt, ended_at: null, ended_how: null })
        return { token, person: person.id }
      }
      const isTaken = (token: string): Promise<boolean> =>
        invitations.accept(tx, token).then(
          () => true,
          (error: unknown) => {
            if (isVouchsafeError(error, 'not-allowed')) return false
            throw error
          },
        )
      const old = await bring(new Date(at.getTime() - 1000))
      const good = await bring(new Date(at.getTime() + HOUR * 1000))
      if (await isTaken(old.token)) return fails('an invitation that had expired was taken')
      if (!(await isTaken(good.token))) return unknown('a good invitation was refused, so that the refusals say nothing')
      if (await isTaken(good.token)) return fails('an invitation was taken twice')
      return holds('one that had expired was refused, a good one was taken once and refused the second time')
    })
  }

  async function lookAtInvitations(at: Date): Promise<Sight> {
    const { waiting, expired, longestDays, activePersons } = await waitingInvitations(q, at)
    const seen = { waiting, expired, longestDays: Math.round(longestDays * 10) / 10 }
    if (longestDays > MOST_INVITATION_DAYS) return fails(`an invitation was made for ${Math.round(longestDays)} days; revoke it`, seen)
    if (activePersons > 0) return fails(`${activePersons} invitations wait for people who are in already; revoke them`, seen)
    return holds(`${waiting} wait, none for more than ${MOST_INVITATION_DAYS} days; ${expired} have expired`, seen)
  }

  async function lookAtSetUp(at: Date): Promise<Sight> {
    const [hasOwner, code] = [await hasFirstOwner(q), await findSetUp(q)]
    if (hasOwner && code !== undefined) return fails('there has been an owner, and a set-up code is still kept')
    if (hasOwner) return holds('there has been an owner, and no set-up code is kept')
    if (code === undefined) return holds('there is no owner yet, and no set-up code that could be tried')
    return holds(code.expires_at <= at ? 'there is no owner yet; the last set-up code has expired' : 'there is no owner yet; one set-up code waits, for its quarter of an hour')
  }

  /** Does `work` and undoes it, whatever comes of it: no audit event, no job and no row stays. */
  async function undone(work: (tx: Change<never>) => Promise<Sight>): Promise<Sight> {
    const over = new Undone()
    await db
      .change({ actor: { kind: 'check', name: 'identity' }, action: 'check.try', subject: { kind: 'check', id: 'identity' }, isolation: 'serializable' }, async (tx: Change<never>) => {
        over.sight = await work(tx)
        throw over
      })
      .catch((error: unknown) => {
        if (error !== over) throw error
      })
    return over.sight
  }
}

/** What ends a trial. */
class Undone extends Error {
  sight: Sight = unknown('the trial did not come to an end')
}

/** Trials of a whole transaction may wait for others: two minutes. */
const check = (terms: Omit<SelfCheckTerms, 'revision'>, looks: Parameters<typeof looksAt>[0]): Check => selfCheck('identity', { revision: 1, timeLimitSeconds: 120, ...terms }, looksAt(looks))
