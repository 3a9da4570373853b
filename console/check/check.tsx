import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, post } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { shorten, useOverview } from '../claims/claim-record.ts'
import { State } from '../claims/state.tsx'
import { Button } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { Failure } from '../components/failure.tsx'
import { useFilters } from '../components/filters.ts'
import { Go } from '../components/go.tsx'
import { Loaded } from '../components/record.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { useCommands, useShortcuts } from '../components/shortcut.ts'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { type CheckRecord, every, lasting, type RunRecord, type Target } from './check-record.ts'
import { useChecks } from './checks.tsx'
import { Evidence } from './evidence.tsx'
import { SlotHistory } from './slot-history.tsx'
import { UnderWayNow } from './under-way.tsx'
import { Verdict } from './verdict.tsx'

interface Binding {
  digest: string
  claim: string
  definition: string
  start: string
  lastSlot: number
  targets: number
  predecessor?: string
}

const KINDS = { 'built-in': 'built in', declared: 'declared', pushed: 'pushed by another tool' } as const

export default function OneCheck() {
  const [{ id = '' }] = useFilters()
  const checks = useChecks()
  const check = checks.data?.find((candidate) => candidate.id === id)
  const may = useMay()
  const queries = useQueryClient()
  const [now, setNow] = useState<RunRecord>()
  const [failed, setFailed] = useState<unknown>()
  const mayRun = check !== undefined && check.kind !== 'pushed' && may({ verb: 'act', record: 'check', name: 'run' })
  const run = async (): Promise<void> => {
    setFailed(undefined)
    try {
      setNow(await post<RunRecord>('/runs', { check: id }))
      await Promise.all(['/runs', '/slots', '/overview', '/bindings'].map((key) => queries.invalidateQueries({ queryKey: [key] })))
    } catch (thrown) {
      setFailed(problemOf(thrown))
      say('It could not be run.')
    }
  }
  useCommands(mayRun ? [{ title: `Run ${check.title} now`, also: 'check again', keys: 'r', run: () => void run() }] : [])
  useShortcuts(mayRun ? [{ keys: 'r', title: 'Run this check now', run: () => void run() }] : [])
  return (
    <Screen title={check?.title ?? 'Check'} within={{ title: 'Checks', to: '/checks' }} acts={mayRun && <Button look="filled" onClick={run}>Run now</Button>}>
      <Loaded query={checks}>
        {() => check === undefined ? <Empty title="There is no such check." acts={<Go to="/checks" className="button">Checks</Go>}>It may have been declared once, and taken away since.</Empty> : (
          <>
            <UnderWayNow what={id} />
            {failed !== undefined && <Failure error={failed} />}
            {now && (
              <p className="notice" role="status">
                {now.verdict && <Verdict verdict={now.verdict} />} {now.summary} <span className="soft">{now.recorded ? 'Recorded in its slot.' : 'Not recorded: this slot has its result already, and nobody reruns until green.'}</span>
              </p>
            )}
            <Part title="What it observes"><About check={check} /></Part>
            <Latest check={check} />
            <Part title="History"><SlotHistory check={id} /></Part>
            <Bindings check={id} />
          </>
        )}
      </Loaded>
    </Screen>
  )
}

function About({ check }: { check: CheckRecord }) {
  return (
    <Facts>
      <Fact title="How">{check.method}</Fact>
      <Fact title="Id"><code>{check.id}</code></Fact>
      <Fact title="Kind">{KINDS[check.kind]}</Fact>
      <Fact title="Controls">{check.controls.map((control, at) => <span key={control}>{at > 0 && ', '}<Go to={`/controls?q=${control}`}>{control}</Go></span>)}</Fact>
      <Fact title="Runs">{every(check.cadenceSeconds)}; what held is stale after {lasting(check.freshnessSeconds)}</Fact>
      <Fact title="Broken after">{check.confirmations === 1 ? 'the first failure' : `${check.confirmations} failures in a row`}</Fact>
      <Fact title="Tried">{check.maxAttempts === 1 ? 'once in each slot' : `up to ${check.maxAttempts} times in a slot, and only while it cannot tell`}, for {lasting(check.timeLimitSeconds)} at most</Fact>
      <Fact title="Negative claims">{check.canContradict ? 'it could find the opposite' : 'it cannot contradict one'}</Fact>
      {check.namedOnly && <Fact title="Bound">only where somebody names it for a sentence</Fact>}
      <Fact title="Definition"><code>{check.digest}</code></Fact>
    </Facts>
  )
}

