import { z } from 'zod'
import { isVouchsafeError, VouchsafeError } from '#core/errors'
import { routesOf, type Actor } from '#core/module'
import type { Access, Facts } from '#core/permission'
import type { Giver } from '#modules/identity'
import { federation } from './contract.ts'
import { throwAsProblem } from './flow.ts'
import type { Federation } from './module.ts'
import type { Provider } from './provider.ts'
import { gone, parsed } from './providers.ts'
import { readMetadata } from './saml-metadata.ts'
import { tryProvider } from './trial.ts'

const route = routesOf(federation)
const OneProvider = z.object({ provider: z.string().max(64) })

const ProviderOut = z
  .object({
    id: z.string(),
    kind: z.enum(['oidc', 'saml']),
    title: z.string(),
    enabled: z.boolean(),
    issuer: z.string(),
    clientId: z.string(),
    clientAuthentication: z.string(),
    scopes: z.array(z.string()),
    addressesAreVerified: z.boolean(),
    signInUrl: z.string(),
    signOutUrl: z.string(),
    certificates: z.array(z.string()),
    signsRequests: z.boolean(),
    subjectAttribute: z.string(),
    emailAttribute: z.string(),
    nameAttribute: z.string(),
    createFor: z.array(z.string()),
    defaultGroups: z.array(z.string()),
    groupsFrom: z.string(),
    groups: z.array(z.object({ named: z.string(), group: z.string() })),
    secondFactor: z.string(),
    strongValues: z.array(z.string()),
    singleLogout: z.boolean(),
    publicKey: z.string(),
    createdAt: z.iso.datetime(),
    changedAt: z.iso.datetime(),
    /** What is to be entered at the provider. */
    addresses: z.record(z.string(), z.string()),
  })
  .partial()

/** Settings, and what is needed to make them: metadata in place of what it holds, the secret that is never shown again. */
const Given = z.looseObject({ clientSecret: z.string().min(8).max(1000).optional(), metadata: z.string().max(256 * 1024).optional() })

