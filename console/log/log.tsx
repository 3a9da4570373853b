import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, post, send } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Empty } from '../components/empty.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { Failure } from '../components/failure.tsx'
import { exactly } from '../components/instant.ts'
import { List } from '../components/list.tsx'
import { Loaded } from '../components/record.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { useCommands } from '../components/shortcut.ts'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { AddWitness } from './add-witness.tsx'
import { type AuditReport, type EntryRecord, kindOf, KINDS, type LogRecord, type WitnessRecord } from './log-record.ts'

export default function OneLog() {
  const may = useMay()
  const log = useQuery({ queryKey: ['/log'], queryFn: ({ signal }) => get<LogRecord>('/log', undefined, signal) })
  const [report, setReport] = useState<AuditReport>()
  const [failed, setFailed] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const mayAudit = may({ verb: 'act', record: 'log', name: 'audit' })
  const audit = async (): Promise<void> => {
    setBusy(true)
    setFailed(undefined)
    try {
      setReport(await post<AuditReport>('/log/audit'))
    } catch (thrown) {
      setFailed(problemOf(thrown))
    } finally {
      setBusy(false)
    }
  }
  useCommands(mayAudit ? [{ title: 'Audit the log now', also: 'fsck verify tiles', run: () => void audit() }] : [])
  return (
    <Screen title="Log" lead="Everything that is said in public, in the order in which it was said. Nothing in it can be changed afterwards without anybody noticing." acts={mayAudit && <Button busy={busy} onClick={audit}>Audit the whole log now</Button>}>
      {busy && <p role="status" className="bar-now"><span>Reading every entry and tile</span><progress aria-label="Reading every entry and tile" /></p>}
      {failed !== undefined && <Failure error={failed} />}
      {report && <Report report={report} />}
      <Loaded query={log}>
        {(found) => (
          <>
            <Part title="Checkpoint">
              <Facts>
                <Fact title="Entries">{found.size.toLocaleString('en-GB')}</Fact>
                <Fact title="Root"><code>{found.root || 'none yet'}</code></Fact>
                <Fact title="Origin"><code>{found.origin}</code></Fact>
                <Fact title="Key"><code>{found.vkey}</code></Fact>
                <Fact title="Since">{exactly(found.since)}</Fact>
                <Fact title="For strangers"><a href="/log/checkpoint">checkpoint</a>, <a href="/log/vkey">key</a>; audited from anywhere by <code>vouchsafe log fsck {window.location.origin}/log</code></Fact>
              </Facts>
            </Part>
            <Witnesses witnesses={found.witnesses} />
          </>
        )}
      </Loaded>
      <Part title="Entries">
        <div className="part-body">
          <List<EntryRecord>
            name="entries"
            path="/log/entries"
            filters={[{ name: 'kind', title: 'Kind', choices: KINDS }]}
            keyOf={(entry) => String(entry.index)}
            to={(entry) => `/log/${entry.index}`}
            columns={[
              { title: 'Entry', cell: (entry) => entry.index.toLocaleString('en-GB'), text: (entry) => String(entry.index) },
              { title: 'Kind', cell: kindOf, text: kindOf },
              { title: 'About', cell: (entry) => (entry.class === 'private' ? <span className="soft">its commitment only</span> : <span className="soft">{entry.about.map(brief).join(', ')}</span>), text: (entry) => entry.about.join(' ') },
              { title: 'Says', cell: (entry) => entry.says, text: (entry) => entry.says ?? '' },
              { title: 'Bytes', look: 'number', cell: (entry) => (entry.bytes === 0 ? '' : entry.bytes.toLocaleString('en-GB')), text: (entry) => String(entry.bytes) },
            ]}
            empty={<Empty title="The log has no entry yet." />}
          />
        </div>
      </Part>
    </Screen>
  )
}

/** Names hold digests and ids: their beginning tells them apart. */
const brief = (name: string): string => name.replace(/[0-9a-f]{40,}/g, (digest) => `${digest.slice(0, 12)}…`)

function Report({ report }: { report: AuditReport }) {
  return (
    <div className={report.ok ? 'notice' : 'failure'} role={report.ok ? 'status' : 'alert'}>
      <p><strong>{report.ok ? 'The log is whole.' : `The log has ${report.problems.length} ${report.problems.length === 1 ? 'problem' : 'problems'}.`}</strong> {report.checked.entries.toLocaleString('en-GB')} entries, {report.checked.tiles.toLocaleString('en-GB')} tiles and {report.checked.statements.toLocaleString('en-GB')} statements read; root <code>{report.root.slice(0, 16)}…</code></p>
      {report.problems.length > 0 && <ul>{report.problems.map((problem) => <li key={problem}>{problem}</li>)}</ul>}
      {report.notes.length > 0 && <ul className="soft">{report.notes.map((note) => <li key={note}>{note}</li>)}</ul>}
    </div>
  )
}

function Witnesses({ witnesses }: { witnesses: readonly WitnessRecord[] }) {
  const may = useMay()
  const queries = useQueryClient()
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<WitnessRecord>()
  const mayChange = may({ verb: 'act', record: 'log', name: 'change' })
  const again = () => queries.invalidateQueries({ queryKey: ['/log'] })
  const add = mayChange && <Button onClick={() => setAdding(true)}>Ask a witness</Button>
  return (
    <Part title="Witnesses" acts={witnesses.length > 0 && add}>
      {witnesses.length === 0 ? (
        <Empty title="Nobody else watches this log." acts={add}>A witness keeps the newest checkpoint that it saw and signs each one that follows from it. With one, nobody can be shown another log than everybody else.</Empty>
      ) : (
        <table className="list">
          <caption className="hidden">Witnesses</caption>
          <thead><tr><th scope="col">Witness</th><th scope="col">Whose</th><th scope="col">Last cosigned</th><th scope="col">Address</th><th scope="col" className="end"><span className="hidden">Acts</span></th></tr></thead>
          <tbody>
            {witnesses.map((witness) => (
              <tr key={witness.vkey ?? witness.name}>
                <td className="main-cell">{witness.name}</td>
                <td>{witness.operator === 'own' ? 'our own' : 'independent'}</td>
                <td data-label="Last cosigned"><When at={witness.lastAt} none="not yet" /></td>
                <td><span className="soft">{witness.url}</span></td>
                <td className="end">{mayChange && witness.vkey !== undefined && <Button look="plain" onClick={() => setRemoving(witness)}>Stop asking</Button>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding && <AddWitness onClose={() => setAdding(false)} onDone={again} />}
      {removing && (
        <Confirm title={`Stop asking ${removing.name}`} act="Stop asking" onClose={() => setRemoving(undefined)} onConfirm={async () => { await send('DELETE', '/log/witnesses', { query: { vkey: removing.vkey } }); await again(); say(`${removing.name} is not asked any more.`) }}>
          <p>It is asked for no more cosignatures, and the log says so in public. What it has cosigned stays.</p>
        </Confirm>
      )}
    </Part>
  )
}
