import { latestRuns } from '#core/check'
import type { OrganisationDatabase } from '#core/database'
import type { Log } from '#core/log'

/** One line of `vouchsafe doctor`. */
export interface Finding {
  name: string
  ok: boolean
  detail: string
  mend?: string
}

export interface HealthParts {
  db: OrganisationDatabase
  log: Log
  /** Major version of the database server. */
  major: number
  /** The checks of this very installation. */
  ownChecks: readonly string[]
}

/** How the running installation is: its database, its log, and the newest run of each check of itself. */
export async function healthOf({ db, log, major, ownChecks }: HealthParts): Promise<Finding[]> {
  const runs = new Map((await latestRuns(db)).map((run) => [run.checkId, run]))
  return [
    { name: 'database', ok: await answers(db), detail: `PostgreSQL ${major}` },
    { name: 'log', ok: log.halted === undefined, detail: log.halted?.message ?? `${await log.size()} entries`, ...(log.halted?.mend === undefined ? {} : { mend: log.halted.mend }) },
    ...ownChecks.flatMap((id): Finding[] => {
      const run = runs.get(id)
      return run ? [{ name: id, ok: run.verdict === 'holds', detail: run.summary }] : []
    }),
  ]
}

/** Whether requests can be served: for `/readyz`, asked often and answered quickly. */
export async function readinessOf({ db, log }: Pick<HealthParts, 'db' | 'log'>): Promise<{ ok: boolean; parts: Record<string, boolean> }> {
  const parts = { database: await answers(db), log: log.halted === undefined }
  return { ok: parts.database && parts.log, parts }
}

async function answers(db: OrganisationDatabase): Promise<boolean> {
  return db.appPool.query('select 1').then(
    () => true,
    () => false,
  )
}
