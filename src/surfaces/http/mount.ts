import { randomUUID } from 'node:crypto'
import type { Context, Hono } from 'hono'
import type { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { permits, type Actor, type Route } from '#core/module'
import type { Clock } from '#core/clock'
import type { IdempotencyStore } from './idempotency.ts'
import { readJson, requirePlain } from './json.ts'
import { addressOf, type ApiPart } from './openapi.ts'

export interface MountParts {
  clock: Clock
  /** Who sent this request: decided by the listener and the token, never by what the request says of itself. */
  actorOf(context: Context): Actor
  idempotency: IdempotencyStore
}

const DEFAULT_BODY_BYTES = 256 * 1024

/** Puts routes on the server: permit, parse, call, present, in this order. */
export function mount(app: Hono, parts: readonly ApiPart[], { clock, actorOf, idempotency }: MountParts): void {
  for (const { routes } of parts) {
    for (const route of routes) {
      const { method, pattern } = addressOf(route)
      app.on(method, pattern, async (context) => {
        // Ours, never the sender's: the audit must not be steered by what a request says of itself.
        const requestId = randomUUID()
        const actor = withRequest(actorOf(context), requestId)
        // Before anything is read: a refusal costs nothing and tells nothing of what is there.
        if (route.permit !== 'anyone' && !permits(actor, route.permit)) throw refusal(actor)
        const bytes = route.body === undefined ? undefined : await readBody(context, route.bodyLimitBytes ?? DEFAULT_BODY_BYTES)
        const answer = async () => present(route, await route.handle(requestOf(context, route, bytes, actor, clock) as never), requestId)
        // Kept for named actors alone: strangers share no name, and must not make us write. What only reads may hold
        // evidence, which is never kept in the clear and must be gone once it is erased.
        const key = method === 'GET' || actor.kind === 'anyone' || route.permit.endsWith('.read') ? undefined : context.req.header('idempotency-key')
        return key === undefined ? answer() : idempotency.once({ key, actor, address: `${method} ${context.req.path}${new URL(context.req.url).search}`, body: bytes }, answer)
      })
    }
  }
}

const withRequest = (actor: Actor, requestId: string): Actor => (actor.kind === 'operator' ? { ...actor, requestId } : actor)

function refusal(actor: Actor): VouchsafeError {
  return new VouchsafeError('not-allowed', actor.kind === 'anyone' ? 'Only the operator may do this.' : 'This actor may not do this.', {
    mend: 'Use the `vouchsafe` command on the machine of the installation, or its Unix socket with the operator token (both in the data folder).',
  })
}

async function readBody(context: Context, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new VouchsafeError('too-large', `The body is larger than ${limit} bytes.`, { mend: 'Send less at once.' })
  if (Number(context.req.header('content-length') ?? 0) > limit) throw tooLarge()
  const chunks: Uint8Array[] = []
  let length = 0
  // Counted while it arrives: a body that lies about its length is stopped at the limit too.
  for await (const chunk of context.req.raw.body ?? []) {
    length += (chunk as Uint8Array).length
    if (length > limit) throw tooLarge()
    chunks.push(chunk as Uint8Array)
  }
  return Buffer.concat(chunks)
}

function requestOf(context: Context, route: Route, bytes: Uint8Array | undefined, actor: Actor, clock: Clock) {
  requirePlain(context.req.param(), '/path')
  requirePlain(context.req.query(), '/query')
  const ifMatch = context.req.header('if-match')
  const authorization = context.req.header('authorization')
  return {
    params: route.params ? parse(route.params, context.req.param(), 'path') : {},
    query: route.query ? parse(route.query, context.req.query(), 'query') : {},
    body: bytes === undefined ? undefined : route.body === 'bytes' ? bytes : parse(route.body as z.ZodType, readJson(bytes), ''),
    actor,
    at: clock.now(),
    ...(ifMatch === undefined ? {} : { ifMatch: ifMatch.replace(/^W\//, '').replaceAll('"', '') }),
    ...(authorization === undefined ? {} : { authorization }),
    signal: context.req.raw.signal,
  }
}

function parse(schema: z.ZodType, value: unknown, where: string): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map((issue) => ({ pointer: `${where && `/${where}`}${issue.path.map((part) => `/${String(part)}`).join('')}`, message: issue.message }))
  throw new VouchsafeError('bad-input', `What was sent does not fit: ${fields.map((field) => `${field.pointer || 'body'}: ${field.message}`).join('; ')}.`, {
    mend: 'See /api/openapi.json for what is expected.',
    fields,
  })
}

function present(route: Route, reply: Awaited<ReturnType<Route['handle']>>, requestId: string): Response {
  const headers = new Headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'x-request-id': requestId })
  if (reply.etag !== undefined) headers.set('etag', `"${reply.etag}"`)
  if (reply.location !== undefined) headers.set('location', reply.location)
  const status = reply.status ?? route.status ?? 200
  if (status === 204) return new Response(null, { status, headers })
  headers.set('content-type', 'application/json')
  // The reply's shape is part of the contract: what does not fit is a defect here, not a surprise there.
  return new Response(JSON.stringify(route.reply.parse(reply.body), inOrder), { status, headers })
}

/** Members by name, whatever order they came in: a bundle is canonical JSON (RFC 8785), and verifiers take no other spelling. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
