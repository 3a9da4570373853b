import { join } from 'node:path'
import { systemClock } from '#core/clock'
import type { Clock } from '#core/clock'
import { closeStandingDatabases, createDatabaseWithRoles, newRolePasswords, openDatabase } from '#core/database'
import type { DatabaseServer, MigrationSet, OrganisationDatabase, RolePasswords } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { KeyRing } from '#core/keys'
import type { RootKey } from '#core/keys'
import { FolderObjects } from '#core/objects'
import type { ObjectStore } from '#core/objects'
import { Directory, directoryDatabase, directoryMigrations, isLoopbackHost, newOrganisationId, organisationDatabaseName } from './directory.ts'
import type { OrganisationId } from './directory.ts'

/** An organisation whose database is open and up to date. */
export interface OpenOrganisation {
  readonly id: OrganisationId
  readonly slug: string
  readonly database: OrganisationDatabase
  readonly keys: KeyRing
  readonly objects: ObjectStore
}

export interface OrganisationsOptions {
  server: DatabaseServer
  /** Holds `keys/` and, unless `objects` says otherwise, `objects/`. */
  dataFolder: string
  roots: readonly RootKey[]
  /** Of every room and module with tables, in the order of their needs. */
  migrations: readonly MigrationSet[]
  clock?: Clock
  objects?: (id: OrganisationId) => ObjectStore
  /** At most this many are open at a time. Each may hold 12 connections; the embedded server takes 120. */
  maxOpen?: number
}

/** PostgreSQL's words for: no such database, wrong password, no such role. */
const repairable = new Set(['3D000', '28P01', '28000'])

/** All organisations of an installation. One is the default and is made at the first start. */
export class Organisations {
  readonly #options: OrganisationsOptions
  readonly #clock: Clock
  readonly #maxOpen: number
  readonly directory: Directory
  readonly #default: OrganisationId
  /** In the order of their last use. */
  readonly #open = new Map<OrganisationId, { opened: Promise<OpenOrganisation>; users: number }>()

