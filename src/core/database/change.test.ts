import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ManualClock } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import type { Change, ChangeRecord } from './change.ts'
import { databaseFailure, isGone } from './failure.ts'
import { uuid7 } from './id.ts'
import type { OrganisationDatabase } from './organisation-database.ts'
import { asAdmin } from './roles.ts'
import { randomPassword, scramVerifier } from './scram.ts'
import { startTemporaryServer } from './temporary.ts'
import type { TemporaryServer } from './temporary.ts'

type Tables = {
  'audit.event': { id: string; at: Date; actor_kind: string; actor_name: string; action: string; subject_kind: string; subject_id: string; detail: unknown; request_id: string | null }
  'room.balance': { id: number; amount: number; day: string; big: number }
  'log.pending': { leaf_id: string; class: number; leaf: Buffer; envelope: Buffer | null; salt: Buffer | null }
}
const record: ChangeRecord = { actor: { kind: 'person', name: 'p1' }, action: 'balance.move', subject: { kind: 'balance', id: '1' } }
const clock = new ManualClock('2026-03-01T00:00:00Z')
let temporary: TemporaryServer
let db: OrganisationDatabase
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouchsafe-change-'))
  await writeFile(join(folder, '0001-balance.sql'), `
    create table room.balance (id int primary key, amount int not null check (amount >= 0), day date not null default '2026-03-01', big bigint not null default 7);
    insert into room.balance values (1, 100), (2, 100);
    select migration.changeable('room.balance');
    create table room.pair (id int primary key, other int references room.pair deferrable initially deferred);
    select migration.changeable('room.pair');`)
  const log = join(folder, 'log')
  await mkdir(log)
  await writeFile(join(log, '0001-log.sql'), `
    create table log.pending (leaf_id uuid primary key, class smallint not null, leaf bytea not null, envelope bytea, salt bytea, created_at timestamptz not null default now());
    select migration.changeable('log.pending', 'select, insert, delete');`)
  temporary = await startTemporaryServer()
  db = await temporary.createDatabase({ clock, migrations: [{ schema: 'room', folder: pathToFileURL(folder + '/') }, { schema: 'log', folder: pathToFileURL(log + '/') }] })
})
afterAll(async () => {
  await temporary?.stop()
  await rm(folder, { recursive: true, force: true })
})

const tables = () => db.app.withTables<Tables>()
const counts = async () => {
  const { rows } = await sql<{ events: number; jobs: number; leaves: number }>`select (select count(*) from audit.event) as events, (select count(*) from graphile_worker._private_jobs) as jobs, (select count(*) from log.pending) as leaves`.execute(db.app)
  return rows[0]
}
const leaf = (id: string) => ({ id, class: 1, leaf: new Uint8Array(50).fill(9), envelope: new Uint8Array([1, 2]), salt: new Uint8Array(32) })

