import { z } from 'zod'
import { routesOf, type Route } from '#core/module'
import type { SetUp } from '#modules/identity'
import { authentication } from './contract.ts'
import type { Enrolled, Enrolling } from './enrolling.ts'
import { Assertion, Registration } from './passkey.ts'
import type { AuthenticationParts } from './parts.ts'
import type { Resets } from './resets.ts'
import type { Answer, SigningIn } from './signing-in.ts'

export interface SignInRoutesParts {
  signingIn: SigningIn
  enrolling: Enrolling
  resets: Resets
  setUp: Pick<SetUp, 'isOpen'>
  providers: AuthenticationParts['providers']
}

const route = routesOf(authentication)

/** What comes next. `ways` are those of the second factor. */
const Next = z.discriminatedUnion('next', [
  z.object({ next: z.literal('done') }),
  z.object({ next: z.literal('second-factor'), ways: z.array(z.enum(['passkey', 'password', 'totp', 'recovery-code'])) }),
  z.object({ next: z.literal('enrol') }),
  z.object({ next: z.literal('choose-password') }),
])
const EnrolmentNext = z.discriminatedUnion('next', [z.object({ next: z.literal('totp') }), z.object({ next: z.literal('done'), recoveryCodes: z.array(z.string()) })])
const Options = z.looseObject({ challenge: z.string() })
const Invited = z.object({ next: z.literal('enrol'), person: z.object({ displayName: z.string(), email: z.string() }) })
const Empty = z.strictObject({}).default({})

export const email = z.string().min(3).max(320)
/** Longer ones are refused with a reason by the room itself; here they are only kept from filling the memory. */
export const password = z.string().max(2000)
export const code = z.string().min(1).max(100)
const secretText = z.string().min(1).max(200)
export const deviceName = z.string().max(200)

const answered = ({ next, cookies }: Answer) => ({ body: { ...next, ...('ways' in next ? { ways: [...next.ways] } : {}) } as z.infer<typeof Next>, cookies })
const enrolled = (result: Enrolled) => (result.next === 'done' ? { body: { next: result.next, recoveryCodes: [...result.recoveryCodes] }, cookies: result.cookies } : { body: { next: result.next } })

export function signInRoutes({ signingIn, enrolling, resets, setUp, providers }: SignInRoutesParts): readonly Route<typeof authentication>[] {
  return [
    route({
      on: 'GET /sign-in',
      permit: 'anyone',
      summary: 'Ways in, as anybody may know them',
      reply: z.object({ setUp: z.boolean(), providers: z.array(z.object({ id: z.string(), title: z.string(), kind: z.enum(['oidc', 'saml']) })) }),
      handle: async () => ({ body: { setUp: await setUp.isOpen(), providers: [...((await providers?.()) ?? [])] } }),
    }),
    route({
      on: 'POST /sign-in/passkey/options',
      permit: 'anyone',
      summary: 'Begin with a passkey: options for navigator.credentials.get',
      body: Empty,
      reply: Options,
      secret: true,
      handle: async (request) => {
        const { options, cookies } = await signingIn.passkeyOptions(request)
        return { body: options as z.infer<typeof Options>, cookies }
      },
    }),
    route({ on: 'POST /sign-in/passkey', permit: 'anyone', summary: 'Show a passkey', body: z.strictObject({ response: Assertion }), bodyLimitBytes: 64 * 1024, reply: Next, secret: true, handle: async (request) => answered(await signingIn.withPasskey(request.body.response, request)) }),
    route({ on: 'POST /sign-in/password', permit: 'anyone', summary: 'Show a password', body: z.strictObject({ email, password }), bodyLimitBytes: 16 * 1024, reply: Next, secret: true, handle: async (request) => answered(await signingIn.withPassword(request.body.email, request.body.password, request)) }),
    route({ on: 'POST /sign-in/totp', permit: 'anyone', summary: 'Show a code of the authenticator app', body: z.strictObject({ code }), reply: Next, secret: true, handle: async (request) => answered(await signingIn.withTotp(request.body.code, request)) }),
    route({ on: 'POST /sign-in/recovery-code', permit: 'anyone', summary: 'Show a recovery code', body: z.strictObject({ code }), reply: Next, secret: true, handle: async (request) => answered(await signingIn.withRecoveryCode(request.body.code, request)) }),

    route({
      on: 'POST /set-up',
      permit: 'anyone',
      summary: 'Begin as the first owner, with the set-up code',
      body: z.strictObject({ code, displayName: z.string().trim().min(1).max(200), email }),
      reply: z.object({ next: z.literal('enrol') }),
      secret: true,
      handle: async (request) => ({ body: { next: 'enrol' as const }, cookies: [await enrolling.beginSetUp(request.body, request)] }),
    }),
    route({
      on: 'POST /invitation',
      permit: 'anyone',
      summary: 'Begin with an invitation',
      body: z.strictObject({ token: secretText }),
      reply: Invited,
      secret: true,
      handle: async (request) => {
        const { cookie, person } = await enrolling.beginInvitation(request.body.token, request)
        return { body: { next: 'enrol' as const, person }, cookies: [cookie] }
      },
    }),
    route({ on: 'POST /enrolment/passkey/options', permit: 'anyone', summary: 'Options for navigator.credentials.create, for a first passkey', body: Empty, reply: Options, secret: true, handle: async (request) => ({ body: (await enrolling.passkeyOptions(request)) as z.infer<typeof Options> }) }),
    route({ on: 'POST /enrolment/passkey', permit: 'anyone', summary: 'Keep a first passkey, and sign in', body: z.strictObject({ response: Registration, name: deviceName.optional() }), bodyLimitBytes: 64 * 1024, reply: EnrolmentNext, secret: true, handle: async (request) => enrolled(await enrolling.withPasskey(request.body.response, request.body.name, request)) }),
    route({ on: 'POST /enrolment/password', permit: 'anyone', summary: 'Choose a first password', body: z.strictObject({ password }), bodyLimitBytes: 16 * 1024, reply: EnrolmentNext, secret: true, handle: async (request) => enrolled(await enrolling.withPassword(request.body.password, request)) }),
    route({ on: 'POST /enrolment/totp/options', permit: 'anyone', summary: 'A secret for an authenticator app', body: Empty, reply: TotpOffer, secret: true, handle: async (request) => ({ body: await enrolling.totpOptions(request) }) }),
    route({ on: 'POST /enrolment/totp', permit: 'anyone', summary: 'Show a first code of the authenticator app, and sign in', body: z.strictObject({ code }), reply: EnrolmentNext, secret: true, handle: async (request) => enrolled(await enrolling.withTotp(request.body.code, request)) }),

    route({
      on: 'POST /password-reset',
      permit: 'anyone',
      summary: 'Ask for a link to a new password; the answer does not tell whether there is an account',
      body: z.strictObject({ email }),
      reply: z.object({}),
      status: 202,
      handle: async (request) => {
        await resets.ask(request.body.email, request)
        return { body: {} }
      },
    }),
    route({ on: 'POST /password-reset/link', permit: 'anyone', summary: 'Open a link to a new password', body: z.strictObject({ token: secretText }), reply: Next, secret: true, handle: async (request) => answered(await resets.open(request.body.token, request)) }),
    route({ on: 'POST /password-reset/password', permit: 'anyone', summary: 'Choose the new password, once the second factor was shown', body: z.strictObject({ password }), bodyLimitBytes: 16 * 1024, reply: Next, secret: true, handle: async (request) => answered(await resets.choose(request.body.password, request)) }),
  ]
}

export const TotpOffer = z.object({ uri: z.string(), secret: z.string(), svg: z.string() })
