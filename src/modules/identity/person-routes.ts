import { z } from 'zod'
import type { Change } from '#core/database'
import { isVouchsafeError, VouchsafeError } from '#core/errors'
import { auditedAs, requireStepUp, routesOf } from '#core/module'
import type { Access } from '#core/permission'
import { identity } from './contract.ts'
import { listGroups, listPeople, PEOPLE_SORTS } from './listing/store.ts'
import { MOST_NAME_CHARACTERS, MOST_TITLE_CHARACTERS } from './name.ts'
import type { IdentityParts } from './parts.ts'
import type { People, Person, PersonId } from './people.ts'
import { giverOf, personFacts, shown, versionIn, withCurrent } from './presentation.ts'
import { GroupOut, PageQuery, pageOf, PersonOut } from './shape.ts'
import { outside } from './store.ts'

const route = routesOf(identity)

const OnePerson = z.object({ person: z.string().max(64) })
const Name = z.string().min(1).max(4 * MOST_NAME_CHARACTERS)
const Title = z.string().max(4 * MOST_TITLE_CHARACTERS)

export function personRoutes({ db, owners }: IdentityParts, people: People) {
  const about = { record: 'person', load: async ({ person }: { person: string }) => factsOf(await people.find(person)) } as const
  const one = async (id: string): Promise<Person> => (await people.find(id)) ?? missing()
  const reply = (access: Access, person: Person) => ({ body: seen(access, person), etag: String(person.version) })

  return [
    route({
      on: 'GET /me',
      permit: 'signed-in',
      summary: 'Yourself',
      reply: PersonOut,
      async handle({ actor, access }) {
        if (actor.kind !== 'person') return missing()
        const person = await one(actor.id)
        return { body: { ...seen(access, person), id: String(person.id) }, etag: String(person.version) }
      },
    }),
    route({
      on: 'GET /people',
      permit: 'person.read',
      summary: 'People and service accounts that you may see',
      query: PageQuery.extend({
        q: z.string().max(200).optional().describe('Part of a name or an address.'),
        email: z.string().max(400).optional().describe('One address, in any spelling.'),
        kind: z.enum(['person', 'service']).optional(),
        state: z.enum(['invited', 'active', 'deactivated']).optional(),
        managedBy: z.string().max(200).optional(),
        group: z.string().max(64).optional(),
        sort: z.enum(PEOPLE_SORTS as [string, ...string[]]).optional().describe('A field; with - before it, from the end.'),
      }),
      reply: pageOf(PersonOut),
      async handle({ query, access }) {
        const { items, next } = await listPeople(outside(db.app), access, query)
        return { body: { items: items.map(shown), next } }
      },
    }),
    route({
      on: 'GET /people/{person}',
      permit: 'person.read',
      summary: 'One person or service account',
      params: OnePerson,
      about,
      reply: PersonOut,
      async handle({ params, access }) {
        return reply(access, await one(params.person))
      },
    }),
    route({
      on: 'GET /people/{person}/groups',
      permit: 'group.read',
      summary: 'The groups that somebody is in',
      params: OnePerson,
      query: PageQuery,
      reply: pageOf(GroupOut),
      async handle({ params, query, access }) {
        const person = await people.find(params.person)
        if (person === undefined || !access.allows({ verb: 'find', record: 'person', facts: personFacts(person) })) return missing()
        const { items, next } = await listGroups(outside(db.app), access, { ...query, person: person.id })
        return { body: { items: items.map(shown), next } }
      },
    }),
    route({
      on: 'PATCH /people/{person}',
      permit: 'person.change',
      summary: 'Change name, address or title; members left out stay as they are, and another address wants the second factor again',
      params: OnePerson,
      body: z.strictObject({ displayName: Name.optional(), email: z.string().max(1016).nullable().optional(), title: Title.nullable().optional() }),
      about,
      reply: PersonOut,
      async handle({ params, body, actor, access, at, ifMatch }) {
        const before = await one(params.person)
        access.requireWritable('person', Object.keys(body), personFacts(before))
        if (before.managedBy !== undefined) throw new VouchsafeError('conflict', 'This person is provisioned by a provider, which would overwrite the change.', { mend: 'Change it where they are kept.' })
        const { displayName, email, title } = body
        // Links to new passwords are sent there (ASVS 7.5.1).
        if (email !== undefined && (email ?? undefined) !== before.email) requireStepUp(actor, at)
        const change = { ...(displayName === undefined ? {} : { displayName }), ...(email === undefined ? {} : { email }), ...(title === undefined ? {} : { title }) }
        const after = await withCurrent(
          db.change({ actor: auditedAs(actor), action: 'person.change', subject: { kind: 'person', id: before.id }, detail: { fields: Object.keys(change) } }, async (tx: Change<never>) => {
            // Where a reset of theirs is sent to: whoever sets it could come in as them.
            if (email !== undefined) await owners.requireOverPerson(tx, giverOf(actor), before.id)
            return people.update(tx, before.id, change, versionIn(ifMatch))
          }),
          async () => seen(access, await one(before.id)),
        )
        return reply(access, after)
      },
    }),
    route({
      on: 'POST /service-accounts',
      permit: 'person.create-service',
      summary: 'Create a service account; it can do nothing until it is given a role and a token',
      body: z.strictObject({ displayName: Name, title: Title.optional() }),
      reply: PersonOut,
      status: 201,
      async handle({ body, actor, access }) {
        access.requireWritable('person', Object.keys(body), { kind: 'service', state: 'active', ...body })
        const { displayName, title } = body
        const made = await db.change({ actor: auditedAs(actor), action: 'person.create-service', subject: { kind: 'person', id: 'new' } }, async (tx: Change<never>) => {
          const person = await people.create(tx, { kind: 'service', displayName, state: 'active', ...(title === undefined ? {} : { title }) })
          tx.note({ person: person.id })
          return person
        })
        // Whoever made it is told its id, whatever else they may see.
        return { body: { ...seen(access, made), id: String(made.id) }, etag: String(made.version), location: `/api/v1/people/${made.id}` }
      },
    }),
    route({
      on: 'POST /people/{person}/deactivate',
      permit: 'person.deactivate',
      summary: 'End everything that somebody holds, at once: sessions, tokens, roles, memberships, invitations',
      params: OnePerson,
      body: z.strictObject({ why: z.string().max(800).optional() }),
      about,
      stepUp: true,
      reply: PersonOut,
      async handle({ params, body, actor, access }) {
        await people.deactivate(params.person as PersonId, { by: auditedAs(actor), way: actor.kind === 'operator' ? 'cli' : 'console', ...(body.why === undefined || body.why.trim() === '' ? {} : { why: body.why }) })
        return reply(access, await one(params.person))
      },
    }),
    route({
      on: 'POST /people/{person}/reactivate',
      permit: 'person.reactivate',
      summary: 'Let somebody in again; nothing that they held comes back',
      params: OnePerson,
      about,
      stepUp: true,
      reply: PersonOut,
      async handle({ params, actor, access }) {
        await people.reactivate(params.person as PersonId, auditedAs(actor))
        return reply(access, await one(params.person))
      },
    }),
    route({
      on: 'POST /people/{person}/sign-out',
      permit: 'person.sign-out',
      summary: 'End all sessions and tokens of somebody',
      params: OnePerson,
      about,
      reply: z.object({ ok: z.boolean() }),
      async handle({ params, actor }) {
        await db.change({ actor: auditedAs(actor), action: 'person.sign-out', subject: { kind: 'person', id: params.person } }, (tx: Change<never>) => people.signOutEverywhere(tx, params.person as PersonId))
        return { body: { ok: true } }
      },
    }),
  ]
}

export const missing = (): never => {
  throw new VouchsafeError('not-found', 'There is no such person.')
}

const factsOf = (person: Person | undefined) => (person === undefined ? undefined : personFacts(person))

/** What may be read of somebody who may be found. */
export const seen = (access: Access, person: Person): Record<string, unknown> => shown(access.visible('person', personFacts(person)) ?? missing())

/** Says plainly who is in the way, to whoever may see them anyway. */
export async function tellWho<T>(work: Promise<T>, { access, email, people }: { access: Access; email: string; people: People }): Promise<T> {
  try {
    return await work
  } catch (error) {
    const holder = isVouchsafeError(error, 'conflict') ? await people.findByEmail(email) : undefined
    if (holder === undefined || !access.allows({ verb: 'read', record: 'person', name: 'email', facts: personFacts(holder) })) throw error
    const state = { active: 'is here already', invited: 'has been invited already', deactivated: 'was deactivated here' }[holder.state]
    const mend = { active: 'Give them the roles they need.', invited: 'Send the invitation again.', deactivated: 'Reactivate them instead.' }[holder.state]
    throw new VouchsafeError('conflict', `Somebody with this address ${state}.`, { mend, fields: [{ pointer: '/email', message: state }], cause: error })
  }
}
