import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkMigrations, type CheckEngine } from '#core/check'
import { startTemporaryServer, type OrganisationDatabase, type TemporaryServer } from '#core/database'
import { logMigrations } from '#core/log'
import { statementMigrations } from '#core/statement'
import { saveDraft } from './draft.ts'
import { dryRun, type DryClaim } from './dry-run.ts'
import { pageMigrations } from './store.ts'

const AT = new Date('2026-03-02T12:00:00Z')
const PAGE = '# Security\n\nAll data at rest is encrypted.\n\nAll backups are encrypted at rest.\n\nWe use commercially reasonable efforts to encrypt data at rest.\n\nWe back up customer data every day.\n\nOur office has plants.\n'

let server: TemporaryServer
let db: OrganisationDatabase
let ran: string[]
let side: { now: number; most: number }
let verdict: 'holds' | 'fails' | 'unknown'
beforeAll(async () => {
  server = await startTemporaryServer()
  db = await server.createDatabase({ migrations: [logMigrations, statementMigrations, checkMigrations, pageMigrations] })
})
afterAll(() => server?.stop())
beforeEach(() => {
  ran = []
  side = { now: 0, most: 0 }
  verdict = 'holds'
})

const engineOf = (ids: string[], control = 'encryption-at-rest', broken?: string): CheckEngine => {
  const checks = new Map(ids.map((id) => [id, { definition: { id, title: `Title of ${id}`, controls: [control], freshnessSeconds: 3600, canContradict: true } }]))
  const observe = async (id: string) => {
    ran.push(id)
    side.most = Math.max(side.most, ++side.now)
    await sleep(5)
    side.now--
    if (id === broken) throw new Error('the engine itself broke')
    return { result: { verdict, summary: `summary of ${id}` } }
  }
  return { checks, observe } as unknown as CheckEngine
}
const run = async (engine: CheckEngine): Promise<DryClaim[]> => {
  const { version } = await saveDraft(db, { kind: 'operator', name: 'Ada' }, { slug: 'security', name: 'security.md', source: new TextEncoder().encode(PAGE) })
  return dryRun(db, engine, version, AT)
}
const of = (claims: DryClaim[], begin: string): DryClaim => claims.find((claim) => claim.text.startsWith(begin))!

describe('a dry run', () => {
  test('runs each check once, however many claims rest on it, and few of them side by side', async () => {
    const ids = Array.from({ length: 11 }, (_, n) => `check-${n}`)
    const claims = await run(engineOf(ids))
    expect(claims.filter(({ checks }) => checks.length === 11).length).toBeGreaterThan(1)
    expect(ran.toSorted()).toEqual(ids.toSorted())
    expect(side.most).toBe(4)
  })

  test.each([['holds', 'checked'], ['fails', 'broken'], ['unknown', 'unknown']] as const)('of checks of which each %s says %s, and leaves what is hedged unprovable', async (said, state) => {
    verdict = said
    const claims = await run(engineOf(['one']))
    expect(of(claims, 'All data at rest')).toMatchObject({ state, why: 'Title of one: summary of one' })
    expect(of(claims, 'We use commercially')).toMatchObject({ state: 'unprovable', underlying: state })
    expect(of(claims, 'We back up')).toMatchObject({ state: 'unbacked', checks: [], why: 'no check speaks to its controls yet' })
    expect(of(claims, 'Our office')).toBeUndefined()
  })

  test('records nothing', async () => {
    const counts = async () => (await sql<object>`select (select count(*) from audit.event) as audit, (select count(*) from log.pending) as pending, (select count(*) from "check".run) as runs`.execute(db.reader)).rows
    await run(engineOf([]))
    const before = await counts()
    await run(engineOf(['one']))
    expect(await counts()).toEqual(before)
  })

  test('in which the engine itself breaks tells no state at all', async () => {
    await expect(run(engineOf(['one', 'two', 'three'], 'encryption-at-rest', 'two'))).rejects.toThrow('the engine itself broke')
  })
})
