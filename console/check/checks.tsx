import { useQuery } from '@tanstack/react-query'
import { all, get } from '../api/client.ts'
import { Empty } from '../components/empty.tsx'
import { Screen } from '../components/screen.tsx'
import { Table } from '../components/table.tsx'
import { When } from '../components/when.tsx'
import { useOverview } from '../claims/claim-record.ts'
import { type CheckRecord, checkPath, every, type RunRecord, VERDICT_WORDS } from './check-record.ts'
import { UnderWayNow } from './under-way.tsx'
import { Verdict } from './verdict.tsx'

export const useChecks = () => useQuery({ queryKey: ['/checks'], queryFn: () => all<CheckRecord>('/checks') })
export const useRuns = () => useQuery({ queryKey: ['/runs'], queryFn: ({ signal }) => get<{ items: RunRecord[] }>('/runs', undefined, signal) })

interface Row {
  check: CheckRecord
  run: RunRecord | undefined
  claims: number
}

const ORDER = ['fails', 'unknown', 'not-run', 'holds']

export default function Checks() {
  const checks = useChecks()
  const runs = useRuns()
  const overview = useOverview()
  const byCheck = new Map(runs.data?.items.map((run) => [run.check, run]))
  const rows = checks.data && runs.data && checks.data.map((check): Row => ({ check, run: byCheck.get(check.id), claims: overview.data?.claims.filter((claim) => claim.checks?.includes(check.id)).length ?? 0 }))
  const verdict = ({ run }: Row): string => run?.verdict ?? 'not-run'
  return (
    <Screen title="Checks" lead="What is observed, how often, and what was seen last. A result is recorded once in each slot, whatever it says.">
      <UnderWayNow />
      <Table<Row>
        name="checks"
        rows={rows}
        error={checks.error ?? runs.error}
        retry={() => { void checks.refetch(); void runs.refetch() }}
        keyOf={({ check }) => check.id}
        to={({ check }) => checkPath(check.id)}
        search={{ title: 'Title, id or control', of: ({ check, run }) => [check.title, check.id, ...check.controls, run?.summary].join(' ') }}
        filters={[
          { name: 'verdict', title: 'Verdict', choices: (['fails', 'unknown', 'holds', 'not-run'] as const).map((one) => [one, VERDICT_WORDS[one]]), of: verdict },
          { name: 'kind', title: 'Kind', choices: [['built-in', 'built in'], ['declared', 'declared'], ['pushed', 'pushed']], of: ({ check }) => check.kind },
          { name: 'bound', title: 'Claims', choices: [['some', 'rest on it'], ['none', 'none rests on it']], of: ({ claims }) => (claims > 0 ? 'some' : 'none') },
        ]}
        columns={[
          { title: 'Check', cell: ({ check }) => <>{check.title}<span className="under">{check.id}</span></>, text: ({ check }) => check.id, sort: 'title', by: ({ check }) => check.title },
          { title: 'Last', cell: ({ run }) => <Verdict verdict={run?.verdict ?? 'not-run'} />, text: verdict, sort: 'verdict', by: (row) => ORDER.indexOf(verdict(row)) },
          { title: 'What was seen', cell: ({ run }) => run?.summary, text: ({ run }) => run?.summary },
          { title: 'Observed', cell: ({ run }) => run?.observedAt && <When at={run.observedAt} />, text: ({ run }) => run?.observedAt, sort: 'observedAt', by: ({ run }) => run?.observedAt },
          { title: 'How often', cell: ({ check }) => <span className="nowrap">{every(check.cadenceSeconds)}</span>, text: ({ check }) => String(check.cadenceSeconds), sort: 'cadence', by: ({ check }) => check.cadenceSeconds },
          { title: 'Claims', cell: ({ claims }) => claims || '', text: ({ claims }) => String(claims), look: 'number', sort: 'claims', by: ({ claims }) => claims },
        ]}
        empty={<Empty title="Nothing is checked here.">Declare a check in the folder checks/ of the data folder, and start again.</Empty>}
      />
    </Screen>
  )
}
