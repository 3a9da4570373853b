import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from 'kysely'
import { ManualClock } from '#core/clock'
import type { Change } from './change.ts'
import { startTemporaryServer } from './temporary.ts'
import type { TemporaryServer } from './temporary.ts'
import type { OrganisationDatabase } from './organisation-database.ts'

let server: TemporaryServer
let db: OrganisationDatabase
const clock = new ManualClock('2026-03-01T00:00:00Z')
type AuditTables = {
  'audit.event': { id: string; at: Date; actor_kind: string; actor_name: string; action: string; subject_kind: string; subject_id: string; detail: unknown; request_id: string | null }
}
beforeAll(async () => {
  server = await startTemporaryServer()
  db = await server.createDatabase({ clock })
})
afterAll(() => server?.stop())

describe('the one door', () => {
  it('a change, its audit event and its job are written together', async () => {
    await db.change({ actor: { kind: 'system', name: 'test' }, action: 'x', subject: { kind: 'y', id: '1' } }, async (tx: Change<AuditTables>) => {
      await tx.job('mail', { a: 1 }, { key: 'k' })
      tx.note({ b: 2 })
    })
    const rows = await db.app.withTables<AuditTables>().selectFrom('audit.event').selectAll().execute()
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ at: new Date('2026-03-01T00:00:00Z'), detail: { b: 2 } })
    const jobs = await sql<{ n: number }>`select count(*) as n from graphile_worker.jobs`.execute(db.app)
    expect(jobs.rows).toEqual([{ n: 1 }])
  })
})
