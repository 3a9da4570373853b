import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { auditedAs, routesOf, type Actor, type Client, type Route } from '#core/module'
import type { People } from '#modules/identity'
import { authentication } from './contract.ts'
import type { CredentialRecognition } from './recognition.ts'
import { Networks } from './security-settings.ts'
import { signedInBy } from './session-routes.ts'
import type { ApiToken, AuthenticationStore } from './store.ts'
import type { Tokens } from './tokens.ts'

export interface TokenRoutesParts {
  store: AuthenticationStore
  people: People
  recognition: CredentialRecognition
  tokens: Tokens
}

const route = routesOf(authentication)
const Instant = z.iso.datetime()
const TokenShown = z.object({ id: z.string(), owner: z.string(), name: z.string(), scopes: z.array(z.string()), networks: z.array(z.string()), createdAt: Instant, createdBy: z.string(), expiresAt: Instant, lastUsedAt: Instant.optional() })
const NewToken = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(z.string().max(100)).min(1).max(200),
  networks: Networks.default([]),
  expiresAt: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
})
/** The token itself is in this answer and nowhere else. */
const Issued = TokenShown.extend({ token: z.string() })

const recordOf = (token: ApiToken): z.infer<typeof TokenShown> => ({
  id: token.id,
  owner: token.ownerId,
  name: token.name,
  scopes: [...token.scopes],
  networks: [...token.networks],
  createdAt: token.createdAt.toISOString(),
  createdBy: token.createdBy,
  expiresAt: token.expiresAt.toISOString(),
  ...(token.lastUsedAt === undefined ? {} : { lastUsedAt: token.lastUsedAt.toISOString() }),
})

export function tokenRoutes({ store, people, recognition, tokens }: TokenRoutesParts): readonly Route<typeof authentication>[] {
  const ownerOf = async (request: { client: Client; at: Date; actor: Actor }) => (await signedInBy(recognition, request)).session.personId
  return [
    route({ on: 'GET /tokens', permit: 'signed-in', summary: 'My API tokens', reply: z.object({ items: z.array(TokenShown), next: z.null() }), handle: async (request) => ({ body: { items: (await tokens.of(await ownerOf(request))).map(recordOf), next: null } }) }),
    route({
      on: 'POST /tokens',
      permit: 'signed-in',
      stepUp: true,
      summary: 'Make an API token for myself; it is shown this once',
      body: NewToken,
      reply: Issued,
      status: 201,
      secret: true,
      handle: async (request) => {
        const { secret, token } = await tokens.issue(await ownerOf(request), request.body, auditedAs(request.actor), request.access, request.at)
        return { body: { ...recordOf(token), token: secret } }
      },
    }),
    route({
      on: 'DELETE /tokens/{token}',
      permit: 'signed-in',
      summary: 'Revoke one of my API tokens',
      params: z.object({ token: z.uuid() }),
      reply: z.undefined(),
      status: 204,
      handle: async (request) => {
        await tokens.revoke(request.params.token, auditedAs(request.actor), await ownerOf(request))
        return { body: undefined }
      },
    }),
    route({
      on: 'GET /people/{person}/tokens',
      permit: 'token.read',
      summary: 'API tokens of somebody, or of a service account',
      params: z.object({ person: z.uuid() }),
      reply: z.object({ items: z.array(TokenShown.partial()), next: z.null() }),
      handle: async (request) => ({ body: { items: request.access.visibleAll('token', (await tokens.of(request.params.person)).map(recordOf)), next: null } }),
    }),
    route({
      on: 'POST /people/{person}/tokens',
      permit: 'token.issue',
      stepUp: true,
      summary: 'Make an API token for a service account; it is shown this once',
      params: z.object({ person: z.uuid() }),
      // Who holds such a token acts as the service account: nobody reaches above themselves by it.
      over: ({ person }) => person,
      body: NewToken,
      reply: Issued,
      status: 201,
      secret: true,
      handle: async (request) => {
        const owner = await people.find(request.params.person)
        // Nobody acts as somebody else: persons make their own.
        if (owner?.kind !== 'service' || request.access.visible('person', { id: owner.id, kind: owner.kind }) === undefined) throw new VouchsafeError('not-found', 'There is no such service account.')
        const { secret, token } = await tokens.issue(owner.id, request.body, auditedAs(request.actor), request.access, request.at)
        return { body: { ...recordOf(token), token: secret } }
      },
    }),
    route({
      on: 'DELETE /people/{person}/tokens/{token}',
      permit: 'token.revoke',
      summary: 'Revoke an API token of somebody, or of a service account',
      params: z.object({ person: z.uuid(), token: z.uuid() }),
      reply: z.undefined(),
      status: 204,
      about: {
        record: 'token',
        load: async ({ person, token }) => {
          const found = await store.tokenById(token)
          return found?.ownerId === person ? recordOf(found) : undefined
        },
      },
      handle: async (request) => {
        await tokens.revoke(request.params.token, auditedAs(request.actor), request.params.person)
        return { body: undefined }
      },
    }),
  ]
}
