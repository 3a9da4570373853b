import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { ManualClock } from '#core/clock'
import type { TemporaryServer } from '#core/database'
import { KeyRing, openLocalRoots } from '#core/keys'
import { recordTypesOf, type Actor, type Contract, type Happening, type Method, type Route } from '#core/module'
import { fullAccess, type Access } from '#core/permission'
import { identity } from '#modules/identity'
import { roles, rolesMigrations, type Giving, type Grants } from '#modules/roles'
import { standOn, type Stand as PeopleStand } from '../identity/people.fixture.ts'
import { createRolesModule } from '../roles/module.ts'
import { integrations } from './contract.ts'
import { createIntegrationsModule, type IntegrationsServices } from './module.ts'
import { integrationsMigrations } from './store.ts'

export const OPERATOR = { kind: 'operator', name: 'test' } as const
export const KINDS = recordTypesOf([identity, roles, integrations])
export const EVERYTHING: Access = fullAccess({ kind: 'operator' }, KINDS)

export interface Stand extends IntegrationsServices {
  module: ReturnType<typeof createIntegrationsModule>['module']
  db: PeopleStand['db']
  clock: ManualClock
  people: PeopleStand['people']
  add: PeopleStand['add']
  change: PeopleStand['change']
  owners: Set<string>
  heard: Happening[]
  grants: Grants
  giving: Giving
  accessOf(person: string): Promise<Access>
  /** Asks a route as the surface would, but for the permit. */
  ask(on: string, asked?: { params?: object; query?: object; body?: unknown; actor?: Actor; access?: Access; ifMatch?: string }): Promise<{ body: never; etag?: string; status?: number }>
  /** Runs every job that is due by the clock, until none is; time moves only where it is told to. @returns how many */
  work(): Promise<number>
  /** Lets time pass, hour by hour or in larger steps, and does what falls due in it. */
  pass(ms: number, stepMs?: number): Promise<void>
  jobs(): Promise<{ name: string; runAt: Date; payload: unknown }[]>
  /** Every row of every table of the room, the audit and the jobs, as text: for looking whether a secret is in it. */
  everything(): Promise<string>
  close(): Promise<void>
}

