import { randomUUID } from 'node:crypto'
import { Hono, type Context } from 'hono'
import type { Clock } from '#core/clock'
import { withRequestId } from '#core/database'
import type { Client, Method, Recognition } from '#core/module'
import { GROUP, project, projectionOf, queryOf, readOperations, textIn, USER, type Asked, type Content, type Directory, type Page, type Projection, type ProvisioningServices, type ResourceKind } from '#modules/provisioning'
import { addressed } from './addressed.ts'
import { askedInBody, askedInQuery } from './asked.ts'
import { Bodies } from './body.ts'
import { Callers } from './caller.ts'
import { Declined, errorResponse, scimErrorOf } from './declined.ts'
import { resourceTypes, schemas, serviceProviderConfig } from './discovery.ts'

export interface ScimParts {
  clock: Clock
  services: ProvisioningServices
  recognition: Recognition
  /** Where a request came from, and the origin under which we are reached. */
  clientOf(context: Context): Promise<Client>
  report(error: unknown, context: { method: string; path: string }): void
}

const USER_BYTES = 256 * 1024
const GROUP_BYTES = 16 * 1024 * 1024 // 50,000 members with names and addresses
const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
/** Refusals that somebody should look at; the others are how the protocol works. */
const TOLD = new Set([400, 409, 413])

/** One request, its sender known. */
interface Call {
  readonly context: Context
  readonly directory: Directory
  /** Address of the surface: `https://security.example.com/scim/v2`. */
  readonly base: string
  readonly ifMatch: string | undefined
}

