import { memo, useEffect, useRef, useState } from 'react'
import { useMay } from '../api/access.ts'
import { send } from '../api/client.ts'
import { Problem, problemOf } from '../api/problem.ts'
import { useChecks } from '../check/checks.tsx'
import { useControls } from '../check/controls.tsx'
import { Empty } from '../components/empty.tsx'
import { useFilters } from '../components/filters.ts'
import { useShortcuts } from '../components/shortcut.ts'
import { say } from '../components/toast.tsx'
import { BothVersions } from './both-versions.tsx'
import { Edit } from './edit.tsx'
import { type Correction, isOpen, type Line, type OpenVersion, type Reason } from './policy-record.ts'

type Filter = 'all' | 'claims' | 'look' | 'not'

const FILTERS: readonly (readonly [Filter, string])[] = [['all', 'All sentences'], ['claims', 'Claims'], ['look', 'To look at'], ['not', 'Not claims']]

/** Left the text, right what it rests on and why; corrected by keys, each at once, and taken back by `u`. */
export function SideBySide({ version, path, onLine, reload }: { version: OpenVersion; path: string; onLine: (line: Line) => void; reload: () => unknown }) {
  const may = useMay()
  // Asked for early: whoever edits finds them there.
  useControls()
  useChecks()
  const [{ show = 'all', line: asked }, setFilters] = useFilters()
  const [here, setHere] = useState<number | undefined>(asked === undefined ? undefined : Number(asked))
  const [editing, setEditing] = useState<Line>()
  const [clash, setClash] = useState<{ mine: Correction; line: Line; theirs: Line }>()
  const [done, setDone] = useState<readonly { line: number; before: Correction }[]>([])
  const list = useRef<HTMLOListElement>(null)
  const mayCorrect = isOpen(version) && may({ verb: 'act', record: 'policy', name: 'draft' }) && may({ verb: 'write', record: 'policy', name: 'lines' })
  const lines = version.lines ?? []
  const shown = lines.filter((line) => line.kind === 'heading' || show === 'all' || (show === 'claims' ? line.claim : show === 'not' ? !line.claim : toLookAt(line)))
  const walked = shown.filter((line) => line.kind !== 'heading')
  const current = walked.find((line) => line.line === here)

  const tell = async (line: Line, change: Correction, tag = line.tag): Promise<Line> => {
    const { body } = await send<{ line: Line }>('POST', `${path}/corrections`, { body: { line: line.line, ...change }, ifMatch: tag })
    onLine(body.line)
    return body.line
  }
  const correct = async (line: Line, change: Correction, tag?: string): Promise<void> => {
    try {
      await tell(line, change, tag)
    } catch (thrown) {
      if (thrown instanceof Problem && thrown.status === 412 && thrown.current) {
        setClash({ mine: change, line, theirs: thrown.current as unknown as Line })
        return
      }
      throw thrown
    }
    setDone((before) => [...before.slice(-99), { line: line.line, before: asIs(line) }])
    setClash(undefined)
    setEditing(undefined)
  }
  const quietly = (line: Line, change: Correction, said: string): void => {
    void correct(line, change).then(() => say(said, () => undoOne(line.line, asIs(line))), (thrown: unknown) => say(problemOf(thrown).message))
  }
  const undoOne = async (line: number, before: Correction): Promise<void> => {
    // Based on whatever stands there now: it was ours a moment ago.
    const { body } = await send<{ line: Line }>('POST', `${path}/corrections`, { body: { line, ...before } })
    onLine(body.line)
    setDone((stack) => stack.filter((entry, at) => !(entry.line === line && at === stack.findLastIndex((other) => other.line === line))))
    setHere(line)
  }
  const undo = (): void => {
    const last = done.at(-1)
    if (last) void undoOne(last.line, last.before).then(() => say('Taken back.'), (thrown: unknown) => say(problemOf(thrown).message))
  }
  const move = (by: 1 | -1): void => {
    const at = walked.findIndex((line) => line.line === here)
    const next = walked[at === -1 ? (by === 1 ? 0 : walked.length - 1) : at + by]
    if (next) setHere(next.line)
  }
  const accept = (line: Line): void => {
    quietly(line, asIs(line), line.claim ? 'Accepted as a claim.' : 'Accepted: not a claim.')
    move(1)
  }
  const refuse = (line: Line): void => {
    quietly(line, line.claim ? { claim: false } : { claim: true }, line.claim ? 'Not a claim.' : 'It is a claim.')
    move(1)
  }
  useShortcuts([
    { keys: 'j', title: 'Next sentence', run: () => move(1) },
    { keys: 'k', title: 'The sentence before', run: () => move(-1) },
    ...(mayCorrect
      ? [
          { keys: 'a', title: 'Accept what is proposed for it', run: () => current && accept(current) },
          { keys: 'e', title: 'Edit what it rests on', run: () => current && setEditing(current) },
          { keys: 'n', title: 'Not a claim, or a claim after all', run: () => current && refuse(current) },
          { keys: 'u', title: 'Take the last correction back', run: undo },
        ]
      : []),
  ])
  useEffect(() => {
    if (here !== undefined) list.current?.querySelector<HTMLElement>(`[data-line="${here}"]`)?.focus()
  }, [here])
  // Heard here and not in each line, so that a step of the cursor draws two lines anew, not hundreds.
  const lineAt = (target: EventTarget): Line | undefined => {
    const number = target instanceof Element ? target.closest<HTMLElement>('[data-line]')?.dataset['line'] : undefined
    return number === undefined ? undefined : lines.find((line) => line.line === Number(number))
  }
  const point = ({ target }: { target: EventTarget }): void => {
    const line = lineAt(target)
    if (line) setHere(line.line)
  }
  const press = ({ target }: { target: EventTarget }): void => {
    const line = lineAt(target)
    const act = target instanceof Element ? target.closest<HTMLElement>('[data-act]')?.dataset['act'] : undefined
    if (line === undefined || act === undefined) return
    if (act === 'edit') setEditing(line)
    else if (act === 'accept') accept(line)
    else refuse(line)
  }
  return (
    <>
      <div className="bar">
        <search className="filters">
          <select aria-label="Which sentences" value={show} onChange={(event) => setFilters({ show: event.target.value === 'all' ? undefined : event.target.value })}>
            {FILTERS.map(([value, title]) => <option key={value} value={value}>{title}: {lines.filter((line) => line.kind !== 'heading' && (value === 'all' || (value === 'claims' ? line.claim : value === 'not' ? !line.claim : toLookAt(line)))).length}</option>)}
          </select>
        </search>
        <span className="gap" />
        <p className="hint-keys">{mayCorrect ? <><span><kbd>j</kbd> <kbd>k</kbd> next, before</span><span><kbd>a</kbd> accept</span><span><kbd>e</kbd> edit</span><span><kbd>n</kbd> not a claim</span><span><kbd>u</kbd> undo</span></> : <span>{isOpen(version) ? 'Read only.' : 'It has been decided on: a new version is corrected as a draft.'}</span>}</p>
      </div>
      {walked.length === 0 ? <Empty title="Nothing of that kind is in it." /> : (
        <ol className="lines" ref={list} onFocus={point} onMouseDown={point} onClick={press}>
          {shown.filter((line, at) => line.kind !== 'heading' || (shown[at + 1] !== undefined && shown[at + 1]?.kind !== 'heading')).map((line) => <Row key={line.line} line={line} isHere={line.line === here} may={mayCorrect} />)}
        </ol>
      )}
      {editing && <Edit line={editing} onClose={() => setEditing(undefined)} onSave={(change) => correct(editing, change)} />}
      {clash && <BothVersions {...clash} onClose={() => setClash(undefined)} onMine={() => correct(clash.line, clash.mine, clash.theirs.tag)} onTheirs={() => { onLine(clash.theirs); setClash(undefined); setEditing(undefined); void reload() }} />}
    </>
  )
}

