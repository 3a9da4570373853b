import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '#core/clock'
import { startEmbedded } from './embedded.ts'
import type { MigrationSet } from './migrate.ts'
import { openDatabase } from './organisation-database.ts'
import type { OrganisationDatabase } from './organisation-database.ts'
import { createDatabaseWithRoles, roleKinds } from './roles.ts'
import type { RolePasswords } from './roles.ts'
import { randomPassword } from './scram.ts'
import type { DatabaseServer } from './server.ts'

/** A server that is thrown away, for restore drills, measurements and tests. */
export interface TemporaryServer {
  readonly server: DatabaseServer
  /** Makes and opens a database of its own with the audit, the jobs and these migrations. */
  createDatabase(options?: { migrations?: readonly MigrationSet[]; clock?: Clock }): Promise<OrganisationDatabase>
  /** Closes every database it made, stops the server and removes its folder. */
  stop(): Promise<void>
}

/** Starts an embedded server in a temporary folder. It gives up durability for speed unless told otherwise. */
export async function startTemporaryServer(options: { durable?: boolean } = {}): Promise<TemporaryServer> {
  const folder = await mkdtemp(join(tmpdir(), 'vouchsafe-'))
  await chmod(folder, 0o711)
  const server = await startEmbedded({ dataFolder: folder, durable: options.durable ?? false })
  const databases: OrganisationDatabase[] = []
  return {
    server,
    async createDatabase({ migrations = [], clock } = {}) {
      const name = `vouchsafe_${randomBytes(8).toString('hex')}`
      const passwords = newRolePasswords()
      await createDatabaseWithRoles(server, name, passwords)
      const database = await openDatabase({ server, name, passwords, migrations, ...(clock === undefined ? {} : { clock }) })
      databases.push(database)
      return database
    },
    async stop() {
      await Promise.all(databases.map((database) => database.close().catch(() => {})))
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export function newRolePasswords(): RolePasswords {
  return Object.fromEntries(roleKinds.map((kind) => [kind, randomPassword()])) as RolePasswords
}
