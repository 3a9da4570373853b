import { sql } from 'kysely'
import { uuid7 } from '#core/database'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { DAY, fails, holds, selfCheck, unknown, type Sight } from './self-check.ts'

const CHECKER = { kind: 'check', name: 'installation/audit-trail' } as const
const JOB = 'installation.never-run'

export function auditTrailCheck({ organisation, clock }: InstallationParts): Check {
  const { database } = organisation
  return selfCheck(
    {
      noun: 'audit-trail',
      title: 'What cannot be audited is not done',
      controls: ['audit-log-captured', 'access-logged'],
      method: 'Makes a change whose audit event cannot be written, and looks whether the change happened all the same; makes a harmless one that can, and looks for its event with actor, action, subject and time.',
      cadenceSeconds: DAY,
      revision: 1,
      allHold: () => 'a change without an audit event was undone, and one with an event is in the trail',
    },
    {
      targets: () => ['a change that cannot be audited', 'a change that can'],
      look: (target) => (target === 'a change that can' ? audited() : unaudited()),
    },
  )

  async function unaudited(): Promise<Sight> {
    const key = `${JOB}-${uuid7(clock.now())}`
    try {
      // U+0000 has no place in jsonb (PostgreSQL §8.14), so the event is refused after the change was made.
      await database.change({ actor: CHECKER, action: 'installation.probe', subject: { kind: 'check', id: CHECKER.name }, detail: { impossible: '\u0000' } }, (tx) => tx.job(JOB, {}, { key, runAt: new Date('2999-01-01') }))
    } catch {
      const { rows } = await sql`select from graphile_worker.jobs where key = ${key}`.execute(database.app)
      if (rows.length === 0) return holds('undone')
      await sql`select graphile_worker.remove_job(${key})`.execute(database.app)
      return fails('the change stayed though its audit event could not be written')
    }
    await sql`select graphile_worker.remove_job(${key})`.execute(database.app)
    return fails('the change was made and its audit event was lost')
  }

  async function audited(): Promise<Sight> {
    const subject = uuid7(clock.now())
    await database.change({ actor: CHECKER, action: 'installation.probe', subject: { kind: 'check', id: subject }, detail: {} }, async () => {})
    const { rows } = await sql<{ actor: string; action: string; at: Date }>`select actor_name as actor, action, at from audit.event where subject_kind = 'check' and subject_id = ${subject}`.execute(database.app)
    const [event] = rows
    if (!event) return fails('the change has no event in the trail')
    if (event.actor !== CHECKER.name || event.action !== 'installation.probe') return fails('the event names another actor or action')
    return Math.abs(event.at.getTime() - clock.now().getTime()) < 60_000 ? holds('in the trail') : unknown("the event's time is more than a minute from now")
  }
}
