import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { ManualClock } from '#core/clock'
import { startTemporaryServer, type TemporaryServer } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { KeyRing, openLocalRoots } from '#core/keys'
import { ANYONE, type Actor, type Client, type Method, type Recognised } from '#core/module'
import { fullAccess, type Access } from '#core/permission'
import { identity } from '#modules/identity'
import { standOn, type Stand } from '../identity/people.fixture.ts'
import { authentication } from './contract.ts'
import { createAuthenticationModule } from './module.ts'
import type { AuthenticationParts } from './parts.ts'
import { authenticationMigrations } from './store.ts'

export const ORIGIN = 'https://security.example.com'
export const START = new Date('2026-11-22T09:00:00Z')

export interface SignInStand extends Omit<Stand, 'module'>, ReturnType<typeof createAuthenticationModule> {
  clock: ManualClock
  browser(options?: Partial<Client>): Browser
  /** Everything that the audit holds, as text. */
  audit(): Promise<string>
}

/** Signing in on a database and a key ring of its own. */
export async function standForSignIn(server: TemporaryServer, options: Partial<AuthenticationParts> = {}): Promise<SignInStand> {
  const clock = new ManualClock(START)
  const stand = await standOn(server, { clock, migrations: [authenticationMigrations] })
  const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-keys-'))
  const keys = new KeyRing({ folder: join(folder, 'ring'), organisation: 'acme', roots: await openLocalRoots(join(folder, 'root')), clock })
  folders.push(folder)
  const made = createAuthenticationModule({
    db: stand.db,
    clock,
    keys,
    events: stand.events,
    people: stand.people,
    invitations: stand.invitations,
    setUp: stand.setUp,
    mail: { isReady: async () => stand.post.ready, send: async (_tx, message) => void stand.post.sent.push(message) },
    isOwner: async (id) => stand.owners.has(id),
    organisation: async () => ({ name: 'Harbour', publicUrl: ORIGIN }),
    localUrl: () => '',
    ...options,
  })
  stand.events.connect([{ contract: identity, reactions: [{ to: '*', react: async (happening) => void stand.heard.push(happening) }] }, made.module])
  return {
    ...stand,
    ...made,
    clock,
    browser: (client) => new Browser(made, clock, client),
    audit: async () => {
      const { rows } = await stand.db.appPool.query<{ line: string }>('select e::text as line from audit.event e order by at, id')
      return rows.map(({ line }) => line).join('\n')
    },
  }
}

const folders: string[] = []
export const removeFolders = (): void => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true }))

type Module = ReturnType<typeof createAuthenticationModule>

/** A browser with its cookies, and the way of a request through the surface: recognise, permit, step-up, parse, answer. */
export class Browser {
  readonly cookies: Record<string, string> = {}
  csrf: string | undefined
  access: Access = fullAccess({ id: 'test', kind: 'person' }, { ...identity.records, ...authentication.records })
  readonly client: Client
  readonly #module: Module
  readonly #clock: ManualClock
  lastSetCookie: readonly { name: string; value: string; sameSite?: string; maxAgeSeconds?: number }[] = []
  constructor(module: Module, clock: ManualClock, client: Partial<Client> = {}) {
    this.#module = module
    this.#clock = clock
    this.client = { address: '203.0.113.7', userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0', cookies: this.cookies, origin: ORIGIN, ...client }
  }

  recognise(method: Method, extra: { authorization?: string; csrf?: string; origin?: string; fetchSite?: string } = {}): Promise<Recognised | undefined> {
    return this.#module.recognition.recognise({ method, client: this.client, at: this.#clock.now(), origin: ORIGIN, fetchSite: 'same-origin', ...(this.csrf === undefined ? {} : { csrf: this.csrf }), ...extra })
  }

  /** Calls a route by its address; the body and the reply are parsed by its own schemas. */
  async call<R = Record<string, unknown>>(on: string, body?: unknown, options: { params?: Record<string, string>; ifMatch?: string; actor?: Actor } = {}): Promise<R> {
    const { body: reply } = await this.reply<R>(on, body, options)
    return reply
  }

  async reply<R = Record<string, unknown>>(on: string, body?: unknown, { params = {}, ifMatch, actor: given }: { params?: Record<string, string>; ifMatch?: string; actor?: Actor } = {}): Promise<{ body: R; status: number; etag?: string }> {
    const route = this.#module.module.routes.find((candidate) => candidate.on === on)
    if (route === undefined) throw new Error(`no route ${on}`)
    const at = this.#clock.now()
    const recognised = given !== undefined || route.permit === 'anyone' ? undefined : await this.recognise(on.split(' ')[0] as Method)
    const actor = given ?? recognised?.actor ?? ANYONE
    if (route.permit !== 'anyone' && actor.kind === 'anyone') throw new VouchsafeError('not-signed-in', 'Nobody is signed in.')
    if (route.permit === 'signed-in' && (actor.kind !== 'person' || actor.by.kind !== 'session')) throw new VouchsafeError('not-allowed', 'Sessions only.')
    if (route.stepUp && actor.kind !== 'operator' && !(actor.kind === 'person' && actor.by.kind === 'session' && actor.by.strongUntil !== undefined)) throw new VouchsafeError('step-up-needed', 'This needs your second factor again.')
    const parsed = route.body === undefined ? undefined : (route.body as z.ZodType).safeParse(body ?? {})
    if (parsed !== undefined && !parsed.success) throw new VouchsafeError('bad-input', z.prettifyError(parsed.error))
    if (route.about && (await (route.about.load as (params: unknown) => Promise<unknown>)(params)) === undefined) throw new VouchsafeError('not-found', 'There is no such thing.')
    const request = { params, query: {}, body: parsed?.data, actor, access: this.access, client: { ...this.client, cookies: { ...this.cookies } }, at, requestId: 'test', signal: AbortSignal.timeout(60_000), ...(ifMatch === undefined ? {} : { ifMatch }) }
    const reply = await route.handle(request as never)
    this.lastSetCookie = reply.cookies ?? []
    for (const { name, value } of this.lastSetCookie) {
      if (value === '') delete this.cookies[`__Host-${name}`]
      else this.cookies[`__Host-${name}`] = value
    }
    return { body: route.reply.parse(reply.body) as R, status: reply.status ?? route.status ?? 200, ...(reply.etag === undefined ? {} : { etag: reply.etag }) }
  }

  /** What a page does once it is signed in: asks who it is, and keeps the text against forgery. */
  async session(): Promise<{ person: { id: string }; session: string; csrf: string; factors: string[]; strongUntil?: string }> {
    const session = await this.call<{ person: { id: string }; session: string; csrf: string; factors: string[]; strongUntil?: string }>('GET /session')
    this.csrf = session.csrf
    return session
  }
}

export type { TemporaryServer }
export { startTemporaryServer }
