import { latestRuns } from '#core/check'
import type { OrganisationDatabase } from '#core/database'
import type { Log } from '#core/log'

/** One line of `vouchsafe doctor`. */
export interface Finding {
  name: string
  ok: boolean | 'unknown'
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
  // A database that is away is what is wrong then, not a reason to tell nothing.
  const runs = new Map((await latestRuns(db).catch(() => [])).map((run) => [run.checkId, run]))
  return [
    (await answers(db)) ? { name: 'database', ok: true, detail: `PostgreSQL ${major}` } : { name: 'database', ok: false, detail: `PostgreSQL ${major} does not answer`, mend: 'An embedded one is started again by itself; look into vouchsafe.log. One of your own: see whether it runs.' },
    { name: 'log', ok: log.halted === undefined, detail: log.halted?.message ?? (await log.size().then((size) => `${size} entries`, () => 'its size cannot be read')), ...(log.halted?.mend === undefined ? {} : { mend: log.halted.mend }) },
    ...ownChecks.flatMap((id): Finding[] => {
      const run = runs.get(id)
      if (run === undefined) return [{ name: id, ok: 'unknown', detail: 'has not run yet', mend: `Wait a minute, or run: vouchsafe check ${id}` }]
      if (run.verdict === 'holds') return [{ name: id, ok: true, detail: run.summary }]
      if (run.verdict === 'unknown') return [{ name: id, ok: 'unknown', detail: run.summary, mend: `Mend what the line names, then run: vouchsafe check ${id}` }]
      return [{ name: id, ok: false, detail: run.summary, mend: `Mend it, then run: vouchsafe check ${id}` }]
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