/** The newest recorded run: what it saw of each target, and its evidence. */
function Latest({ check }: { check: CheckRecord }) {
  const may = useMay()
  const runs = useQuery({ queryKey: ['/runs', check.id], queryFn: ({ signal }) => get<{ items: RunRecord[] }>('/runs', { check: check.id }, signal) })
  const [shown, setShown] = useState(false)
  return (
    <Part title="Last recorded run" acts={runs.data?.items[0]?.run !== undefined && may({ verb: 'act', record: 'evidence', name: 'read' }) && !shown && <Button onClick={() => setShown(true)}>Show the evidence</Button>}>
      <Loaded query={runs} lines={2}>
        {({ items: [run] }) => run === undefined ? <p className="soft">None yet.</p> : (
          <>
            <Facts>
              <Fact title="Verdict">{run.verdict && <Verdict verdict={run.verdict} />}</Fact>
              <Fact title="What was seen">{run.summary}</Fact>
              <Fact title="Observed">{run.observedAt && <When at={run.observedAt} />}</Fact>
              <Fact title="Targets">{run.targets && run.targets.length > 0 && (
                <Targets targets={run.targets} />
              )}</Fact>
            </Facts>
            {shown && run.run !== undefined && <Evidence run={run.run} />}
          </>
        )}
      </Loaded>
    </Part>
  )
}

const FEW = 6

/** Those that do not hold, and of the others as many as a glance takes in. */
function Targets({ targets }: { targets: readonly Target[] }) {
  const [first, rest] = [targets.filter((target) => target.verdict !== 'holds'), targets.filter((target) => target.verdict === 'holds')]
  const shown = [...first, ...rest.slice(0, Math.max(0, FEW - first.length))]
  const row = (target: Target) => <li key={target.target}><Verdict verdict={target.verdict} /> {target.target} <span className="soft">{target.summary}</span></li>
  const folded = targets.filter((target) => !shown.includes(target))
  return (
    <>
      <ul role="list">{shown.map(row)}</ul>
      {folded.length > 0 && <details className="as-table"><summary>and {folded.length} more that hold</summary><ul role="list">{folded.map(row)}</ul></details>}
    </>
  )
}

/** The claims that rest on it. */
function Bindings({ check }: { check: string }) {
  const overview = useOverview()
  const bindings = useQuery({ queryKey: ['/bindings', check], queryFn: ({ signal }) => get<{ items: Binding[] }>('/bindings', { check }, signal) })
  const claims = new Map(overview.data?.claims.map((claim) => [claim.id, claim]))
  return (
    <Part title="Claims that rest on it">
      <Loaded query={bindings} lines={2}>
        {({ items }) => items.length === 0 ? <p className="soft">None. It runs where a published sentence names one of its controls.</p> : (
          <table className="list">
            <caption className="hidden">Claims that rest on this check</caption>
            <thead><tr><th scope="col">Claim</th><th scope="col">State</th><th scope="col">Bound since</th><th scope="col" className="number">Slots</th><th scope="col" className="number">Targets</th></tr></thead>
            <tbody>
              {items.map((binding) => {
                const claim = claims.get(binding.claim)
                return (
                  <tr key={binding.digest}>
                    <td className="main-cell"><Go to={`/claims/${binding.claim}`}><span className="sentence">{shorten(claim?.text ?? binding.claim)}</span></Go></td>
                    <td>{claim?.state && <State state={claim.state} />}</td>
                    <td data-label="Bound since"><When at={binding.start} />{binding.predecessor !== undefined && <span className="under">continues another</span>}</td>
                    <td className="number" data-label="Slots">{binding.lastSlot + 1}</td>
                    <td className="number" data-label="Targets">{binding.targets}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
      </Loaded>
    </Part>
  )
}
