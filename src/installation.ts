import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from 'hono'
import pino from 'pino'
import { toHex, type Signer } from '@vouchsafe/verify'
import { CheckEngine, createVault, evidenceRing } from '#core/check'
import { systemClock, type Clock } from '#core/clock'
import { messageOf, VouchsafeError } from '#core/errors'
import { startWorker } from '#core/jobs'
import { openRootKeys, type KeyRing } from '#core/keys'
import { Log, objectsOf, outboundPost } from '#core/log'
import { recordTypesOf } from '#core/module'
import { isLoopbackHost, Organisations, type OpenOrganisation } from '#core/organisation'
import { fullAccess } from '#core/permission'
import { ObligationKeeper, parseCalendar, PLAIN_CALENDAR } from '#core/obligation'
import { outboundFetch } from '#core/outbound'
import { bindableClaims, changeSettings, claimBundle, evidenceBundle, pageBundle, readSettings, takeSnapshot } from '#core/page'
import { fetchPage } from '#core/policy'
import { assembleModules } from '#modules'
import { checkList } from './check-list.ts'
import { loadDeclaredChecks, secretsIn } from './declared-checks.ts'
import { everyMigration } from './migrations.ts'
import { readRelease, type Release } from './release.ts'
import { loadStarter } from './starter.ts'
import { guardsOf, objectsElsewhere, openServer, type StorageOptions } from './storage.ts'
import { createApp, type Bindings } from './surfaces/http/app.ts'
import { clientOf, originsOf, trustedProxies } from './surfaces/http/client.ts'
import { identifier, type IdentifyParts } from './surfaces/http/identify.ts'
import { healthOf, readinessOf } from './surfaces/http/health.ts'
import { mountConsole } from './surfaces/http/console-files.ts'
import { startFeed, tellingReaction } from './surfaces/http/happenings/index.ts'
import { createIdempotency } from './surfaces/http/idempotency.ts'
import { createLogBrowser } from './surfaces/http/log-browser.ts'
import { createLogFace } from './surfaces/http/log-face.ts'
import { metricsText } from './surfaces/http/metrics.ts'
import { addressOf } from './surfaces/http/openapi.ts'
import { openOperatorDoor, operatorFolder } from './surfaces/http/operator.ts'
import { ownHosts } from './surfaces/http/own-hosts.ts'
import { createPreviewPass, mayPreview } from './surfaces/http/preview.ts'
import { readPublicFace, sharedFace } from './surfaces/http/public-face.ts'
import { readyFor } from './surfaces/http/quick.ts'
import { listen } from './surfaces/http/server.ts'
import { accentedAssets, schemaFiles } from './surfaces/http/site-files.ts'
import { mountSite, type ReadyPages } from './surfaces/http/site-routes.ts'
import { SiteViews } from './surfaces/http/site-view.ts'
import { spineApi, spineContract, UnderWay, type SpineParts } from './surfaces/http/spine/index.ts'
import { mountScim } from './surfaces/scim/index.ts'
import { Cosigner } from './surfaces/worker/cosigner.ts'
import { Scheduler } from './surfaces/worker/scheduler.ts'
import { createTelling } from './surfaces/worker/telling.ts'
import { SPINE_OBLIGATIONS, watch } from './surfaces/worker/watch.ts'
import { requireWired } from './wiring.ts'

export interface InstallationOptions extends StorageOptions {
  host: string
  port: number
  /** `file:…`, `awskms:…`, `gcpkms:…` or `vault:…`: which root key wraps the keys. Default: the one that the data folder names, at first a file in it. */
  rootKey?: string
  publicUrl?: string
  /** Addresses and networks of reverse proxies whose X-Forwarded-For counts; default: this machine's own, once there is a public address. */
  trustedProxies?: readonly string[]
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
  /** For the first owner, while there is none: shown at the terminal, once. */
  setUpCode?: string
  /** Ends everything in order: no new work, answers finished, log settled, database stopped. */
  stop(): Promise<void>
}

/** Checks that run side by side: most wait for something. */
const CHECKS_AT_ONCE = 4