const toLookAt = (line: Line): boolean => !line.corrected && (line.borderline === true || (line.claim && line.controls.length === 0))

/** What stands there now, as a correction: to accept it, and to come back to it. */
const asIs = (line: Line): Correction => ({ claim: line.claim, controls: [...line.controls], strength: line.strength, ...(line.scope === undefined ? {} : { scope: line.scope }), ...(line.checks === undefined ? {} : { checks: [...line.checks] }) })

const Row = memo(function Row({ line, isHere, may }: { line: Line; isHere: boolean; may: boolean }) {
  if (line.kind === 'heading') return <li className="line heading">{line.text}</li>
  const [chosen, other] = [line.reasons.filter((reason) => reason.about === 'control'), line.reasons.filter((reason) => reason.about !== 'control')]
  const named = line.controls.map((control) => ({ control, reason: chosen.find((reason) => reason.about === 'control' && reason.control === control) }))
  return (
    <li className={['line', isHere && 'here', !line.claim && 'off'].filter(Boolean).join(' ')} data-line={line.line} tabIndex={-1}>
      <p className="said">{line.text}</p>
      <div className="rests">
        <div className="top-row">
          <strong>{line.claim ? 'claim' : 'not a claim'}{line.claim && line.strength !== 'definite' && `, ${line.strength}`}</strong>
          {line.scope !== undefined && line.scope !== '' && <span className="soft">only {line.scope}</span>}
          {line.corrected ? <span className="tag good">looked at</span> : line.borderline && <span className="tag warn">could go either way</span>}
          {may && (
            <span className="line-acts">
            <button type="button" className="link" data-act="accept">Accept</button>
            <button type="button" className="link" data-act="edit">Edit</button>
            <button type="button" className="link" data-act="refuse">{line.claim ? 'Not a claim' : 'It is a claim'}</button>
          </span>
        )}
        </div>
        {line.claim && named.length === 0 && <span className="tag warn">no control: nothing can check it</span>}
        {line.claim && named.map(({ control, reason }) => (
          <div key={control}>{control} {reason ? <><span className="score">{reason.score.toFixed(2)}</span> <span className="why">because {reason.words.slice(0, 4).map((word) => `“${word}”`).join(', ')}</span></> : <span className="why">named by somebody</span>}</div>
        ))}
        {line.checks !== undefined && <div className="why">checked by {line.checks.join(', ') || 'none: nobody chose a check'}</div>}
        {other.map((reason, at) => <div key={at} className="why">{told(reason)}</div>)}
      </div>
    </li>
  )
})

function told(reason: Reason): string {
  switch (reason.about) {
    case 'claim': return reason.words === undefined ? reason.why : `${reason.why}: “${reason.words}”`
    case 'near-miss': return `not ${reason.control}: ${reason.why}`
    case 'strength': return `${reason.strength}: “${reason.words}” ${reason.why}`.trimEnd()
    case 'scope': return reason.why
    case 'control': return ''
  }
}
