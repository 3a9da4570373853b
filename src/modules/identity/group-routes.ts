import { z } from 'zod'
import type { Change } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { auditedAs, routesOf } from '#core/module'
import type { Access } from '#core/permission'
import { identity } from './contract.ts'
import { GROUP_SORTS, listGroups, listMembers } from './listing/store.ts'
import { MOST_DESCRIPTION_CHARACTERS, MOST_NAME_CHARACTERS } from './name.ts'
import type { IdentityParts } from './parts.ts'
import type { Group, People, PersonId } from './people.ts'
import { giverOf, groupFacts, shown, versionIn, withCurrent } from './presentation.ts'
import { GroupOut, MemberOut, PageQuery, pageOf } from './shape.ts'
import { outside } from './store.ts'

const route = routesOf(identity)

/** Most members that one request may add or take out. */
export const MOST_MEMBERS = 50_000

const OneGroup = z.object({ group: z.string().max(64) })
const Name = z.string().min(1).max(4 * MOST_NAME_CHARACTERS)
const Description = z.string().max(4 * MOST_DESCRIPTION_CHARACTERS)
const Members = z.array(z.uuid().toLowerCase()).max(MOST_MEMBERS)

export function groupRoutes({ db, owners }: IdentityParts, people: People) {
  const one = async (id: string): Promise<Group> => (await people.findGroup(id)) ?? missing()
  const about = {
    record: 'group',
    load: async ({ group }: { group: string }) => {
      const found = await people.findGroup(group)
      return found && groupFacts(found)
    },
  } as const
  const reply = (access: Access, group: Group) => ({ body: seen(access, group), etag: String(group.version) })

  return [
    route({
      on: 'GET /groups',
      permit: 'group.read',
      summary: 'Groups that you may see',
      query: PageQuery.extend({ q: z.string().max(200).optional(), sort: z.enum(GROUP_SORTS).optional() }),
      reply: pageOf(GroupOut),
      async handle({ query, access }) {
        const { items, next } = await listGroups(outside(db.app), access, query)
        return { body: { items: items.map(shown), next } }
      },
    }),
    route({
      on: 'POST /groups',
      permit: 'group.change',
      summary: 'Create a group',
      body: z.strictObject({ name: Name, description: Description.optional() }),
      reply: GroupOut,
      status: 201,
      async handle({ body, actor, access }) {
        access.requireWritable('group', Object.keys(body), body)
        const { name, description } = body
        const made = await db.change({ actor: auditedAs(actor), action: 'group.create', subject: { kind: 'group', id: 'new' } }, async (tx: Change<never>) => {
          const group = await people.createGroup(tx, { name, ...(description === undefined ? {} : { description }) })
          tx.note({ group: group.id })
          return group
        })
        return { body: { ...seen(access, made), id: String(made.id) }, etag: String(made.version), location: `/api/v1/groups/${made.id}` }
      },
    }),
    route({
      on: 'GET /groups/{group}',
      permit: 'group.read',
      summary: 'One group',
      params: OneGroup,
      about,
      reply: GroupOut,
      async handle({ params, access }) {
        return reply(access, await one(params.group))
      },
    }),
    route({
      on: 'PATCH /groups/{group}',
      permit: 'group.change',
      summary: 'Change name or description; members left out stay as they are',
      params: OneGroup,
      body: z.strictObject({ name: Name.optional(), description: Description.optional() }),
      about,
      reply: GroupOut,
      async handle({ params, body, actor, access, ifMatch }) {
        const before = await one(params.group)
        access.requireWritable('group', Object.keys(body), groupFacts(before))
        if (before.managedBy !== undefined) throw new VouchsafeError('conflict', 'This group is provisioned by a provider, which would overwrite the change.', { mend: 'Change it where it is kept.' })
        const { name, description } = body
        const change = { ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) }
        const after = await withCurrent(
          db.change({ actor: auditedAs(actor), action: 'group.change', subject: { kind: 'group', id: before.id }, detail: { fields: Object.keys(change) } }, (tx: Change<never>) => people.updateGroup(tx, before.id, change, versionIn(ifMatch))),
          async () => seen(access, await one(before.id)),
        )
        return reply(access, after)
      },
    }),
    route({
      on: 'DELETE /groups/{group}',
      permit: 'group.change',
      summary: 'Delete a group; who was in it stays, without what the group gave them',
      params: OneGroup,
      about,
      reply: z.object({}),
      status: 204,
      async handle({ params, actor }) {
        const group = await one(params.group)
        if (group.managedBy !== undefined) throw new VouchsafeError('conflict', 'This group is provisioned by a provider, which would make it again.', { mend: 'Delete it where it is kept.' })
        await db.change({ actor: auditedAs(actor), action: 'group.delete', subject: { kind: 'group', id: group.id } }, async (tx: Change<never>) => {
          await owners.requireToLeave(tx, giverOf(actor), group.id)
          await people.deleteGroup(tx, group.id)
        })
        return { body: {} }
      },
    }),
    route({
      on: 'GET /groups/{group}/members',
      permit: 'group.read',
      summary: 'Who is in a group, as far as you may see them',
      params: OneGroup,
      query: PageQuery.extend({ q: z.string().max(200).optional() }),
      about,
      reply: pageOf(MemberOut),
      async handle({ params, query, access }) {
        const { items, next } = await listMembers(outside(db.app), access, params.group, query)
        return { body: { items: items.map(memberOf), next } }
      },
    }),
    route({
      on: 'POST /groups/{group}/members',
      permit: 'group.change',
      summary: 'Put people into a group and take others out, all of them or none',
      params: OneGroup,
      body: z.strictObject({ add: Members.optional(), remove: Members.optional() }),
      bodyLimitBytes: 5_000_000, // two lists of 50,000 ids
      about,
      reply: z.object({ ok: z.boolean() }),
      async handle({ params, body, actor, access }) {
        const { add = [], remove = [] } = body
        const group = await one(params.group)
        access.requireWritable('membership', ['group', 'person'], { group: group.id })
        await db.change({ actor: auditedAs(actor), action: 'group.change-members', subject: { kind: 'group', id: group.id }, detail: { added: add.length, removed: remove.length } }, async (tx: Change<never>) => {
          // Whatever the group gives, whoever joins it gets.
          if (add.length > 0) await owners.requireOverGroup(tx, giverOf(actor), group.id)
          if (remove.length > 0) await owners.requireToLeave(tx, giverOf(actor), group.id)
          await people.changeMembers(tx, group.id, { add: add as PersonId[], remove: remove as PersonId[] }, null)
        })
        return { body: { ok: true } }
      },
    }),
  ]
}

const missing = (): never => {
  throw new VouchsafeError('not-found', 'There is no such group.')
}

const seen = (access: Access, group: Group): Record<string, unknown> => shown(access.visible('group', groupFacts(group)) ?? missing())

/** A person in a group: who keeps the membership takes the place of who keeps the person. */
function memberOf({ membership, id, managedBy: _kept, ...person }: Record<string, unknown>): Record<string, unknown> {
  const { since, managedBy } = membership as { since?: string | null; managedBy?: string | null }
  return shown({ person: id, ...person, managedBy, since: typeof since === 'string' ? new Date(since) : undefined })
}
