import { z } from 'zod'
import type { Change } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { auditedAs, routesOf, type Actor } from '#core/module'
import { identity } from './contract.ts'
import { MOST_INVITATION_DAYS } from './invitation.ts'
import type { Invitations, Invited } from './invitations.ts'
import { listInvitations } from './listing/store.ts'
import { MOST_NAME_CHARACTERS, MOST_TITLE_CHARACTERS } from './name.ts'
import type { IdentityParts } from './parts.ts'
import type { People, PersonId } from './people.ts'
import { tellWho } from './person-routes.ts'
import { giverOf, invitationFacts, shown } from './presentation.ts'
import type { SetUp } from './set-up.ts'
import { InvitationOut, PageQuery, pageOf } from './shape.ts'
import { findInvitation, outside, type InvitationRow } from './store.ts'

const route = routesOf(identity)

const InvitedOut = z.object({ id: z.string(), person: z.string(), expiresAt: z.string(), sentTo: z.string().optional(), link: z.string().optional() })
const OneInvitation = z.object({ invitation: z.string().max(64) })
const Days = z.int().min(1).max(MOST_INVITATION_DAYS).optional()

export function invitationRoutes({ db, owners }: IdentityParts, people: People, invitations: Invitations, setUp: SetUp) {
  const about = {
    record: 'invitation',
    load: async ({ invitation }: { invitation: string }) => {
      const row = await findInvitation(outside(db.app), invitation)
      return row && invitationFacts(row)
    },
  } as const
  const one = async (id: string): Promise<InvitationRow> => (await findInvitation(outside(db.app), id)) ?? missing()

  /** A link that whoever asks for it could use themselves: nobody gets one to somebody who holds more than they do. */
  async function resend(tx: Change<never>, person: PersonId, actor: Actor, days: number | undefined): Promise<Invited> {
    const made = await invitations.resend(tx, person, auditedAs(actor), days)
    if (made.link !== undefined) await owners.requireOverPerson(tx, giverOf(actor), person)
    return made
  }

  return [
    route({
      on: 'GET /invitations',
      permit: 'invitation.read',
      summary: 'Invitations, newest first',
      query: PageQuery.extend({ state: z.enum(['waiting', 'expired', 'accepted', 'revoked', 'replaced']).optional() }),
      reply: pageOf(InvitationOut),
      async handle({ query, access, at }) {
        const { items, next } = await listInvitations(outside(db.app), access, { ...query, at })
        return { body: { items: items.map(withPerson), next } }
      },
    }),
    route({
      on: 'POST /invitations',
      permit: 'person.invite',
      summary: 'Invite somebody; the invitation is bound to the address, and works once',
      body: z.strictObject({ displayName: z.string().min(1).max(4 * MOST_NAME_CHARACTERS), email: z.string().min(3).max(1016), title: z.string().max(4 * MOST_TITLE_CHARACTERS).optional(), days: Days }),
      reply: InvitedOut,
      status: 201,
      secret: true,
      async handle({ body, actor, access }) {
        const { days, displayName, email, title } = body
        const person = { displayName, email, ...(title === undefined ? {} : { title }) }
        access.requireWritable('person', Object.keys(person), { kind: 'person', state: 'invited', ...person })
        const made = await tellWho(
          db.change({ actor: auditedAs(actor), action: 'person.invite', subject: { kind: 'person', id: 'new' } }, async (tx: Change<never>) => {
            const invited = await invitations.invite(tx, person, auditedAs(actor), days)
            tx.note({ person: invited.person, invitation: invited.id })
            return invited
          }),
          { access, email, people },
        )
        return { body: out(made), location: `/api/v1/people/${made.person}` }
      },
    }),
    route({
      on: 'POST /invitations/{invitation}/resend',
      permit: 'invitation.revoke',
      summary: 'Send a new link; the one before is worth nothing from then on',
      params: OneInvitation,
      about,
      reply: InvitedOut,
      secret: true,
      async handle({ params, actor }) {
        const row = await one(params.invitation)
        const made = await db.change({ actor: auditedAs(actor), action: 'invitation.resend', subject: { kind: 'invitation', id: row.id } }, (tx: Change<never>) => resend(tx, row.person_id as PersonId, actor, undefined))
        return { body: out(made) }
      },
    }),
    route({
      on: 'POST /invitations/{invitation}/revoke',
      permit: 'invitation.revoke',
      summary: 'Revoke an invitation that waits',
      params: OneInvitation,
      about,
      reply: z.object({ ok: z.boolean() }),
      async handle({ params, actor }) {
        await db.change({ actor: auditedAs(actor), action: 'invitation.revoke', subject: { kind: 'invitation', id: params.invitation } }, (tx: Change<never>) => invitations.revoke(tx, params.invitation))
        return { body: { ok: true } }
      },
    }),
    route({
      on: 'POST /set-up/code',
      permit: 'person.set-up',
      summary: 'Make a new set-up code, while there is no owner yet',
      reply: z.object({ code: z.string(), expiresAt: z.string() }),
      status: 201,
      secret: true,
      async handle({ actor }) {
        const { code, expiresAt } = await setUp.renew(auditedAs(actor))
        return { body: { code, expiresAt: expiresAt.toISOString() } }
      },
    }),
  ]
}

const missing = (): never => {
  throw new VouchsafeError('not-found', 'There is no such invitation.')
}

const out = ({ expiresAt, ...made }: Invited) => ({ ...made, expiresAt: expiresAt.toISOString() })

/** With the name and address of whom it is for, as far as those may be seen. */
function withPerson({ invited, ...invitation }: Record<string, unknown>): Record<string, unknown> {
  const { displayName, email } = (invited ?? {}) as { displayName?: string | null; email?: string | null }
  return shown({ ...invitation, displayName, email })
}
