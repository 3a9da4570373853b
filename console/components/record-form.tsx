import { useState } from 'react'
import type { Reply } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Form, SelectField, TextField } from './form.tsx'

export interface RecordField<T> {
  name: keyof T & string
  label: string
  hint?: string
  type?: 'email' | 'number' | 'url'
  rows?: number
  choices?: readonly (readonly [string, string])[]
}

type Draft = Record<string, string>

export interface RecordFormProps<T extends object> {
  /** As it was read, with its entity tag. */
  read: Reply<T>
  /** Those that may be written. */
  fields: readonly RecordField<T>[]
  /** What was filled in → what the API takes; by default text as it is, and null for what was emptied. */
  toApi?: (name: string, text: string) => unknown
  save: (change: Record<string, unknown>, etag: string | undefined) => Promise<Reply<T>>
  /** Reads it again, after somebody else has changed it. */
  reload: () => Promise<Reply<T>>
  onSaved: (saved: Reply<T>) => void
  submit?: string
}

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
  const from = base ?? read
  const valueOf = (record: T, name: string): string => shown((record as Record<string, unknown>)[name])
  const write = (name: string, text: string): void => {
    setBase(from)
    setDraft((before) => ({ ...before, [name]: text }))
  }
  const changed = fields.filter(({ name }) => draft[name] !== undefined && draft[name] !== valueOf(from.body, name))
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
      done(await save(change(), from.etag))
    } catch (thrown) {
      if (!(thrown instanceof Problem) || thrown.status !== 412) throw thrown
      setOther(await reload())
    }
  }
  return (
    <>
      <Form submit={submit} onSubmit={send} also={changed.length > 0 && <Button look="plain" onClick={() => { setDraft({}); setBase(undefined) }}>Undo my changes</Button>}>
        {fields.map(({ name, label, hint, type, rows, choices }) => {
          const value = draft[name] ?? valueOf(from.body, name)
          const common = { label, name, value, onChange: (text: string) => write(name, text), ...(hint === undefined ? {} : { hint }) }
          return choices === undefined ? <TextField key={name} {...common} {...(type === undefined ? {} : { type })} {...(rows === undefined ? {} : { rows })} /> : <SelectField key={name} {...common} choices={choices} />
        })}
      </Form>
      {other && (
        <Dialog title="Somebody else has changed this meanwhile" className="wide-dialog" onClose={() => setOther(undefined)}>
          <p className="soft">Nothing of yours is lost: choose which of the two is to stand.</p>
          <table className="list">
            <caption className="hidden">Both versions</caption>
            <thead><tr><th scope="col">Field</th><th scope="col">As it is now</th><th scope="col">As you have it</th></tr></thead>
            <tbody>
              {fields.filter(({ name }) => draft[name] !== undefined && draft[name] !== valueOf(other.body, name)).map(({ name, label }) => (
                <tr key={name}><td className="main-cell">{label}</td><td data-label="Now:">{valueOf(other.body, name) || '–'}</td><td data-label="Yours:">{draft[name] || '–'}</td></tr>
              ))}
            </tbody>
          </table>
          <div className="acts">
            <Button look="filled" onClick={async () => done(await save(change(), other.etag))}>Save mine over it</Button>
            <Button onClick={() => done(other)}>Keep what is there now</Button>
            <Button look="plain" onClick={() => { setBase(other); setOther(undefined) }}>Go on editing</Button>
          </div>
        </Dialog>
      )}
    </>
  )
}
