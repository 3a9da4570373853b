import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get } from '../api/client.ts'
import { type ClaimRecord, ownerOf, type Overview, shorten, STATE_WORDS, STATES, useOverview } from '../claims/claim-record.ts'
import { State } from '../claims/state.tsx'
import { Empty } from '../components/empty.tsx'
import { Go } from '../components/go.tsx'
import { Mark } from '../components/mark.tsx'
import { useNow } from '../components/now.ts'
import { Loaded } from '../components/record.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { When } from '../components/when.tsx'
import { usePolicies } from '../policy/policies.tsx'
import { sinceLastVisit } from './last-visit.ts'
import { type ObligationRecord } from './kept.ts'
import { Needs } from './needs.tsx'
import { KeptPromises, StatesOverTime } from './plots.tsx'
import './today.css'

export default function Today() {
  const may = useMay()
  const mayRead = may({ verb: 'act', record: 'claim', name: 'read' })
  const isKnown = useKnown()
  if (!mayRead && isKnown) {
    return (
      <Screen title="Today">
        <Empty title="Nothing needs you now." acts={may({ verb: 'act', record: 'person', name: 'read' }) ? <Go to="/people" className="button">People</Go> : <Go to="/account" className="button">Your account</Go>}>What is due, what is broken on the page and what has changed stands here for those who keep the page.</Empty>
      </Screen>
    )
  }
  return <Screen title="Today">{mayRead && <Programme />}</Screen>
}

/** Whether it is known by now what one may. */
const useKnown = (): boolean => useQuery({ queryKey: ['/me/access'], queryFn: ({ signal }) => get('/me/access', undefined, signal), staleTime: 60_000 }).data !== undefined

function Programme() {
  const may = useMay()
  const [since] = useState(() => sinceLastVisit(new Date()))
  const overview = useOverview(since)
  const mayClocks = may({ verb: 'act', record: 'installation', name: 'read' })
  const obligations = useQuery({ queryKey: ['/obligations'], queryFn: ({ signal }) => get<{ items: ObligationRecord[] }>('/obligations', undefined, signal), enabled: mayClocks })
  return (
    <Loaded query={overview} lines={10}>
      {(found) => (
        <>
          <Counts overview={found} />
          {found.shown === null ? <Empty title="There is no page yet." acts={may({ verb: 'act', record: 'policy', name: 'draft' }) && <Go to="/policies/import" className="button filled">Import a page</Go>}>Bring in your security page: its sentences become claims, and each shows how it is known.</Empty> : (
            <>
              {found.shown.status === 'preview' && <Unpublished shown={found.shown} />}
              <Needs claims={found.claims} obligations={obligations.data?.items ?? []} />
              <Broken claims={found.claims} />
              <Changed overview={found} since={since} />
              <Part title="How the claims stood, 90 days"><StatesOverTime history={found.history} /></Part>
              {mayClocks && <Part title="Promises kept, 12 months"><Loaded query={obligations} lines={4}>{({ items }) => <KeptPromises obligations={items} />}</Loaded></Part>}
            </>
          )}
        </>
      )}
    </Loaded>
  )
}

/** In the order of the page's own summary. */
const COUNTED = ['checked', 'attested', 'broken', 'stale', 'unknown', 'unbacked', 'unprovable'] as const

function Counts({ overview }: { overview: Overview }) {
  const all = Object.values(overview.counts).reduce((sum, count) => sum + count, 0)
  if (all === 0) return null
  return (
    <p className="counts">
      <span><span className="sum">{all}</span> {all === 1 ? 'statement' : 'statements'}</span>
      {COUNTED.flatMap((state) => {
        const count = overview.counts[state]
        return count === undefined ? [] : [<Go key={state} to={`/claims?state=${state}`} className={`is-${state}`}><Mark state={state} /><b>{count}</b> {STATE_WORDS[state]}</Go>]
      })}
    </p>
  )
}

function Unpublished({ shown }: { shown: NonNullable<Overview['shown']> }) {
  const policies = usePolicies()
  const open = policies.data?.filter((version) => version.status === 'approved' || version.status === 'draft').toSorted((a, b) => (b.createdAt ?? '').localeCompare(a.createdAt ?? ''))[0]
  return (
    <p className="notice">
      Nothing is published yet: “{shown.title}” is seen on this machine only.{' '}
      {open ? <Go to={`/policies/${open.slug}/${open.number}?view=decisions`}>{open.title}, version {open.number}, waits to be {open.status === 'approved' ? 'published' : 'approved'}</Go> : <Go to={`/policies/${shown.slug}/${shown.number}`}>Look it through</Go>}
    </p>
  )
}

function Broken({ claims }: { claims: readonly ClaimRecord[] }) {
  const broken = claims.filter((claim) => claim.state === 'broken' || claim.underlying === 'broken').toSorted((a, b) => STATES.indexOf(a.state ?? 'checked') - STATES.indexOf(b.state ?? 'checked') || (a.since ?? '').localeCompare(b.since ?? ''))
  if (broken.length === 0) return null
  return (
    <Part title="Broken">
      <table className="list">
        <caption className="hidden">Broken claims</caption>
        <thead><tr><th scope="col">Claim</th><th scope="col">Since</th><th scope="col">Owner</th><th scope="col">Promised mend</th></tr></thead>
        <tbody>
          {broken.map((claim) => (
            <tr key={claim.id}>
              <td className="main-cell"><Go to={`/claims/${claim.id}`}><span className="sentence is-broken"><Mark state="broken" /> {shorten(claim.text ?? claim.id, 140)}</span></Go></td>
              <td data-label="Since">{claim.since ? <When at={claim.since} /> : <span className="soft">longer</span>}</td>
              <td data-label="Owner">{ownerOf(claim) ?? <span className="soft">nobody</span>}</td>
              <td data-label="Mend">{claim.note ? <When at={claim.note.mendBy} /> : <span className="soft">none</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  )
}

const FEW = 12

function Changed({ overview, since }: { overview: Overview; since: string | undefined }) {
  const now = useNow()
  const shown = overview.changes.slice(0, FEW)
  return (
    <Part title={since === undefined ? 'Changed, last week' : 'Changed since your last visit'}>
      {shown.length === 0 ? <p className="soft">Nothing{since !== undefined && Date.parse(since) < now.getTime() && <> since <When at={since} /></>}.</p> : (
        <table className="list">
          <caption className="hidden">Changes of state</caption>
          <thead><tr><th scope="col">Claim</th><th scope="col">Was</th><th scope="col">Is</th><th scope="col">When</th></tr></thead>
          <tbody>
            {shown.map((change) => (
              <tr key={`${change.claim} ${change.at}`}>
                <td className="main-cell"><Go to={`/claims/${change.claim}`}><span className="sentence">{shorten(change.text ?? change.claim)}</span></Go></td>
                <td data-label="Was">{change.from && <State state={change.from} />}</td>
                <td data-label="Is"><State state={change.to} /></td>
                <td><When at={change.at} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {overview.changes.length > FEW && <p className="soft">and {overview.changes.length - FEW} more</p>}
    </Part>
  )
}
