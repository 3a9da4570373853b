import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkMigrations, createVault, evidenceRing, type Check, type CheckResult, type EvidenceVault } from '#core/check'
import { systemClock } from '#core/clock'
import { startEmbedded, type EmbeddedServer, type MigrationSet } from '#core/database'
import { openLocalRoots } from '#core/keys'
import { folderGuard, Log, logMigrations, objectsOf, type Guard } from '#core/log'
import { Organisations, type OpenOrganisation } from '#core/organisation'
import { pageMigrations, type Settings } from '#core/page'
import { statementMigrations } from '#core/statement'
import type { InstallationParts } from './parts.ts'

/** A whole installation without its surfaces: real database, key ring, objects and log in a temporary folder. */
export interface Bench {
  parts: InstallationParts
  organisation: OpenOrganisation
  server: EmbeddedServer
  log: Log
  folder: string
  guard: Guard
  settings: Settings
  routes: { method: string; path: string; permit: string }[]
  url: string
  stop(): Promise<void>
}

/** `more`: tables beside those of core. */
export async function startBench(more: readonly MigrationSet[] = []): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'vouchsafe-self-'))
  const dataFolder = join(folder, 'data')
  await mkdir(dataFolder, { mode: 0o700 })
  const server = await startEmbedded({ dataFolder })
  const organisations = await Organisations.start({
    server,
    dataFolder,
    roots: await openLocalRoots(join(dataFolder, 'keys', 'root')),
    migrations: [logMigrations, statementMigrations, checkMigrations, pageMigrations, ...more],
  })
  const organisation = await organisations.open()
  const { keys, objects, database } = organisation
  const signer = async (name: string) => {
    const { publicKey } = await keys.createSigningKey(name)
    return { publicKey, sign: (message: Uint8Array) => keys.sign(name, message) }
  }
  const guard = folderGuard(join(folder, 'guard'))
  const log = await Log.open({ database, signer: await signer('log'), statementSigner: await signer('statement'), objects: objectsOf(objects), guards: [guard], clock: systemClock, report: () => {} })
  const operatorFolder = join(dataFolder, 'operator')
  await mkdir(operatorFolder, { mode: 0o700 })
  const bench: Bench = {
    organisation, server, log, folder, guard, settings: {}, routes: [], url: '',
    parts: {
      organisation, server, log, dataFolder, operatorFolder,
      vault: vaultOf(organisation),
      guards: [guard],
      releaseRoot: folder,
      releaseDigest: '0'.repeat(64),
      clock: systemClock,
      localUrl: () => bench.url,
      settings: async () => bench.settings,
      routes: () => bench.routes,
    },
    async stop() {
      await log.stop()
      await organisations.close()
      await server.stop()
      // As root the database may have been put elsewhere: see databaseFolder in core/database.
      await rm(server.folder, { recursive: true, force: true })
      await rm(folder, { recursive: true, force: true })
    },
  }
  return bench
}

export const vaultOf = ({ keys, objects }: OpenOrganisation): EvidenceVault => createVault({ ring: evidenceRing(keys), objects })

/** One run of a check, as the engine would make it. */
export const runOnce = (check: Check, at = new Date()): Promise<CheckResult> => check.run({ at, attempt: 1, signal: new AbortController().signal })
