import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeWhole } from '#core/disk'
import { VouchsafeError, messageOf } from '#core/errors'
import { databaseAccount, firstClosedFolder } from './account.ts'
import type { Account } from './account.ts'
import { adminRole, clusterFolder, clusterMajor, createCluster, prepareRunFolder, readAdminPassword, requireSameMajor } from './cluster.ts'
import type { ClusterFolder } from './cluster.ts'
import { lockFolder } from './folder-lock.ts'
import { endOrphan, startPostmaster } from './postmaster.ts'
import type { Postmaster } from './postmaster.ts'
import type { DatabaseServer } from './server.ts'
import { findPostgresPackage, layDownSoftware } from './software.ts'

export interface EmbeddedOptions {
  /** Our data folder; the database lives in `database/` below it. Created when absent. */
  dataFolder: string
  /** Told what happens after the start: the server ended by itself, was started again, could not be. */
  onEvent?: (event: EmbeddedEvent) => void
  /**
   * `false` gives up durability for speed: for databases that are thrown away, such as a restore drill.
   * INVARIANT: never false for a data folder that anybody relies on.
   */
  durable?: boolean
  /** Where the programs are laid down; default: beside the database. */
  softwareFolder?: string
}

export type EmbeddedEvent =
  | { kind: 'created'; folder: string }
  | { kind: 'orphan-ended' }
  | { kind: 'gone'; reason: string }
  | { kind: 'restarted' }
  | { kind: 'restart-failed'; reason: string; nextTryInMs: number }

export interface EmbeddedServer extends DatabaseServer {
  readonly kind: 'embedded'
  /** Process id of the running postgres; `undefined` while it is down. */
  readonly pid: number | undefined
  /** The folder with `cluster/` and `run/`. */
  readonly folder: string
}

/** The longest path of a socket: `sun_path` holds 108 bytes on Linux, 104 on macOS, the final zero included. */
const socketPathBytes = 103

/** Waits before the 1st, 2nd, … try to bring a fallen server back; the last one repeats. */
const restartAfterMs = [50, 250, 1000, 3000, 10_000]

/**
 * Starts the embedded PostgreSQL on `dataFolder`, creating it at the first time, and keeps it running:
 * a server that falls is started again until `stop`.
 *
 * It listens on a Unix socket in a 0700 folder and nowhere else. Refuses a folder that another process holds or that
 * another major version wrote. Ends a server that a killed process left behind.
 * @throws VouchsafeError `refused`, `unavailable`, `unsupported` or `corrupt`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const tell = options.onEvent ?? (() => {})
  const durable = options.durable ?? true
  const [software, account] = await Promise.all([findPostgresPackage(), databaseAccount()])
  const lock = await lockFolder(options.dataFolder)
  try {
    const dataFolder = await realpath(options.dataFolder)
    const folder = clusterFolder(await databaseFolder(dataFolder, account))
    const programs = await layDownSoftware(software, options.softwareFolder ?? folder.root)
    const found = await clusterMajor(folder)
    if (found === undefined) {
      await createCluster(folder, programs, account, durable)
      tell({ kind: 'created', folder: folder.root })
    } else {
      requireSameMajor(found, software.major, folder)
      if ((await endOrphan(folder)) === 'ended') tell({ kind: 'orphan-ended' })
    }
    const runFolder = shortRunFolder(folder)
    const password = await readAdminPassword(folder)
    const start = async () => {
      await endOrphan(folder) // children that outlived a fallen server
      await prepareRunFolder(runFolder, account)
      return startPostmaster({ folder, software: programs, account, settings: { ...serverSettings(durable), unix_socket_directories: runFolder } })
    }
    const running = await keepRunning(start, tell)
    return {
      kind: 'embedded',
      major: software.major,
      description: `PostgreSQL ${software.major}, embedded, ${folder.root}`,
      admin: { host: runFolder, port: 5432, user: adminRole, password },
      maintenanceDatabase: 'postgres',
      ownServer: true,
      folder: folder.root,
      get pid() {
        return running.current()?.pid
      },
      async stop() {
        await running.stop()
        if (runFolder !== folder.run) await rm(runFolder, { recursive: true, force: true })
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

function serverSettings(durable: boolean): Record<string, string> {
  return {
    listen_addresses: '', // INVARIANT: the socket only
    unix_socket_permissions: '0700',
    max_connections: '120', // pools are capped well below: see pool.ts
    shared_buffers: '128MB',
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C', // the ready line is read by us
    io_method: 'sync', // one machine, small data: three idle I/O processes are not worth their memory
    jit: 'off',
    // Statements and parameters hold personal data and secrets; the server's log must not.
    log_min_error_statement: 'panic',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
    log_error_verbosity: 'terse',
    logging_collector: 'off',
    ...(durable
      ? { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' }
      : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_wal_size: '2GB' }),
  }
}

/**
 * The folder of the database. As root, the database runs as another account, which may not be able to pass the folders
 * above ours (/root is closed to everybody else). We do not open somebody's folders: the database then lives below
 * /var/lib/vouchsafe, and a file in the data folder says so from then on.
 */
