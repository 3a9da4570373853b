import { sql } from 'kysely'
import type { OrganisationDatabase } from '#core/database'
import type { Log } from '#core/log'
import { countStates, listSnapshots } from '#core/page'

/** OpenMetrics 1.0 text: how the installation is doing, without names of targets or people. */
export async function metricsText({ db, log, release }: { db: OrganisationDatabase; log: Log; release: { version: string; digest: string } }): Promise<string> {
  const [snapshot] = await listSnapshots(db, { most: 1 })
  const states = countStates(snapshot?.predicate.claims.map((claim) => claim.state) ?? [])
  const { rows } = await sql<{ verdict: string; count: number }>`select verdict, count(*)::int as count from "check".slot group by verdict order by verdict`.execute(db.reader)
  const lines = [
    '# TYPE vouchsafe_build info',
    `vouchsafe_build_info{version="${release.version}",digest="${release.digest.slice(0, 16)}"} 1`,
    '# TYPE vouchsafe_claims gauge',
    ...Object.entries(states).map(([state, count]) => `vouchsafe_claims{state="${state}"} ${count}`),
    '# TYPE vouchsafe_slots counter',
    ...rows.map((row) => `vouchsafe_slots_total{verdict="${row.verdict}"} ${row.count}`),
    '# TYPE vouchsafe_log_entries gauge',
    `vouchsafe_log_entries ${await log.size()}`,
    '# TYPE vouchsafe_log_halted gauge',
    `vouchsafe_log_halted ${log.halted === undefined ? 0 : 1}`,
    '# EOF',
  ]
  return `${lines.join('\n')}\n`
}
