import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { ManualClock } from '#core/clock'
import { startTemporaryServer, type Change, type TemporaryServer } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { KeyRing, openLocalRoots } from '#core/keys'
import { ANYONE, type Actor, type Client, type Route, type SetCookie } from '#core/module'
import { outboundFetch } from '#core/outbound'
import { fullAccess, type Access } from '#core/permission'
import { authentication, authenticationMigrations } from '#modules/authentication'
import { identity } from '#modules/identity'
import { removeFolders as removeAuthenticationFolders, standForSignIn, type SignInStand } from '../authentication/sign-in.fixture.ts'
import { standOn, type Stand } from '../identity/people.fixture.ts'
import { federation } from './contract.ts'
import { createFederationModule } from './module.ts'
import type { Doors, FederationParts } from './parts.ts'
import { federationMigrations } from './store.ts'

/** Where browsers and providers find us: the origin of all addresses. */
export const ORIGIN = 'http://localhost:4000'

/** Authentication as its own fixture makes it, on our database, people and events. */
type Authentication = Pick<SignInStand, 'sessions' | 'recognition' | 'afterProvider' | 'provenanceOf' | 'module'>

export interface FederationStand extends Omit<Stand, 'module'> {
  clock: ManualClock
  authentication: Authentication
  federation: ReturnType<typeof createFederationModule>
  /** Persons whose sign-in went on with our own second factor. */
  continued: string[]
  visitor(options?: Partial<Client>): Visitor
  /** Adds a provider, as the operator. */
  provider(settings: Record<string, unknown>): Promise<string>
  audit(): Promise<string>
}

export const OPERATOR: Actor = { kind: 'operator', name: 'test' }

/** Federation on a database and a key ring of its own, beside real identity and real authentication. */
export async function standForFederation(server: TemporaryServer, options: Partial<FederationParts> = {}): Promise<FederationStand> {
  const clock = new ManualClock(new Date())
  const stand = await standOn(server, { clock, migrations: [authenticationMigrations, federationMigrations] })
  const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-keys-'))
  folders.push(folder)
  const keys = new KeyRing({ folder: join(folder, 'ring'), organisation: 'acme', roots: await openLocalRoots(join(folder, 'root')), clock })
  const organisation = async () => ({ name: 'Harbour', publicUrl: ORIGIN })
  const made: Authentication = await standForSignIn(server, { db: stand.db, clock, keys, events: stand.events, people: stand.people, invitations: stand.invitations, setUp: stand.setUp, isOwner: async (id) => stand.owners.has(id), organisation, localUrl: () => ORIGIN, providers: () => own.offered() })
  const continued: string[] = []
  const refuseAbove = async (_tx: Change<never>, giver: { kind: string }, id: string): Promise<void> => {
    if (giver.kind !== 'operator' && stand.above.has(id)) throw new VouchsafeError('not-allowed', 'They hold more than you do.')
  }
  const own = createFederationModule({
    db: stand.db,
    clock,
    keys,
    events: stand.events,
    people: stand.people,
    invitations: stand.invitations,
    doors: doorsOf(made, continued),
    authority: { requireOverGroup: refuseAbove, requireOverPerson: refuseAbove },
    allowPrivate: true,
    fetch: outboundFetch,
    organisation,
    localUrl: () => ORIGIN,
    ...options,
  })
  stand.events.connect([{ contract: identity, reactions: [{ to: '*', react: async (happening) => void stand.heard.push(happening) }] }, made.module, own.module])
  const routes = [...made.module.routes, ...own.module.routes] as readonly Route[]
  const visitor = (client: Partial<Client> = {}): Visitor => new Visitor(routes, made, clock, client)
  return {
    ...stand,
    clock,
    authentication: made,
    federation: own,
    continued,
    visitor,
    provider: async (settings) => (await visitor().call<{ id: string }>('POST /federation/providers', settings, { actor: OPERATOR })).id,
    audit: async () => (await stand.db.appPool.query<{ line: string }>('select e::text as line from audit.event e order by at, id')).rows.map(({ line }) => line).join('\n'),
  }
}

/** Authentication as federation asks it. Whose sign-in went on with our own second factor is noted. */
function doorsOf(made: Authentication, continued: string[]): Doors {
  return {
    begin: (tx, session) => made.sessions.begin(tx, session),
    end: (tx, which) => made.sessions.end(tx, which),
    afterProvider(person, provenance, asked) {
      continued.push(person.id)
      return made.afterProvider(person, provenance, asked)
    },
    provenanceOf: made.provenanceOf,
  }
}

