import { useQuery } from '@tanstack/react-query'
import { get } from '../api/client.ts'
import { Empty } from '../components/empty.tsx'
import { useFilters } from '../components/filters.ts'
import { Loaded } from '../components/record.tsx'
import { usePolicies } from './policies.tsx'
import { type OpenVersion, STATUS_WORDS } from './policy-record.ts'

interface Diff {
  lines: { kind: 'same' | 'added' | 'removed' | 'changed'; before?: string; after?: string; weakened?: boolean }[]
}

/** What changed since another version, sentence by sentence. */
export function Changes({ version }: { version: OpenVersion }) {
  const policies = usePolicies()
  const [given, setFilters] = useFilters()
  const others = policies.data?.filter((other) => other.slug === version.slug && other.number !== version.number).toSorted((a, b) => (b.number ?? 0) - (a.number ?? 0)) ?? []
  const before = others.find((other) => (other.number ?? 0) < (version.number ?? 0))
  const from = given['from'] ?? String(before?.number ?? others[0]?.number ?? '')
  const diff = useQuery({
    queryKey: [`/policies/${version.slug}/diff`, from, version.number],
    queryFn: ({ signal }) => get<Diff>(`/policies/${version.slug}/diff`, { from, to: version.number }, signal),
    enabled: from !== '',
  })
  if (policies.data !== undefined && others.length === 0) return <Empty title="This is the only version.">Import the page again once it has changed: the new version is compared with this one.</Empty>
  return (
    <>
      <div className="bar">
        <label className="filters">Compared with
          <select value={from} onChange={(event) => setFilters({ from: event.target.value })}>
            {others.map((other) => <option key={other.number} value={other.number}>version {other.number}{other.status && `, ${STATUS_WORDS[other.status]}`}</option>)}
          </select>
        </label>
      </div>
      {from !== '' && (
        <Loaded query={diff}>
          {({ lines }) => {
            const changed = lines.filter((line) => line.kind !== 'same')
            return changed.length === 0 ? <Empty title="Every sentence is the same." /> : (
              <>
                <p className="soft" role="status">{changed.length} of {lines.length} sentences differ{changed.some((line) => line.weakened) && `; ${changed.filter((line) => line.weakened).length} promise less than before`}.</p>
                <ul className="diff">
                  {changed.map((line, at) => (
                    <li key={at}>
                      <span className={`tag ${line.kind === 'added' ? 'good' : line.kind === 'removed' ? 'bad' : 'warn'}`}>{line.kind}</span>
                      <div>
                        {line.before !== undefined && <del>{line.before}</del>}
                        {line.after !== undefined && <ins>{line.after}</ins>}
                        {line.weakened && <span className="tag warn">promises less</span>}
                      </div>
                    </li>
                  ))}
                </ul>
              </>
            )
          }}
        </Loaded>
      )}
    </>
  )
}
