import { randomUUID } from 'node:crypto'
import { violatesUnique, type Actor as AuditActor, type Change } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Access } from '#core/permission'
import type { GroupId, PersonId } from '#modules/identity'
import { provisioning } from './contract.ts'
import { directoryOfRow, type Directory } from './directory.ts'
import type { DirectoryToken, ProvisioningParts } from './parts.ts'
import { countsOf, deleteAccount, deleteCircle, directoryOf, findDirectory, insertDirectory, keepMembers, keepRefusal, listAccounts, listCircles, listDirectories, lockDirectory, outside, refusalsOf, sawRequest, updateDirectory, within, type Counts, type RefusalRow } from './store.ts'

/** The one scope that a directory's token has. */
export const PROVISION = 'scim.provision'

export interface NewDirectory {
  title: string
  /** Id of the identity provider through which its people sign in; left out: they are marked with the directory's own id. */
  provider?: string
  adoptsInvited: boolean
}

export interface NewDirectoryToken {
  networks: readonly string[]
  expiresAt: Date
}

/** Whoever asks for something, and what they may. */
export interface Asker {
  by: AuditActor
  access: Access
  at: Date
}

const SEEN_EVERY_MS = 60_000
const RELEASED_AT_ONCE = 200 // people that one change lets go: a second or so

