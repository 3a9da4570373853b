import { z } from 'zod'
import type { OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { auditedAs, routesOf, type Actor, type Client, type Route } from '#core/module'
import type { People } from '#modules/identity'
import { authentication } from './contract.ts'
import { CEREMONY_COOKIE, removed, SESSION_COOKIE } from './cookies.ts'
import type { OwnCredentials, SignedIn } from './own-credentials.ts'
import { Assertion } from './passkey.ts'
import type { CredentialRecognition } from './recognition.ts'
import { isStrong, type Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import { code, password } from './sign-in-routes.ts'
import { byPerson } from './signing-in.ts'
import { forSibling, type AuthenticationChange } from './store.ts'

export interface SessionRoutesParts {
  db: OrganisationDatabase
  people: People
  recognition: CredentialRecognition
  sessions: Sessions
  own: OwnCredentials
  organisation(): Promise<{ name?: string }>
}

const route = routesOf(authentication)
const Instant = z.iso.datetime()
const Options = z.looseObject({ challenge: z.string() })
const Done = z.object({})
const Way = z.enum(['passkey', 'password', 'totp', 'recovery-code'])

const OwnSession = z.object({ id: z.string(), current: z.boolean(), device: z.string(), address: z.string(), factors: z.array(z.string()), createdAt: Instant, lastSeenAt: Instant, endsAt: Instant })
const OthersSession = z.object({ id: z.string(), person: z.string(), device: z.string(), address: z.string(), factors: z.array(z.string()), createdAt: Instant, lastSeenAt: Instant, endsAt: Instant }).partial()

const recordOf = (session: Session) => ({
  id: session.id,
  person: session.personId,
  device: session.device,
  address: session.address,
  factors: [...session.factors],
  createdAt: session.createdAt.toISOString(),
  lastSeenAt: session.lastSeenAt.toISOString(),
  endsAt: session.endsAt.toISOString(),
})

/** The session behind a request of somebody who has signed in. @throws VouchsafeError `not-signed-in` when it ended meanwhile */
export async function signedInBy(recognition: CredentialRecognition, { client, at, actor }: { client: Client; at: Date; actor: Actor }): Promise<SignedIn> {
  const found = await recognition.sessionOf({ client, at })
  // INVARIANT: the one that was recognised, and no other that a cookie could name.
  if (found === undefined || actor.kind !== 'person' || actor.by.kind !== 'session' || actor.by.sessionId !== found.session.id) throw new VouchsafeError('not-signed-in', 'This session has ended.', { mend: 'Sign in again.' })
  return { ...found, client, at }
}

export function sessionRoutes({ db, people, recognition, sessions, own, organisation }: SessionRoutesParts): readonly Route<typeof authentication>[] {
  const signedIn = (request: { client: Client; at: Date; actor: Actor }) => signedInBy(recognition, request)
  return [
    route({
      on: 'GET /session',
      permit: 'signed-in',
      summary: 'Who has signed in here, and the text for the header vouchsafe-csrf',
      reply: z.object({
        person: z.object({ id: z.string(), displayName: z.string(), email: z.string().optional() }),
        session: z.string(),
        csrf: z.string(),
        factors: z.array(z.string()),
        strongUntil: Instant.optional(),
        endsAt: Instant,
        organisation: z.string().optional(),
      }),
      handle: async (request) => {
        const { session } = await signedIn(request)
        const person = await people.find(session.personId)
        if (person === undefined) throw new VouchsafeError('not-signed-in', 'This session has ended.')
        const { name } = await organisation()
        return {
          body: {
            person: { id: person.id, displayName: person.displayName, ...(person.email === undefined ? {} : { email: person.email }) },
            session: session.id,
            csrf: await recognition.csrfOf(session),
            factors: [...session.factors],
            ...(session.strongUntil !== undefined && isStrong(session.strongUntil, request.at) ? { strongUntil: session.strongUntil.toISOString() } : {}),
            endsAt: session.endsAt.toISOString(),
            ...(name === undefined ? {} : { organisation: name }),
          },
        }
      },
    }),
    route({
      on: 'POST /sign-out',
      permit: 'signed-in',
      summary: 'End this session',
      body: z.strictObject({}).default({}),
      reply: Done,
      handle: async (request) => {
        const { session } = await signedIn(request)
        await end(session.personId, { person: session.personId, id: session.id })
        return { body: {}, cookies: [removed(SESSION_COOKIE), removed(CEREMONY_COOKIE)] }
      },
    }),

    route({ on: 'GET /step-up', permit: 'signed-in', summary: 'Ways to show anew that it is me; totp wants the password beside the code, and provider is where I may sign in anew', reply: z.object({ ways: z.array(Way), provider: z.string().optional() }), handle: async (request) => ({ body: await own.stepUpOffer(await signedIn(request)) }) }),
    route({ on: 'POST /step-up/passkey/options', permit: 'signed-in', summary: 'Options for navigator.credentials.get, for a step-up', body: z.strictObject({}).default({}), reply: Options, handle: async (request) => ({ body: (await own.stepUpOptions(await signedIn(request))) as z.infer<typeof Options> }) }),
    route({ on: 'POST /step-up/passkey', permit: 'signed-in', summary: 'Step up with a passkey', body: z.strictObject({ response: Assertion }), bodyLimitBytes: 64 * 1024, reply: Done, handle: async (request) => ({ body: {}, cookies: await own.stepUpWithPasskey(await signedIn(request), request.body.response) }) }),
    route({ on: 'POST /step-up/totp', permit: 'signed-in', summary: 'Step up with the password and a code of the authenticator app', body: z.strictObject({ code, password }), bodyLimitBytes: 16 * 1024, reply: Done, handle: async (request) => ({ body: {}, cookies: await own.stepUpWithTotp(await signedIn(request), request.body.code, request.body.password) }) }),
    route({ on: 'POST /step-up/password', permit: 'signed-in', summary: 'Step up with the password, where there is no second factor', body: z.strictObject({ password }), bodyLimitBytes: 16 * 1024, reply: Done, handle: async (request) => ({ body: {}, cookies: await own.stepUpWithPassword(await signedIn(request), request.body.password) }) }),

    route({
      on: 'GET /sessions',
      permit: 'signed-in',
      summary: 'Where I am signed in',
      reply: z.object({ items: z.array(OwnSession), next: z.null() }),
      handle: async (request) => {
        const { session } = await signedIn(request)
        const all = await sessions.of(session.personId, request.at)
        return { body: { items: all.map((one) => ({ ...recordOf(one), current: one.id === session.id })), next: null } }
      },
    }),
    route({
      on: 'DELETE /sessions/{session}',
      permit: 'signed-in',
      stepUp: true,
      summary: 'End one of my sessions; POST /sign-out ends this one without the second factor',
      params: z.object({ session: z.uuid() }),
      reply: z.undefined(),
      status: 204,
      handle: async (request) => {
        const { session } = await signedIn(request)
        await end(session.personId, { person: session.personId, id: request.params.session })
        return { body: undefined, ...(request.params.session === session.id ? { cookies: [removed(SESSION_COOKIE)] } : {}) }
      },
    }),
    route({
      on: 'POST /sessions/end-others',
      permit: 'signed-in',
      stepUp: true,
      summary: 'End all my sessions but this one',
      body: z.strictObject({}).default({}),
      reply: z.object({ ended: z.number() }),
      handle: async (request) => {
        const { session } = await signedIn(request)
        const by = byPerson(session.personId)
        const ended = await db.change({ actor: by, action: 'session.end', subject: { kind: 'person', id: session.personId }, detail: { which: 'others' } }, (tx: AuthenticationChange) => sessions.end(forSibling(tx), { person: session.personId, except: session.id }))
        return { body: { ended } }
      },
    }),

    route({
      on: 'GET /people/{person}/sessions',
      permit: 'session.read',
      summary: 'Where somebody is signed in',
      params: z.object({ person: z.uuid() }),
      reply: z.object({ items: z.array(OthersSession), next: z.null() }),
      handle: async (request) => ({ body: { items: request.access.visibleAll('session', (await sessions.of(request.params.person, request.at)).map(recordOf)), next: null } }),
    }),
    route({
      on: 'DELETE /people/{person}/sessions/{session}',
      permit: 'session.end',
      summary: 'End a session of somebody',
      params: z.object({ person: z.uuid(), session: z.uuid() }),
      reply: z.undefined(),
      status: 204,
      about: {
        record: 'session',
        load: async ({ person, session }) => {
          const found = await recognition.byId(session)
          return found?.personId === person ? recordOf(found) : undefined
        },
      },
      handle: async (request) => {
        const { person, session } = request.params
        const ended = await db.change({ actor: auditedAs(request.actor), action: 'session.end', subject: { kind: 'person', id: person }, detail: { session } }, (tx: AuthenticationChange) => sessions.end(forSibling(tx), { person, id: session }))
        if (ended === 0) throw new VouchsafeError('not-found', 'There is no such session.')
        return { body: undefined }
      },
    }),
  ]

  async function end(by: string, which: { person: string; id: string }): Promise<void> {
    const ended = await db.change({ actor: byPerson(by), action: 'session.end', subject: { kind: 'person', id: which.person }, detail: { session: which.id } }, (tx: AuthenticationChange) => sessions.end(forSibling(tx), which))
    if (ended === 0) throw new VouchsafeError('not-found', 'There is no such session.')
  }
}