  private constructor(options: OrganisationsOptions, directory: Directory, defaultId: OrganisationId) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#maxOpen = options.maxOpen ?? 9
    this.directory = directory
    this.#default = defaultId
  }

  /** Opens the directory, ends creations that were cut short, and makes the default organisation at the first time. */
  static async start(options: OrganisationsOptions): Promise<Organisations> {
    const clock = options.clock ?? systemClock
    const ring = new KeyRing({ folder: join(options.dataFolder, 'keys', 'directory'), organisation: 'directory', roots: options.roots, clock })
    const directory = new Directory(await openOrMake(options, directoryDatabase, ring, [directoryMigrations]))
    try {
      const known = await directory.list()
      let first = known.find((organisation) => organisation.isDefault)
      if (first === undefined) {
        await closeStandingDatabases(options.server)
        first = { id: newOrganisationId(), slug: 'default', createdAt: clock.now(), state: 'making', isDefault: true }
        await directory.enter(first.id, first.slug, true)
        known.push(first)
      }
      const organisations = new Organisations(options, directory, first.id)
      for (const organisation of known) if (organisation.state === 'making') await organisations.#finish(organisation.id)
      return organisations
    } catch (error) {
      await directory.close()
      throw error
    }
  }

  get defaultId(): OrganisationId {
    return this.#default
  }

  /** Makes an organisation with its database, roles and key ring. @throws VouchsafeError `conflict` when the slug is taken */
  async create(slug: string): Promise<OrganisationId> {
    if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(slug)) {
      throw new VouchsafeError('bad-input', `"${slug}" is no short name of an organisation.`, { mend: 'Use up to 63 of a-z, 0-9 and dashes, with no dash at an end.' })
    }
    const id = newOrganisationId()
    await this.directory.enter(id, slug)
    await this.#finish(id)
    return id
  }

  /** The organisation a request is for. This machine's own names lead to the default one; unknown names nowhere. */
  async idAtHost(host: string): Promise<OrganisationId | undefined> {
    return isLoopbackHost(host) ? this.#default : (await this.directory.atHost(host))?.id
  }

  /** Runs `work` with the organisation open; it stays open for the next, until others need its room. */
  async use<T>(id: OrganisationId, work: (organisation: OpenOrganisation) => Promise<T>): Promise<T> {
    const release = await this.#hold(id)
    try {
      return await work(release.organisation)
    } finally {
      release.release()
    }
  }

  /** Opens an organisation until `close`: for the default one, and for those that a worker serves. */
  async open(id: OrganisationId = this.#default): Promise<OpenOrganisation> {
    return (await this.#hold(id)).organisation
  }

  /** Closes every organisation and the directory. Call after workers have stopped and requests have ended. */
  async close(): Promise<void> {
    const all = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(all.map(async ({ opened }) => (await opened.catch(() => undefined))?.database.close()))
    await this.directory.close()
  }

  async #hold(id: OrganisationId): Promise<{ organisation: OpenOrganisation; release(): void }> {
    let entry = this.#open.get(id)
    if (entry === undefined) {
      await this.#makeRoom()
      entry = this.#open.get(id) ?? { opened: this.#openNow(id), users: 0 }
    }
    this.#open.delete(id)
    this.#open.set(id, entry) // last in order: last used
    const held = entry
    held.users++
    try {
      return { organisation: await held.opened, release: () => void held.users-- }
    } catch (error) {
      held.users--
      if (this.#open.get(id) === held) this.#open.delete(id) // the next call tries again
      throw error
    }
  }

  /** Closes the one unused for longest when there are as many open as may be. */
  async #makeRoom(): Promise<void> {
    if (this.#open.size < this.#maxOpen) return
    for (const [id, { opened, users }] of this.#open) {
      if (users > 0) continue
      this.#open.delete(id)
      await (await opened.catch(() => undefined))?.database.close()
      return
    }
    throw new VouchsafeError('unavailable', `All ${this.#maxOpen} organisations that may be open at a time are in use.`, { mend: 'Try again in a moment, or run another node.' })
  }

  async #openNow(id: OrganisationId): Promise<OpenOrganisation> {
    const organisation = await this.directory.find(id)
    if (organisation === undefined) throw new VouchsafeError('not-found', 'There is no such organisation.')
    const keys = this.#ring(id)
    return {
      id,
      slug: organisation.slug,
      keys,
      database: await openOrMake(this.#options, organisationDatabaseName(id), keys, this.#options.migrations),
      objects: this.#options.objects?.(id) ?? new FolderObjects(join(this.#options.dataFolder, 'objects', id)),
    }
  }

  async #finish(id: OrganisationId): Promise<void> {
    const database = await openOrMake(this.#options, organisationDatabaseName(id), this.#ring(id), this.#options.migrations, true)
    await database.close()
    await this.directory.markOpen(id)
  }

  #ring(id: OrganisationId): KeyRing {
    return new KeyRing({ folder: join(this.#options.dataFolder, 'keys', id), organisation: id, roots: this.#options.roots, clock: this.#clock })
  }
}

/**
 * Opens a database with the passwords in its key ring; makes it, or gives its roles new passwords, where they do not
 * fit: at the first time, after a creation cut short, or when the keys are older than the database.
 */
async function openOrMake(options: OrganisationsOptions, name: string, ring: KeyRing, migrations: readonly MigrationSet[], make = false): Promise<OrganisationDatabase> {
  const open = (passwords: RolePasswords) => openDatabase({ server: options.server, name, passwords, migrations, clock: options.clock ?? systemClock })
  const kept = await ring.secret('database-roles')
  if (kept !== undefined && !make) {
    try {
      return await open(JSON.parse(kept) as RolePasswords)
    } catch (error) {
      if (!repairable.has((error as { code?: string }).code ?? '')) throw error
    }
  }
  const passwords = newRolePasswords()
  await ring.keepSecret('database-roles', JSON.stringify(passwords)) // first: a password nobody knows would be lost
  await createDatabaseWithRoles(options.server, name, passwords)
  return open(passwords)
}

