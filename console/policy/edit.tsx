import { useEffect, useEffectEvent, useId, useState } from 'react'
import { Problem } from '../api/problem.ts'
import { useChecks } from '../check/checks.tsx'
import { useControls } from '../check/controls.tsx'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Choice, Field, Form, SelectField, TextField } from '../components/form.tsx'
import type { Correction, Line, Strength } from './policy-record.ts'

const STRENGTHS: readonly (readonly [Strength, string])[] = [['definite', 'definite: it says what is'], ['hedged', 'hedged: it cannot be checked as it is worded'], ['negative', 'negative: it says what is not']]

/** What one sentence rests on, as a person has it. */
export function Edit({ line, onSave, onClose }: { line: Line; onSave: (change: Correction) => Promise<unknown>; onClose: () => void }) {
  const [claim, setClaim] = useState(line.claim)
  const [named, setNamed] = useState<readonly string[]>(line.controls)
  const [strength, setStrength] = useState(line.strength)
  const [scope, setScope] = useState(line.scope ?? '')
  const [checks, setChecks] = useState<readonly string[] | undefined>(line.checks)
  const [typed, setTyped] = useState('')
  const every = useChecks()
  const speaking = every.data?.filter((check) => check.controls.some((control) => named.includes(control))) ?? []
  const save = async (): Promise<unknown> => {
    if (claim && typed.trim() !== '') throw new Problem({ status: 400, code: 'bad-input', message: 'A control is not finished.', fields: [{ pointer: '/controls', message: `no control is called “${typed.trim()}”: choose one that is offered, or empty the field` }] })
    const change: Correction = { claim, controls: [...named], strength, ...(scope !== (line.scope ?? '') ? { scope: scope.trim() } : {}), ...(checks !== undefined ? { checks: checks.filter((id) => speaking.some((check) => check.id === id)) } : {}) }
    return onSave(change)
  }
  return (
    <Dialog title="What this sentence rests on" className="wide-dialog" onClose={onClose}>
      <p className="sentence part-body">{line.text}</p>
      <Form submit="Save" onSubmit={save} also={<Button onClick={onClose}>Leave it</Button>}>
        <Choice label="It commits us: it is a claim" checked={claim} onChange={setClaim} name="claim" />
        {claim && (
          <>
            <Controls named={named} onChange={setNamed} typed={typed} setTyped={setTyped} />
            <SelectField label="Wording" name="strength" value={strength} onChange={setStrength} choices={STRENGTHS} />
            <TextField label="Only for" name="scope" value={scope} onChange={setScope} maxLength={200} hint="Product, tier or region that it is limited to; empty: for everything." />
            {speaking.length > 0 && (
              <fieldset className="field choices">
                <legend>Checks</legend>
                <Choice label="All that speak to its controls" checked={checks === undefined} onChange={(all) => setChecks(all ? undefined : speaking.filter((check) => !check.namedOnly).map((check) => check.id))} hint={`${speaking.filter((check) => !check.namedOnly).length} of them; those that are bound by name only are left out.`} />
                {checks !== undefined && speaking.map((check) => <Choice key={check.id} label={check.title} hint={check.id} checked={checks.includes(check.id)} onChange={(on) => setChecks(on ? [...checks, check.id] : checks.filter((id) => id !== check.id))} />)}
              </fieldset>
            )}
          </>
        )}
      </Form>
    </Dialog>
  )
}

/** Controls by name, primary first; typed ones are offered from the catalogue. */
function Controls({ named, onChange, typed, setTyped }: { named: readonly string[]; onChange: (named: readonly string[]) => void; typed: string; setTyped: (typed: string) => void }) {
  const catalogue = useControls()
  const list = useId()
  const add = (id: string): void => {
    const found = catalogue.data?.items.find((control) => control.id === id.trim())
    if (!found || named.includes(found.id)) return
    onChange([...named, found.id])
    setTyped('')
  }
  // Whoever types faster than the catalogue comes is not asked to type again.
  const settle = useEffectEvent(() => add(typed))
  useEffect(() => settle(), [catalogue.data])
  return (
    <Field label="Controls" name="controls" hint="The primary one first. Type a word, and choose.">
      {(control) => (
        <>
          {named.length > 0 && <ul className="chosen">{named.map((id) => <li key={id}>{id}<button type="button" aria-label={`Take out ${id}`} onClick={() => onChange(named.filter((other) => other !== id))}>✕</button></li>)}</ul>}
          <input
            {...control}
            list={list}
            value={typed}
            placeholder="Add a control"
            autoComplete="off"
            onChange={(event) => { setTyped(event.target.value); add(event.target.value) }}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || typed === '') return
              event.preventDefault()
              const fitting = catalogue.data?.items.filter(({ id, title }) => `${id} ${title}`.toLowerCase().includes(typed.toLowerCase())) ?? []
              if (fitting[0]) add(fitting[0].id)
            }}
          />
          <datalist id={list}>{catalogue.data?.items.filter(({ id }) => !named.includes(id)).map(({ id, title }) => <option key={id} value={id}>{title}</option>)}</datalist>
        </>
      )}
    </Field>
  )
}
