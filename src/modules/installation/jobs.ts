import { sql } from 'kysely'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { fails, holds, MINUTE, selfCheck, type Sight } from './self-check.ts'

interface Counts {
  waiting: number
  late: number
  given_up: number
}

/** A job that should have begun this long ago is stuck: the worker looks every second. */
const LATE_MINUTES = 15

export function jobsCheck({ organisation }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'jobs',
      title: 'No job is stuck or given up',
      controls: ['system-monitored'],
      method: `Counts the jobs of the queue that ought to have begun more than ${LATE_MINUTES} minutes ago, and those that failed as often as they may.`,
      cadenceSeconds: 15 * MINUTE,
      confirmations: 2,
      revision: 1,
    },
    {
      targets: () => ['queue'],
      look: async () => {
        const { rows } = await sql<Counts>`
          select count(*)::int as waiting,
            count(*) filter (where attempts < max_attempts and run_at < now() - make_interval(mins => ${LATE_MINUTES}) and (locked_at is null or locked_at < now() - interval '4 hours'))::int as late,
            count(*) filter (where attempts >= max_attempts and locked_at is null)::int as given_up
          from graphile_worker.jobs`.execute(organisation.database.app)
        return judgeQueue(rows[0] ?? { waiting: 0, late: 0, given_up: 0 })
      },
    },
  )
}

export function judgeQueue({ waiting, late, given_up: givenUp }: Counts): Sight {
  if (givenUp > 0) return fails(`${givenUp} jobs were given up after their last try; see the log file for why`, { waiting, late, givenUp })
  if (late > 0) return fails(`${late} jobs are more than ${LATE_MINUTES} minutes late; see that the worker runs`, { waiting, late, givenUp })
  return holds(`${waiting} jobs wait, none of them late`, { waiting })
}
