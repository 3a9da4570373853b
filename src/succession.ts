import { join } from 'node:path'
import { systemClock } from '#core/clock'
import { startEmbedded } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { openLocalRoots } from '#core/keys'
import { folderGuard, objectsOf, succeed } from '#core/log'
import { Organisations } from '#core/organisation'
import { everyMigration } from './migrations.ts'

/**
 * Begins a successor of the log in a data folder that is not running: after its data was rolled back. The folder's
 * lock sees to it that no server signs meanwhile.
 */
export async function succeedLog(data: string, reason: string): Promise<{ origin: string; predecessor: { origin: string; size: number } }> {
  const server = await startEmbedded({ dataFolder: data })
  try {
    const organisations = await Organisations.start({
      server,
      dataFolder: data,
      roots: await openLocalRoots(join(data, 'keys', 'root')),
      migrations: everyMigration,
      clock: systemClock,
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
          guards: [folderGuard()],
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