/** Puts SCIM 2.0 (RFC 7643, RFC 7644) on the server, under /scim/v2. */
export function mountScim(app: Hono, { clock, services, recognition, clientOf, report }: ScimParts): void {
  const { accounts, groups, directories } = services
  const callers = new Callers({ recognition, directories })
  const bodies = new Bodies()
  const scim = new Hono()

  /** Recognise, do, answer; whatever fails is told in SCIM's own form. */
  const on = (methods: readonly Method[], path: string, handle: (call: Call) => Promise<Response>): void => {
    scim.on([...methods], path, async (context) => {
      const at = clock.now()
      let directory: Directory | undefined
      try {
        const client = await clientOf(context)
        directory = await callers.directoryOf(context.req.method as Method, client, context.req.header('authorization'), at)
        const call: Call = { context, directory, base: `${client.origin}/scim/v2`, ifMatch: context.req.header('if-match') }
        const response = await withRequestId(randomUUID(), () => handle(call))
        await directories.sawRequest(directory, at, context.req.method !== 'GET' && !path.endsWith('/.search')).catch(() => {}) // a figure, no fact
        return response
      } catch (thrown) {
        const error = scimErrorOf(thrown)
        if (error.status >= 500 && error.status !== 501) report(thrown, { method: context.req.method, path })
        if (directory !== undefined && TOLD.has(error.status)) await directories.sawRefusal(directory, { at, request: `${context.req.method} ${path.replace(':id', '{id}')}`, status: error.status, scimType: error.scimType, detail: error.detail }).catch(() => {})
        return errorResponse(error)
      }
    })
  }

  const constant = (path: string, body: (base: string) => unknown): void =>
    on(['GET'], path, async ({ context, base }) => {
      // RFC 7644 §4: these are not for searching.
      if (context.req.query('filter') !== undefined) throw new Declined(403, 'This cannot be filtered.')
      return json(200, body(base))
    })
  const listOf = (resources: readonly unknown[]) => ({ schemas: [LIST], totalResults: resources.length, startIndex: 1, itemsPerPage: resources.length, Resources: resources })
  const oneOf = (all: (base: string) => readonly { id: string }[]) => (call: Call) => {
    const id = call.context.req.param('id')?.toLowerCase()
    const found = all(call.base).find((one) => one.id.toLowerCase() === id)
    if (found === undefined) throw new Declined(404, 'There is nothing of this name.')
    return Promise.resolve(json(200, found))
  }
  constant('/ServiceProviderConfig', serviceProviderConfig)
  constant('/ResourceTypes', (base) => listOf(resourceTypes(base)))
  constant('/Schemas', (base) => listOf(schemas(base)))
  on(['GET'], '/ResourceTypes/:id', oneOf(resourceTypes))
  on(['GET'], '/Schemas/:id', oneOf(schemas))

  const lists = (kind: ResourceKind, look: (directory: Directory, asked: Asked, projection: Projection) => Promise<Page>, limitBytes: number): void => {
    const answer = async ({ directory, base }: Call, asked: Asked): Promise<Response> => {
      const projection = projectionOf(asked)
      const { total, resources } = await look(directory, asked, projection)
      return json(200, { schemas: [LIST], totalResults: total, startIndex: Math.max(1, asked.startIndex ?? 1), itemsPerPage: resources.length, Resources: resources.map((resource) => project(kind, addressed(kind, resource, base), projection)) })
    }
    on(['GET'], kind.endpoint, (call) => answer(call, askedInQuery(queryOfUrl(call.context))))
    on(['POST'], `${kind.endpoint}/.search`, (call) => bodies.with(call.context.req.raw, limitBytes, (body) => answer(call, askedInBody(body))))
  }
  lists(USER, (directory, asked, projection) => accounts.list(directory, queryOf(USER, asked), projection), USER_BYTES)
  lists(GROUP, (directory, asked, projection) => groups.list(directory, queryOf(GROUP, asked), projection), USER_BYTES)

  on(['POST'], '/Users', (call) => bodies.with(call.context.req.raw, USER_BYTES, async (body) => shown(201, USER, await accounts.create(call.directory, body), call)))
  on(['GET'], '/Users/:id', async (call) => shown(200, USER, await accounts.find(call.directory, idOf(call)), call))
  on(['PUT'], '/Users/:id', (call) => bodies.with(call.context.req.raw, USER_BYTES, async (body) => shown(200, USER, await accounts.replace(call.directory, idOf(call), body, call.ifMatch), call)))
  on(['PATCH'], '/Users/:id', (call) => bodies.with(call.context.req.raw, USER_BYTES, async (body) => shown(200, USER, await accounts.patch(call.directory, idOf(call), readOperations(body), call.ifMatch), call)))
  on(['DELETE'], '/Users/:id', async (call) => {
    await accounts.remove(call.directory, idOf(call), call.ifMatch)
    return empty(204)
  })

  on(['POST'], '/Groups', (call) => bodies.with(call.context.req.raw, GROUP_BYTES, async (body) => shown(201, GROUP, await groups.create(call.directory, body), call)))
  const group = async (call: Call): Promise<Content> => groups.find(call.directory, idOf(call), projectionOf(askedInQuery(queryOfUrl(call.context))))
  on(['GET'], '/Groups/:id', async (call) => shown(200, GROUP, await group(call), call))
  on(['PUT'], '/Groups/:id', (call) =>
    bodies.with(call.context.req.raw, GROUP_BYTES, async (body) => {
      await groups.replace(call.directory, idOf(call), body, call.ifMatch)
      return shown(200, GROUP, await group(call), call)
    }),
  )
  on(['PATCH'], '/Groups/:id', (call) =>
    bodies.with(call.context.req.raw, GROUP_BYTES, async (body) => {
      await groups.patch(call.directory, idOf(call), readOperations(body), call.ifMatch)
      // RFC 7644 §3.5.2: nothing is sent back unless attributes were asked for; a large group is not read for one member.
      return call.context.req.query('attributes') === undefined ? empty(204) : shown(200, GROUP, await group(call), call)
    }),
  )
  on(['DELETE'], '/Groups/:id', async (call) => {
    await groups.remove(call.directory, idOf(call), call.ifMatch)
    return empty(204)
  })

  const every: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
  const declined = (path: string, decline: () => Declined): void => on(every, path, () => Promise.reject(decline()))
  declined('/Me', () => new Declined(501, 'A directory is nobody among its people.'))
  declined('/Bulk', () => new Declined(501, 'Bulk requests are not taken; ServiceProviderConfig says so.'))
  declined('/.search', () => new Declined(501, 'Search /Users or /Groups.'))
  for (const { endpoint } of [USER, GROUP]) {
    declined(endpoint, () => new Declined(405, 'This address takes GET and POST.', 'GET, POST'))
    declined(`${endpoint}/:id`, () => new Declined(405, 'This address takes GET, PUT, PATCH and DELETE.', 'GET, PUT, PATCH, DELETE'))
  }
  for (const path of ['/ServiceProviderConfig', '/ResourceTypes', '/Schemas']) declined(path, () => new Declined(405, 'This address takes GET.', 'GET'))
  declined('/*', () => new Declined(404, 'There is nothing at this address.'))

  scim.onError((error, context) => {
    report(error, { method: context.req.method, path: '/scim/v2' })
    return errorResponse(scimErrorOf(error))
  })
  app.route('/scim/v2', scim)
}

const idOf = ({ context }: Call): string => context.req.param('id') ?? ''
const queryOfUrl = (context: Context): URLSearchParams => new URL(context.req.url).searchParams
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
const empty = (status: number): Response => new Response(null, { status, headers: HEADERS })
const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response => new Response(JSON.stringify(body), { status, headers: { ...HEADERS, 'content-type': 'application/scim+json', ...headers } })

/** One resource, as far as it was asked for, with its entity tag and address (RFC 7644 §3.14). */
function shown(status: 200 | 201, kind: ResourceKind, resource: Content, { context, base }: Call): Response {
  const whole = addressed(kind, resource, base)
  const meta = whole['meta'] as Content
  const version = textIn(meta, 'version')
  const headers = { etag: version, location: textIn(meta, 'location') }
  const known = context.req.header('if-none-match')
  if (context.req.method === 'GET' && known !== undefined && known.split(',').some((tag) => tag.trim() === '*' || tag.trim() === version)) return new Response(null, { status: 304, headers: { ...HEADERS, ...headers } })
  return json(status, project(kind, whole, projectionOf(askedInQuery(queryOfUrl(context)))), headers)
}
