import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from 'kysely'
import { asAdmin, startTemporaryServer } from '#core/database'
import type { OrganisationDatabase, TemporaryServer } from '#core/database'
import { startWorker } from './worker.ts'

let temporary: TemporaryServer
let db: OrganisationDatabase
const record = { actor: { kind: 'system', name: 'test' }, action: 'test', subject: { kind: 'test', id: '1' } } as const
const queue = (name: string, payload: unknown, options = {}) => db.change(record, (tx) => tx.job(name, payload, options))
async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 10))
}
const waiting = async () => (await sql<{ n: number }>`select count(*) as n from graphile_worker.jobs`.execute(db.app)).rows[0]?.n

beforeAll(async () => {
  temporary = await startTemporaryServer()
  db = await temporary.createDatabase()
})
afterAll(() => temporary?.stop())

describe('the worker', () => {
  it('runs a job queued by a change, and none of a change that did not happen', async () => {
    const done: unknown[] = []
    const worker = await startWorker<{ note: { n: number } }>(db, { note: async ({ payload }) => void done.push(payload.n) })
    await db.change(record, async (tx) => {
      await tx.job('note', { n: 1 })
      throw new Error('changed my mind')
    }).catch(() => {})
    await queue('note', { n: 2 })
    await until(() => done.length > 0)
    await worker.stop()
    expect(done).toEqual([2])
    expect(await waiting()).toBe(0)
  })

  it('a failed job is tried again, and the failure is told without its payload', async () => {
    const failures: unknown[] = []
    let tries = 0
    const worker = await startWorker<{ flaky: { secret: string } }>(
      db,
      { flaky: async () => { if (++tries === 1) throw new Error('not yet') } },
      { onFailure: (failure) => void failures.push(failure) },
    )
    await queue('flaky', { secret: 'hush' })
    await until(() => failures.length === 1)
    // The pause before the second try is e^1 seconds; bring it forward as the owner of time.
    await until(async () => (await sql`update graphile_worker._private_jobs set run_at = now() where locked_at is null returning 1`.execute(db.app)).rows.length === 1)
    await until(async () => tries === 2 && (await waiting()) === 0)
    await worker.stop()
    expect(failures).toEqual([{ job: 'flaky', id: expect.any(String), attempt: 1, final: false, reason: 'not yet' }])
  })

  it('a job of the same key that has not begun is replaced', async () => {
    await queue('later', { n: 1 }, { key: 'k', runAt: new Date('2999-01-01') })
    await queue('later', { n: 2 }, { key: 'k', runAt: new Date('2999-01-01') })
    const { rows } = await sql<{ payload: unknown }>`select payload from graphile_worker._private_jobs where key = 'k'`.execute(db.app)
    expect(rows).toEqual([{ payload: { n: 2 } }])
    await sql`select graphile_worker.remove_job('k')`.execute(db.app)
  })

  it('begins again by itself after the database cut every connection', async () => {
    const done: number[] = []
    const worker = await startWorker<{ after: { n: number } }>(db, { after: async ({ payload }) => void done.push(payload.n) })
    await asAdmin(temporary.server, 'postgres', (admin) => admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [db.name]))
    await until(() => queue('after', { n: 1 }).then(() => true, () => false))
    await until(() => done.length > 0)
    await worker.stop()
    expect(done[0]).toBe(1)
  })

  it('stopping waits for the job under way', async () => {
    let begun = false
    let ended = false
    const worker = await startWorker<{ slow: object }>(db, { slow: async () => { begun = true; await new Promise((resolve) => setTimeout(resolve, 200)); ended = true } })
    await queue('slow', {})
    await until(() => begun)
    await worker.stop()
    expect(ended).toBe(true)
    const { rows } = await sql`select * from graphile_worker.jobs`.execute(db.app)
    expect(rows).toEqual([]) // done, and known to be done
  })

  it('a sole worker takes up at once what a killed one had begun', async () => {
    const done: number[] = []
    await queue('begun', { n: 1 }, { queue: 'one-by-one' })
    await sql`update graphile_worker._private_jobs set locked_at = now(), locked_by = 'killed', attempts = 1`.execute(db.app)
    await sql`update graphile_worker._private_job_queues set locked_at = now(), locked_by = 'killed'`.execute(db.app)
    const worker = await startWorker<{ begun: { n: number } }>(db, { begun: async ({ attempt }) => void done.push(attempt) }, { soleWorker: true })
    await until(() => done.length > 0)
    await worker.stop()
    expect(done).toEqual([2])
  })

  it('the application role may not alter the schema of the runner', async () => {
    await expect(sql`drop table graphile_worker._private_jobs`.execute(db.app)).rejects.toMatchObject({ code: '42501' })
    await expect(sql`delete from graphile_worker.migrations`.execute(db.app)).rejects.toMatchObject({ code: '42501' })
  })
})
