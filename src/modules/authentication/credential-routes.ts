import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { auditedAs, routesOf, type Actor, type Client, type Route } from '#core/module'
import type { People } from '#modules/identity'
import { authentication } from './contract.ts'
import { credentialsOf, type CredentialSummary, type OwnCredentials } from './own-credentials.ts'
import { Registration, type Passkey } from './passkey.ts'
import type { CredentialRecognition } from './recognition.ts'
import type { Resets } from './resets.ts'
import { signedInBy } from './session-routes.ts'
import { code, deviceName, password, TotpOffer } from './sign-in-routes.ts'
import type { AuthenticationStore } from './store.ts'

export interface CredentialRoutesParts {
  store: AuthenticationStore
  people: People
  recognition: CredentialRecognition
  own: OwnCredentials
  resets: Resets
}

const route = routesOf(authentication)
const Instant = z.iso.datetime()
const Options = z.looseObject({ challenge: z.string() })
const Empty = z.strictObject({}).default({})
const PasskeyShown = z.object({ id: z.string(), name: z.string(), backedUp: z.boolean(), prf: z.boolean().optional(), aaguid: z.string(), createdAt: Instant, lastUsedAt: Instant.optional(), suspectAt: Instant.optional() })
const Credentials = z.object({
  passkeys: z.array(PasskeyShown),
  password: z.object({ changedAt: Instant }).nullable(),
  totp: z.object({ since: Instant }).nullable(),
  recoveryCodes: z.object({ left: z.number() }),
})

const shownPasskey = (passkey: Passkey): z.infer<typeof PasskeyShown> => ({
  id: passkey.id,
  name: passkey.name,
  backedUp: passkey.backedUp,
  ...(passkey.prf === undefined ? {} : { prf: passkey.prf }),
  aaguid: passkey.aaguid,
  createdAt: passkey.createdAt.toISOString(),
  ...(passkey.lastUsedAt === undefined ? {} : { lastUsedAt: passkey.lastUsedAt.toISOString() }),
  ...(passkey.suspectAt === undefined ? {} : { suspectAt: passkey.suspectAt.toISOString() }),
})

const shown = ({ passkeys, password: kept, totp, recoveryCodes }: CredentialSummary): z.infer<typeof Credentials> => ({
  passkeys: passkeys.map(shownPasskey),
  password: kept === undefined ? null : { changedAt: kept.changedAt.toISOString() },
  totp: totp === undefined ? null : { since: totp.since.toISOString() },
  recoveryCodes,
})