/** Integrations with identity and roles, on a database and a key ring of their own. `random` is 0.5: pauses as they stand in the table. */
export async function standOnServer(server: TemporaryServer, options: { allowPrivate?: boolean } = {}): Promise<Stand> {
  // Two minutes ahead: a job without a time of its own gets the database's, and must be due. Receivers bear five.
  const clock = new ManualClock(new Date(Date.now() + 120_000))
  const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-integrations-'))
  const people = await standOn(server, { clock, migrations: [rolesMigrations, integrationsMigrations] })
  const { db } = people
  const contracts: Contract[] = [identity, roles, integrations]
  const held = createRolesModule({ db, events: people.events, people: () => people.people, contracts: () => contracts })
  const made = createIntegrationsModule({
    db,
    clock,
    keys: new KeyRing({ folder: join(folder, 'ring'), organisation: 'acme', roots: await openLocalRoots(join(folder, 'root')), clock }),
    events: people.events,
    people: people.people,
    grants: held.grants,
    types: () => KINDS,
    requireOverPerson: held.giving.requireOverPerson,
    ownerIds: async () => [...people.owners],
    allowPrivate: options.allowPrivate ?? true,
    organisation: async () => ({ name: 'Harbour', publicUrl: 'https://security.example.com' }),
    localUrl: () => 'http://localhost:4000',
    random: () => 0.5,
  })
  people.events.connect([{ contract: identity, reactions: [{ to: '*', react: async (happening) => void people.heard.push(happening) }] }, { ...held.module }, { ...made.module }])

  const due = async (): Promise<{ id: string; name: string; payload: never } | undefined> => {
    const { rows } = await sql<{ id: string; name: string; payload: never }>`
      select j.id::text, t.identifier as name, j.payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
      where j.run_at <= ${clock.now()} order by j.run_at, j.id limit 1`.execute(db.app)
    return rows[0]
  }
  const stand: Stand = {
    ...made,
    db,
    clock,
    people: people.people,
    add: people.add,
    change: people.change,
    owners: people.owners,
    heard: people.heard,
    grants: held.grants,
    giving: held.giving,
    async accessOf(person) {
      const standing = await people.people.standing(person)
      return held.grants.accessOf({ actor: { kind: 'person', id: person, by: { kind: 'session', sessionId: 'test' } }, groups: standing?.groups ?? [] }, clock.now())
    },
    async ask(on, { params = {}, query = {}, body, actor = OPERATOR, access = EVERYTHING, ifMatch } = {}) {
      const route = made.module.routes.find((candidate) => candidate.on === on) as Route | undefined
      if (route === undefined) throw new Error(`There is no route ${on}.`)
      const parsed = { params: route.params?.parse(params) ?? {}, query: route.query?.parse(query) ?? {}, body: route.body === undefined || route.body === 'bytes' ? body : route.body.parse(body) }
      const client = { address: '127.0.0.1', cookies: {}, origin: 'http://localhost:4000' }
      const reply = await (route.handle as (request: unknown) => Promise<{ body: unknown }>)({ ...parsed, actor, access, client, at: clock.now(), requestId: 'test', signal: new AbortController().signal, ...(ifMatch === undefined ? {} : { ifMatch }) })
      // What does not fit the declared shape is a defect of the route.
      return { ...reply, body: route.reply.parse(reply.body) as never }
    },
    async work() {
      let count = 0
      for (let job = await due(); job !== undefined && count < 1000; job = await due(), count++) {
        await sql`select graphile_worker.complete_jobs(array[${job.id}::bigint])`.execute(db.app)
        const handler = (made.handlers as unknown as Record<string, (job: { payload: never }) => Promise<void>>)[job.name]
        await handler?.({ payload: job.payload })
      }
      return count
    },
    async pass(ms, stepMs = 3_600_000) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.advance(Math.min(stepMs, ms - passed))
        await stand.work()
      }
    },
    async jobs() {
      const { rows } = await sql<{ name: string; runAt: Date; payload: unknown }>`select t.identifier as name, j.run_at as "runAt", j.payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id order by j.run_at`.execute(db.app)
      return rows
    },
    async everything() {
      const tables = [...Object.keys(integrations.tables).map((table) => `integrations.${table}`), 'audit.event', 'graphile_worker._private_jobs']
      const rows = await Promise.all(tables.map((table) => sql`select to_jsonb(t)::text as row from ${sql.id(...table.split('.'))} t`.execute(db.app)))
      return rows.map((found) => JSON.stringify(found.rows)).join('\n')
    },
    async close() {
      await db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return stand
}

export interface Received {
  method: Method
  path: string
  headers: IncomingHttpHeaders
  body: string
}

export interface Receiver {
  url: string
  received: Received[]
  /** Answers nothing until it is told to go on. */
  pause(): { goOn(): void }
  /** What it answers from now on. */
  answers(status: number, body?: string, headers?: Record<string, string>): void
  close(): Promise<void>
}

/** A program that webhooks are sent to, on loopback. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  let answer: { status: number; body: string; headers: Record<string, string> } = { status: 200, body: 'thanks', headers: {} }
  let mayAnswer: Promise<void> = Promise.resolve()
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => void parts.push(part))
    request.on('end', () => {
      received.push({ method: request.method as Method, path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString() })
      void mayAnswer.then(() => response.writeHead(answer.status, answer.headers).end(answer.body))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    pause() {
      const { promise, resolve } = Promise.withResolvers<void>()
      mayAnswer = promise
      return { goOn: resolve }
    },
    answers: (status, body = '', headers = {}) => void (answer = { status, body, headers }),
    close: () => new Promise((done) => (server.closeAllConnections(), server.close(() => done()))),
  }
}
