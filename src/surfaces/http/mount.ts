import { randomUUID } from 'node:crypto'
import type { Context, Hono } from 'hono'
import type { z } from 'zod'
import type { Clock } from '#core/clock'
import { withRequestId } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Actor, Client, Route, SetCookie } from '#core/module'
import type { Access, Facts } from '#core/permission'
import { unkept, type IdempotencyStore } from './idempotency.ts'
import { readJson, requirePlain } from './json.ts'
import { addressOf, type ApiPart } from './openapi.ts'
import { actOf, requireAllowed, requirePermit } from './permit.ts'

/** Who sent a request, and what they may do: decided by the listener and by what they showed, never by what they say. */
export interface Sender {
  actor: Actor
  access: Access
  client: Client
}

export interface MountParts {
  clock: Clock
  /** @throws VouchsafeError `not-signed-in` for a dead credential, unless the route is open to anyone */
  identify(context: Context, at: Date, route: Pick<Route, 'permit'>): Promise<Sender>
  idempotency: IdempotencyStore
  /** @throws VouchsafeError `not-allowed` for whoever holds less than the person on whose account they would act */
  requireOver(actor: Actor, person: string): Promise<void>
  /** Told that records of a type changed, where the contract of the route has no events that tell it. */
  changed(record: string): void
}

const DEFAULT_BODY_BYTES = 256 * 1024

/** Puts routes on the server: recognise, permit, parse, call, present, in this order. */
export function mount(app: Hono, parts: readonly ApiPart[], { clock, identify, idempotency, requireOver, changed }: MountParts): void {
  for (const { contract, routes } of parts) {
    for (const route of routes) {
      const { method, pattern } = addressOf(route)
      app.on(method, pattern, async (context) => {
        const at = clock.now()
        // Ours, never the sender's: the audit must not be steered by what a request says of itself.
        const requestId = randomUUID()
        const sender = await identify(context, at, route)
        // Before anything is read: a refusal costs nothing and tells nothing of what is there.
        requirePermit(route, contract, { ...sender, at })
        if (route.permit === 'anyone' && method !== 'GET' && route.body !== 'bytes') requireOwnPage(context, sender.client.origin)
        requirePlain(context.req.param(), '/path')
        const params = route.params ? parse(route.params, context.req.param(), 'path') : {}
        if (route.about) requireAllowed(route, contract, sender.access, await (route.about.load as (params: unknown) => Promise<Facts | undefined>)(params))
        if (route.over) await requireOver(sender.actor, (route.over as (params: unknown) => string)(params))
        const bytes = route.body === undefined ? undefined : await readBody(context, route.bodyLimitBytes ?? DEFAULT_BODY_BYTES)
        const request = requestOf(context, route, { params, bytes, ...sender, at, requestId })
        const answer = () => withRequestId(requestId, async () => present(route, await route.handle(request as never), requestId))
        const { actor } = sender
        // Kept for named actors alone: strangers share no name, and must not make us write. What only reads may hold
        // evidence, which is never kept in the clear and must be gone once it is erased.
        const key = method === 'GET' || actor.kind === 'anyone' || route.permit.endsWith('.read') ? undefined : context.req.header('idempotency-key')
        const tellsNobody = method === 'GET' || route.permit === 'anyone' || route.permit === 'signed-in' || Object.keys(contract.events).length > 0
        const answering = () => (tellsNobody ? answer() : answer().finally(() => changed(actOf(route.permit).record)))
        return key === undefined ? answering() : idempotency.once({ key, actor, address: `${method} ${context.req.path}${new URL(context.req.url).search}`, body: bytes }, answering)
      })
    }
  }
}

/**
 * Where nobody need have signed in, a page of another site could still have a browser begin a sign-in as somebody of its
 * choosing: a form of text/plain holds JSON, and what it answers may set cookies. Bytes are for programs and for what
 * identity providers post from pages of theirs.
 * @throws VouchsafeError `not-allowed`
 */
function requireOwnPage(context: Context, ownOrigin: string): void {
  const [site, origin] = [context.req.header('sec-fetch-site'), context.req.header('origin')]
  // A browser that says nothing of the site says the origin; what says neither is no browser.
  const isOwn = site === undefined ? origin === undefined || origin === ownOrigin || (URL.canParse(origin) && new URL(origin).host === context.req.header('host')) : site === 'same-origin' || site === 'none'
  if (!isOwn) throw new VouchsafeError('not-allowed', 'The request comes from another site.', { mend: 'Begin on a page of this site.' })
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

function requestOf(context: Context, route: Route, { bytes, ...known }: Sender & { params: unknown; bytes: Uint8Array | undefined; at: Date; requestId: string }) {
  requirePlain(context.req.query(), '/query')
  const ifMatch = context.req.header('if-match')
  const authorization = context.req.header('authorization')
  return {
    ...known,
    query: route.query ? parse(route.query, context.req.query(), 'query') : {},
    body: bytes === undefined ? undefined : route.body === 'bytes' ? bytes : parse(route.body as z.ZodType, readJson(bytes), ''),
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
  for (const cookie of reply.cookies ?? []) headers.append('set-cookie', cookieText(cookie))
  const response = bodyOf(route, reply, headers)
  // A secret that is shown once must not lie in the table of kept answers.
  return route.secret === true || route.permit === 'signed-in' || (reply.cookies ?? []).length > 0 ? unkept(response) : response
}

function bodyOf(route: Route, reply: Awaited<ReturnType<Route['handle']>>, headers: Headers): Response {
  const status = reply.status ?? route.status ?? 200
  if (status === 204 || status === 303) return new Response(null, { status, headers })
  const file = reply.file ?? reply.stream
  if (file) {
    headers.set('content-type', file.mediaType)
    // RFC 6266 §4.3: the plain form for old clients, the encoded one for every name.
    if (file.name !== undefined) headers.set('content-disposition', `attachment; filename="${file.name.replaceAll(/[^\w.-]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(file.name).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)}`)
    return new Response(typeof file.bytes === 'string' || file.bytes instanceof ReadableStream ? file.bytes : new Uint8Array(file.bytes), { status, headers })
  }
  headers.set('content-type', 'application/json')
  // The reply's shape is part of the contract: what does not fit is a defect here, not a surprise there.
  return new Response(JSON.stringify(route.reply.parse(reply.body), inOrder), { status, headers })
}

/** RFC 6265bis §4.1.3.2: the prefix binds a cookie to this very host, over TLS, for every path. */
export function cookieText({ name, value, maxAgeSeconds, sameSite = 'Lax' }: SetCookie): string {
  if (!/^[a-z0-9-]{1,64}$/i.test(name) || !/^[\w.~+/=-]*$/.test(value)) throw new VouchsafeError('internal', `The cookie ${name} holds what a cookie cannot.`)
  const age = value === '' ? 0 : maxAgeSeconds
  return `__Host-${name}=${value}; Path=/; Secure; HttpOnly; SameSite=${sameSite}${age === undefined ? '' : `; Max-Age=${age}`}`
}

/** Members by name, whatever order they came in: a bundle is canonical JSON (RFC 8785), and verifiers take no other spelling. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
