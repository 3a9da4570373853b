import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { type Reply, send } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { useSession } from '../api/session.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Choice, Form, TextField } from '../components/form.tsx'
import { Confirm } from '../components/confirm.tsx'
import { exactly } from '../components/instant.ts'
import { Part } from '../components/screen.tsx'
import { useCommands } from '../components/shortcut.ts'
import { say } from '../components/toast.tsx'
import { isOpen, type OpenVersion, type VersionRecord } from './policy-record.ts'
import { Decisions } from './decisions.tsx'

type Act = 'approve' | 'publish' | 'withdraw'

/** Who decided what of this version, and what can be decided next: claim by claim, in somebody's name. */
export function Decide({ reply, path }: { reply: Reply<OpenVersion>; path: string }) {
  const version = reply.body
  const may = useMay()
  const session = useSession()
  const queries = useQueryClient()
  const claims = (version.lines ?? []).filter((line) => line.claim)
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set())
  const [asking, setAsking] = useState<Act>()
  const [other, setOther] = useState<{ act: Act; current: VersionRecord }>()
  const mayAct = (name: 'approve' | 'publish'): boolean => may({ verb: 'act', record: 'policy', name })
  const acts: Act[] = [...(isOpen(version) && mayAct('approve') ? (['approve'] as const) : []), ...(version.status === 'approved' && mayAct('publish') ? (['publish'] as const) : []), ...(version.status === 'published' && mayAct('publish') ? (['withdraw'] as const) : [])]
  useCommands(acts.map((act) => ({ title: `${TITLES[act]} this version`, run: () => setAsking(act) })))
  const name = session.data?.person.displayName ?? 'you'
  const offered = claims.length - left.size

  const decide = async (act: Act, note: string): Promise<void> => {
    const body = { ...(note.trim() === '' ? {} : { note: note.trim() }), ...(act === 'approve' && left.size > 0 ? { except: [...left] } : {}) }
    try {
      await send('POST', `${path}/${act}`, { body, ifMatch: reply.etag })
    } catch (thrown) {
      if (!(thrown instanceof Problem) || thrown.status !== 412 || thrown.current === undefined) throw thrown
      setAsking(undefined)
      setOther({ act, current: thrown.current })
      return
    }
    await Promise.all([path, '/policies', '/overview'].map((key) => queries.invalidateQueries({ queryKey: [key] })))
    setAsking(undefined)
    say(DONE[act])
  }
  return (
    <>
      {version.status === 'published' && <p className="notice">This is what the page says. <a href="/">See it as readers do</a></p>}
      {version.status === 'approved' && <p className="notice amber">It has been approved, and nobody outside sees it until it is published.</p>}
      {acts.length > 0 && <div className="bar">{acts.map((act) => <Button key={act} look={act === 'withdraw' ? 'danger' : 'filled'} onClick={() => setAsking(act)}>{TITLES[act]}{act === 'approve' && ` ${offered} of ${claims.length} claims`}</Button>)}</div>}
      {isOpen(version) && mayAct('approve') && (
        <Part title="Offered for checking" acts={claims.length > 0 && <><Button look="plain" onClick={() => setLeft(new Set())}>All</Button><Button look="plain" onClick={() => setLeft(new Set(claims.map((line) => line.line)))}>None</Button></>}>
          <p className="soft">What is not offered stays on the page as text, and is counted there as not offered.</p>
          <ul className="offers">
            {claims.map((line) => (
              <li key={line.line}>
                <Choice label={line.text} hint={<>{line.controls.join(', ') || 'no control'}{line.strength !== 'definite' && ` · ${line.strength}`}</>} checked={!left.has(line.line)} onChange={(on) => setLeft((before) => { const next = new Set(before); if (on) next.delete(line.line); else next.add(line.line); return next })} />
              </li>
            ))}
          </ul>
        </Part>
      )}
      {(version.claims?.length ?? 0) > 0 && (
        <Part title="Claims that were approved">
          <p className="soft">{version.claims!.filter((claim) => claim.offered).length} offered for checking, {version.claims!.filter((claim) => !claim.offered).length} not. {carried(version)}</p>
        </Part>
      )}
      <Part title="Decisions"><Decisions version={version} /></Part>
      {asking === 'withdraw' ? (
        <Confirm title="Withdraw this version" act="Withdraw it" onClose={() => setAsking(undefined)} onConfirm={() => decide('withdraw', '')}>
          <p>The page stops showing it at once, and goes back to the version that was published before, if there is one. The log keeps what was said, and that it was withdrawn by {name}.</p>
        </Confirm>
      ) : asking && <Named act={asking} name={name} offered={offered} onClose={() => setAsking(undefined)} onDecide={(note) => decide(asking, note)} />}
      {other && (
        <Dialog title="It has been decided on meanwhile" className="wide-dialog" onClose={() => setOther(undefined)}>
          <p className="soft">Nothing was done in your name. These are both.</p>
          <div className="pair part-body">
            <section><h3>As it is now</h3><Decisions version={other.current} /></section>
            <section><h3>As you saw it</h3><Decisions version={version} /></section>
          </div>
          <div className="acts"><Button look="filled" onClick={async () => { await queries.invalidateQueries({ queryKey: [path] }); setOther(undefined) }}>Read it as it is now</Button></div>
        </Dialog>
      )}
    </>
  )
}

const TITLES = { approve: 'Approve', publish: 'Publish', withdraw: 'Withdraw' } as const
const DONE = { approve: 'Approved. It can be published now.', publish: 'Published: it stands on the page.', withdraw: 'Withdrawn.' } as const

const carried = (version: OpenVersion): string => {
  const kept = version.claims?.filter((claim) => claim.relation === 'carried').length ?? 0
  return kept === 0 ? '' : `${kept} carry on from the version before, word for word.`
}

function Named({ act, name, offered, onDecide, onClose }: { act: 'approve' | 'publish'; name: string; offered: number; onDecide: (note: string) => Promise<void>; onClose: () => void }) {
  const [note, setNote] = useState('')
  const [asked] = useState(() => new Date())
  return (
    <Dialog title={`${TITLES[act]} as ${name}`} onClose={onClose}>
      <p className="part-body">{act === 'approve' ? <>You put your name to {offered} {offered === 1 ? 'claim' : 'claims'}, at {exactly(asked).replace(/:\d\d UTC/, ' UTC')}. Nobody outside sees them yet.</> : 'Everybody can read it from now on, with the state of each claim beside it. The log says who published it and when, for good.'}</p>
      <Form submit={act === 'approve' ? 'Approve it in my name' : 'Publish it in my name'} onSubmit={() => onDecide(note)} also={<Button onClick={onClose}>Leave it</Button>}>
        <TextField label="Note" name="note" value={note} onChange={setNote} maxLength={500} hint="For whoever reads the decision later. It may be empty." />
      </Form>
    </Dialog>
  )
}
