import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { auditedAs, routesOf, type Route } from '#core/module'
import type { Access } from '#core/permission'
import { provisioning } from './contract.ts'
import type { Directories } from './directories.ts'
import type { Directory } from './directory.ts'
import type { DirectoryToken, ProvisioningParts } from './parts.ts'
import type { Counts, RefusalRow } from './store.ts'

const route = routesOf(provisioning)

const Instant = z.iso.datetime()
const Token = z.object({ id: z.string(), networks: z.array(z.string()), createdAt: Instant, expiresAt: Instant, lastUsedAt: Instant.optional() })
const Refusal = z.object({ at: Instant, request: z.string(), status: z.number(), scimType: z.string().optional(), detail: z.string() })
const DirectoryShown = z
  .object({
    id: z.string(),
    title: z.string(),
    managedBy: z.string(),
    serviceAccount: z.string(),
    adoptsInvited: z.boolean(),
    createdAt: Instant,
    createdBy: z.string(),
    endedAt: Instant,
    lastRequestAt: Instant,
    lastChangeAt: Instant,
    people: z.number(),
    activePeople: z.number(),
    groups: z.number(),
    tokens: z.array(Token),
    refusals: z.array(Refusal),
  })
  .partial()
const Title = z.string().trim().min(1).max(100)
const NewToken = z.strictObject({ networks: z.array(z.string().max(50)).max(50).default([]), expiresAt: z.iso.datetime({ offset: true }).transform((text) => new Date(text)) })
/** The token itself is in this answer and nowhere else; `address` is what the directory is told to call. */
const Issued = z.object({ directory: z.string(), address: z.string(), token: z.string(), tokenId: z.string(), expiresAt: Instant })
const One = z.object({ directory: z.string().max(64) })

const factsOf = (directory: Directory) => ({
  id: directory.id,
  title: directory.title,
  managedBy: directory.managedBy,
  serviceAccount: directory.serviceAccount,
  adoptsInvited: directory.adoptsInvited,
  createdAt: directory.createdAt,
  createdBy: directory.createdBy,
  endedAt: directory.endedAt ?? null,
  lastRequestAt: directory.lastRequestAt ?? null,
  lastChangeAt: directory.lastChangeAt ?? null,
})

interface Known {
  counts?: Counts | undefined
  tokens?: readonly DirectoryToken[]
  refusals?: readonly RefusalRow[]
}

/** What may be read of it; undefined where it may not even be found. */
function shown(access: Access, directory: Directory, { counts, tokens, refusals }: Known): z.input<typeof DirectoryShown> | undefined {
  const record = {
    ...factsOf(directory),
    ...(counts ? { people: counts.people, activePeople: counts.active_people, groups: counts.groups } : {}),
    ...(tokens ? { tokens: tokens.map((token) => ({ id: token.id, networks: [...token.networks], createdAt: token.createdAt, expiresAt: token.expiresAt, lastUsedAt: token.lastUsedAt })) } : {}),
    ...(refusals ? { refusals: refusals.map(({ at, request, status, scim_type, detail }) => ({ at, request, status, scimType: scim_type ?? undefined, detail })) } : {}),
  }
  const visible = access.visible('directory', record, factsOf(directory))
  return visible && (written(visible) as z.input<typeof DirectoryShown>)
}

/** Instants as text, and nothing where there is nothing. */
function written(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(written)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).flatMap(([name, one]) => (one === null || one === undefined ? [] : [[name, written(one)]])))
}

const missing = (): never => {
  throw new VouchsafeError('not-found', 'There is no such directory.')
}

