import { randomUUID } from 'node:crypto'
import { violatesUnique, type Change } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { folded } from './case-folding.ts'
import { identity } from './contract.ts'
import { MOST_DESCRIPTION_CHARACTERS, parseLine, parseName } from './name.ts'
import type { Group, GroupId, People } from './people.ts'
import type { IdentityParts } from './parts.ts'
import { requireVersion } from './roll.ts'
import { addMembers, deleteGroup, findGroup, groupOf, groupsOf, insertGroup, isId, keptByOthers, lockGroup, lockLiving, membersOf, outside, removeMembers, updateGroup, within, type GroupRow } from './store.ts'

type Circles = Pick<People, 'findGroup' | 'findGroupByName' | 'createGroup' | 'updateGroup' | 'deleteGroup' | 'changeMembers' | 'membersOf' | 'groupsOf'>

const BATCH = 1000 // what `membership.changed` may name at once: a payload stays below 100 KB

/** Groups, and who is in them. */
export function createCircles({ db, events }: IdentityParts): Circles {
  const q = outside(db.app)

  const locked = async (tx: Change<never>, id: string): Promise<GroupRow> => {
    const row = await lockGroup(within(tx), id)
    if (row === undefined) throw new VouchsafeError('not-found', 'There is no such group.')
    return row
  }

  return {
    findGroup: async (id) => present(await findGroup(q, { id })),
    findGroupByName: async (name) => present(await findGroup(q, { name_folded: folded(name.trim()) })),

    async createGroup(tx, group) {
      const name = parseName(group.name, 'name')
      const row: GroupRow = {
        id: randomUUID(),
        name: name.written,
        name_folded: name.folded,
        name_plain: name.plain,
        description: descriptionOf(group.description ?? ''),
        managed_by: group.managedBy ?? null,
        external_id: group.externalId ?? null,
        version: 1,
        created_at: tx.at,
        changed_at: tx.at,
      }
      await insertGroup(within(tx), row).catch(told)
      await events.happened(tx, identity, 'group.created', { group: row.id })
      return groupOf(row)
    },

    async updateGroup(tx, id, change, expectedVersion) {
      const before = await locked(tx, id)
      requireVersion(before, expectedVersion)
      const name = change.name === undefined ? undefined : parseName(change.name, 'name')
      const after: GroupRow = {
        ...before,
        ...(name === undefined ? {} : { name: name.written, name_folded: name.folded, name_plain: name.plain }),
        ...(change.description === undefined ? {} : { description: descriptionOf(change.description) }),
        ...(change.managedBy === undefined ? {} : { managed_by: change.managedBy }),
        ...(change.externalId === undefined ? {} : { external_id: change.externalId }),
      }
      const fields = Object.entries(FIELDS).flatMap(([field, column]) => (before[column] === after[column] ? [] : [field]))
      if (fields.length === 0) return groupOf(before)
      const next = { ...after, version: before.version + 1, changed_at: tx.at }
      await updateGroup(within(tx), id, next).catch(told)
      await events.happened(tx, identity, 'group.changed', { group: id, fields })
      return groupOf(next)
    },

    async deleteGroup(tx, id, managedBy) {
      await locked(tx, id)
      if (managedBy !== undefined) await requireOwn(tx, id, undefined, managedBy)
      // Each membership that ends is told, as if it had ended alone: whoever was owner through this group is none any more.
      for (;;) {
        const batch = await membersOf(within(tx), id, { limit: BATCH })
        if (batch.length === 0) break
        const removed = await removeMembers(within(tx), id, batch.map(({ person }) => person))
        await events.happened(tx, identity, 'membership.changed', { group: id, added: [], removed })
      }
      await deleteGroup(within(tx), id)
      await events.happened(tx, identity, 'group.deleted', { group: id })
    },

    async changeMembers(tx, id, { add = [], remove = [] }, managedBy) {
      const group = await locked(tx, id)
      const wrong = [...add, ...remove].filter((person) => !isId(person)).length
      if (wrong > 0) throw unknownPersons(wrong)
      await requireOwn(tx, id, remove, managedBy)
      let changes = 0
      for (const batch of batches([...new Set(add)].toSorted())) {
        const living = await lockLiving(within(tx), batch)
        if (living.size < batch.length) throw unknownPersons(batch.length - living.size)
        const added = await addMembers(within(tx), id, batch, managedBy, tx.at)
        changes += added.length
        if (added.length > 0) await events.happened(tx, identity, 'membership.changed', { group: id, added, removed: [] })
      }
      for (const batch of batches([...new Set(remove)].toSorted())) {
        const removed = await removeMembers(within(tx), id, batch)
        changes += removed.length
        if (removed.length > 0) await events.happened(tx, identity, 'membership.changed', { group: id, added: [], removed })
      }
      if (changes > 0) await updateGroup(within(tx), id, { version: group.version + 1, changed_at: tx.at })
    },

    membersOf: (id, page) => membersOf(q, id, page),
    groupsOf: async (id) => (await groupsOf(q, id)).map(groupOf),
  }

  /** @throws VouchsafeError `conflict` where somebody else keeps one of these memberships */
  async function requireOwn(tx: Change<never>, id: GroupId, ids: readonly string[] | undefined, managedBy: string | null): Promise<void> {
    const others = await keptByOthers(within(tx), id, ids, managedBy)
    if (others > 0) throw new VouchsafeError('conflict', `${others === 1 ? 'One membership is' : `${others} memberships are`} kept by somebody else${managedBy === null ? ' (a provider that provisions this group)' : ''}.`, { mend: 'Change it where it is kept.' })
  }
}

const FIELDS = { name: 'name', description: 'description', managedBy: 'managed_by', externalId: 'external_id' } as const

const present = (row: GroupRow | undefined): Group | undefined => (row === undefined ? undefined : groupOf(row))

const descriptionOf = (text: string): string => (text.trim() === '' ? '' : parseLine(text, 'description', MOST_DESCRIPTION_CHARACTERS))

const unknownPersons = (count: number): VouchsafeError =>
  new VouchsafeError('bad-input', `${count === 1 ? 'One of these is' : `${count} of these are`} nobody who can be a member.`, { mend: 'Name people who are here and not deactivated.', fields: [{ pointer: '/add', message: `names ${count} who cannot be members` }] })

function* batches<T>(all: readonly T[]): Generator<T[]> {
  for (let from = 0; from < all.length; from += BATCH) yield all.slice(from, from + BATCH)
}

function told(error: unknown): never {
  if (violatesUnique(error, 'group_name')) throw new VouchsafeError('conflict', 'There is a group of this name already.', { cause: error, fields: [{ pointer: '/name', message: 'is taken' }] })
  if (violatesUnique(error, 'group_external')) throw new VouchsafeError('conflict', 'The provider has given this id to another group already.', { cause: error, fields: [{ pointer: '/externalId', message: 'is taken' }] })
  throw error
}