export function credentialRoutes({ store, people, recognition, own, resets }: CredentialRoutesParts): readonly Route<typeof authentication>[] {
  const signedIn = (request: { client: Client; at: Date; actor: Actor }) => signedInBy(recognition, request)
  const nothing = { body: undefined }
  return [
    route({ on: 'GET /credentials', permit: 'signed-in', summary: 'What I sign in with', reply: Credentials, handle: async (request) => ({ body: shown(await credentialsOf(store, (await signedIn(request)).session.personId)) }) }),
    route({ on: 'POST /credentials/passkeys/options', permit: 'signed-in', stepUp: true, summary: 'Options for navigator.credentials.create', body: Empty, reply: Options, handle: async (request) => ({ body: (await own.passkeyOptions(await signedIn(request))) as z.infer<typeof Options> }) }),
    route({ on: 'POST /credentials/passkeys', permit: 'signed-in', stepUp: true, summary: 'Add a passkey', body: z.strictObject({ response: Registration, name: deviceName.optional() }), bodyLimitBytes: 64 * 1024, reply: PasskeyShown, status: 201, handle: async (request) => ({ body: shownPasskey(await own.addPasskey(await signedIn(request), request.body.response, request.body.name)) }) }),
    route({
      on: 'PATCH /credentials/passkeys/{passkey}',
      permit: 'signed-in',
      summary: 'Rename a passkey',
      params: z.object({ passkey: z.uuid() }),
      body: z.strictObject({ name: z.string().trim().min(1).max(60) }),
      reply: z.object({}),
      handle: async (request) => {
        await own.renamePasskey(await signedIn(request), request.params.passkey, request.body.name)
        return { body: {} }
      },
    }),
    route({
      on: 'DELETE /credentials/passkeys/{passkey}',
      permit: 'signed-in',
      stepUp: true,
      summary: 'Remove a passkey, and end my other sessions',
      params: z.object({ passkey: z.uuid() }),
      reply: z.undefined(),
      status: 204,
      handle: async (request) => {
        await own.removePasskey(await signedIn(request), request.params.passkey)
        return nothing
      },
    }),
    route({
      on: 'PUT /credentials/password',
      permit: 'signed-in',
      stepUp: true,
      summary: 'Choose a password, and end my other sessions; the present one is asked for',
      body: z.strictObject({ password, current: password.optional() }),
      bodyLimitBytes: 16 * 1024,
      reply: z.object({}),
      handle: async (request) => {
        await own.setPassword(await signedIn(request), request.body.password, request.body.current)
        return { body: {} }
      },
    }),
    route({
      on: 'DELETE /credentials/password',
      permit: 'signed-in',
      stepUp: true,
      summary: 'Do without a password',
      reply: z.undefined(),
      status: 204,
      handle: async (request) => {
        await own.removePassword(await signedIn(request))
        return nothing
      },
    }),
    route({ on: 'POST /credentials/totp/options', permit: 'signed-in', stepUp: true, summary: 'A secret for an authenticator app', body: Empty, reply: TotpOffer, handle: async (request) => ({ body: await own.totpOptions(await signedIn(request)) }) }),
    route({
      on: 'POST /credentials/totp',
      permit: 'signed-in',
      stepUp: true,
      summary: 'Show its first code; it replaces the one before',
      body: z.strictObject({ code }),
      reply: z.object({}),
      handle: async (request) => {
        await own.addTotp(await signedIn(request), request.body.code)
        return { body: {} }
      },
    }),
    route({
      on: 'DELETE /credentials/totp',
      permit: 'signed-in',
      stepUp: true,
      summary: 'Do without the authenticator app, and end my other sessions',
      reply: z.undefined(),
      status: 204,
      handle: async (request) => {
        await own.removeTotp(await signedIn(request))
        return nothing
      },
    }),
    route({ on: 'POST /credentials/recovery-codes', permit: 'signed-in', stepUp: true, summary: 'Ten new recovery codes, shown once; the old ones end', body: Empty, reply: z.object({ recoveryCodes: z.array(z.string()) }), handle: async (request) => ({ body: { recoveryCodes: [...(await own.newRecoveryCodes(await signedIn(request)))] } }) }),

    route({
      on: 'GET /people/{person}/credentials',
      permit: 'credential.read',
      summary: 'Which ways to sign in somebody has',
      params: z.object({ person: z.uuid() }),
      reply: Credentials.extend({ person: z.string() }).partial(),
      about: { record: 'credential', load: async ({ person }) => ((await people.find(person)) === undefined ? undefined : { person }) },
      handle: async (request) => {
        const { person } = request.params
        const visible = request.access.visible('credential', { person, ...shown(await credentialsOf(store, person)) })
        if (visible === undefined) throw new VouchsafeError('not-found', 'There is no such person.')
        return { body: visible }
      },
    }),
    route({
      on: 'POST /people/{person}/password-reset',
      permit: 'credential.start-reset',
      stepUp: true,
      summary: 'Have a link to a new password sent to somebody; nobody but them sees it',
      params: z.object({ person: z.uuid() }),
      over: ({ person }) => person,
      body: Empty,
      reply: z.object({}),
      status: 202,
      about: { record: 'credential', load: async ({ person }) => ((await people.find(person)) === undefined ? undefined : { person }) },
      handle: async (request) => {
        await resets.start(request.params.person, auditedAs(request.actor), request.at)
        return { body: {} }
      },
    }),
    route({
      on: 'POST /people/{person}/re-invitation',
      permit: 'credential.re-invite',
      stepUp: true,
      summary: 'Take away everything somebody signs in with, and invite them anew',
      params: z.object({ person: z.uuid() }),
      over: ({ person }) => person,
      body: Empty,
      reply: z.object({}),
      status: 202,
      about: { record: 'credential', load: async ({ person }) => ((await people.find(person)) === undefined ? undefined : { person }) },
      handle: async (request) => {
        await resets.reinvite(request.params.person, auditedAs(request.actor))
        return { body: {} }
      },
    }),
  ]
}