/** For the console and the API: which directories provision people, and how they fare. */
export function provisioningRoutes({ origin }: ProvisioningParts, directories: Directories): readonly Route<typeof provisioning>[] {
  const one = async (id: string): Promise<Directory> => (await directories.find(id)) ?? missing()
  const about = {
    record: 'directory',
    load: async ({ directory }: { directory: string }) => {
      const found = await directories.find(directory)
      return found && factsOf(found)
    },
  } as const
  const address = async (): Promise<string> => new URL('/scim/v2', await origin()).href

  return [
    route({
      on: 'GET /directories',
      permit: 'directory.read',
      summary: 'Directories that provision people',
      reply: z.object({ items: z.array(DirectoryShown), next: z.null() }),
      async handle({ access }) {
        const items = (await directories.list()).map(({ counts, ...directory }) => shown(access, directory, { counts })).filter((item) => item !== undefined)
        return { body: { items, next: null } }
      },
    }),
    route({
      on: 'GET /directories/{directory}',
      permit: 'directory.read',
      summary: 'One directory, with its tokens and the requests that were refused',
      params: One,
      about,
      reply: DirectoryShown,
      async handle({ params, access }) {
        const directory = await one(params.directory)
        const counts = (await directories.list()).find(({ id }) => id === directory.id)?.counts
        return { body: shown(access, directory, { counts, tokens: await directories.tokensOf(directory), refusals: await directories.refusalsOf(directory.id) }) ?? missing() }
      },
    }),
    route({
      on: 'POST /directories',
      permit: 'directory.connect',
      stepUp: true,
      secret: true,
      summary: 'Connect a directory; its token is shown this once',
      body: NewToken.extend({ title: Title, provider: z.string().min(1).max(100).optional(), adoptsInvited: z.boolean().default(false) }),
      reply: Issued,
      status: 201,
      async handle({ body, actor, access, at }) {
        access.requireWritable('directory', ['title', 'adoptsInvited', ...(body.provider === undefined ? [] : ['managedBy'])])
        const made = await directories.connect({ title: body.title, adoptsInvited: body.adoptsInvited, ...(body.provider === undefined ? {} : { provider: body.provider }) }, body, { by: auditedAs(actor), access, at })
        return { body: { directory: made.directory.id, address: await address(), token: made.secret, tokenId: made.token.id, expiresAt: made.token.expiresAt.toISOString() }, location: `/api/v1/directories/${made.directory.id}` }
      },
    }),
    route({
      on: 'PATCH /directories/{directory}',
      permit: 'directory.connect',
      summary: 'Change what a directory is called, and whether it takes over invited people',
      params: One,
      about,
      body: z.strictObject({ title: Title.optional(), adoptsInvited: z.boolean().optional() }),
      reply: DirectoryShown,
      async handle({ params, body, actor, access }) {
        const directory = await one(params.directory)
        access.requireWritable('directory', Object.keys(body), factsOf(directory))
        await directories.change(directory, { ...(body.title === undefined ? {} : { title: body.title }), ...(body.adoptsInvited === undefined ? {} : { adoptsInvited: body.adoptsInvited }) }, auditedAs(actor))
        return { body: shown(access, await one(params.directory), {}) ?? missing() }
      },
    }),
    route({
      on: 'POST /directories/{directory}/tokens',
      permit: 'directory.connect',
      stepUp: true,
      secret: true,
      summary: 'Make another token for a directory, to put in the place of one that expires; it is shown this once',
      params: One,
      about,
      body: NewToken,
      reply: Issued,
      status: 201,
      async handle({ params, body, actor, access, at }) {
        const { secret, token } = await directories.newToken(await one(params.directory), body, { by: auditedAs(actor), access, at })
        return { body: { directory: params.directory, address: await address(), token: secret, tokenId: token.id, expiresAt: token.expiresAt.toISOString() } }
      },
    }),
    route({
      on: 'DELETE /directories/{directory}/tokens/{token}',
      permit: 'directory.disconnect',
      summary: 'Revoke a token of a directory',
      params: One.extend({ token: z.string().max(64) }),
      about,
      reply: z.undefined(),
      status: 204,
      async handle({ params, actor }) {
        await directories.revokeToken(await one(params.directory), params.token, auditedAs(actor))
        return { body: undefined }
      },
    }),
    route({
      on: 'DELETE /directories/{directory}',
      permit: 'directory.disconnect',
      stepUp: true,
      summary: 'Disconnect a directory: its tokens die, its people and groups stay and are managed here',
      params: One,
      about,
      reply: z.undefined(),
      status: 204,
      async handle({ params, actor }) {
        await directories.disconnect(await one(params.directory), auditedAs(actor))
        return { body: undefined }
      },
    }),
  ]
}
