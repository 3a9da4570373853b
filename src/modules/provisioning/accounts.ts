import { isDeepStrictEqual } from 'node:util'
import { violatesUnique, type Change } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Person, PersonId } from '#modules/identity'
import { comparable } from './condition.ts'
import { readContent } from './content.ts'
import { provisioning } from './contract.ts'
import { isDirectorysAct, type Directory } from './directory.ts'
import { comparableContent, textIn, type Content } from './matching.ts'
import type { ProvisioningParts } from './parts.ts'
import { applyPatch, type Operation } from './patch.ts'
import { requireFit } from './precondition.ts'
import { ScimRefusal } from './refusal.ts'
import { userOf, wants, type Projection } from './resource.ts'
import { USER } from './schema.ts'
import { circlesOf, deleteAccount, findAccount, groupsOf, insertAccount, listAccounts, outside, updateAccount, within, type AccountRow, type Query } from './store.ts'
import { changeTo, describe } from './user.ts'

export interface Page {
  readonly total: number
  readonly resources: readonly Content[]
}

const notFound = (): VouchsafeError => new VouchsafeError('not-found', 'There is no such User.')

/** The people of a directory, as SCIM speaks of them. */
export function createAccounts({ db, events, people, holdsRoles }: ProvisioningParts) {
  const q = outside(db.app)

  async function account(directory: Directory, id: string): Promise<AccountRow> {
    const row = await findAccount(q, directory.id, id)
    if (row === undefined) throw notFound()
    return row
  }

  async function shown(row: AccountRow): Promise<Content> {
    return userOf(row, (await groupsOf(q, [row.person_id])).get(row.person_id) ?? [])
  }

  return { find, list, create, replace, patch, remove }

  async function find(directory: Directory, id: string): Promise<Content> {
    return shown(await account(directory, id))
  }

  async function list(directory: Directory, query: Query, projection: Projection): Promise<Page> {
    const { total, rows } = await listAccounts(q, directory.id, query)
    const groups = rows.length > 0 && wants(projection, USER, 'groups') ? await groupsOf(q, rows.map((row) => row.person_id)) : new Map<string, never>()
    return { total, resources: rows.map((row) => userOf(row, groups.get(row.person_id) ?? [])) }
  }

  /**
   * Adds somebody. Whoever was removed before comes back as who they were when the directory names them by the same id of
   * its own; somebody else's address is refused, whatever it is used for.
   * @throws ScimRefusal, VouchsafeError `conflict`
   */
  async function create(directory: Directory, sent: unknown): Promise<Content> {
    const { active = true, ...content } = readContent(USER, sent)
    const described = describe(content)
    const known = await whoReturns(directory, described.email, described.externalId)
    const person = await db.change({ ...isDirectorysAct(directory, 'scim.user.create'), subject: { kind: 'directory', id: directory.id } }, async (tx: Change<never>) => {
      const { title, externalId, ...rest } = described
      const made = known
        ? await people.update(tx, known.id, { ...changeTo(described), managedBy: directory.managedBy })
        : await people.create(tx, { kind: 'person', state: 'invited', managedBy: directory.managedBy, ...rest, ...(title === undefined ? {} : { title }), ...(externalId === undefined ? {} : { externalId }) })
      tx.note({ person: made.id, adopted: known !== undefined })
      await insertAccount(within(tx), { ...rowOf(content), person_id: made.id, directory_id: directory.id, active: made.state !== 'deactivated', ended_by_directory: made.state === 'deactivated', version: 1, created_at: tx.at, changed_at: tx.at }).catch(taken)
      await events.happened(tx, provisioning, 'account.provisioned', { directory: directory.id, person: made.id, adopted: known !== undefined })
      return made
    })
    if (active === false && person.state !== 'deactivated') await people.deactivate(person.id, { by: directory.actor, way: 'scim' })
    if (active === true && person.state === 'deactivated') await people.reactivate(person.id, directory.actor)
    return find(directory, person.id)
  }

  /** Who is here already and may become this directory's: one it removed, or, where that is set, somebody invited. */
  async function whoReturns(directory: Directory, email: string, externalId: string | undefined): Promise<Person | undefined> {
    const isFree = async (person: Person | undefined): Promise<Person | undefined> => (person && (await findAccount(q, directory.id, person.id)) === undefined ? person : undefined)
    const same = externalId === undefined ? undefined : await people.findByExternalId(directory.managedBy, externalId)
    if (same) return isFree(same)
    const namesake = await people.findByEmail(email)
    if (namesake === undefined || namesake.kind !== 'person') return undefined
    if (namesake.managedBy === directory.managedBy && namesake.externalId === undefined && externalId === undefined) return isFree(namesake)
    if (!directory.adoptsInvited || namesake.managedBy !== undefined || namesake.state !== 'invited') return undefined
    // INVARIANT: roles that wait for somebody are not taken over: whoever speaks for the directory sets the address by which they come.
    return (await holdsRoles(namesake.id)) ? undefined : namesake
  }

  function replace(directory: Directory, id: string, sent: unknown, ifMatch?: string): Promise<Content> {
    const content = readContent(USER, sent)
    // RFC 7644 §3.5.1: what a PUT leaves out is taken away; nobody is let in or ended by silence.
    return change(directory, id, 'scim.user.replace', (before) => ({ ...content, active: content['active'] ?? before['active'] ?? true }), ifMatch)
  }

  function patch(directory: Directory, id: string, operations: readonly Operation[], ifMatch?: string): Promise<Content> {
    return change(directory, id, 'scim.user.patch', (before) => applyPatch(USER, before, operations), ifMatch)
  }

  /**
   * Who is to end ends first, even where the rest of the request is refused; who is to come back comes last. Between the
   * two everything else happens together or not at all.
   * @param work gives the content as it shall be; it runs twice, the second time on what is locked
   */
  async function change(directory: Directory, id: string, action: string, work: (before: Content) => Content, ifMatch: string | undefined): Promise<Content> {
    const row = await account(directory, id)
    requireFit(ifMatch, row)
    const planned = work({ ...row.content, active: row.active })
    describe(planned)
    const ends = row.active && planned['active'] === false
    const returns = !row.active && planned['active'] === true
    if (returns && !row.ended_by_directory) throw new VouchsafeError('conflict', 'This person was deactivated here, not by the directory.', { mend: 'Reactivate them in the console first.' })
    if (ends) await people.deactivate(row.person_id as PersonId, { by: directory.actor, way: 'scim' })
    await db.change({ ...isDirectorysAct(directory, action), subject: { kind: 'person', id } }, async (tx: Change<never>) => {
      // Locks the person first, as whoever ends them does.
      await people.update(tx, id as PersonId, {})
      const now = await findAccount(within(tx), directory.id, id)
      if (now === undefined) throw notFound()
      if (!ends) requireFit(ifMatch, now)
      const { active: _, ...content } = work({ ...now.content, active: now.active })
      if (isDeepStrictEqual(content, now.content)) return
      const fields = [...new Set([...Object.keys(content), ...Object.keys(now.content)])].filter((name) => !isDeepStrictEqual(content[name], now.content[name]))
      tx.note({ fields })
      await people.update(tx, id as PersonId, changeTo(describe(content)))
      await updateAccount(within(tx), id, { ...rowOf(content), version: now.version + 1, changed_at: tx.at }).catch(taken)
      await events.happened(tx, provisioning, 'account.changed', { directory: directory.id, person: id, fields })
    })
    if (returns) await letIn(directory, id as PersonId)
    return find(directory, id)
  }

  /** Back again, and into the groups that the directory has kept them in. */
  async function letIn(directory: Directory, id: PersonId): Promise<void> {
    await people.reactivate(id, directory.actor)
    await db.change({ ...isDirectorysAct(directory, 'scim.user.rejoin'), subject: { kind: 'person', id } }, async (tx: Change<never>) => {
      for (const group of await circlesOf(within(tx), id)) await people.changeMembers(tx, group as never, { add: [id] }, directory.managedBy)
    })
  }

  /** Ends them, and forgets what the directory said of them; the person stays, deactivated. */
  async function remove(directory: Directory, id: string, ifMatch?: string): Promise<void> {
    const row = await account(directory, id)
    requireFit(ifMatch, row)
    await people.deactivate(row.person_id as PersonId, { by: directory.actor, way: 'scim' })
    await db.change({ ...isDirectorysAct(directory, 'scim.user.remove'), subject: { kind: 'person', id } }, async (tx: Change<never>) => {
      const now = await findAccount(within(tx), directory.id, id)
      await deleteAccount(within(tx), id)
      // Whom people here have ended stays theirs: added once more, they would be let in past that.
      if (now?.ended_by_directory === false) await people.update(tx, id as PersonId, { managedBy: null, externalId: null })
      await events.happened(tx, provisioning, 'account.removed', { directory: directory.id, person: id })
    })
  }
}

export type Accounts = ReturnType<typeof createAccounts>

/** What of a row follows from the content. */
export function rowOf(content: Content): Pick<AccountRow, 'user_name_folded' | 'external_id' | 'content' | 'compared'> {
  const externalId = content['externalId']
  return { user_name_folded: comparable(textIn(content, 'userName')), external_id: typeof externalId === 'string' ? externalId : null, content, compared: comparableContent(USER, content) }
}

function taken(error: unknown): never {
  if (violatesUnique(error, 'account_user_name')) throw new ScimRefusal('uniqueness', 'Somebody has this userName already; case does not tell two apart.', { cause: error })
  if (violatesUnique(error, 'account_external')) throw new ScimRefusal('uniqueness', 'Somebody has this externalId already.', { cause: error })
  if (violatesUnique(error, 'account_pkey')) throw new ScimRefusal('uniqueness', 'This person is provisioned already.', { cause: error })
  throw error
}
