import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ManualClock } from '#core/clock'
import { asAdmin, credentialsOf, startTemporaryServer } from '#core/database'
import type { RolePasswords, TemporaryServer } from '#core/database'
import { KeyRing, openLocalRoots } from '#core/keys'
import type { RootKey } from '#core/keys'
import { directoryDatabase, organisationDatabaseName } from './directory.ts'
import type { OrganisationId } from './directory.ts'
import { Organisations } from './organisations.ts'

let temporary: TemporaryServer
let dataFolder: string
let roots: RootKey[]
let organisations: Organisations
let a: OrganisationId
let b: OrganisationId
const clock = new ManualClock('2026-03-01T00:00:00Z')
const start = (more: { maxOpen?: number } = {}) => Organisations.start({ server: temporary.server, dataFolder, roots, migrations: [], clock, ...more })
const passwordsOf = async (folder: string): Promise<RolePasswords> =>
  JSON.parse((await new KeyRing({ folder: join(dataFolder, 'keys', folder), organisation: folder, roots, clock }).secret('database-roles')) ?? '')

async function connects(user: { folder: string; database: string; kind: 'owner' | 'application' | 'reader' }, to: string): Promise<string> {
  const client = new pg.Client({ ...credentialsOf(temporary.server, user.database, user.kind, await passwordsOf(user.folder)), database: to })
  client.on('error', () => {})
  try {
    await client.connect()
    return 'connected'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  } finally {
    await client.end().catch(() => {})
  }
}

beforeAll(async () => {
  temporary = await startTemporaryServer()
  dataFolder = await mkdtemp(join(tmpdir(), 'vouchsafe-organisations-'))
  roots = await openLocalRoots(join(dataFolder, 'keys', 'root.key'))
  organisations = await start()
  a = organisations.defaultId
  b = await organisations.create('other')
})
afterAll(async () => {
  await organisations?.close()
  await temporary?.stop()
  await rm(dataFolder, { recursive: true, force: true })
})

describe('organisations', () => {
  it('no role of one organisation connects to the database of another, to the directory or to a standing database', async () => {
    const [dbA, dbB] = [organisationDatabaseName(a), organisationDatabaseName(b)]
    for (const kind of ['owner', 'application', 'reader'] as const) {
      const user = { folder: a, database: dbA, kind }
      expect(await connects(user, dbA)).toBe('connected')
      for (const closed of [dbB, directoryDatabase, 'postgres', 'template1']) expect(await connects(user, closed), `${kind} to ${closed}`).toBe('42501')
      const directoryUser = { folder: 'directory', database: directoryDatabase, kind }
      for (const closed of [dbA, dbB]) expect(await connects(directoryUser, closed), `directory ${kind}`).toBe('42501')
    }
  })

  it('no role of an organisation may make roles or databases, or be a superuser', async () => {
    const { rows } = await asAdmin(temporary.server, 'postgres', (admin) =>
      admin.query(`select rolname from pg_roles where rolname like 'vouchsafe\\_%' and rolname <> current_user and (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls or rolinherit)`),
    )
    expect(rows).toEqual([])
  })

  it('loopback names lead to the default one, known names to theirs, unknown names nowhere', async () => {
    await organisations.directory.addHost(b, 'Trust.Example.org.')
    for (const host of ['localhost', 'localhost:7443', '127.0.0.1:7443', '[::1]:7443', 'x.localhost']) expect(await organisations.idAtHost(host)).toBe(a)
    for (const host of ['trust.example.org', 'TRUST.example.org:443']) expect(await organisations.idAtHost(host)).toBe(b)
    for (const host of ['example.org', '', 'trust.example.org.evil.test', "x'; drop table", '10.0.0.1', '127.0.0.1.evil.test']) expect(await organisations.idAtHost(host)).toBeUndefined()
    await expect(organisations.directory.addHost(a, 'trust.example.org')).rejects.toMatchObject({ code: 'conflict' })
    await expect(organisations.directory.addHost(a, 'localhost')).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('a short name is taken once', async () => {
    await expect(organisations.create('other')).rejects.toMatchObject({ code: 'conflict' })
    await expect(organisations.create('Not A Name')).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('a second start finds the same organisations, and a creation cut short is ended', async () => {
    const cut = 'abcdefghijklmnopqrstuvwx' as OrganisationId
    await organisations.directory.enter(cut, 'cut-short')
    const again = await start()
    expect(again.defaultId).toBe(a)
    expect((await again.directory.list()).map(({ slug, state }) => `${slug} ${state}`).toSorted()).toEqual(['cut-short open', 'default open', 'other open'])
    await again.use(cut, async ({ database }) => expect((await sql`select 1 as one from audit.event`.execute(database.app)).rows).toEqual([]))
    await again.close()
  })

  it('lost passwords are made anew', async () => {
    await rm(join(dataFolder, 'keys', b), { recursive: true })
    const again = await start()
    await again.use(b, async ({ database }) => void (await sql`select 1 from audit.event`.execute(database.app)))
    await again.close()
  })

  it('at most so many are open at a time; the one unused for longest is closed', async () => {
    const capped = await start({ maxOpen: 1 })
    const first = await capped.use(a, async (one) => one.database)
    await capped.use(b, async () => {
      await expect(capped.use(a, async () => {})).rejects.toMatchObject({ code: 'unavailable' })
    })
    expect(first.appPool.ended).toBe(true)
    await capped.use(a, async () => {})
    await capped.close()
  })
})
