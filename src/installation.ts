import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { formatVkey, parseVkey, toHex, type Signer } from '@vouchsafe/verify'
import { CheckEngine, createVault, latestRuns, requireSound, type Check, type CheckDefinition, type CheckId, type EvidenceVault } from '#core/check'
import { systemClock, type Clock } from '#core/clock'
import { connectExternal, startEmbedded, type Change, type DatabaseServer } from '#core/database'
import { messageOf, VouchsafeError } from '#core/errors'
import { startWorker, type Worker } from '#core/jobs'
import { openLocalRoots, type KeyRing } from '#core/keys'
import { folderGuard, Log, objectGuard, objectsOf, outboundPost, type Guard } from '#core/log'
import { S3Objects, s3OptionsFrom, type ObjectStore } from '#core/objects'
import { Organisations, type OpenOrganisation, type OrganisationId } from '#core/organisation'
import { ObligationKeeper, parseCalendar, PLAIN_CALENDAR } from '#core/obligation'
import { outboundFetch } from '#core/outbound'
import { changeSettings, claimBundle, evidenceBundle, pageBundle, readSettings, shownVersion, takeSnapshot, wasPublished, wordingsOf, type Settings } from '#core/page'
import { insertWitness, instantOf, issue, listWitnesses, type StatementSigner, type StatementTables, type WitnessRecord } from '#core/statement'
import { assembleModules } from '#modules'
import { loadDeclaredChecks, secretsIn } from './declared-checks.ts'
import { everyMigration } from './migrations.ts'
import { readRelease, type Release } from './release.ts'
import { loadStarter } from './starter.ts'
import { createApp } from './surfaces/http/app.ts'
import { createIdempotency } from './surfaces/http/idempotency.ts'
import { metricsText } from './surfaces/http/metrics.ts'
import { addressOf } from './surfaces/http/openapi.ts'
import { openOperatorDoor, operatorFolder } from './surfaces/http/operator.ts'
import { listen } from './surfaces/http/server.ts'
import { mountSite } from './surfaces/http/site-routes.ts'
import { SiteViews } from './surfaces/http/site-view.ts'
import { spineApi, type SpineParts } from './surfaces/http/spine/index.ts'
import { loadAssets, type SiteAssets } from './surfaces/site/index.ts'
import { Cosigner } from './surfaces/worker/cosigner.ts'
import { Scheduler } from './surfaces/worker/scheduler.ts'
import { SPINE_OBLIGATIONS, watch } from './surfaces/worker/watch.ts'

export interface InstallationOptions {
  data: string
  host: string
  port: number
  databaseUrl?: string
  /** `s3://bucket/prefix?…`: where evidence and tiles lie, instead of in the data folder. */
  objectsUrl?: string
  publicUrl?: string
  /** Folder of declared checks; default `checks/` in the data folder. */
  checks?: string
  /** Whether addresses that people give may lead into private networks. */
  allowPrivate: boolean
  /** Whether declared checks may run commands on this machine. */
  allowCommands: boolean
  clock?: Clock
  /** Aborted when a stop was asked for while starting: no further check is begun. */
  signal?: AbortSignal
  /** Told how the start goes, in the words of the terminal. */
  say(label: string, text: string): void
  bar(done: number, of: number, note: string): void
}

export interface Installation {
  url: string
  release: Release
  organisation: OpenOrganisation
  log: Log
  engine: CheckEngine
  /** Ends everything in order: no new work, answers finished, log settled, database stopped. */
  stop(): Promise<void>
}

/** Checks that run side by side: most wait for something. */
const CHECKS_AT_ONCE = 4

