import { Hono } from 'hono'
import { VouchsafeError } from '#core/errors'
import type { Actor } from '#core/module'
import type { Clock } from '#core/clock'
import { isFinished } from './finished.ts'
import type { IdempotencyStore } from './idempotency.ts'
import { mountStream, type Feed } from './happenings/index.ts'
import { identifier, operatorOf, type IdentifyParts } from './identify.ts'
import { mount } from './mount.ts'
import { isNear } from './nearness.ts'
import { openApiDocument, type ApiPart } from './openapi.ts'
import { problemOf, problemResponse, type Problem } from './problem.ts'
import { SECURITY_HEADERS } from '../site/index.ts'

/** Set by the listener, not by the client: which door a request came in through. */
export interface Bindings {
  door: 'public' | 'operator'
  /** Whether the request began on this machine. */
  near?: boolean
}

export interface AppParts {
  clock: Clock
  version: string
  api: readonly ApiPart[]
  idempotency: IdempotencyStore
  /** Whether a Host header names this organisation: its public address, a name in the directory, or this machine itself. */
  isOurs(host: string): Promise<boolean>
  /** How it is told who sent a request, and what they may do. */
  identity: IdentifyParts
  /** Whether a claim, or without one the page at `/`, was published; a preview is for this machine only. */
  isPublished(what: { slug?: string; claim?: string }): Promise<boolean>
  /** @throws VouchsafeError `not-allowed` for whoever holds less than the person on whose account they would act */
  requireOver(actor: Actor, person: string): Promise<void>
  /** What open consoles are told. */
  feed: Feed
  /** Faces of their own beside the API, such as SCIM. */
  faces(app: Hono): void
  /** Everything that is not the API: pages, assets, the log's tiles. */
  site(app: Hono): void
  ready(): Promise<{ ok: boolean; parts: Record<string, boolean> }>
  metrics(): Promise<string>
  report(error: unknown, context: { method: string; path: string }): void
}

export function createApp(parts: AppParts): Hono {
  const app = new Hono()
  const document = openApiDocument(parts.api, parts.version)

  app.onError((error, context) => {
    const problem = problemOf(error, context.req.path)
    if (problem.status >= 500) parts.report(error, { method: context.req.method, path: context.req.path })
    return problemResponse(problem)
  })
  // First of all, so that no answer leaves without them: pages set their own, problems and redirects would not.
  app.use(async (context, next) => {
    await next()
    if (isFinished(context.res)) return
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) if (!context.res.headers.has(name)) context.res.headers.set(name, value)
  })
  app.use(async (context, next) => {
    // No address of ours holds such a character, and PostgreSQL takes no null character in any text.
    if (/%00|%0[ad]/i.test(context.req.url) || !isDecodable(context.req.path)) throw new VouchsafeError('not-found', 'There is nothing at this address.')
    await next()
  })
  app.use(async (context, next) => {
    const { door } = (context.env ?? {}) as Partial<Bindings>
    const host = context.req.header('host') ?? ''
    // A stranger's name that leads to this machine (DNS rebinding) must not let their page read an unpublished preview.
    if (door !== 'operator' && !(await parts.isOurs(host))) return problemResponse(MISDIRECTED)
    return next()
  })
  // Only reading: whoever may not write is told so, first of all.
  app.get('/api/v1/claims/*', async (context, next) => {
    const claim = context.req.path.split('/')[4]
    if (!isNear(context) && !(await parts.isPublished(claim === undefined ? {} : { claim }))) throw new VouchsafeError('not-found', 'Nothing has been published here yet.')
    await next()
  })
  app.get('/healthz', (context) => context.json({ ok: true }))
  app.get('/readyz', async (context) => {
    const ready = await parts.ready()
    return context.json(ready, ready.ok ? 200 : 503)
  })
  // Figures of the running system are the operator's; a public listener would tell them to everyone.
  app.get('/metrics', async (context) => {
    if (operatorOf(context, parts.identity) === undefined) throw new VouchsafeError('not-allowed', 'Metrics are served on the operator socket only.')
    return context.body(await parts.metrics(), 200, { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' })
  })
  app.get('/api/openapi.json', (context) => context.json(document))
  const identify = identifier(parts.identity)
  mountStream(app, { clock: parts.clock, feed: parts.feed, identify: (context, at) => identify(context, at, { permit: 'signed-in' }, true) })
  mount(app, parts.api, { clock: parts.clock, identify, idempotency: parts.idempotency, changed: parts.feed.changed, requireOver: parts.requireOver })
  app.all('/api/*', (context) => {
    throw new VouchsafeError('not-found', `There is no ${context.req.method} ${context.req.path}.`, { mend: 'See /api/openapi.json for what there is.' })
  })
  parts.faces(app)
  parts.site(app)
  return app
}

/** RFC 9110 §15.5.20. */
const MISDIRECTED: Problem = {
  type: 'urn:vouchsafe:problem:misdirected',
  title: 'Not the host that this is',
  status: 421,
  // What was asked for is not repeated: it is a stranger's text.
  detail: 'This installation does not answer for the host name of this request.',
  mend: 'The operator sets its address with: vouchsafe settings publicUrl=https://…',
}

function isDecodable(path: string): boolean {
  try {
    return !decodeURIComponent(path).includes('\0')
  } catch {
    return false
  }
}
