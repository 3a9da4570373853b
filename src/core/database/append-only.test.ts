import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectExternal } from './external.ts'
import type { MigrationSet } from './migrate.ts'
import { openDatabase } from './organisation-database.ts'
import type { OrganisationDatabase } from './organisation-database.ts'
import { asAdmin, createDatabaseWithRoles, credentialsOf, roleName, withClient } from './roles.ts'
import type { RolePasswords } from './roles.ts'
import type { DatabaseServer } from './server.ts'
import { newRolePasswords, startTemporaryServer } from './temporary.ts'
// A path in a variable: test/ lies outside of the compiler's root for src/.
const servers = resolve(import.meta.dirname, '../../../test/servers/debian-postgres.ts')
const { debianPostgres, startDebianPostgres } = (await import(pathToFileURL(servers).href)) as {
  debianPostgres: string | undefined
  startDebianPostgres(encoding?: string): Promise<{ socket: string; stop(): Promise<void> }>
}

interface Bench { server: DatabaseServer; stop(): Promise<void> }

const benches: [name: string, start: () => Promise<Bench>, present: boolean][] = [
  ['the embedded PostgreSQL', startTemporaryServer, true],
  ["Debian's PostgreSQL, as a role with CREATEDB and CREATEROLE only", async () => {
    const debian = await startDebianPostgres()
    const boss = await connectExternal({ url: `postgresql://boss@localhost/postgres?host=${debian.socket}` })
    await asAdmin(boss, 'postgres', (admin) => admin.query(`create role plain login createdb createrole password 'plain'`))
    return { server: await connectExternal({ url: `postgresql://plain:plain@localhost/postgres?host=${debian.socket}` }), stop: () => debian.stop() }
  }, debianPostgres !== undefined],
]