/** The composition root: everything is made here, once, and handed to what needs it. */
export async function openInstallation(options: InstallationOptions): Promise<Installation> {
  const clock = options.clock ?? systemClock
  const release = readRelease()
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  const journal = pino({ level: 'info', base: null }, pino.destination({ dest: join(options.data, 'vouchsafe.log'), mkdir: true, mode: 0o600, sync: true }))
  const report = (problem: string): void => journal.warn(problem)
  const undo: (() => Promise<unknown> | unknown)[] = []
  const stop = async (): Promise<void> => {
    // The last opened is closed first; one that fails to close does not keep the others open.
    for (const close of undo.splice(0).reverse()) await Promise.resolve(close()).catch((error: unknown) => report(`while stopping: ${messageOf(error)}`))
  }

  try {
    const server = await openServer(options, report)
    undo.push(() => server.stop())
    options.say('database', `PostgreSQL ${server.major}, ${server.kind === 'embedded' ? `embedded, ${options.data}` : 'external'}`)
    const organisations = await Organisations.start({
      server,
      dataFolder: options.data,
      roots: await openLocalRoots(join(options.data, 'keys', 'root')),
      migrations: everyMigration,
      clock,
      ...(options.objectsUrl === undefined ? {} : { objects: objectsAt(options.objectsUrl) }),
    })
    undo.push(() => organisations.close())
    const organisation = await organisations.open()
    const { database: db, keys, objects } = organisation
    const signer = await signingKey(keys, 'statement')
    // One guard lies outside the data folder; where objects do as well, they are a second.
    const guards: Guard[] = [folderGuard(), ...(options.objectsUrl === undefined ? [] : [objectGuard(objects.describe(), objects)])]
    const log = await Log.open({ database: db, signer: await signingKey(keys, 'log'), statementSigner: signer, objects: objectsOf(objects), guards, clock, report })
    undo.push(() => log.stop())
    if (options.publicUrl !== undefined) await changeSettings(db, { kind: 'operator', name: 'start --public-url' }, { publicUrl: options.publicUrl })

    const vault = vaultOf(keys, objects)
    const operator = openOperatorDoor(options.data)
    undo.push(() => operator.close())
    let localUrl = ''
    const routes: { method: string; path: string; permit: string }[] = []
    const modules = assembleModules({
      organisation,
      server,
      log,
      guards,
      vault,
      dataFolder: options.data,
      operatorFolder: operatorFolder(options.data),
      releaseRoot: release.root,
      releaseDigest: release.digest,
      allowPrivate: options.allowPrivate,
      clock,
      localUrl: () => localUrl,
      settings: () => readSettings(db),
      routes: () => routes,
    })
    const declared = await loadDeclaredChecks(options.checks ?? join(options.data, 'checks'), { allowPrivate: options.allowPrivate, allowCommands: options.allowCommands, clock, secrets: secretsIn(join(options.data, 'secrets'), process.env) })
    const checks = new Map<CheckId, Check>()
    for (const check of [...modules.flatMap((module) => module.checks), ...declared.checks]) {
      requireSound(check.definition)
      if (checks.has(check.definition.id)) throw new VouchsafeError('bad-input', `Two checks are called ${check.definition.id}.`, { mend: 'Give one of them another id.' })
      checks.set(check.definition.id, check)
    }
    const definitions: ReadonlyMap<CheckId, CheckDefinition> = new Map([...[...checks].map(([id, check]) => [id, check.definition] as const), ...declared.pushed])
    const engine = new CheckEngine({ db, checks, pushed: declared.pushed, signer, release: release.digest, vault, cosignedCheckpoint: () => cosigned(log) })

    let revision = 0
    const settle = async (at: Date): Promise<void> => {
      // Pages that say the same as before stay rendered; their minutes are renewed by the clock alone.
      if (await takeSnapshot(db, signer, at)) revision++
    }
    const refresh = async (): Promise<void> => {
      const at = clock.now()
      await engine.bind(await bindable(), at)
      await settle(at)
      revision++
    }
    const bindable = async () => {
      const shown = await shownVersion(db)
      if (!shown) return []
      const policy = { id: shown.version.documentId, version: shown.version.number, digest: shown.version.digest }
      return (await wordingsOf(db, shown.version.id))
        .filter((wording) => wording.offered)
        .map((wording) => ({ id: wording.claimId, digest: wording.digest, strength: wording.strength, policy, controls: wording.controls, ...(wording.scope === undefined ? {} : { scope: wording.scope }), ...(wording.checks === undefined ? {} : { checks: wording.checks }) }))
    }

    const spine: SpineParts = {
      db,
      engine,
      signer,
      vault,
      definitions: () => definitions,
      refresh,
      fetchPage: (url) => fetchPage(url, options.allowPrivate),
      log: logFace(log, organisation, signer),
      claimBundle: (id) => claimBundle(db, log, id),
      pageBundle: (slug) => pageBundle(db, log, slug),
      health: () => health(),
      push: (bytes) => declared.push(bytes, { db, engine, clock }),
      schedule: (authorization, at) => declared.schedule(authorization, { db, at }),
      evidenceBundle: (runId, fields) => evidenceBundle(db, log, vault, runId, fields),
    }
    const api = [spineApi(spine), ...modules.map(({ contract, routes: own }) => ({ contract, routes: own }))]
    for (const { routes: own } of api) for (const route of own) routes.push({ method: addressOf(route).method, path: addressOf(route).template, permit: route.permit })

    const cosigner = new Cosigner({ db, log, clock, post: outboundPost({ allowPrivate: options.allowPrivate }), get: (url) => outboundFetch(url, { allowPrivate: options.allowPrivate, maxBytes: 256 * 1024, timeoutMs: 10_000, maxRedirects: 0 }), settings: () => readSettings(db), report })
    const views = new SiteViews({
      db,
      log: spine.log,
      definitions: spine.definitions,
      sections: modules.flatMap((module) => module.sections),
      localUrl: () => localUrl,
      observers: async (claimId) => cosigner.observersOf(claimId),
      now: () => clock.now(),
    })
    const published = new Map<string, Promise<boolean>>()
    let publishedAt = -1
    /** Asked at each request from elsewhere; it changes only with a revision. */
    const isPublished = (what: { slug?: string; claim?: string }): Promise<boolean> => {
      if (publishedAt !== revision || published.size >= MOST_HOSTS) published.clear()
      publishedAt = revision
      const key = JSON.stringify([what.slug, what.claim])
      const known = published.get(key) ?? wasPublished(db, what)
      published.set(key, known)
      known.catch(() => published.delete(key))
      return known
    }
    const assets = await assetsFor(() => readSettings(db))
    const app = createApp({
      clock,
      version: release.version,
      api,
      idempotency: createIdempotency(db),
      isOurs: hostCheck(organisations, organisation.id, () => readSettings(db)),
      operatorToken: operator.opens,
      isPublished,
      ready: async () => {
        const parts = { database: await alive(db), log: log.halted === undefined }
        return { ok: parts.database && parts.log, parts }
      },
      metrics: () => metricsText({ db, log, release }),
      report: (error, { method, path }) => journal.error({ method, path, err: error instanceof Error ? { message: error.message, stack: error.stack } : String(error) }, 'request failed'),
      site: (hono) => {
        mountSite(hono, {
          views,
          assets: assets.current,
          now: () => clock.now(),
          logAnswer: (path) => log.answer(path),
          claimBundle: spine.claimBundle,
          pageBundle: spine.pageBundle,
          isPublished,
          schema: schemaFile(release.root),
          signSecurityTxt: async (text) => text,
          revision: () => revision,
        })
      },
    })
    const listening = await listen(app, { host: options.host, port: options.port, socketPath: operator.socketPath })
    undo.push(() => listening.close())
    localUrl = `http://${options.host.includes(':') ? `[${options.host}]` : options.host === '127.0.0.1' ? 'localhost' : options.host}:${listening.port}`

    const starter = await loadStarter(db, release.root)
    if (starter) options.say('policy', starter)
    await engine.bind(await bindable(), clock.now())
    await settle(clock.now())
    await assets.refresh()

    const keeper = new ObligationKeeper({
      db,
      obligations: [...SPINE_OBLIGATIONS, ...modules.flatMap((module) => module.obligations)],
      calendar: async () => {
        const { calendar } = await readSettings(db)
        return calendar === undefined ? PLAIN_CALENDAR : parseCalendar(calendar)
      },
    })
    const scheduler = new Scheduler({
      db,
      engine,
      clock,
      settle: async (at) => {
        await settle(at)
        await assets.refresh()
      },
      watch: () => watch({ db, keeper, clock, tell: report }),
      report,
    })
    let worker: Worker | undefined
    undo.push(async () => worker?.stop())
    worker = await startWorker(db, scheduler.handlers, { concurrency: CHECKS_AT_ONCE, soleWorker: server.kind === 'embedded', onFailure: (failure) => report(`job ${failure.job}: ${failure.reason}`), onRestart: (reason) => report(`worker began again: ${reason}`) })
    undo.push(() => scheduler.stop())
    options.signal?.addEventListener('abort', () => scheduler.abandon())
    await scheduler.firstRound((done, of, note) => options.bar(done, of, note), CHECKS_AT_ONCE)
    scheduler.start()
    cosigner.start()
    undo.push(() => cosigner.stop())
    return { url: localUrl, release, organisation, log, engine, stop }

    async function health() {
      const runs = await latestRuns(db)
      const ownIds = [...checks.keys()].filter((id) => id.startsWith('installation/'))
      return {
        checks: [
          { name: 'database', ok: await alive(db), detail: `PostgreSQL ${server.major}` },
          { name: 'log', ok: log.halted === undefined, detail: log.halted?.message ?? `${await log.size()} entries`, ...(log.halted?.mend === undefined ? {} : { mend: log.halted.mend }) },
          ...ownIds.flatMap((id) => {
            const run = runs.find((candidate) => candidate.checkId === id)
            return run ? [{ name: id, ok: run.verdict === 'holds', detail: run.summary }] : []
          }),
        ],
      }
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function openServer(options: InstallationOptions, report: (problem: string) => void): Promise<DatabaseServer> {
  if (options.databaseUrl !== undefined) return connectExternal({ url: options.databaseUrl, dataFolder: options.data })
  return startEmbedded({ dataFolder: options.data, onEvent: (event) => event.kind !== 'created' && report(`database: ${event.kind}`) })
}

/** Each organisation under a prefix of its own. */
function objectsAt(address: string): (id: OrganisationId) => ObjectStore {
  const options = s3OptionsFrom(address, process.env)
  return (id) => new S3Objects({ ...options, prefix: options.prefix === '' ? id : `${options.prefix}/${id}` })
}

async function signingKey(keys: KeyRing, name: string): Promise<Signer> {
  const key = (await keys.signingKey(name)) ?? (await keys.createSigningKey(name))
  return { publicKey: key.publicKey, sign: (message) => keys.sign(name, message) }
}

function vaultOf(keys: KeyRing, objects: OpenOrganisation['objects']): EvidenceVault {
  const place = (runId: string) => ({ table: 'evidence', column: 'body', row: runId, version: 1 })
  return createVault({
    ring: {
      create: (purpose) => keys.create(purpose),
      encrypt: (key, runId, bytes) => keys.encrypt(key as never, place(runId), bytes),
      decrypt: (key, runId, bytes) => keys.decrypt(key as never, place(runId), bytes),
      destroy: (key) => keys.destroy(key as never),
    },
    objects,
  })
}

async function cosigned(log: Log): Promise<{ size: number; root: string } | undefined> {
  const size = await log.store.cosignedSize(log.identity.number)
  const row = size === undefined ? undefined : await log.store.checkpointAt(log.identity.number, size)
  return row && { size: row.size, root: toHex(row.root) }
}

function logFace(log: Log, { database: db }: OpenOrganisation, signer: StatementSigner): SpineParts['log'] {
  const changeWitness = async (action: 'added' | 'removed', witness: WitnessRecord): Promise<void> => {
    const vkey = formatVkey(parseVkey(witness.vkey))
    const change = { action, vkey, operator: witness.operator, at: instantOf(db.clock.now()) }
    const issued = await issue(signer, 'witness-change', [{ name: 'log', sha256: toHex(log.identity.publicKey) }], change)
    await db.change({ actor: { kind: 'operator', name: 'operator' }, action: `witness.${action}`, subject: { kind: 'witness', id: vkey } }, (tx: Change<StatementTables>) => insertWitness(tx, change, witness, issued))
  }
  return {
    async status() {
      const { number, origin, startedAt } = log.identity
      const [size, head, witnesses] = await Promise.all([log.size(), log.store.head(number), listWitnesses(db)])
      const lines = head ? await log.store.cosignatures(number, (await log.store.cosignedSize(number)) ?? head.size) : []
      return {
        origin,
        size,
        root: head ? toHex(head.root) : '',
        vkey: log.vkey,
        since: startedAt.toISOString(),
        witnesses: witnesses.map((witness) => {
          const { name } = parseVkey(witness.vkey)
          const line = lines.find((candidate) => candidate.name === name)
          return { name, url: witness.url, operator: witness.operator, lastAt: line?.cosignedAt.toISOString() ?? null }
        }),
      }
    },
    async indexOf(leafIds) {
      const rows = await log.store.entriesOf(log.identity.number, leafIds)
      return new Map(rows.map((row) => [row.leafId, row.index]))
    },
    addWitness: (witness) => changeWitness('added', witness),
    async removeWitness(vkey) {
      const found = (await listWitnesses(db)).find((witness) => witness.vkey === vkey)
      if (!found) throw new VouchsafeError('not-found', 'No such witness is asked.')
      await changeWitness('removed', found)
    },
  }
}

async function fetchPage(url: string, allowPrivate: boolean): Promise<{ bytes: Uint8Array; mediaType?: string; name: string }> {
  const fetched = await outboundFetch(url, { allowPrivate, maxBytes: 5 * 1024 * 1024, timeoutMs: 20_000, maxRedirects: 5 })
  if (fetched.status !== 200) throw new VouchsafeError('unreachable', `${url} answered ${fetched.status}.`, { mend: 'Open it in a browser; give the address where the page itself is.' })
  const mediaType = fetched.headers['content-type']
  return { bytes: fetched.body, name: new URL(url).pathname.split('/').at(-1) || 'page', ...(typeof mediaType === 'string' ? { mediaType } : {}) }
}

const HOST_KNOWN_FOR_MS = 5_000
const MOST_HOSTS = 1_000

/** Answers are kept for some seconds: the question comes with every request. */
function hostCheck(organisations: Organisations, id: OrganisationId, settings: () => Promise<Settings>): (host: string) => Promise<boolean> {
  const known = new Map<string, { ours: Promise<boolean>; at: number }>()
  const ask = async (host: string): Promise<boolean> => {
    // An address in numbers cannot be rebound to another machine.
    if (/^(\d{1,3}\.){3}\d{1,3}(:\d+)?$|^\[[0-9a-f:.]+\](:\d+)?$/i.test(host)) return true
    const { publicUrl } = await settings()
    if (publicUrl !== undefined && [new URL(publicUrl).host, new URL(publicUrl).hostname].includes(host.toLowerCase())) return true
    return (await organisations.idAtHost(host)) === id
  }
  return (host) => {
    const before = known.get(host)
    if (before && performance.now() - before.at < HOST_KNOWN_FOR_MS) return before.ours
    if (known.size >= MOST_HOSTS) known.clear()
    const ours = ask(host)
    known.set(host, { ours, at: performance.now() })
    ours.catch(() => known.delete(host))
    return ours
  }
}

/** The stylesheet carries the organisation's accent, so assets are made anew when that changes. */
async function assetsFor(settings: () => Promise<{ accent?: string | undefined }>): Promise<{ current(): SiteAssets; refresh(): Promise<void> }> {
  let accent = (await settings()).accent
  const load = (): SiteAssets => loadAssets(accent === undefined ? {} : { accent })
  let assets = load()
  return {
    current: () => assets,
    async refresh() {
      const now = (await settings()).accent
      if (now === accent) return
      accent = now
      assets = load()
    },
  }
}

function schemaFile(root: string): (name: string) => Buffer | undefined {
  const folder = join(root, 'packages/verify/schemas')
  const names = existsSync(folder) ? new Set(readdirSync(folder)) : new Set<string>()
  return (name) => (names.has(name) ? readFileSync(join(folder, name)) : undefined)
}

async function alive(db: OpenOrganisation['database']): Promise<boolean> {
  return db.appPool.query('select 1').then(
    () => true,
    () => false,
  )
}