const folders: string[] = []
export const removeFolders = (): void => {
  removeAuthenticationFolders()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

/** Where an answer of ours sends a browser. */
export interface Answer {
  status: number
  location?: string
  body: unknown
  file?: string
}

/**
 * A browser with its cookies for everybody. Addresses of ours go to our routes, as the surface would; all others go over
 * the wire.
 */
export class Visitor {
  readonly cookies: Record<string, string> = {}
  readonly client: Client
  access: Access = fullAccess({ id: 'test', kind: 'person' }, { ...identity.records, ...authentication.records, ...federation.records })
  lastSetCookies: readonly SetCookie[] = []
  readonly #routes: readonly Route[]
  readonly #made: Authentication
  readonly #clock: ManualClock
  /** Cookies of other hosts, by origin. */
  readonly #abroad = new Map<string, Map<string, string>>()

  constructor(routes: readonly Route[], made: Authentication, clock: ManualClock, client: Partial<Client>) {
    this.#routes = routes
    this.#made = made
    this.#clock = clock
    this.client = { address: '203.0.113.7', userAgent: 'test', cookies: this.cookies, origin: ORIGIN, ...client }
  }

  /** Whoever is signed in here; undefined for nobody. */
  async person(): Promise<string | undefined> {
    if (this.cookies['__Host-session'] === undefined) return undefined
    const found = await this.#made.recognition.recognise({ method: 'GET', client: this.client, at: this.#clock.now(), origin: ORIGIN, fetchSite: 'same-origin' }).catch(() => undefined)
    return found?.actor.id
  }

  /** Calls a route of ours; the body, the query and the reply go through its own schemas. */
  async answer(on: string, body?: unknown, { actor: given, query = {}, ifMatch, crossSite = false, at = this.#clock.now() }: { actor?: Actor; query?: Record<string, string>; ifMatch?: string; crossSite?: boolean; at?: Date } = {}): Promise<Answer> {
    const [method = '', path = ''] = on.split(' ')
    const found = this.#routes.flatMap((route) => {
      const [routeMethod, pattern = ''] = route.on.split(' ')
      const match = routeMethod === method ? new RegExp(`^${pattern.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`).exec(path) : null
      return match ? [{ route, params: { ...match.groups } }] : []
    })[0]
    if (found === undefined) throw new Error(`no route ${on}`)
    const { route, params } = found
    // SameSite: what a form of another site posts brings only those that say None.
    const cookies = crossSite ? Object.fromEntries(Object.entries(this.cookies).filter(([name]) => name.startsWith('__Host-federation-') && this.#sameSite.get(name) === 'None')) : { ...this.cookies }
    const client = { ...this.client, cookies }
    const csrf = route.permit === 'signed-in' && given === undefined ? await this.#csrf() : undefined
    const recognised = given !== undefined || route.permit === 'anyone' ? undefined : await this.#made.recognition.recognise({ method: method as 'GET', client, at, origin: ORIGIN, fetchSite: 'same-origin', ...(csrf === undefined ? {} : { csrf }) })
    const actor = given ?? recognised?.actor ?? ANYONE
    if (route.permit !== 'anyone' && actor.kind === 'anyone') throw new VouchsafeError('not-signed-in', 'Nobody is signed in.')
    if (route.stepUp && !(actor.kind === 'operator' || (actor.kind === 'person' && actor.by.kind === 'session' && actor.by.strongUntil !== undefined))) throw new VouchsafeError('step-up-needed', 'This needs your second factor again.')
    if (route.about && (await (route.about.load as (params: unknown) => Promise<unknown>)(params)) === undefined) throw new VouchsafeError('not-found', 'There is no such thing.')
    const read = (schema: z.ZodType | undefined, value: unknown): unknown => {
      const parsed = schema?.safeParse(value)
      if (parsed !== undefined && !parsed.success) throw new VouchsafeError('bad-input', z.prettifyError(parsed.error))
      return parsed?.data
    }
    const request = { params: read(route.params, params) ?? {}, query: read(route.query, query) ?? {}, body: route.body === 'bytes' ? body : read(route.body, body ?? {}), actor, access: this.access, client, at, requestId: 'test', signal: AbortSignal.timeout(60_000), ...(ifMatch === undefined ? {} : { ifMatch }) }
    const reply = await route.handle(request as never)
    this.lastSetCookies = reply.cookies ?? []
    for (const { name, value, sameSite = 'Lax' } of this.lastSetCookies) {
      if (value === '') delete this.cookies[`__Host-${name}`]
      else this.cookies[`__Host-${name}`] = value
      this.#sameSite.set(`__Host-${name}`, sameSite)
    }
    const status = reply.status ?? route.status ?? 200
    return { status, body: status === 303 || reply.file ? undefined : route.reply.parse(reply.body), ...(reply.location === undefined ? {} : { location: reply.location }), ...(reply.file === undefined ? {} : { file: await new Response(reply.file.bytes as ConstructorParameters<typeof Response>[0]).text() }) }
  }
  readonly #sameSite = new Map<string, string>()

  async call<R = Record<string, unknown>>(on: string, body?: unknown, options: { actor?: Actor; query?: Record<string, string>; ifMatch?: string } = {}): Promise<R> {
    return (await this.answer(on, body, options)).body as R
  }

  /** Leaves for a provider. @returns its address */
  async leave(provider: string, query: Record<string, string> = {}): Promise<URL> {
    const { location = '' } = await this.answer(`GET /federation/${provider}/start`, undefined, { query })
    return new URL(location, ORIGIN)
  }

  /** Goes to an address, at a provider or of ours, until an answer is no redirect or leads to the console; or up to an address of ours that ends so. */
  async go(to: string | URL, form?: Record<string, string>, before?: string): Promise<{ url: string; text: string; status: number }> {
    let url = new URL(to)
    let body = form
    for (let hops = 0; hops < 25; hops++) {
      if (url.origin === ORIGIN && before !== undefined && url.pathname.endsWith(`/${before}`)) return { url: url.href, text: '', status: 0 }
      if (url.origin === ORIGIN && !url.pathname.startsWith('/api/v1/')) return { url: url.pathname + url.search, text: '', status: 200 }
      const answer = url.origin === ORIGIN ? await this.#atHome(url, body) : await this.#overTheWire(url, body)
      if (answer.location === undefined) return { url: url.href, text: answer.text, status: answer.status }
      url = new URL(answer.location, url)
      body = undefined
    }
    throw new Error(`too many redirects, the last to ${url.href}`)
  }

  async #atHome(url: URL, form: Record<string, string> | undefined): Promise<{ status: number; location?: string; text: string }> {
    const path = url.pathname.slice('/api/v1'.length)
    const answer = form === undefined ? await this.answer(`GET ${path}`, undefined, { query: Object.fromEntries(url.searchParams) }) : await this.answer(`POST ${path}`, Buffer.from(new URLSearchParams(form).toString()), { crossSite: true })
    return { status: answer.status, text: answer.file ?? '', ...(answer.location === undefined ? {} : { location: answer.location }) }
  }

  async #overTheWire(url: URL, form: Record<string, string> | undefined): Promise<{ status: number; location?: string; text: string }> {
    const jar = this.#abroad.get(url.origin) ?? new Map<string, string>()
    this.#abroad.set(url.origin, jar)
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }, ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }) })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /expires=Thu, 01[ -]Jan[ -]1970/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    const location = answer.headers.get('location')
    return { status: answer.status, text: await answer.text(), ...(location === null ? {} : { location }) }
  }

  async #csrf(): Promise<string | undefined> {
    const route = this.#routes.find(({ on }) => on === 'GET /session')
    const at = this.#clock.now()
    const recognised = await this.#made.recognition.recognise({ method: 'GET', client: this.client, at, origin: ORIGIN, fetchSite: 'same-origin' })
    const reply = await route?.handle({ params: {}, query: {}, body: undefined, actor: recognised?.actor ?? ANYONE, access: this.access, client: this.client, at, requestId: 'test', signal: AbortSignal.timeout(60_000) } as never)
    return (reply?.body as { csrf?: string } | undefined)?.csrf
  }
}

/** The form of a page: where it goes, and its fields with what they hold. */
export function formIn(page: { url: string; text: string }): { action: string; fields: Record<string, string> } {
  const [, attributes = '', inside = ''] = /<form([^>]*)>([\s\S]*?)<\/form>/i.exec(page.text) ?? []
  const attribute = (text: string, name: string): string | undefined => new RegExp(`\\s${name}=(?:"([^"]*)"|'([^']*)')`, 'i').exec(text)?.slice(1).find((found) => found !== undefined)
  const unescaped = (text: string): string => text.replace(/&#x([0-9a-f]+);/gi, (_all, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))).replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code))).replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
  const fields = Object.fromEntries([...inside.matchAll(/<(?:input|button)[^>]*>/gi)].flatMap(([tag]) => (attribute(tag, 'name') === undefined ? [] : [[unescaped(attribute(tag, 'name') ?? ''), unescaped(attribute(tag, 'value') ?? '')]])))
  return { action: new URL(unescaped(attribute(attributes, 'action') ?? ''), page.url).href, fields }
}

export { startTemporaryServer, type TemporaryServer }
