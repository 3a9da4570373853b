import { violatesUnique, type Change } from '#core/database'
import { isVouchsafeError, VouchsafeError } from '#core/errors'
import type { GroupId, PersonId } from '#modules/identity'
import { comparable } from './condition.ts'
import { provisioning } from './contract.ts'
import { isDirectorysAct, type Directory } from './directory.ts'
import type { Page } from './accounts.ts'
import { MOST_MEMBERS, readGroup, readGroupPatch, type GroupChange, type MembersChange } from './members.ts'
import type { Content } from './matching.ts'
import type { ProvisioningParts } from './parts.ts'
import type { Operation } from './patch.ts'
import { requireFit } from './precondition.ts'
import { ScimRefusal } from './refusal.ts'
import { groupOf, wants, type Projection } from './resource.ts'
import { GROUP } from './schema.ts'
import { addMembers, deleteCircle, findCircle, insertCircle, isId, keepMembers, listCircles, membersOf, outside, removeMembers, standingOf, updateCircle, within, type CircleRow, type Member, type Query } from './store.ts'

const notFound = (): VouchsafeError => new VouchsafeError('not-found', 'There is no such Group.')

const RETRIES = 3 // somebody in the list is deactivated while they are added: the next look sees it
const BATCH = 1_000 // what identity gives of a group at once

