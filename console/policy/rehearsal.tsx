import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, post } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { UnderWayNow } from '../check/under-way.tsx'
import { shorten, STATE_WORDS, STATES } from '../claims/claim-record.ts'
import { State } from '../claims/state.tsx'
import { Button } from '../components/button.tsx'
import { Failure } from '../components/failure.tsx'
import { exactly } from '../components/instant.ts'
import { Loaded } from '../components/record.tsx'
import { Part } from '../components/screen.tsx'
import { useCommands } from '../components/shortcut.ts'
import type { DryClaim, OpenVersion, Replay } from './policy-record.ts'

/** How a draft would stand now, and how it would have stood: before anybody is promised anything. */
export function Rehearsal({ version, path }: { version: OpenVersion; path: string }) {
  const may = useMay()
  const [claims, setClaims] = useState<DryClaim[]>()
  const [failed, setFailed] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const mayRun = may({ verb: 'act', record: 'check', name: 'run' })
  const run = async (): Promise<void> => {
    setBusy(true)
    setFailed(undefined)
    try {
      setClaims((await post<{ claims: DryClaim[] }>(`${path}/dry-run`)).claims)
    } catch (thrown) {
      setFailed(problemOf(thrown))
    } finally {
      setBusy(false)
    }
  }
  useCommands(mayRun ? [{ title: 'Rehearse this version now', also: 'dry run', run: () => void run() }] : [])
  return (
    <>
      <Part title="As it would stand now" acts={mayRun && <Button look={claims === undefined ? 'filled' : 'plain'} busy={busy} onClick={run}>{claims === undefined ? 'Run the checks' : 'Run them again'}</Button>}>
        {busy && <div className="part-body"><UnderWayNow what={`${version.slug}@${version.number}`} /></div>}
        {failed !== undefined && <Failure error={failed} retry={run} />}
        {claims === undefined ? !busy && <p className="soft">Every check that this version would rest on is run once. Nothing is recorded, and nobody outside sees it.</p> : <Outcome claims={claims} />}
      </Part>
      {may({ verb: 'act', record: 'check', name: 'read' }) && <Part title="As it would have stood, 90 days"><Replayed path={path} /></Part>}
    </>
  )
}

function Outcome({ claims }: { claims: readonly DryClaim[] }) {
  const counts = STATES.map((state) => [state, claims.filter((claim) => claim.state === state).length] as const).filter(([, count]) => count > 0)
  const sorted = claims.toSorted((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.line - b.line)
  return (
    <>
      <p className="legend" role="status">{counts.map(([state, count]) => <span key={state} className="nowrap">{count} <State state={state} /></span>)}</p>
      <table className="list">
        <caption className="hidden">Claims as they would stand</caption>
        <thead><tr><th scope="col">Claim</th><th scope="col">Would be</th><th scope="col">Why</th></tr></thead>
        <tbody>
          {sorted.map((claim) => (
            <tr key={claim.line}>
              <td className="main-cell"><span className="sentence">{shorten(claim.text, 160)}</span></td>
              <td><State state={claim.state} /></td>
              <td className="soft">{shorten(claim.why, 220)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function Replayed({ path }: { path: string }) {
  const replay = useQuery({ queryKey: [`${path}/replay`], queryFn: ({ signal }) => get<Replay>(`${path}/replay`, undefined, signal), staleTime: 60_000 })
  return (
    <Loaded query={replay}>
      {(found) => found.runs === 0 ? <p className="soft">No run of its checks has been recorded yet, so there is nothing to replay.</p> : (
        <>
          <p className="soft">From {found.runs.toLocaleString('en-GB')} recorded runs{found.underOlder > 0 && `, ${found.underOlder.toLocaleString('en-GB')} of them under an older definition`}; nothing is run again. What people attested is not counted.</p>
          <p className="legend">{STATES.map((state) => <State key={state} state={state} />)}</p>
          {found.claims.map((claim) => <OneReplayed key={claim.line} claim={claim} from={found.from} until={found.until} />)}
        </>
      )}
    </Loaded>
  )
}

const WIDE = 900

function OneReplayed({ claim, from, until }: { claim: Replay['claims'][number]; from: string; until: string }) {
  const [begin, end] = [Date.parse(from), Date.parse(until)]
  const x = (at: string): number => ((Date.parse(at) - begin) / (end - begin)) * WIDE
  const spells = claim.spells.map((spell, at) => ({ ...spell, until: claim.spells[at + 1]?.from ?? until }))
  const last = spells.at(-1)
  // Read out in words: a bar says nothing to whoever cannot see it.
  const told = spells.map((spell) => `${STATE_WORDS[spell.state]} from ${exactly(spell.from)}`).slice(-6).join('; ')
  return (
    <div className="replayed">
      <span className="sentence">{shorten(claim.text, 120)}</span>
      <svg className="spells" viewBox={`0 0 ${WIDE} 12`} preserveAspectRatio="none" role="img" aria-label={told}>
        {spells.map((spell) => <rect key={spell.from} className={spell.state} x={x(spell.from)} y="0" width={Math.max(2, x(spell.until) - x(spell.from))} height="12"><title>{`${STATE_WORDS[spell.state]}, from ${exactly(spell.from)}`}</title></rect>)}
      </svg>
      <span>{last && <State state={last.state} />}{spells.length > 1 && <span className="under soft"> turned {spells.length - 1}×</span>}</span>
    </div>
  )
}
