import { Hono, type Context } from 'hono'
import { VouchsafeError } from '#core/errors'
import { ANYONE, type Actor } from '#core/module'
import type { Clock } from '#core/clock'
import type { IdempotencyStore } from './idempotency.ts'
import { mount } from './mount.ts'
import { openApiDocument, type ApiPart } from './openapi.ts'
import { problemOf, problemResponse } from './problem.ts'

/** Set by the listener, not by the client: which door a request came in through. */
export interface Bindings {
  door: 'public' | 'operator'
}

export interface AppParts {
  clock: Clock
  version: string
  api: readonly ApiPart[]
  idempotency: IdempotencyStore
  /** Whether the Authorization header holds the operator's token. */
  operatorToken(authorization: string | undefined): boolean
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
  app.use(async (context, next) => {
    // No address of ours holds such a character, and PostgreSQL takes no null character in any text.
    if (/%00|%0[ad]/i.test(context.req.url) || !isDecodable(context.req.path)) throw new VouchsafeError('not-found', 'There is nothing at this address.')
    await next()
  })
  app.get('/healthz', (context) => context.json({ ok: true }))
  app.get('/readyz', async (context) => {
    const ready = await parts.ready()
    return context.json(ready, ready.ok ? 200 : 503)
  })
  // Figures of the running system are the operator's; a public listener would tell them to everyone.
  app.get('/metrics', async (context) => {
    if (actorOf(context).kind !== 'operator') throw new VouchsafeError('not-allowed', 'Metrics are served on the operator socket only.')
    return context.body(await parts.metrics(), 200, { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' })
  })
  app.get('/api/openapi.json', (context) => context.json(document))
  mount(app, parts.api, { clock: parts.clock, actorOf, idempotency: parts.idempotency })
  app.all('/api/*', (context) => {
    throw new VouchsafeError('not-found', `There is no ${context.req.method} ${context.req.path}.`, { mend: 'See /api/openapi.json for what there is.' })
  })
  parts.site(app)
  return app

  function actorOf(context: Context): Actor {
    const { door } = (context.env ?? {}) as Partial<Bindings>
    if (door !== 'operator' || !parts.operatorToken(context.req.header('authorization'))) return ANYONE
    const name = context.req.header('vouchsafe-as') ?? 'operator'
    if (!/^[\p{L}\p{N}][\p{L}\p{N} .,'@_-]{0,79}$/u.test(name)) throw new VouchsafeError('bad-input', 'The name to act as has letters, digits, spaces and .,\'@_- only, at most 80.')
    return { kind: 'operator', name }
  }
}

function isDecodable(path: string): boolean {
  try {
    return !decodeURIComponent(path).includes('\0')
  } catch {
    return false
  }
}
