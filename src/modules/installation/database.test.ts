import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asAdmin, createDatabaseWithRoles, newRolePasswords, roleName } from '#core/database'
import { appendOnlyCheck, promisedTables } from './append-only.ts'
import { runOnce, startBench, type Bench } from './bench.fixture.ts'
import { databaseBoundaryCheck } from './database-boundary.ts'
import { databaseRolesCheck } from './database-roles.ts'
import { databaseSettingsCheck } from './database-settings.ts'
import { readerRoleCheck } from './reader-role.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench?.stop())

const asOwner = (sql: string) => asAdmin(bench.server, bench.organisation.database.name, (admin) => admin.query(sql))
const application = () => `"${roleName(bench.organisation.database.name, 'application')}"`
const reader = () => `"${roleName(bench.organisation.database.name, 'reader')}"`

/** Breaks a promise, looks, mends it, and looks again. */
async function brokenBy(run: () => ReturnType<typeof runOnce>, harm: string, mend: string) {
  await asOwner(harm)
  const broken = await run()
  await asOwner(mend)
  expect((await run()).verdict).toBe('holds')
  return broken
}

describe('append-only tables', () => {
  const run = () => runOnce(appendOnlyCheck(bench.parts))

  it('every table that a migration declares append-only is a target, and all of them refuse', async () => {
    const result = await run()
    expect(result.summary).toMatch(/^7 ways .* each of \d+ append-only tables$/)
    expect(result.verdict).toBe('holds')
    expect(result.targets.map(({ target }) => target)).toEqual(expect.arrayContaining(['audit.event', 'check.slot', 'log.entry', 'page.version', 'statement.attestation']))
    expect(result.declared).toBe((await promisedTables()).length)
  })

  it('a table that the application may really change fails', async () => {
    const broken = await brokenBy(run, `grant update on audit.event to ${application()}; drop trigger append_only on audit.event`, `revoke update on audit.event from ${application()}; select migration.append_only('audit.event')`)
    expect(broken.verdict).toBe('fails')
    expect(broken.summary).toBe('audit.event: UPDATE was let through; put back the grants and the trigger of this table')
  })

  it('a grant too many fails though the trigger still refuses', async () => {
    const broken = await brokenBy(run, `grant delete on "check".slot to ${application()}`, `revoke delete on "check".slot from ${application()}`)
    expect(broken).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('check.slot: the application role was granted more') })
  })

  it('a trigger that is gone, or switched off, fails though the grant is missing too', async () => {
    const dropped = await brokenBy(run, 'drop trigger append_only on log.entry', `select migration.append_only('log.entry'); revoke insert on log.entry from ${application()}`)
    expect(dropped).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('log.entry: the trigger') })
    const off = await brokenBy(run, 'alter table page.version disable trigger append_only', 'alter table page.version enable always trigger append_only')
    expect(off).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('page.version: the trigger') })
  })

  it('a table of the application itself fails', async () => {
    const owner = `"${roleName(bench.organisation.database.name, 'owner')}"`
    const broken = await brokenBy(run, `alter table page.note owner to ${application()}`, `alter table page.note owner to ${owner}; select migration.append_only('page.note')`)
    expect(broken.verdict).toBe('fails')
  })

  it('a table that is gone stays a target and fails', async () => {
    const broken = await brokenBy(run, 'alter table statement.witness rename to hidden', 'alter table statement.hidden rename to witness')
    expect(broken).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('statement.witness: the table is gone') })
  })

  it('nothing that it tries is kept, even where it is let through', async () => {
    await asOwner(`create table audit.scratch (id integer); insert into audit.scratch values (1); grant all on audit.scratch to ${application()}`)
    const { attempt } = await import('./attempt.ts')
    expect(await attempt(bench.organisation.database.app, 'truncate audit.scratch')).toEqual({ outcome: 'done' })
    expect((await asOwner('select count(*)::int as n from audit.scratch')).rows).toEqual([{ n: 1 }])
    await asOwner('drop table audit.scratch')
  })
})

describe('roles of the database', () => {
  const roles = () => runOnce(databaseRolesCheck(bench.parts))

  it('hold as they are made', async () => {
    expect(await roles()).toMatchObject({ verdict: 'holds', summary: expect.stringContaining('7 overreaches were refused') })
    expect(await runOnce(readerRoleCheck(bench.parts))).toMatchObject({ verdict: 'holds', summary: expect.stringMatching(/refused in 4 ways on each of \d+ tables/) })
  })

  it('a role that may create schemas fails', async () => {
    const name = bench.organisation.database.name
    expect(await brokenBy(roles, `grant create on database "${name}" to ${application()}`, `revoke create on database "${name}" from ${application()}`)).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('creating a schema was let through') })
  })

  it('a superuser, and a member of another role, fail', async () => {
    expect((await brokenBy(roles, `alter role ${application()} superuser`, `alter role ${application()} nosuperuser`)).verdict).toBe('fails')
    expect(await brokenBy(roles, `alter role ${reader()} bypassrls`, `alter role ${reader()} nobypassrls`)).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('reader role is bypassrls') })
    expect(await brokenBy(roles, `grant pg_signal_backend to ${application()}`, `revoke pg_signal_backend from ${application()}`)).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('member of 1 other') })
  })

  it('a reader that may write one table fails, though its sessions begin read-only', async () => {
    const run = () => runOnce(readerRoleCheck(bench.parts))
    const broken = await brokenBy(run, `grant insert on page.setting to ${reader()}`, `revoke insert on page.setting from ${reader()}`)
    expect(broken).toMatchObject({ verdict: 'fails', summary: 'INSERT on page.setting was let through; revoke it from the reader role' })
  })
})

describe('the border to other databases', () => {
  const run = () => runOnce(databaseBoundaryCheck(bench.parts))

  it('holds where every other database turns all three roles away', async () => {
    expect(await run()).toMatchObject({ verdict: 'holds', summary: 'three roles were turned away by each of 3 other databases' })
  })

  it('a database that is open to everybody fails', async () => {
    await createDatabaseWithRoles(bench.server, 'vouchsafe_other', newRolePasswords())
    const broken = await brokenBy(run, 'grant connect on database vouchsafe_other to public', 'revoke connect on database vouchsafe_other from public')
    expect(broken).toMatchObject({ verdict: 'fails', summary: 'vouchsafe_other: the owner role could connect; revoke CONNECT from PUBLIC on that database' })
  })

  it('a role that cannot sign in at all is unknown, not refused', async () => {
    await asOwner(`alter role ${reader()} nologin`)
    expect((await run()).verdict).toBe('unknown')
    await asOwner(`alter role ${reader()} login`)
    expect((await run()).verdict).toBe('holds')
  })
})

describe('settings of the database', () => {
  it('hold for the embedded server as it is started', async () => {
    expect((await runOnce(databaseSettingsCheck(bench.parts))).verdict).toBe('holds')
  })

  it('a role for which commits are not waited for fails', async () => {
    await asOwner(`alter role ${application()} set synchronous_commit = 'off'`)
    await asOwner(`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${application().replaceAll('"', "'")}`)
    expect(await runOnce(databaseSettingsCheck(bench.parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('synchronous_commit is off') })
    await asOwner(`alter role ${application()} reset synchronous_commit`)
  })
})