/** The groups of a directory, as SCIM speaks of them. */
export function createGroups({ db, events, people }: ProvisioningParts) {
  const q = outside(db.app)

  return { find, list, create, replace, patch, remove }

  async function circle(directory: Directory, id: string): Promise<CircleRow> {
    const row = await findCircle(q, directory.id, id)
    if (row === undefined) throw notFound()
    return row
  }

  async function find(directory: Directory, id: string, projection: Projection = {}): Promise<Content> {
    const row = await circle(directory, id)
    return groupOf(row, wants(projection, GROUP, 'members') ? await membersOf(q, [id]) : undefined)
  }

  /** A page ends early where its groups hold more members together than one group may. */
  async function list(directory: Directory, query: Query, projection: Projection): Promise<Page> {
    const { total, rows } = await listCircles(q, directory.id, query)
    if (!wants(projection, GROUP, 'members')) return { total, resources: rows.map((row) => groupOf(row, undefined)) }
    let size = 0
    const page = rows.filter((row, index) => (size += row.size) <= MOST_MEMBERS || index === 0)
    const members = new Map<string, Member[]>(page.map((row) => [row.group_id, []]))
    for (const member of page.length === 0 ? [] : await membersOf(q, page.map((row) => row.group_id))) members.get(member.group_id)?.push(member)
    return { total, resources: page.map((row) => groupOf(row, members.get(row.group_id))) }
  }

  /** @throws ScimRefusal, VouchsafeError `conflict` for a name that a group has already */
  async function create(directory: Directory, sent: unknown): Promise<Content> {
    const group = readGroup(sent)
    const id = await settled(() =>
      db.change({ ...isDirectorysAct(directory, 'scim.group.create'), subject: { kind: 'directory', id: directory.id } }, async (tx: Change<never>) => {
        const externalId = group.externalId ?? undefined
        const made = await people.createGroup(tx, { name: group.displayName ?? '', managedBy: directory.managedBy, ...(externalId === undefined ? {} : { externalId }) })
        await insertCircle(within(tx), { group_id: made.id, directory_id: directory.id, name: made.name, name_folded: comparable(made.name), external_id: externalId ?? null, version: 1, created_at: tx.at, changed_at: tx.at }).catch(taken)
        const { added } = group.members ? await changeMembers(tx, directory, made.id, group.members) : { added: 0 }
        tx.note({ group: made.id, added })
        await events.happened(tx, provisioning, 'circle.provisioned', { directory: directory.id, group: made.id })
        return made.id
      }),
    )
    return find(directory, id)
  }

  async function replace(directory: Directory, id: string, sent: unknown, ifMatch?: string): Promise<void> {
    const group = readGroup(sent)
    await change(directory, id, 'scim.group.replace', async () => group, ifMatch)
  }

  async function patch(directory: Directory, id: string, operations: readonly Operation[], ifMatch?: string): Promise<void> {
    await change(directory, id, 'scim.group.patch', (tx) => readGroupPatch(operations, async () => (await membersOf(within(tx), [id])).map(({ person_id }) => ({ value: person_id, type: 'User' }))), ifMatch)
  }

  async function change(directory: Directory, id: string, action: string, read: (tx: Change<never>) => Promise<GroupChange>, ifMatch: string | undefined): Promise<void> {
    await circle(directory, id)
    await settled(() =>
      db.change({ ...isDirectorysAct(directory, action), subject: { kind: 'group', id } }, async (tx: Change<never>) => {
        await people.updateGroup(tx, id as GroupId, {}) // locks it: changes of one group stand in a line
        const row = await findCircle(within(tx), directory.id, id)
        if (row === undefined) throw notFound()
        requireFit(ifMatch, row)
        const { displayName, externalId, members } = await read(tx)
        const named = await people.updateGroup(tx, id as GroupId, { ...(typeof displayName === 'string' ? { name: displayName } : {}), ...(externalId === undefined ? {} : { externalId }) })
        const { added, removed } = members ? await changeMembers(tx, directory, id, members) : { added: 0, removed: 0 }
        const next = { name: named.name, name_folded: comparable(named.name), external_id: named.externalId ?? null }
        if (added + removed === 0 && next.name === row.name && next.external_id === row.external_id) return
        tx.note({ added, removed })
        await updateCircle(within(tx), id, { ...next, version: row.version + 1, changed_at: tx.at }).catch(taken)
        await events.happened(tx, provisioning, 'circle.changed', { directory: directory.id, group: id, added, removed })
      }),
    )
  }

  /** What the directory says, and with it what is so: memberships that somebody made here are neither taken nor given up. */
  async function changeMembers(tx: Change<never>, directory: Directory, group: string, { all, add, remove }: MembersChange): Promise<{ added: number; removed: number }> {
    const joining = [...add]
    const standing = await standingOf(within(tx), directory.id, joining.filter(isId))
    const unknown = joining.length - standing.size
    if (unknown > 0) throw new ScimRefusal('invalidValue', `${unknown === 1 ? 'One of the members is' : `${unknown} of the members are`} not among the people of this directory.`)
    const left = all ? await keepMembers(within(tx), group, joining) : await removeMembers(within(tx), group, [...remove].filter(isId))
    const joined = await addMembers(within(tx), group, joining)
    await leaveInEffect(tx, directory, group, left)
    await people.changeMembers(tx, group as GroupId, { add: joined.filter((id) => standing.get(id) === true) as PersonId[] }, directory.managedBy)
    return { added: joined.length, removed: left.length }
  }

  async function leaveInEffect(tx: Change<never>, directory: Directory, group: string, left: readonly string[]): Promise<void> {
    if (left.length === 0) return
    try {
      await people.changeMembers(tx, group as GroupId, { remove: left as PersonId[] }, directory.managedBy)
    } catch (error) {
      if (!isVouchsafeError(error, 'conflict')) throw error
      // Some of them somebody added here as well: those memberships stay.
      const others = await keptByOthers(directory, group)
      await people.changeMembers(tx, group as GroupId, { remove: left.filter((id) => !others.has(id)) as PersonId[] }, directory.managedBy)
    }
  }

  async function keptByOthers(directory: Directory, group: string): Promise<Set<string>> {
    const others = new Set<string>()
    for (let after: string | undefined, page = BATCH; page === BATCH; ) {
      const memberships = await people.membersOf(group, { limit: BATCH, ...(after === undefined ? {} : { after }) })
      for (const { person, managedBy } of memberships) if (managedBy !== directory.managedBy) others.add(person)
      page = memberships.length
      after = memberships.at(-1)?.person
    }
    return others
  }

  /** Ends the group; where people here put somebody into it, it stays as theirs, with those alone. */
  async function remove(directory: Directory, id: string, ifMatch?: string): Promise<void> {
    await circle(directory, id)
    await db.change({ ...isDirectorysAct(directory, 'scim.group.remove'), subject: { kind: 'group', id } }, async (tx: Change<never>) => {
      await people.updateGroup(tx, id as GroupId, {})
      const row = await findCircle(within(tx), directory.id, id)
      if (row === undefined) throw notFound()
      requireFit(ifMatch, row)
      const others = await keptByOthers(directory, id)
      if (others.size === 0) await people.deleteGroup(tx, id as GroupId)
      else {
        await leaveInEffect(tx, directory, id, await keepMembers(within(tx), id, []))
        await people.updateGroup(tx, id as GroupId, { managedBy: null, externalId: null })
        tx.note({ left: others.size })
      }
      await deleteCircle(within(tx), id)
      await events.happened(tx, provisioning, 'circle.removed', { directory: directory.id, group: id })
    })
  }
}

export type Groups = ReturnType<typeof createGroups>

/** Runs a change again where identity found somebody deactivated who was active a moment before. */
async function settled<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const isStale = isVouchsafeError(error, 'bad-input') && error.fields.some(({ pointer }) => pointer === '/add')
      if (!isStale || tries === RETRIES) throw error
    }
  }
}

function taken(error: unknown): never {
  if (violatesUnique(error, 'circle_external')) throw new ScimRefusal('uniqueness', 'A group has this externalId already.', { cause: error })
  throw error
}
