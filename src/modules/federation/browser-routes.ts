import { z } from 'zod'
import { routesOf, type RouteReply } from '#core/module'
import { VouchsafeError } from '#core/errors'
import { returnPath } from './begun.ts'
import { federation } from './contract.ts'
import { createPublicKey } from 'node:crypto'
import type { Departure } from './flow.ts'
import type { Federation } from './module.ts'
import { isReason, Refusal, REFUSALS } from './refusal.ts'
import { ownMetadata } from './saml-metadata.ts'

const route = routesOf(federation)
const OneProvider = z.object({ provider: z.string().max(64) })
const Nothing = z.object({})
const param = z.string().max(8000).optional()

const gone303 = ({ location, cookies }: Departure): RouteReply<Record<string, never>> => ({ status: 303, location, cookies, body: {} })
const refused = (error: unknown): RouteReply<Record<string, never>> => {
  if (!(error instanceof Refusal)) throw error
  return gone303({ location: `/console/sign-in?problem=${error.reason}`, cookies: [] })
}

/** Addresses that browsers and providers use. All are open to anyone: what comes in proves itself, or is refused. */
export function browserRoutes({ flow, logout, providers }: Federation) {
  return [
    route({
      on: 'GET /federation/{provider}/start',
      permit: 'anyone',
      summary: 'Leave for an identity provider, to sign in',
      params: OneProvider,
      query: z.object({ return: z.string().max(500).optional(), fresh: z.literal('1').optional(), moved: z.literal('1').optional() }),
      reply: Nothing,
      status: 303,
      async handle({ params, query, client, at }) {
        // A link of another site signs nobody in by itself, however quietly the provider would go along (ASVS 7.6.2).
        if (client.fetchSite === 'cross-site' || client.fetchSite === 'same-site') return gone303({ location: `/console/sign-in?return=${encodeURIComponent(returnPath(query.return))}`, cookies: [] })
        try {
          const { start } = await flow.addresses({ id: (await flow.provider(params.provider)).id })
          // The provider sends people back to one origin; the cookie must have been set there.
          if (new URL(start).origin !== client.origin && query.moved === undefined) return gone303({ location: `${start}?${new URLSearchParams({ ...(query.return === undefined ? {} : { return: query.return }), ...(query.fresh === undefined ? {} : { fresh: query.fresh }), moved: '1' }).toString()}`, cookies: [] })
          return gone303(await flow.leave(params.provider, { kind: 'sign-in' }, { returnTo: returnPath(query.return), fresh: query.fresh !== undefined, at }))
        } catch (error) {
          return refused(error)
        }
      },
    }),
    route({
      on: 'GET /federation/{provider}/callback',
      permit: 'anyone',
      summary: 'Come back from an OpenID Connect provider',
      params: OneProvider,
      query: z.object({ code: param, state: param, iss: param, error: param }),
      reply: Nothing,
      status: 303,
      handle: async ({ params, query, client, at }) => gone303(await flow.comeBack(params.provider, query, { client, at })),
    }),
    route({
      on: 'POST /federation/{provider}/acs',
      permit: 'anyone',
      summary: 'Come back from a SAML provider (HTTP-POST binding)',
      params: OneProvider,
      body: 'bytes',
      bodyLimitBytes: 512 * 1024,
      reply: Nothing,
      status: 303,
      async handle({ params, body, client, at }) {
        const form = formOf(body)
        const response = form.get('SAMLResponse')
        if (response === null) return refused(new Refusal('not-begun-here', 'no response'))
        return gone303(await flow.takeResponse(params.provider, { response, relayState: form.get('RelayState') ?? undefined }, { client, at }))
      },
    }),
    route({
      on: 'GET /federation/{provider}/metadata',
      permit: 'anyone',
      summary: 'Our own SAML metadata for one provider',
      params: OneProvider,
      reply: Nothing,
      async handle({ params }) {
        const provider = await providers.find(params.provider)
        if (provider?.publicKey === undefined || provider.settings.kind !== 'saml') throw new VouchsafeError('not-found', 'There is no such provider.')
        const { signsRequests, singleLogout } = provider.settings
        return { body: {}, file: { mediaType: 'application/samlmetadata+xml', bytes: ownMetadata({ addresses: await flow.addresses(provider), certificate: provider.publicKey, signsRequests, singleLogout }) } }
      },
    }),
    route({
      on: 'GET /federation/{provider}/keys',
      permit: 'anyone',
      summary: 'The public key by which an OpenID Connect provider knows us (JWK Set)',
      params: OneProvider,
      reply: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
      async handle({ params }) {
        const provider = await providers.find(params.provider)
        if (provider?.publicKey === undefined || provider.settings.kind !== 'oidc') throw new VouchsafeError('not-found', 'There is no such provider.')
        return { body: { keys: [{ ...createPublicKey(provider.publicKey).export({ format: 'jwk' }), kid: 'vouchsafe', use: 'sig', alg: 'RS256' }] } }
      },
    }),
    route({
      on: 'POST /federation/{provider}/back-channel-logout',
      permit: 'anyone',
      summary: 'A provider ends sessions (OpenID Connect Back-Channel Logout 1.0)',
      params: OneProvider,
      body: 'bytes',
      bodyLimitBytes: 64 * 1024,
      reply: Nothing,
      async handle({ params, body, client, at }) {
        const token = formOf(body).get('logout_token')
        if (token === null) throw new VouchsafeError('bad-input', 'There is no logout token.')
        await logout.backChannel(params.provider, token, { client, at }).catch((error: unknown) => {
          // §2.8: whatever was wrong with it is answered 400.
          if (error instanceof Refusal && error.reason !== 'provider-away') throw new VouchsafeError('bad-input', 'This logout token is not taken.', { cause: error })
          throw error
        })
        return { body: {} }
      },
    }),
    route({
      on: 'GET /federation/{provider}/logout',
      permit: 'anyone',
      summary: 'A SAML provider ends sessions, or answers that it has (HTTP-Redirect binding)',
      params: OneProvider,
      query: z.object({ SAMLRequest: z.string().max(20_000).optional(), SAMLResponse: z.string().max(20_000).optional(), RelayState: z.string().max(500).optional(), SigAlg: z.string().max(200).optional(), Signature: z.string().max(2000).optional() }),
      reply: Nothing,
      status: 303,
      handle: async ({ params, query, client, at }) => {
        try {
          return gone303(await logout.byRedirect(params.provider, query, { client, at }))
        } catch (error) {
          return refused(error)
        }
      },
    }),
    route({
      on: 'POST /federation/{provider}/logout',
      permit: 'anyone',
      summary: 'Some SAML providers answer a logout by a form: nothing is read of it, since the session has ended before',
      params: OneProvider,
      body: 'bytes',
      bodyLimitBytes: 256 * 1024,
      reply: Nothing,
      status: 303,
      handle: async () => gone303({ location: '/console/sign-in', cookies: [] }),
    }),
    route({
      on: 'GET /federation/problems/{reason}',
      permit: 'anyone',
      summary: 'Why a sign-in through a provider was refused, for people',
      params: z.object({ reason: z.string().max(64) }),
      reply: z.object({ message: z.string(), mend: z.string() }),
      async handle({ params }) {
        if (!isReason(params.reason)) throw new VouchsafeError('not-found', 'There is no such reason.')
        const [message, mend] = REFUSALS[params.reason]
        return { body: { message, mend } }
      },
    }),
  ]
}

/** A form as browsers and providers post it (application/x-www-form-urlencoded). */
const formOf = (body: Uint8Array): URLSearchParams => new URLSearchParams(Buffer.from(body).toString('utf8'))