export function providerRoutes({ providers, flow, oidc }: Federation) {
  const about = { record: 'provider', load: async ({ provider }: { provider: string }) => factsOf(await providers.find(provider)) } as const
  const one = async (id: string): Promise<Provider> => (await providers.find(id)) ?? Promise.reject(gone())
  const out = async (access: Access, provider: Provider): Promise<z.input<typeof ProviderOut>> => {
    const seen = access.visible('provider', recordOf(provider), factsOf(provider)) ?? Promise.reject(gone())
    const { start, callback, backChannelLogout, keys, metadata, acs, logout } = await flow.addresses(provider)
    const addresses: Record<string, string> = provider.settings.kind === 'oidc' ? { start, callback, backChannelLogout, ...(provider.publicKey === undefined ? {} : { keys }) } : { start, metadata, acs, logout }
    return { ...(await seen), addresses }
  }

  return [
    route({
      on: 'GET /federation/providers',
      permit: 'provider.read',
      summary: 'Identity providers',
      reply: z.object({ items: z.array(ProviderOut) }),
      async handle({ access }) {
        const items = (await providers.list()).filter((provider) => access.allows({ verb: 'find', record: 'provider', facts: factsOf(provider) }))
        return { body: { items: await Promise.all(items.map((provider) => out(access, provider))) } }
      },
    }),
    route({
      on: 'POST /federation/providers',
      permit: 'provider.change',
      summary: 'Add an identity provider',
      stepUp: true,
      secret: true,
      body: Given,
      reply: ProviderOut,
      status: 201,
      async handle({ body, actor, access }) {
        const { clientSecret, metadata, ...given } = body
        access.requireWritable('provider', Object.keys(body), {})
        const provider = await providers.add(parsed({ ...given, ...fromMetadata(metadata) }), clientSecret, { giver: giverOf(actor) })
        return { body: await out(access, provider), etag: String(provider.version), location: `/api/v1/federation/providers/${provider.id}` }
      },
    }),
    route({
      on: 'GET /federation/providers/{provider}',
      permit: 'provider.read',
      summary: 'One identity provider',
      params: OneProvider,
      about,
      reply: ProviderOut,
      async handle({ params, access }) {
        const provider = await one(params.provider)
        return { body: await out(access, provider), etag: String(provider.version) }
      },
    }),
    route({
      on: 'PATCH /federation/providers/{provider}',
      permit: 'provider.change',
      summary: 'Change an identity provider; members left out stay as they are, null takes one away',
      stepUp: true,
      secret: true,
      params: OneProvider,
      body: Given,
      about,
      reply: ProviderOut,
      async handle({ params, body, actor, access, ifMatch }) {
        const { clientSecret, metadata, ...given } = body
        const before = await one(params.provider)
        if ('kind' in given && given['kind'] !== before.settings.kind) throw new VouchsafeError('bad-input', 'A provider keeps its kind.', { mend: 'Remove it and add another.', fields: [{ pointer: '/kind', message: 'cannot be changed' }] })
        access.requireWritable('provider', Object.keys(body), factsOf(before))
        try {
          const after = await providers.change(before.id, { ...given, ...fromMetadata(metadata) }, clientSecret, { giver: giverOf(actor), ...(ifMatch === undefined || ifMatch === '*' ? {} : { basedOn: /^\d{1,9}$/.test(ifMatch) ? Number(ifMatch) : 0 }) })
          return { body: await out(access, after), etag: String(after.version) }
        } catch (error) {
          if (!isVouchsafeError(error, 'precondition-failed')) throw error
          throw new VouchsafeError(error.code, error.message, { ...(error.mend === undefined ? {} : { mend: error.mend }), current: await out(access, await one(before.id)), cause: error })
        }
      },
    }),
    route({
      on: 'DELETE /federation/providers/{provider}',
      permit: 'provider.change',
      summary: 'Remove an identity provider, with every account and session that came by it',
      stepUp: true,
      params: OneProvider,
      about,
      reply: z.object({}),
      async handle({ params, actor }) {
        await providers.remove(params.provider, { giver: giverOf(actor) })
        return { body: {} }
      },
    }),
    route({
      on: 'POST /federation/providers/{provider}/test',
      permit: 'provider.test',
      summary: 'Try whether a provider answers and is set up well; nobody is signed in',
      params: OneProvider,
      about,
      reply: z.object({ findings: z.array(z.object({ what: z.string(), ok: z.boolean(), detail: z.string() })) }),
      async handle({ params, at }) {
        try {
          return { body: { findings: await tryProvider(await one(params.provider), oidc, at) } }
        } catch (error) {
          return throwAsProblem(error)
        }
      },
    }),
  ]
}

function fromMetadata(metadata: string | undefined): Record<string, unknown> {
  if (metadata === undefined) return {}
  const { issuer, signInUrl, signOutUrl, certificates } = readMetadata(metadata)
  return { issuer, signInUrl, ...(signOutUrl === undefined ? {} : { signOutUrl }), certificates }
}

const recordOf = ({ id, settings, publicKey, createdAt, changedAt }: Provider): Partial<z.input<typeof ProviderOut>> => ({ id, ...settings, ...(publicKey === undefined ? {} : { publicKey }), createdAt: createdAt.toISOString(), changedAt: changedAt.toISOString() })

function factsOf(provider: Provider): Facts
function factsOf(provider: Provider | undefined): Facts | undefined
function factsOf(provider: Provider | undefined): Facts | undefined {
  return provider && { ...Object.fromEntries(Object.keys(federation.records.provider.fields).map((name) => [name, null])), ...provider.settings, id: provider.id, publicKey: provider.publicKey ?? null, createdAt: provider.createdAt, changedAt: provider.changedAt }
}

export function giverOf(actor: Actor): Giver {
  if (actor.kind === 'anyone') throw new VouchsafeError('not-allowed', 'Nobody is signed in.')
  return actor
}
