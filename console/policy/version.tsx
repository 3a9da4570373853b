import { useQueryClient } from '@tanstack/react-query'
import type { Reply } from '../api/client.ts'
import { useMay } from '../api/access.ts'
import { Empty } from '../components/empty.tsx'
import { useFilters } from '../components/filters.ts'
import { Go } from '../components/go.tsx'
import { useParameter } from '../components/parameter.ts'
import { Loaded, useRecord } from '../components/record.tsx'
import { Screen } from '../components/screen.tsx'
import { Changes } from './changes.tsx'
import { Decide } from './decide.tsx'
import { FindingsOf } from './findings.tsx'
import { type Line, type OpenVersion } from './policy-record.ts'
import { Rehearsal } from './rehearsal.tsx'
import { SideBySide } from './side-by-side.tsx'
import { StatusTag } from './status.tsx'
import './policy.css'

/** One version of a policy: what it says, what it rests on, how it would stand, and the decisions about it. */
export default function Version() {
  const slug = useParameter('slug')
  const number = useParameter('number')
  const path = `/policies/${slug}/versions/${number}`
  const query = useRecord<OpenVersion>(path)
  const queries = useQueryClient()
  const may = useMay()
  const [{ view = 'text' }] = useFilters()
  const version = query.data?.body
  const views: [string, string][] = [
    ['text', 'Text and claims'],
    ['findings', `Findings${version?.findings ? ` (${version.findings.contradictions.length + version.findings.gaps.length + version.findings.suggestions.length + version.findings.blanketHedges.length})` : ''}`],
    ...(may([{ verb: 'act', record: 'check', name: 'run' }, { verb: 'act', record: 'check', name: 'read' }]) ? [['rehearsal', 'Dry run and replay'] as [string, string]] : []),
    ['changes', 'Changes'],
    ['decisions', 'Decisions'],
  ]
  const onLine = (line: Line): void => {
    queries.setQueryData<Reply<OpenVersion>>([path], (before) => before && { ...before, body: { ...before.body, lines: (before.body.lines ?? []).map((other) => (other.line === line.line ? line : other)) } })
  }
  return (
    <Screen title={version?.title ?? 'Version'} within={{ title: 'Policies', to: '/policies' }} lead={version && <>{version.slug}, version {version.number} · {version.status && <StatusTag status={version.status} />}</>}>
      <nav className="tabs" aria-label="Parts of this version">
        {views.map(([name, title]) => <Go key={name} to={`/policies/${slug}/${number}?view=${name}`} {...(view === name ? { 'aria-current': 'page' as const } : {})}>{title}</Go>)}
      </nav>
      <Loaded query={query} lines={12}>
        {(reply) => view === 'findings' ? <FindingsOf version={reply.body} />
          : view === 'rehearsal' ? <Rehearsal version={reply.body} path={path} />
          : view === 'changes' ? <Changes version={reply.body} />
          : view === 'decisions' ? <Decide reply={reply} path={path} />
          : reply.body.lines === undefined ? <Empty title="You may not see its text." acts={<Go to="/policies" className="button">Policies</Go>} />
          : <SideBySide version={reply.body} path={path} onLine={onLine} reload={() => query.refetch()} />}
      </Loaded>
    </Screen>
  )
}
