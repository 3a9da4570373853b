import { useQuery } from '@tanstack/react-query'
import { useMay } from '../api/access.ts'
import { all } from '../api/client.ts'
import { Empty } from '../components/empty.tsx'
import { Go } from '../components/go.tsx'
import { Screen } from '../components/screen.tsx'
import { useCommands } from '../components/shortcut.ts'
import { Table } from '../components/table.tsx'
import { When } from '../components/when.tsx'
import { useNavigate } from '@tanstack/react-router'
import { STATUS_WORDS, type Status, type VersionRecord, versionPath } from './policy-record.ts'
import { StatusTag } from './status.tsx'

const ORDER: readonly Status[] = ['draft', 'approved', 'published', 'previewed', 'superseded', 'withdrawn']

export const usePolicies = () => useQuery({ queryKey: ['/policies'], queryFn: () => all<VersionRecord>('/policies') })

export default function Policies() {
  const policies = usePolicies()
  const may = useMay()
  const navigate = useNavigate()
  const mayDraft = may({ verb: 'act', record: 'policy', name: 'draft' })
  const bring = mayDraft && <Go to="/policies/import" className="button filled">Import a page</Go>
  useCommands(mayDraft ? [{ title: 'Import a page', also: 'paste upload address', run: () => void navigate({ to: '/policies/import' }) }] : [])
  const byDecision = (version: VersionRecord): string | undefined => version.decisions?.at(-1)?.at ?? version.createdAt
  return (
    <Screen title="Policies" lead="The pages whose sentences are checked, in every version that there was.">
      <Table<VersionRecord>
        name="versions"
        rows={policies.data?.toSorted((a, b) => (a.slug ?? '').localeCompare(b.slug ?? '') || (b.number ?? 0) - (a.number ?? 0))}
        error={policies.error}
        retry={() => void policies.refetch()}
        keyOf={(version) => `${version.slug}@${version.number}`}
        to={versionPath}
        search={{ title: 'Title or short name', of: (version) => `${version.title} ${version.slug}` }}
        filters={[{ name: 'status', title: 'Status', choices: ORDER.map((status) => [status, STATUS_WORDS[status]]), of: (version) => version.status }]}
        columns={[
          { title: 'Policy', cell: (version) => <>{version.title}<span className="under">{version.slug}, version {version.number}</span></>, text: (version) => `${version.slug}@${version.number}`, sort: 'title', by: (version) => `${version.title} ${version.number}` },
          { title: 'Status', cell: (version) => version.status && <StatusTag status={version.status} />, text: (version) => version.status, sort: 'status', by: (version) => (version.status === undefined ? 9 : ORDER.indexOf(version.status)) },
          { title: 'Brought in by', cell: (version) => version.createdBy, text: (version) => version.createdBy },
          { title: 'Last decision', cell: (version) => { const last = version.decisions?.at(-1); return last ? <>{last.kind} by {last.by}</> : <span className="soft">none yet</span> }, text: (version) => version.decisions?.at(-1)?.kind },
          { title: 'When', cell: (version) => { const at = byDecision(version); return at && <When at={at} /> }, text: byDecision, sort: 'when', by: byDecision },
        ]}
        empty={<Empty title="There is no policy yet." acts={bring}>Bring in your security page. It becomes a draft: you see which sentences commit you, what each rests on, and how it would stand, before anybody else does.</Empty>}
        acts={bring}
      />
    </Screen>
  )
}