const SWEEP_EVERY_MS = 3_600_000
/** Letters and webhooks on their way at the same time; each holds a connection to the database only to note how it went. */
const POSTS_AT_ONCE = 4

// What does not end by itself in this time is passed over: at the last the database stops, and with it whatever waits for it.
const CLOSE_WITHIN_MS = 15_000

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  const late = sleep(ms, undefined, { signal: over.signal, ref: false }).then(() => {
    throw new VouchsafeError('unavailable', `A part did not end within ${ms / 1000} s.`)
  })
  late.catch(() => {}) // aborted when the work was done in time
  try {
    await Promise.race([work, late])
  } finally {
    over.abort()
  }
}

/** The composition root: everything is made here, once, and handed to what needs it. */
export async function openInstallation(options: InstallationOptions): Promise<Installation> {
  const clock = options.clock ?? systemClock
  const release = readRelease()
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  const destination = pino.destination({ dest: join(options.data, 'vouchsafe.log'), mkdir: true, mode: 0o600, sync: true })
  // The journal is never what fails: on a full disk its lines are lost, and what they tell of goes on.
  destination.on('error', () => {})
  const journal = pino({ level: 'info', base: null }, destination)
  const report = (problem: string): void => journal.warn(problem)
  const undo: (() => unknown)[] = []
  const stop = async (): Promise<void> => {
    // The last opened is closed first, the database at the end, as long as it takes; one that fails to close does not keep the others open.
    const [database, ...rest] = undo.splice(0)
    for (const close of rest.reverse()) await within(CLOSE_WITHIN_MS, Promise.resolve(close())).catch((error: unknown) => report(`while stopping: ${messageOf(error)}`))
    await Promise.resolve(database?.()).catch((error: unknown) => report(`while stopping: ${messageOf(error)}`))
  }

  try {
    const server = await openServer(options, report)
    undo.push(() => server.stop())
    options.say('database', `PostgreSQL ${server.major}, ${server.kind === 'embedded' ? `embedded, ${options.data}` : 'external'}`)
    const roots = await openRootKeys({ folder: join(options.data, 'keys'), environment: process.env, clock }, options.rootKey)
    const organisations = await Organisations.start({
      server,
      dataFolder: options.data,
      roots,
      migrations: everyMigration,
      clock,
      ...objectsElsewhere(options),
    })
    undo.push(() => organisations.close())
    const organisation = await organisations.open()
    const { database: db, keys, objects } = organisation
    const signer = await signingKey(keys, 'statement')
    const guards = guardsOf(options, objects)
    const log = await Log.open({ database: db, signer: await signingKey(keys, 'log'), statementSigner: signer, objects: objectsOf(objects), guards, clock, report })
    undo.push(() => log.stop())
    if (options.publicUrl !== undefined) await changeSettings(db, { kind: 'operator', name: 'start --public-url' }, { publicUrl: options.publicUrl })

    const vault = createVault({ ring: evidenceRing(keys), objects })
    const operator = openOperatorDoor(options.data)
    undo.push(() => operator.close())
    let localUrl = ''
    const routes: { method: string; path: string; permit: string }[] = []
    const assembled = assembleModules({
      otherContracts: [spineContract],
      otherReactions: [tellingReaction],
      signer,
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
    const { modules } = assembled
    requireWired([{ contract: spineContract }, ...modules], everyMigration)
    const declared = await loadDeclaredChecks(options.checks ?? join(options.data, 'checks'), { allowPrivate: options.allowPrivate, allowCommands: options.allowCommands, clock, secrets: secretsIn(join(options.data, 'secrets'), process.env) })
    const { checks, definitions } = checkList([...modules.flatMap((module) => module.checks), ...declared.checks], declared.pushed.values())
    const engine = new CheckEngine({ db, checks, pushed: declared.pushed, signer, release: release.digest, vault, cosignedCheckpoint: () => cosigned(log), ...(options.clock === undefined ? { steady: () => performance.now() } : {}) })

    const feed = startFeed(db, report)
    undo.push(() => feed.stop())
    let revision = 0
    const settle = async (at: Date): Promise<void> => {
      // Pages that say the same as before stay rendered; their minutes are renewed by the clock alone.
      if (!(await takeSnapshot(db, signer, at))) return
      revision++
      feed.changed('claim')
    }
    const refresh = async (): Promise<void> => {
      const at = clock.now()
      await engine.bind(await bindableClaims(db), at)
      await settle(at)
      revision++
    }
    const face = sharedFace(() => revision, () => readPublicFace(db))
    const pass = createPreviewPass()
    const spine: SpineParts = {
      db,
      naming: assembled,
      engine,
      signer,
      vault,
      definitions: () => definitions,
      refresh,
      fetchPage: (url) => fetchPage(url, { allowPrivate: options.allowPrivate }),
      log: { ...createLogFace(log, db, signer), ...createLogBrowser(log) },
      people: assembled.people,
      underWay: new UnderWay(() => feed.changed('run')),
      claimBundle: (id) => claimBundle(db, log, id),
      pageBundle: (slug) => pageBundle(db, log, slug),
      health: async () => ({ checks: await healthOf({ db, log, major: server.major, ownChecks: [...checks.keys()].filter((id) => id.startsWith('installation/')) }) }),
      previewLink: (at) => {
        const { token, until } = pass.issue(at)
        return { url: `${localUrl}/preview/${token}`, until }
      },
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
    const seesPreview = async (context: Context): Promise<boolean> => {
      const { door, near = false } = context.env as Bindings
      if (mayPreview({ operator: door === 'operator', near, cookies: context.req.header('cookie') }, await face.read(), pass, clock.now())) return true
      // Whoever has signed in and may see drafts sees them as pages as well.
      const { access } = await identify(context, clock.now(), { permit: 'anyone' }, true)
      return access.allows({ verb: 'act', record: 'policy', name: 'preview' })
    }
    const hosts = ownHosts({ id: organisation.id, idAtHost: (host) => organisations.idAtHost(host), publicUrl: async () => (await readSettings(db)).publicUrl })
    let pages: ReadyPages | undefined
    const assets = await accentedAssets(async () => (await readSettings(db)).accent)
    const identity: IdentifyParts = {
      isTrustedProxy: trustedProxies(options.trustedProxies ?? ((await readSettings(db)).publicUrl === undefined ? [] : ['loopback'])),
      originAt: originsOf({ publicUrl: remembered(async () => (await readSettings(db)).publicUrl), localUrl: () => localUrl, isLoopback: isLoopbackHost }),
      operatorToken: operator.opens,
      operatorAccess: fullAccess({ kind: 'operator' }, recordTypesOf(assembled.contracts)),
      recognition: assembled.recognition,
      accessOf: (recognised, at) => assembled.grants.accessOf(recognised, at),
      accessAs: (asker, person, address) => assembled.accessAs(asker, person, address),
    }
    const identify = identifier(identity)
    const failed = (error: unknown, { method, path }: { method: string; path: string }): void => journal.error({ method, path, err: error instanceof Error ? { message: error.message, stack: error.stack } : String(error) }, 'request failed')
    const app = createApp({
      clock,
      version: release.version,
      api,
      idempotency: createIdempotency(db),
      isOurs: hosts.has,
      face: face.read,
      mayPreview: seesPreview,
      identity,
      feed,
      requireOver: assembled.requireOver,
      ready: () => readinessOf({ db, log }),
      metrics: () => metricsText({ db, log, release }),
      report: failed,
      faces: (hono) => mountScim(hono, { clock, services: assembled.provisioning, recognition: assembled.recognition, clientOf: (context) => clientOf(context, identity), report: failed }),
      site: (hono) => {
        mountConsole(hono, join(release.root, 'dist/console'))
        pages = mountSite(hono, {
          views,
          assets: assets.current,
          now: () => clock.now(),
          logAnswer: (path) => log.answer(path),
          claimBundle: spine.claimBundle,
          pageBundle: spine.pageBundle,
          face: face.read,
          mayPreview: seesPreview,
          redeemPreview: (token) => pass.redeem(token, clock.now()),
          schema: schemaFiles(join(release.root, 'packages/verify/schemas')),
          revision: () => revision,
          logSize: () => log.size(),
        })
      },
    })
    const ready = readyFor({ pages: () => pages, hosts, face, pass, now: () => clock.now() })
    const listening = await listen(app, { host: options.host, port: options.port, socketPath: operator.socketPath, ready })
    undo.push(() => listening.close())
    // Once more, and first of all at a stop: an open stream would hold up the listener.
    undo.push(() => feed.stop())
    localUrl = `http://${options.host.includes(':') ? `[${options.host}]` : options.host === '127.0.0.1' ? 'localhost' : options.host}:${listening.port}`

    const starter = await loadStarter(db, release.root)
    if (starter) options.say('policy', starter)
    await engine.bind(await bindableClaims(db), clock.now())
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
    const { mail, notices } = assembled.integrations
    const telling = createTelling({ db, people: assembled.people, mail, notices, organisation: () => readSettings(db), localUrl: () => localUrl, report })
    const scheduler = new Scheduler({
      db,
      engine,
      clock,
      settle: async (at) => {
        await settle(at)
        await assets.refresh()
      },
      watch: async () => {
        await watch({ db, keeper, clock, tell: telling.tell })
        await telling.flush()
      },
      report,
    })
    const worker = await startWorker(db, scheduler.handlers, { concurrency: CHECKS_AT_ONCE, soleWorker: server.kind === 'embedded', onFailure: (failure) => report(`job ${failure.job}: ${failure.reason}`), onRestart: (reason) => report(`worker began again: ${reason}`) })
    undo.push(() => worker.stop())
    // Letters and webhooks wait for strangers: no check of ours waits for them.
    const post = await startWorker(db, assembled.integrations.handlers, { concurrency: POSTS_AT_ONCE, soleWorker: server.kind === 'embedded', onFailure: (failure) => report(`job ${failure.job}: ${failure.reason}`), onRestart: (reason) => report(`worker of the post began again: ${reason}`) })
    undo.push(() => post.stop())
    undo.push(() => scheduler.stop())
    options.signal?.addEventListener('abort', () => scheduler.abandon())
    await scheduler.firstRound((done, of, note) => options.bar(done, of, note), CHECKS_AT_ONCE)
    scheduler.start()
    const sweeping = setInterval(() => void assembled.sweep(clock.now()).catch((error: unknown) => report(`sweep: ${messageOf(error)}`)), SWEEP_EVERY_MS).unref()
    undo.push(() => clearInterval(sweeping))
    cosigner.start()
    undo.push(() => cosigner.stop())
    const setUpCode = (await assembled.setUp.isOpen()) ? (await assembled.setUp.renew({ kind: 'system', name: 'start' })).code : undefined
    return { url: localUrl, release, organisation, log, engine, stop, ...(setUpCode === undefined ? {} : { setUpCode }) }
  } catch (error) {
    await stop()
    throw error
  }
}

const REMEMBERED_MS = 5_000

/** Asks again after some seconds only: for what comes with every request and changes once a year. */
function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let last: { answer: Promise<T>; at: number } | undefined
  return () => {
    if (last && performance.now() - last.at < REMEMBERED_MS) return last.answer
    const answer = ask()
    last = { answer, at: performance.now() }
    answer.catch(() => (last = undefined))
    return answer
  }
}

async function signingKey(keys: KeyRing, name: string): Promise<Signer> {
  const key = (await keys.signingKey(name)) ?? (await keys.createSigningKey(name))
  return { publicKey: key.publicKey, sign: (message) => keys.sign(name, message) }
}

async function cosigned(log: Log): Promise<{ size: number; root: string } | undefined> {
  const size = await log.store.cosignedSize(log.identity.number)
  const row = size === undefined ? undefined : await log.store.checkpointAt(log.identity.number, size)
  return row && { size: row.size, root: toHex(row.root) }
}