describe.each(benches)('on %s', (_name, start, present) => {
  describe.skipIf(!present)(present ? 'append-only tables and roles' : 'skipped: PostgreSQL of Debian is not installed', () => {
    let bench: Bench
    let folder: string
    let db: OrganisationDatabase
    let name: string
    let passwords: RolePasswords
    let migrations: MigrationSet[]

    beforeAll(async () => {
      bench = await start()
      folder = await mkdtemp(join(tmpdir(), 'vouchsafe-migrations-'))
      await mkdir(join(folder, 'log'))
      await writeFile(join(folder, 'log', '0001-entry.sql'), `
        create table log.entry (n int primary key, text text not null);
        create table log.draft (n int primary key, text text not null);
        create table log.closed (n int primary key);
        create function log.secret() returns int language sql security definer as 'select 42';
        select migration.append_only('log.entry');
        select migration.changeable('log.draft', 'select, insert, update (text)', readable => false);`)
      migrations = [{ schema: 'log', folder: pathToFileURL(join(folder, 'log') + '/') }]
      name = `vouchsafe_${randomBytes(8).toString('hex')}`
      passwords = newRolePasswords()
      await createDatabaseWithRoles(bench.server, name, passwords)
      db = await openDatabase({ server: bench.server, name, passwords, migrations })
      await sql`insert into log.entry values (1, 'kept')`.execute(db.app)
    })
    afterAll(async () => {
      await db?.close()
      await bench?.stop()
      await rm(folder, { recursive: true, force: true })
    })
    const entries = async () => (await sql`select n, text from log.entry`.execute(db.app)).rows
    const as = (kind: 'owner' | 'application' | 'reader', text: string) => withClient(credentialsOf(bench.server, name, kind, passwords), name, (client) => client.query(text))

    it.each([
      `update log.entry set text = 'x'`,
      `delete from log.entry`,
      `truncate log.entry`,
      `drop table log.entry`,
      `alter table log.entry add column x int`,
      `alter table log.entry disable trigger append_only`,
      `alter table log.entry disable trigger all`,
      `drop trigger append_only on log.entry`,
      `insert into log.entry values (1, 'x') on conflict (n) do update set text = excluded.text`,
      `merge into log.entry e using (values (1)) v (n) on e.n = v.n when matched then update set text = 'x'`,
      `select * from log.entry for update`,
      `set session_replication_role = replica`,
      `alter table log.entry owner to current_user`,
      `create table log.other (n int)`,
      `create table public.other (n int)`,
      `create temporary table other (n int)`,
      `create schema other`,
      `create function log.f() returns int language sql as 'select 1'`,
      `create role other`,
      `create database other`,
      `create extension if not exists dblink`,
      `alter role current_user createrole`,
      `alter system set fsync = off`,
      `copy log.entry from program 'true'`,
      `copy log.entry to program 'cat'`,
      `copy log.entry from '/etc/passwd'`,
      `select pg_read_file('/etc/passwd')`,
      `select lo_import('/etc/passwd')`,
      `select log.secret()`,
      `select * from log.closed`,
      `select migration.append_only('log.draft')`,
      `insert into migration.applied values ('log', '0002', '')`,
      `update log.draft set n = 2`,
      `delete from log.draft`,
      `update audit.event set action = 'x'`,
      `delete from audit.event`,
      `update pg_catalog.pg_trigger set tgenabled = 'D'`,
    ])('the application role may not: %s', async (text) => {
      await expect(sql.raw(text).execute(db.app)).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|0LP01|42883)$/) })
      expect(await entries()).toEqual([{ n: 1, text: 'kept' }])
    })

    it('the application role grants itself nothing', async () => {
      await sql`grant all on log.entry to current_user`.execute(db.app) // PostgreSQL warns, and does nothing
      await expect(sql`update log.entry set text = 'x'`.execute(db.app)).rejects.toMatchObject({ code: '42501' })
    })

    it('the application role becomes no other role', async () => {
      for (const other of [roleName(name, 'owner'), roleName(name, 'reader'), 'boss', 'vouchsafe_admin']) {
        for (const how of [`set role "${other}"`, `set session authorization "${other}"`, `grant "${other}" to current_user`]) {
          await expect(as('application', how), how).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|22023|42704|0LP01)$/) })
        }
      }
    })

    it('the owner itself is stopped by the trigger, in replica mode too', async () => {
      for (const text of [`update log.entry set text = 'x'`, `delete from log.entry`, `truncate log.entry`]) {
        await expect(as('owner', text)).rejects.toMatchObject({ code: '42501', message: expect.stringContaining('append-only') })
      }
    })

    it('the application role does what it may: insert, select, insert or nothing', async () => {
      await sql`insert into log.entry values (1, 'other') on conflict do nothing`.execute(db.app)
      await sql`insert into log.draft values (1, 'a')`.execute(db.app)
      await sql`update log.draft set text = 'b'`.execute(db.app)
      expect(await entries()).toEqual([{ n: 1, text: 'kept' }])
    })

    it('the reader reads what was opened to it and changes nothing', async () => {
      expect((await sql`select n from log.entry`.execute(db.reader)).rows).toEqual([{ n: 1 }])
      for (const text of [`insert into log.entry values (2, 'x')`, `begin read write; insert into log.entry values (2, 'x')`, `select * from log.draft`, `select * from log.closed`]) {
        await expect(as('reader', text), text).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|25006)$/) })
      }
    })

    it('migrations run once, and a start that finds one changed, or too many, is refused', async () => {
      const open = () => openDatabase({ server: bench.server, name, passwords, migrations }).then((opened) => opened.close())
      await open()
      await writeFile(join(folder, 'log', '0002-more.sql'), 'create table log.more (n int);')
      await Promise.all([open(), open(), open()]) // at the same time: one applies it
      await writeFile(join(folder, 'log', '0002-more.sql'), 'create table log.more (n bigint);')
      await expect(open()).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('log/0002-more.sql') })
      await rm(join(folder, 'log', '0002-more.sql'))
      await expect(open()).rejects.toMatchObject({ code: 'refused', mend: expect.stringContaining('later release') })
      await writeFile(join(folder, 'log', '0002-more.sql'), 'create table log.more (n int);')
      await open()
    })

    it('a migration that fails leaves nothing of itself, and says where it failed', async () => {
      const open = () => openDatabase({ server: bench.server, name, passwords, migrations }).then((opened) => opened.close())
      const file = join(folder, 'log', '0003-broken.sql')
      await writeFile(file, 'create table log.half (n int);\nselect no_such_function();')
      await expect(open()).rejects.toMatchObject({ message: expect.stringMatching(/log\/0003-broken\.sql failed at line 2/) })
      await writeFile(file, 'create table log.half (n int);\ncommit;\nbegin;')
      await expect(open()).rejects.toMatchObject({ message: expect.stringContaining('transaction') })
      await rm(file)
      await open()
    })
  })
})
