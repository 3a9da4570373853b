import { migrationsBeside, type Change, type MigrationSet, type OrganisationDatabase } from '#core/database'
import type { ClockRun } from './clock-run.ts'

export const obligationMigrations: MigrationSet = { schema: 'obligation', folder: migrationsBeside(import.meta.url) }

export type ObligationTables = {
  'obligation.clock': { id: string; obligation: string; subject_kind: string; subject_id: string; run: ClockRun; started_at: Date }
  'obligation.event': { clock: string; position: number; name: string; run: ClockRun; at: Date }
  'obligation.warning': { clock: string; rule: string; at: Date }
}

/** A promise about one thing, with its clock as the last event left it. */
export interface KeptClock {
  id: string
  obligation: string
  subject: { kind: string; id: string }
  run: ClockRun
  startedAt: Date
  /** How many events it has seen; the next one takes this place. */
  events: number
}

/** Clocks of all obligations, or of one subject, newest first. */
export async function listClocks(db: OrganisationDatabase, only: { obligation?: string; subject?: { kind: string; id: string } } = {}): Promise<KeptClock[]> {
  let query = db.app
    .withTables<ObligationTables>()
    .selectFrom('obligation.clock as c')
    .leftJoinLateral(
      (eb) => eb.selectFrom('obligation.event as e').select(['e.run', 'e.position']).whereRef('e.clock', '=', 'c.id').orderBy('e.position', 'desc').limit(1).as('last'),
      (join) => join.onTrue(),
    )
    .select(['c.id', 'c.obligation', 'c.subject_kind', 'c.subject_id', 'c.run', 'c.started_at', 'last.run as last_run', 'last.position'])
    .orderBy('c.started_at', 'desc')
    .orderBy('c.id', 'desc')
  if (only.obligation !== undefined) query = query.where('c.obligation', '=', only.obligation)
  if (only.subject) query = query.where('c.subject_kind', '=', only.subject.kind).where('c.subject_id', '=', only.subject.id)
  return (await query.execute()).map((row) => ({
    id: row.id,
    obligation: row.obligation,
    subject: { kind: row.subject_kind, id: row.subject_id },
    run: row.last_run ?? row.run,
    startedAt: row.started_at,
    events: row.position === null ? 0 : row.position + 1,
  }))
}

export async function insertClock(tx: Change<ObligationTables>, clock: Omit<KeptClock, 'events'>): Promise<void> {
  await tx.db
    .insertInto('obligation.clock')
    .values({ id: clock.id, obligation: clock.obligation, subject_kind: clock.subject.kind, subject_id: clock.subject.id, run: JSON.stringify(clock.run) as never, started_at: clock.startedAt })
    .execute()
}

export async function insertEvent(tx: Change<ObligationTables>, clock: KeptClock, name: string, run: ClockRun, at: Date): Promise<void> {
  await tx.db
    .insertInto('obligation.event')
    .values({ clock: clock.id, position: clock.events, name, run: JSON.stringify(run) as never, at })
    .execute()
}

/** @returns whether this warning is new: each goes out once, whoever looks */
export async function insertWarning(tx: Change<ObligationTables>, clock: string, rule: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('obligation.warning')
    .values({ clock, rule, at: tx.at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return Number(numInsertedOrUpdatedRows ?? 0) > 0
}

export async function listWarnings(db: OrganisationDatabase, since: Date): Promise<{ clock: string; rule: string; at: Date }[]> {
  return db.app.withTables<ObligationTables>().selectFrom('obligation.warning').selectAll().where('at', '>=', since).orderBy('at', 'desc').execute()
}
