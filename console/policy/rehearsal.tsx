import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, post } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { UnderWayNow } from '../check/under-way.tsx'
import { shorten, STATE_WORDS, STATES } from '../claims/claim-record.ts'
import { State } from '../claims/state.tsx'
import { Button } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { Failure } from '../components/failure.tsx'
import { Go } from '../components/go.tsx'
import { exactly } from '../components/instant.ts'
import { Loaded } from '../components/record.tsx'
import type { ClaimState } from '../components/mark.tsx'
import { useCommands } from '../components/shortcut.ts'
import type { DryClaim, OpenVersion, Replay } from './policy-record.ts'

/** How a draft would stand now, and how it would have stood: before anybody is promised anything. */
export function Rehearsal({ version, path }: { version: OpenVersion; path: string }) {
  const may = useMay()
  const [claims, setClaims] = useState<DryClaim[]>()
  const [failed, setFailed] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const mayRun = may({ verb: 'act', record: 'check', name: 'run' })
  const replay = useQuery({ queryKey: [`${path}/replay`], queryFn: ({ signal }) => get<Replay>(`${path}/replay`, undefined, signal), staleTime: 60_000, enabled: may({ verb: 'act', record: 'check', name: 'read' }) })
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
      {mayRun && (
        <div className="bar">
          <Button {...(claims === undefined ? { look: 'filled' as const } : {})} busy={busy} onClick={run}>{claims === undefined ? 'Run its checks now' : 'Run them again'}</Button>
          <span className="soft">Each check that it would rest on runs once. Nothing is recorded, and nobody outside sees it.</span>
        </div>
      )}
      {busy && <UnderWayNow what={`${version.slug}@${version.number}`} />}
      {failed !== undefined && <Failure error={failed} retry={() => void run()} />}
      <Loaded query={replay}>
        {(past) => {
          const rows = rowsOf(past, claims)
          if (rows.length === 0) return <Empty title="It makes no claim." acts={<Go to={`/policies/${version.slug}/${version.number}`} className="button">Text and claims</Go>}>A claim is a sentence that commits you; say which are, beside the text.</Empty>
          return (
            <>
              <p className="soft">{past.runs === 0 ? 'No run of its checks has been recorded yet, so there is nothing to replay.' : <>The bars replay {past.runs.toLocaleString('en-GB')} runs of the last 90 days{past.underOlder > 0 && `, ${past.underOlder.toLocaleString('en-GB')} of them under an older definition`}. What people attested is not counted: it was attested to other wordings.</>}</p>
              {STATES.map((state) => <Group key={state} state={state} rows={rows.filter((row) => row.state === state)} from={past.from} until={past.until} rehearsed={claims !== undefined} />)}
            </>
          )
        }}
      </Loaded>
    </>
  )
}

interface Row {
  line: number
  text: string
  /** Now, where it was rehearsed; else at the end of the replay. */
  state: ClaimState
  why: string | undefined
  spells: Replay['claims'][number]['spells']
}

function rowsOf(past: Replay, claims: readonly DryClaim[] | undefined): Row[] {
  const spells = new Map(past.claims.map((claim) => [claim.line, claim.spells]))
  if (claims !== undefined) return claims.map((claim) => ({ line: claim.line, text: claim.text, state: claim.state, why: claim.why, spells: spells.get(claim.line) ?? [] }))
  return past.claims.map((claim) => ({ line: claim.line, text: claim.text, state: claim.spells.at(-1)?.state ?? 'unbacked', why: undefined, spells: claim.spells }))
}

const MANY = 8 // of what no check can change: folded, so that the others are seen

function Group({ state, rows, from, until, rehearsed }: { state: ClaimState; rows: readonly Row[]; from: string; until: string; rehearsed: boolean }) {
  if (rows.length === 0) return null
  const title = <>{rows.length} {rehearsed ? 'would be' : 'would have ended'} <State state={state} /></>
  const list = rows.map((row) => <OneRow key={row.line} row={row} from={from} until={until} />)
  return (state === 'unbacked' || state === 'unprovable') && rows.length > MANY ? <details className="group"><summary>{title}</summary>{list}</details> : <section className="group"><h2>{title}</h2>{list}</section>
}

const WIDE = 900

function OneRow({ row, from, until }: { row: Row; from: string; until: string }) {
  const [begin, end] = [Date.parse(from), Date.parse(until)]
  const x = (at: string): number => ((Date.parse(at) - begin) / (end - begin)) * WIDE
  const spells = row.spells.map((spell, at) => ({ ...spell, until: row.spells[at + 1]?.from ?? until }))
  // Read out in words: a bar says nothing to whoever cannot see it.
  const told = spells.map((spell) => `${STATE_WORDS[spell.state]} from ${exactly(spell.from)}`).slice(-6).join('; ')
  return (
    <div className="replayed">
      <span><span className="sentence">{shorten(row.text, 160)}</span>{row.why !== undefined && <span className="under soft">{shorten(row.why, 220)}</span>}</span>
      {spells.length > 0 && (
        <svg className="spells" viewBox={`0 0 ${WIDE} 12`} preserveAspectRatio="none" role="img" aria-label={`Replayed: ${told}`}>
          {spells.map((spell) => <rect key={spell.from} className={spell.state} x={x(spell.from)} y="0" width={Math.max(2, x(spell.until) - x(spell.from))} height="12"><title>{`${STATE_WORDS[spell.state]}, from ${exactly(spell.from)}`}</title></rect>)}
        </svg>
      )}
      <span className="soft">{spells.length > 1 && `turned ${spells.length - 1}×`}</span>
    </div>
  )
}
