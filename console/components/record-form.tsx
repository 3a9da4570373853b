import { Fragment, type ReactNode, useState } from 'react'
import type { Reply } from '../api/client.ts'
import { Problem, problemOf } from '../api/problem.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Failure } from './failure.tsx'
import { Form, SelectField, TextField } from './form.tsx'

export interface RecordField<T> {
  name: keyof T & string
  label: string
  hint?: string
  type?: 'email' | 'number' | 'url' | 'password'
  rows?: number
  mono?: boolean
  choices?: readonly (readonly [string, string])[]
  /** What the record holds → what is filled in. Text that is never sent to anybody, such as a password, begins empty. */
  toText?: (value: unknown) => string
  /** What is filled in, for people, where both versions stand side by side. */
  words?: (text: string) => ReactNode
  /** Draws the field itself, where it is more than text. */
  draw?: (control: { label: string; name: string; hint?: string; value: string; onChange: (text: string) => void }) => ReactNode
}

type Draft = Record<string, string>

export interface RecordFormProps<T extends object> {
  /** As it was read, with its entity tag. */
  read: Reply<T>
  /** Those that may be written. */
  fields: readonly RecordField<T>[]
  /** What was filled in → what the API takes; by default text as it is, and null for what was emptied. */
  toApi?: (name: string, text: string) => unknown
  /** @param base what the change is made to, for an API that takes the whole record */
  save: (change: Record<string, unknown>, etag: string | undefined, base: T) => Promise<Reply<T>>
  /** Reads it again, after somebody else has changed it. */
  reload: () => Promise<Reply<T>>
  onSaved: (saved: Reply<T>) => void
  submit?: string
}

const inWords = <T extends object>({ words, choices }: RecordField<T>, text: string): ReactNode => words?.(text) ?? choices?.find(([key]) => key === text)?.[1] ?? (text || '–')
const shown = (value: unknown): string => (value === null || value === undefined ? '' : typeof value === 'string' ? value : Array.isArray(value) ? value.join('\n') : JSON.stringify(value))

/**
 * A form over one record. It sends only what was changed, based on what was read when the change began; where somebody
 * else was quicker, it shows both and lets the person choose.
 */
export function RecordForm<T extends object>({ read, fields, toApi = (_name, text) => (text.trim() === '' ? null : text), save, reload, onSaved, submit = 'Save' }: RecordFormProps<T>) {
  const [draft, setDraft] = useState<Draft>({})
  // What the draft is a draft of: it stays while new versions arrive behind it.
  const [base, setBase] = useState<Reply<T>>()
  const [other, setOther] = useState<Reply<T>>()
  const [failed, setFailed] = useState<unknown>()
  const from = base ?? read
  const valueOf = (record: T, { name, toText = shown }: RecordField<T>): string => toText((record as Record<string, unknown>)[name])
  const write = (name: string, text: string): void => {
    setBase(from)
    setDraft((before) => ({ ...before, [name]: text }))
  }
  const changed = fields.filter((field) => draft[field.name] !== undefined && draft[field.name] !== valueOf(from.body, field))
  const done = (saved: Reply<T>): void => {
    setDraft({})
    setBase(undefined)
    setOther(undefined)
    onSaved(saved)
  }
  const change = (): Record<string, unknown> => Object.fromEntries(changed.map(({ name }) => [name, toApi(name, draft[name] ?? '')]))
  const send = async (): Promise<void> => {
    if (changed.length === 0) return
    try {
      done(await save(change(), from.etag, from.body))
    } catch (thrown) {
      if (!(thrown instanceof Problem) || thrown.status !== 412) throw thrown
      setFailed(undefined)
      setOther(await reload())
    }
  }
  const saveOver = async (there: Reply<T>): Promise<void> => {
    try {
      done(await save(change(), there.etag, there.body))
    } catch (thrown) {
      const problem = problemOf(thrown)
      setFailed(problem)
      if (problem.status === 412) setOther(await reload())
    }
  }
  return (
    <>
      <Form submit={submit} onSubmit={send} also={changed.length > 0 && <Button look="plain" onClick={() => { setDraft({}); setBase(undefined) }}>Undo my changes</Button>}>
        {fields.map((field) => {
          const { name, label, hint, type, rows, mono, choices, draw } = field
          const value = draft[name] ?? valueOf(from.body, field)
          const common = { label, name, value, onChange: (text: string) => write(name, text), ...(hint === undefined ? {} : { hint }) }
          if (draw) return <Fragment key={name}>{draw(common)}</Fragment>
          return choices === undefined ? <TextField key={name} {...common} {...(type === undefined ? {} : { type })} {...(type === 'password' ? { autoComplete: 'off' } : {})} {...(rows === undefined ? {} : { rows })} {...(mono ? { mono } : {})} /> : <SelectField key={name} {...common} choices={choices} />
        })}
      </Form>
      {other && (
        <Dialog title="Somebody else has changed this meanwhile" className="wide-dialog" onClose={() => setOther(undefined)}>
          <p className="soft">Nothing of yours is lost: choose which of the two is to stand.</p>
          <table className="list">
            <caption className="hidden">Both versions</caption>
            <thead><tr><th scope="col">Field</th><th scope="col">As it is now</th><th scope="col">As you have it</th></tr></thead>
            <tbody>
              {fields.filter((field) => draft[field.name] !== undefined && draft[field.name] !== valueOf(other.body, field)).map((field) => (
                <tr key={field.name}><td className="main-cell">{field.label}</td><td data-label="Now:">{inWords(field, valueOf(other.body, field))}</td><td data-label="Yours:">{inWords(field, draft[field.name] ?? '')}</td></tr>
              ))}
            </tbody>
          </table>
          {failed !== undefined && <Failure error={failed} />}
          <div className="acts">
            <Button look="filled" onClick={() => saveOver(other)}>Save mine over it</Button>
            <Button onClick={() => done(other)}>Keep what is there now</Button>
            <Button look="plain" onClick={() => { setBase(other); setOther(undefined) }}>Go on editing</Button>
          </div>
        </Dialog>
      )}
    </>
  )
}
