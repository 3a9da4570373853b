import { useQuery } from '@tanstack/react-query'
import { get } from '../api/client.ts'
import { useOverview } from '../claims/claim-record.ts'
import { Empty } from '../components/empty.tsx'
import { Go } from '../components/go.tsx'
import { Screen } from '../components/screen.tsx'
import { Table } from '../components/table.tsx'
import type { ControlRecord } from './check-record.ts'
import { useChecks } from './checks.tsx'
import './check.css'

const AUTOMATION: Readonly<Record<string, string>> = { A: 'observed', D: 'from records', H: 'attested' }

export const useControls = () => useQuery({ queryKey: ['/controls'], queryFn: ({ signal }) => get<{ items: ControlRecord[] }>('/controls', undefined, signal), staleTime: Number.POSITIVE_INFINITY })

/** What can be promised, what shows that it is so, and which requirements that meets. */
export default function Controls() {
  const controls = useControls()
  const checks = useChecks()
  const overview = useOverview()
  const families = [...new Set(controls.data?.items.map(({ family }) => family))]
  const checksOf = (id: string) => checks.data?.filter((check) => check.controls.includes(id)) ?? []
  const claimsOf = (id: string): number => overview.data?.claims.filter((claim) => claim.controls?.includes(id)).length ?? 0
  return (
    <Screen title="Controls" lead="What sentences rest on. Each is known by checks, from records kept here, or by somebody’s word.">
      <Table<ControlRecord>
        name="controls"
        rows={controls.data?.items}
        error={controls.error}
        retry={() => void controls.refetch()}
        keyOf={(control) => control.id}
        search={{ title: 'Control or requirement', of: (control) => [control.id, control.title, control.family, ...control.requirements].join(' ') }}
        filters={[
          { name: 'family', title: 'Family', choices: families.map((family) => [family, family]), of: (control) => control.family },
          { name: 'known', title: 'Known', choices: Object.entries(AUTOMATION), of: (control) => control.automation },
          { name: 'use', title: 'In use', choices: [['claims', 'claims rest on it'], ['checked', 'a check speaks to it'], ['unchecked', 'claims, and no check']], of: (control) => [claimsOf(control.id) > 0 && 'claims', checksOf(control.id).length > 0 && 'checked', claimsOf(control.id) > 0 && checksOf(control.id).length === 0 && 'unchecked'].filter((use): use is string => use !== false) },
        ]}
        columns={[
          { title: 'Control', cell: (control) => <>{control.title}<span className="under">{control.id}</span></>, text: (control) => control.id, sort: 'title', by: (control) => control.title },
          { title: 'Known', cell: (control) => AUTOMATION[control.automation] ?? control.automation, text: (control) => AUTOMATION[control.automation] ?? control.automation, sort: 'known', by: (control) => control.automation },
          { title: 'Claims', look: 'number', cell: (control) => claimsOf(control.id) > 0 && <Go to={`/claims?q=${control.id}`}>{claimsOf(control.id)}</Go>, text: (control) => String(claimsOf(control.id)), sort: 'claims', by: (control) => claimsOf(control.id) },
          { title: 'Checks', look: 'number', cell: (control) => checksOf(control.id).length > 0 && <Go to={`/checks?q=${control.id}`}>{checksOf(control.id).length}</Go>, text: (control) => String(checksOf(control.id).length), sort: 'checks', by: (control) => checksOf(control.id).length },
          { title: 'Meets', cell: (control) => <span className="soft">{control.requirements.join(' · ')}</span>, text: (control) => control.requirements.join('; ') },
        ]}
        empty={<Empty title="The catalogue is empty." />}
      />
    </Screen>
  )
}