describe('the one door', () => {
  it('a change, its audit event, its job and its log leaf are written together', async () => {
    const before = await counts()
    const result = await db.change({ ...record, detail: { why: 'test' }, requestId: 'r1' }, async (tx: Change<Tables>) => {
      await tx.db.updateTable('room.balance').set({ amount: 90 }).where('id', '=', 1).execute()
      await tx.job('mail', { to: 1 })
      await tx.logLeaf(leaf(uuid7(tx.at)))
      tx.note({ left: 90 })
      return 'done'
    })
    expect(result).toBe('done')
    expect(await counts()).toEqual({ events: before!.events + 1, jobs: before!.jobs + 1, leaves: before!.leaves + 1 })
    const [event] = await tables().selectFrom('audit.event').selectAll().where('request_id', '=', 'r1').execute()
    expect(event).toMatchObject({ at: clock.now(), actor_kind: 'person', actor_name: 'p1', action: 'balance.move', subject_id: '1', detail: { why: 'test', left: 90 } })
    expect((await tables().selectFrom('log.pending').selectAll().execute())[0]?.leaf).toEqual(Buffer.alloc(50, 9))
  })

  it('nothing of it is there when the work fails, when the leaf is doubled, or when the leaf has another length', async () => {
    const before = await counts()
    const amount = await tables().selectFrom('room.balance').select('amount').where('id', '=', 2).execute()
    const work = (end: (tx: Change<Tables>) => Promise<unknown>) => db.change(record, async (tx: Change<Tables>) => {
      await tx.db.updateTable('room.balance').set({ amount: 1 }).where('id', '=', 2).execute()
      await tx.job('mail', {})
      await end(tx)
    })
    await expect(work(async () => { throw new Error('no') })).rejects.toThrow('no')
    const id = uuid7(clock.now())
    await expect(work(async (tx) => { await tx.logLeaf(leaf(id)); await tx.logLeaf(leaf(id)) })).rejects.toMatchObject({ code: '23505' })
    await expect(work((tx) => tx.logLeaf({ ...leaf(id), leaf: new Uint8Array(49) }))).rejects.toMatchObject({ code: 'internal' })
    await expect(work((tx) => tx.db.updateTable('room.balance').set({ amount: -1 }).execute())).rejects.toMatchObject({ code: '23514' })
    expect(await counts()).toEqual(before)
    expect(await tables().selectFrom('room.balance').select('amount').where('id', '=', 2).execute()).toEqual(amount)
  })

  it('what cannot be audited is not done', async () => {
    const before = await counts()
    const owner = (text: string) => asAdmin(temporary.server, db.name, (admin) => admin.query(text))
    const attempt = () => db.change(record, (tx: Change<Tables>) => tx.db.updateTable('room.balance').set({ amount: 5 }).execute())
    await owner('alter table audit.event rename to event_away')
    await expect(attempt()).rejects.toMatchObject({ code: '42P01' })
    await owner('alter table audit.event_away rename to event')
    await owner(`alter table audit.event add constraint blocked check (action <> 'balance.move') not valid`)
    await expect(attempt()).rejects.toMatchObject({ code: '23514' })
    await owner('alter table audit.event drop constraint blocked')
    expect(await counts()).toEqual(before)
    expect((await tables().selectFrom('room.balance').select('amount').where('amount', '=', 5).execute())).toEqual([])
  })

  it('what is refused only at the commit is not done, and its connection serves the next', async () => {
    // More than a pool holds: were each to keep its connection, the last would wait for ever.
    for (let id = 1; id <= 30; id++) await expect(db.change(record, async (tx) => sql`insert into room.pair values (${id}, 999)`.execute(tx.db))).rejects.toThrow()
    expect((await sql<{ n: number }>`select count(*) as n from room.pair`.execute(db.app)).rows).toEqual([{ n: 0 }])
  })

  it('changes that read outside of themselves do not wait for each other’s connections, however many there are', async () => {
    // Each has begun before any reads: as many as a pool holds would all hold one and want another.
    const done = await Promise.all(Array.from({ length: 40 }, () => db.change(record, async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return (await sql<{ one: number }>`select 1 as one`.execute(db.app)).rows[0]?.one
    })))
    expect(done).toEqual(Array.from({ length: 40 }, () => 1))
  })

  it('serializable changes that collide are all done, one after another: no update is lost', async () => {
    const [start] = await tables().selectFrom('room.balance').select('amount').where('id', '=', 2).execute()
    let runs = 0
    await Promise.all(Array.from({ length: 6 }, () => db.change({ ...record, isolation: 'serializable' }, async (tx: Change<Tables>) => {
      runs++
      const { amount } = await tx.db.selectFrom('room.balance').select('amount').where('id', '=', 2).executeTakeFirstOrThrow()
      await tx.db.updateTable('room.balance').set({ amount: amount + 1 }).where('id', '=', 2).execute()
    })))
    const [end] = await tables().selectFrom('room.balance').select('amount').where('id', '=', 2).execute()
    expect(end?.amount).toBe((start?.amount ?? 0) + 6)
    expect(runs).toBeGreaterThan(6) // some did collide
  })

  it('a connection cut during the work changes nothing, and the next change succeeds', async () => {
    const before = await counts()
    await expect(db.change(record, async (tx: Change<Tables>) => {
      await tx.job('mail', {})
      const { rows } = await sql<{ pid: number }>`select pg_catalog.pg_backend_pid() as pid`.execute(tx.db)
      await asAdmin(temporary.server, 'postgres', (admin) => admin.query('select pg_terminate_backend($1)', [rows[0]?.pid]))
    })).rejects.toMatchObject({ code: 'unavailable' })
    expect(await counts()).toEqual(before)
    await db.change(record, async () => {})
  })

  it('idle connections that are cut do not end the process, and are made anew', async () => {
    await Promise.all(Array.from({ length: 5 }, () => sql`select pg_catalog.pg_sleep(0.05)`.execute(db.app)))
    await asAdmin(temporary.server, 'postgres', (admin) => admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [db.name]))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await sql`select 1`.execute(db.app)
  })

  it('values come back as what they are: whole numbers, days without a zone', async () => {
    const [row] = await tables().selectFrom('room.balance').selectAll().where('id', '=', 1).execute()
    expect(row).toMatchObject({ big: 7, day: '2026-03-01' })
    await expect(sql`select 9007199254740993::bigint`.execute(db.app)).rejects.toThrow('too large')
  })
})

describe('failures of the server', () => {
  it('full disk, absence and time limit become errors that say what to do; others stay what they are', () => {
    for (const code of ['53100', 'ENOSPC', 'ECONNREFUSED', '57P01', '08006', '57014']) expect(databaseFailure(Object.assign(new Error('x'), { code }))).toMatchObject({ code: 'unavailable', mend: expect.any(String) })
    for (const code of ['40001', '40P01', '55P03']) expect(databaseFailure(Object.assign(new Error('x'), { code }))).toMatchObject({ code: 'conflict' })
    const own = new VouchsafeError('not-found', 'x')
    const unique = Object.assign(new Error('x'), { code: '23505' })
    expect([databaseFailure(own), databaseFailure(unique)]).toEqual([own, unique])
    expect(isGone(new Error('Connection terminated unexpectedly'))).toBe(true)
    expect(isGone(new Error('syntax error'))).toBe(false)
  })
})

describe('ids', () => {
  it('are UUIDs of version 7 that sort as they were made, whatever the clock does', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_020 }), { minLength: 2, maxLength: 50 }), (times) => {
      const ids = times.map((time) => uuid7(new Date(time)))
      for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(ids.toSorted()).toEqual(ids)
      expect(new Set(ids).size).toBe(ids.length)
    }))
    const later = new Date('2027-01-01T00:00:00Z')
    expect(Number.parseInt(uuid7(later).replaceAll('-', '').slice(0, 12), 16)).toBe(later.getTime())
    const many = Array.from({ length: 10_000 }, () => uuid7(later)) // more than one millisecond holds
    expect(many.toSorted()).toEqual(many)
  })
})

describe('the password verifier', () => {
  it('is the one of RFC 7677 §3', () => {
    // user "user", password "pencil", salt W22ZaJ0SNY7soEsUEjb6gQ==, i = 4096; ServerKey and StoredKey follow from the RFC's exchange.
    const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))
    expect(verifier).toBe('SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=')
  })

  it('passwords hold 256 random bits in letters that need no escape', () => {
    expect(randomPassword()).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(randomPassword()).not.toBe(randomPassword())
  })
})
