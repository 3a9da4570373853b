import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import { openRootKeys } from '#core/keys'
import { objectsOf, succeed } from '#core/log'
import { Organisations } from '#core/organisation'
import { everyMigration } from './migrations.ts'
import { guardsOf, objectsElsewhere, openServer, type StorageOptions } from './storage.ts'

/**
 * Begins a successor of the log in a data folder that is not running: after its data was rolled back. The folder's
 * lock sees to it that no server signs meanwhile. Database and objects are those that `start` was given.
 * @throws VouchsafeError `refused` where the folder holds no database and none is named
 */
export async function succeedLog(storage: StorageOptions, reason: string): Promise<{ origin: string; predecessor: { origin: string; size: number } }> {
  const { data, databaseUrl } = storage
  // A start would make an empty one here, beside the database that was meant.
  if (databaseUrl === undefined && !['database', 'database.location'].some((name) => existsSync(join(data, name)))) {
    throw new VouchsafeError('refused', `There is no database in ${data}.`, { mend: 'Name the folder with --data, and a PostgreSQL of your own with --database-url, as for `vouchsafe start`.' })
  }
  const server = await openServer(storage, () => {})
  try {
    const organisations = await Organisations.start({
      server,
      dataFolder: data,
      roots: await openRootKeys({ folder: join(data, 'keys'), environment: process.env, clock: systemClock }),
      migrations: everyMigration,
      clock: systemClock,
      ...objectsElsewhere(storage),
    })
    try {
      const { database, keys, objects } = await organisations.open()
      const [log, statement] = await Promise.all(['log', 'statement'].map((name) => keys.signingKey(name)))
      if (!log || !statement) throw new VouchsafeError('refused', 'The signing keys are not in the key ring.', { mend: 'Put the key ring back that belongs to this data folder.' })
      return await succeed(
        {
          database,
          signer: { publicKey: log.publicKey, sign: (message) => keys.sign('log', message) },
          statementSigner: { publicKey: statement.publicKey, sign: (message) => keys.sign('statement', message) },
          objects: objectsOf(objects),
          guards: guardsOf(storage, objects),
          clock: systemClock,
          report: () => {},
        },
        reason,
      )
    } finally {
      await organisations.close()
    }
  } finally {
    await server.stop()
  }
}
