import { randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { migrationsBeside } from '#core/database'
import type { Change, MigrationSet, OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'

/** 24 letters and digits, 120 random bits. Not secret; random so that it says nothing about the company. */
export type OrganisationId = string & { readonly brand: 'OrganisationId' }

export interface Organisation {
  id: OrganisationId
  /** Short name for people and addresses. */
  slug: string
  createdAt: Date
  /** `making` until its database is whole: a creation cut short is ended at the next start. */
  state: 'making' | 'open'
  /** The one this machine's own names lead to. There is exactly one. */
  isDefault: boolean
}

export const directoryDatabase = 'vouchsafe_directory'
export const directoryMigrations: MigrationSet = { schema: 'directory', folder: migrationsBeside(import.meta.url) }

type DirectoryTables = {
  'directory.organisation': { id: string; slug: string; created_at: Date; state: Organisation['state']; is_default: boolean }
  'directory.host': { name: string; organisation: string }
}

/** Letters of RFC 4648 §6 in lower case, which a database name and a host label can carry. */
export function newOrganisationId(): OrganisationId {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567'
  return Array.from(randomBytes(24), (byte) => letters[byte & 31]).join('') as OrganisationId
}

export function organisationDatabaseName(id: OrganisationId): string {
  if (!/^[a-z2-7]{24}$/.test(id)) throw new VouchsafeError('internal', `"${id}" is no id of an organisation.`)
  return `vouchsafe_${id}`
}

/** Pure: a host name as the directory keeps it. `undefined` for what is none: a port and a trailing dot are dropped. */
export function canonicalHost(host: string): string | undefined {
  const name = host.trim().toLowerCase().replace(/:\d{1,5}$/, '').replace(/\.$/, '')
  return name.length <= 253 && /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name) ? name : undefined
}

/** Pure: whether a host name means this machine itself (RFC 6761 §6.3 and loopback addresses), port allowed. */
export function isLoopbackHost(host: string): boolean {
  const name = host.trim().toLowerCase().replace(/:\d{1,5}$/, '').replace(/\.$/, '')
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

/**
 * Which organisations there are and which host names lead to them. INVARIANT: it holds no people.
 * Its own roles can reach no organisation's database, and theirs cannot reach it.
 */
export class Directory {
  readonly #database: OrganisationDatabase
  readonly #pool: Pool

  constructor(database: OrganisationDatabase) {
    this.#database = database
    this.#pool = database.appPool
  }

  async list(): Promise<Organisation[]> {
    const { rows } = await this.#pool.query<OrganisationRow>('select id, slug, created_at, state, is_default from directory.organisation order by created_at, id')
    return rows.map(fromRow)
  }

  async find(id: OrganisationId): Promise<Organisation | undefined> {
    const { rows } = await this.#pool.query<OrganisationRow>('select id, slug, created_at, state, is_default from directory.organisation where id = $1', [id])
    return rows[0] === undefined ? undefined : fromRow(rows[0])
  }

  /** The organisation of a host name, or `undefined`: an unknown name leads nowhere. */
  async atHost(host: string): Promise<Organisation | undefined> {
    const name = canonicalHost(host)
    if (name === undefined) return undefined
    const { rows } = await this.#pool.query<OrganisationRow>(
      'select o.id, o.slug, o.created_at, o.state, o.is_default from directory.host h join directory.organisation o on o.id = h.organisation where h.name = $1',
      [name],
    )
    return rows[0] === undefined ? undefined : fromRow(rows[0])
  }

  /** @throws VouchsafeError `conflict` when the short name is taken */
  async enter(id: OrganisationId, slug: string, isDefault = false): Promise<void> {
    await this.#change('organisation.enter', id, slug, (tx) =>
      tx.db.insertInto('directory.organisation').values({ id, slug, created_at: tx.at, state: 'making', is_default: isDefault }).execute(),
    )
  }

  async markOpen(id: OrganisationId): Promise<void> {
    await this.#change('organisation.open', id, id, (tx) => tx.db.updateTable('directory.organisation').set({ state: 'open' }).where('id', '=', id).execute())
  }

  /** @throws VouchsafeError `conflict` when the name leads to an organisation already */
  async addHost(id: OrganisationId, host: string): Promise<void> {
    const name = canonicalHost(host)
    if (name === undefined || isLoopbackHost(host)) throw new VouchsafeError('bad-input', `"${host}" is no host name of an organisation.`, { mend: 'Give a name such as trust.example.org.' })
    await this.#change('organisation.add-host', id, name, (tx) => tx.db.insertInto('directory.host').values({ name, organisation: id }).execute())
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  async #change(action: string, id: OrganisationId, name: string, work: (tx: Change<DirectoryTables>) => Promise<unknown>): Promise<void> {
    try {
      await this.#database.change({ actor: { kind: 'system', name: 'directory' }, action, subject: { kind: 'organisation', id }, detail: { name } }, work)
    } catch (error) {
      if ((error as { code?: string }).code !== '23505') throw error // unique_violation
      throw new VouchsafeError('conflict', `"${name}" is taken already.`, { mend: 'Choose another name.', cause: error })
    }
  }
}

interface OrganisationRow {
  id: string
  slug: string
  created_at: Date
  state: 'making' | 'open'
  is_default: boolean
}

function fromRow(row: OrganisationRow): Organisation {
  return { id: row.id as OrganisationId, slug: row.slug, createdAt: row.created_at, state: row.state, isDefault: row.is_default }
}