async function databaseFolder(dataFolder: string, account: Account | undefined, elsewhere = '/var/lib/vouchsafe'): Promise<string> {
  const here = join(dataFolder, 'database')
  const pointer = join(dataFolder, 'database.location')
  const pointed = await readFile(pointer, 'utf8').then((text) => text.trim(), () => undefined)
  if (pointed !== undefined) {
    if ((await stat(pointed).catch(() => undefined)) === undefined) {
      throw new VouchsafeError('refused', `The database of ${dataFolder} was kept in ${pointed}, which is gone.`, {
        mend: `Bring that folder back, or restore a backup. Remove ${pointer} only to begin with an empty database.`,
      })
    }
    return pointed
  }
  if (account !== undefined) await chmod(dataFolder, 0o711) // the account may pass, not look; all we keep inside is closed by itself
  const closed = account === undefined ? undefined : await firstClosedFolder(dataFolder, account)
  if (closed === undefined) {
    await mkdir(here, { recursive: true })
    await chmod(here, account === undefined ? 0o700 : 0o711)
    return here
  }
  const there = join(elsewhere, createHash('sha256').update(dataFolder).digest('hex').slice(0, 12))
  try {
    await mkdir(there, { recursive: true })
    for (const path of [elsewhere, there]) await chmod(path, 0o711)
    await writeWhole(pointer, there + '\n')
  } catch (error) {
    throw new VouchsafeError('unavailable', `The database runs as ${account?.name} and cannot pass ${closed}; ${there} cannot be made instead: ${messageOf(error)}.`, {
      mend: `Name a data folder outside ${closed} with --data, for instance ${elsewhere}/data.`,
      cause: error,
    })
  }
  return there
}

function shortRunFolder(folder: ClusterFolder): string {
  const fits = (path: string) => Buffer.byteLength(join(path, '.s.PGSQL.5432.lock')) <= socketPathBytes
  if (fits(folder.run)) return folder.run
  const name = `vouchsafe-${createHash('sha256').update(folder.root).digest('hex').slice(0, 16)}`
  for (const base of [process.env['XDG_RUNTIME_DIR'], tmpdir(), '/tmp']) {
    if (base && fits(join(base, name))) return join(base, name)
  }
  throw new VouchsafeError('unavailable', `No folder with a path short enough for the database's socket was found (${folder.run} is too long).`, {
    mend: 'Name a data folder with a shorter path with --data.',
  })
}

/** Runs a postmaster and brings it back whenever it ends by itself. */
async function keepRunning(start: () => Promise<Postmaster>, tell: (event: EmbeddedEvent) => void) {
  let current: Postmaster | undefined = await start()
  let stopping = false
  let watch: Promise<void> = Promise.resolve()
  const wake = new AbortController()

  // An uncaught error or process.exit leaves no time to wait, but enough to ask.
  const atExit = () => {
    if (current !== undefined) try {
      process.kill(current.pid, 'SIGINT')
    } catch {
      // gone already
    }
  }
  process.on('exit', atExit)

  const watchOver = async () => {
    while (current !== undefined) {
      const lastWords = await current.ended
      current = undefined
      if (stopping) return
      tell({ kind: 'gone', reason: lastWords.trim().split('\n').slice(-2).join(' ') })
      for (let attempt = 0; current === undefined; attempt++) {
        await sleep(restartAfterMs[Math.min(attempt, restartAfterMs.length - 1)], undefined, { signal: wake.signal }).catch(() => {})
        if (stopping) return
        try {
          const next = await start()
          current = next
          if (stopping) return await next.stop()
          tell({ kind: 'restarted' })
        } catch (error) {
          tell({ kind: 'restart-failed', reason: messageOf(error), nextTryInMs: restartAfterMs[Math.min(attempt + 1, restartAfterMs.length - 1)] ?? 0 })
        }
      }
    }
  }
  watch = watchOver()

  return {
    current: () => current,
    async stop() {
      stopping = true
      wake.abort()
      await current?.stop()
      await watch
      process.off('exit', atExit)
    },
  }
}