/** Connections of directories: made, looked at, changed and ended by people here. */
export function createDirectories({ db, events, people, tokens }: ProvisioningParts) {
  const q = outside(db.app)
  const seen = new Map<string, { requestAt: number; changeAt: number }>()

  return { ofServiceAccount, list, find, connect, change, newToken, revokeToken, tokensOf, disconnect, sawRequest: sawRequestOf, sawRefusal, refusalsOf: (id: string): Promise<RefusalRow[]> => refusalsOf(q, id), endOf }

  /** The directory that a token speaks for; undefined for an ended one. */
  async function ofServiceAccount(id: string): Promise<Directory | undefined> {
    const row = await directoryOf(q, id)
    return row === undefined || row.ended_at !== null ? undefined : directoryOfRow(row)
  }

  async function list(): Promise<(Directory & { counts: Counts | undefined })[]> {
    const counts = await countsOf(q)
    return (await listDirectories(q)).map((row) => ({ ...directoryOfRow(row), counts: counts.get(row.id) }))
  }

  async function find(id: string): Promise<Directory | undefined> {
    const row = await findDirectory(q, id)
    return row && directoryOfRow(row)
  }

  /**
   * A new directory with its service account and first token, whose text is shown this once.
   * @throws VouchsafeError `conflict` where the provider has a directory already
   */
  async function connect({ title, provider, adoptsInvited }: NewDirectory, token: NewDirectoryToken, asker: Asker): Promise<{ directory: Directory; secret: string; token: DirectoryToken }> {
    const id = randomUUID()
    const directory = await db.change({ actor: asker.by, action: 'directory.connect', subject: { kind: 'directory', id }, detail: { adoptsInvited } }, async (tx: Change<never>) => {
      const account = await people.create(tx, { kind: 'service', state: 'active', displayName: `Directory: ${title}` })
      const row = { id, title, managed_by: provider ?? id, service_account: account.id, adopts_invited: adoptsInvited, created_at: tx.at, created_by: asker.by.name, ended_at: null, last_request_at: null, last_change_at: null }
      await insertDirectory(within(tx), row).catch(taken)
      await events.happened(tx, provisioning, 'directory.connected', { directory: id })
      return directoryOfRow(row)
    })
    try {
      return { directory, ...(await newToken(directory, token, asker)) }
    } catch (error) {
      // Nothing is left of a directory that nobody could ever call for.
      await disconnect(directory, asker.by)
      throw error
    }
  }

  async function newToken(directory: Directory, { networks, expiresAt }: NewDirectoryToken, { by, access, at }: Asker): Promise<{ secret: string; token: DirectoryToken }> {
    if (directory.endedAt) throw ended()
    return tokens.issue(directory.serviceAccount, { name: `SCIM ${at.toISOString().slice(0, 10)}`, scopes: [PROVISION], networks, expiresAt }, by, access, at)
  }

  async function change(directory: Directory, next: { title?: string; adoptsInvited?: boolean }, by: AuditActor): Promise<void> {
    await db.change({ actor: by, action: 'directory.change', subject: { kind: 'directory', id: directory.id }, detail: { fields: Object.keys(next) } }, async (tx: Change<never>) => {
      const row = await lockDirectory(within(tx), directory.id)
      if (row === undefined || row.ended_at !== null) throw ended()
      await updateDirectory(within(tx), row.id, { title: next.title ?? row.title, adopts_invited: next.adoptsInvited ?? row.adopts_invited })
      await events.happened(tx, provisioning, 'directory.changed', { directory: row.id })
    })
  }

  function tokensOf(directory: Directory): Promise<readonly DirectoryToken[]> {
    return tokens.of(directory.serviceAccount)
  }

  function revokeToken(directory: Directory, token: string, by: AuditActor): Promise<void> {
    return tokens.revoke(token, by, directory.serviceAccount)
  }

  /**
   * Ends a directory. Its people stay as they are, and are managed here from now on; groups and memberships too. Its
   * tokens die first. What was cut short is finished when it is asked for again.
   */
  async function disconnect(directory: Directory, by: AuditActor): Promise<void> {
    await people.deactivate(directory.serviceAccount as PersonId, { by, way: 'api' })
    for (;;) {
      const { rows } = await listAccounts(q, directory.id, { offset: 0, limit: RELEASED_AT_ONCE })
      if (rows.length === 0) break
      await db.change({ actor: by, action: 'directory.release', subject: { kind: 'directory', id: directory.id }, detail: { people: rows.length } }, async (tx: Change<never>) => {
        for (const { person_id: id } of rows) {
          await deleteAccount(within(tx), id)
          await people.update(tx, id as PersonId, { managedBy: null, externalId: null })
        }
      })
    }
    const { rows: circles } = await listCircles(q, directory.id, { offset: 0, limit: 100_000 })
    for (const { group_id: id } of circles) {
      await db.change({ actor: by, action: 'directory.release', subject: { kind: 'directory', id: directory.id }, detail: { group: id } }, async (tx: Change<never>) => {
        await people.updateGroup(tx, id as GroupId, { managedBy: null, externalId: null })
        const kept = (await everyMemberOf(id)).filter(({ managedBy }) => managedBy === directory.managedBy).map(({ person }) => person)
        await keepMembers(within(tx), id, [])
        await people.changeMembers(tx, id as GroupId, { remove: kept }, directory.managedBy)
        await people.changeMembers(tx, id as GroupId, { add: kept }, null)
        await deleteCircle(within(tx), id)
      })
    }
  }

  async function everyMemberOf(group: string) {
    const all = []
    for (let after: string | undefined, size = 1000; size === 1000; ) {
      const page = await people.membersOf(group, { limit: 1000, ...(after === undefined ? {} : { after }) })
      all.push(...page)
      size = page.length
      after = page.at(-1)?.person
    }
    return all
  }

  /** Its service account is gone, by whichever way: so is the directory. */
  async function endOf(serviceAccount: string, tx: Change<never>): Promise<void> {
    const row = await directoryOf(within(tx), serviceAccount)
    if (row === undefined || row.ended_at !== null) return
    await updateDirectory(within(tx), row.id, { ended_at: tx.at })
    await events.happened(tx, provisioning, 'directory.disconnected', { directory: row.id })
  }

  /** At most once a minute each: figures for the console. */
  async function sawRequestOf(directory: Directory, at: Date, isChange: boolean): Promise<void> {
    const before = seen.get(directory.id) ?? { requestAt: 0, changeAt: 0 }
    const isDue = at.getTime() - before.requestAt >= SEEN_EVERY_MS || (isChange && at.getTime() - before.changeAt >= SEEN_EVERY_MS)
    if (!isDue) return
    seen.set(directory.id, { requestAt: at.getTime(), changeAt: isChange ? at.getTime() : before.changeAt })
    await sawRequest(db, directory.id, at, isChange)
  }

  /** For whoever looks why a sync does not come through. `request` holds no values: `PATCH /Users/{id}`. */
  async function sawRefusal(directory: Directory, refusal: { at: Date; request: string; status: number; scimType: string | undefined; detail: string }): Promise<void> {
    await keepRefusal(db, { directory_id: directory.id, at: refusal.at, request: refusal.request.slice(0, 200), status: refusal.status, scim_type: refusal.scimType ?? null, detail: refusal.detail.slice(0, 500) })
  }
}

export type Directories = ReturnType<typeof createDirectories>

const ended = (): VouchsafeError => new VouchsafeError('conflict', 'This directory has been disconnected.', { mend: 'Connect a new one.' })

function taken(error: unknown): never {
  if (violatesUnique(error, 'directory_managed_by')) throw new VouchsafeError('conflict', 'A directory provisions the people of this provider already.', { mend: 'Make a new token for it, or disconnect it first.', cause: error, fields: [{ pointer: '/provider', message: 'has a directory' }] })
  throw error
}
