import { createContext, type FormEvent, type ReactNode, use, useEffect, useId, useRef, useState } from 'react'
import { type FieldProblem, type Problem, problemOf } from '../api/problem.ts'
import { Button } from './button.tsx'

interface Wrong {
  of(name: string): string | undefined
  /** Field → its label, of every field that the form shows. */
  labels: Map<string, string>
  idOf(name: string): string
}

const Wrongs = createContext<Wrong | undefined>(undefined)

export interface FormProps {
  /** Throws a Problem, or a rejected promise of one, to have it shown; fields keep what was filled in. */
  onSubmit: () => Promise<unknown>
  submit: string
  /** Beside the button. */
  also?: ReactNode
  danger?: boolean
  /** Something else in the view is what most people want. */
  second?: boolean
  wide?: boolean
  children: ReactNode
}

const nameOf = (pointer: string): string => pointer.replace(/^\/(body\/)?/, '').split('/')[0] ?? ''

/** One column; errors stand at their field and in a summary that takes the focus. */
export function Form({ onSubmit, submit, also, danger, second, wide, children }: FormProps) {
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const [tries, setTries] = useState(0)
  const summary = useRef<HTMLDivElement>(null)
  const [labels] = useState(() => new Map<string, string>())
  const form = useId()
  const idOf = (name: string): string => `${form}${name}`
  useEffect(() => {
    if (tries > 0) summary.current?.focus()
  }, [tries])

  const send = (event: FormEvent): void => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setProblem(undefined)
    void (async () => {
      try {
        await onSubmit()
      } catch (thrown) {
        setProblem(problemOf(thrown))
        setTries((before) => before + 1)
      } finally {
        setBusy(false)
      }
    })()
  }
  const fields: readonly FieldProblem[] = problem?.fields ?? []
  const wrong: Wrong = { labels, idOf, of: (name) => fields.find((field) => nameOf(field.pointer) === name)?.message }
  return (
    <Wrongs value={wrong}>
      <form onSubmit={send} noValidate>
        {problem && (
          <div className="summary" role="alert" tabIndex={-1} ref={summary}>
            <strong>{fields.length === 0 ? problem.message : 'Some of this cannot be taken.'}</strong>
            {problem.mend !== undefined && !/openapi/.test(problem.mend) && <span className="soft">{problem.mend}</span>}
            {fields.length > 0 && (
              <ul>
                {fields.map((field) => {
                  const name = nameOf(field.pointer)
                  const label = labels.get(name)
                  const id = idOf(name)
                  return <li key={field.pointer}>{label === undefined ? `${name}: ${field.message}` : <a href={`#${id}`} onClick={(event) => { event.preventDefault(); document.getElementById(id)?.focus() }}>{label}: {field.message}</a>}</li>
                })}
              </ul>
            )}
          </div>
        )}
        {children}
        <div className="acts">
          <Button type="submit" {...(second ? {} : { look: danger ? 'filled danger' as const : 'filled' as const })} wide={wide ?? false} busy={busy}>{submit}</Button>
          {also}
        </div>
      </form>
    </Wrongs>
  )
}

export interface Control {
  id: string
  name: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

interface FieldProps {
  label: string
  name: string
  hint?: ReactNode
}

/** What the form knows of one of its fields. */
function useField({ label, name, hint }: FieldProps): { control: Control; wrong: string | undefined } {
  const wrongs = use(Wrongs)
  const own = useId()
  const id = wrongs?.idOf(name) ?? own
  const labels = wrongs?.labels
  useEffect(() => {
    labels?.set(name, label)
    return () => void labels?.delete(name)
  }, [labels, name, label])
  const wrong = wrongs?.of(name)
  const described = [hint !== undefined && `${id}-hint`, wrong !== undefined && `${id}-wrong`].filter(Boolean).join(' ')
  return { control: { id, name, 'aria-describedby': described === '' ? undefined : described, 'aria-invalid': wrong === undefined ? undefined : true }, wrong }
}

/** A label, what it takes, a hint and its error, bound together for screen readers. */
export function Field({ children, ...props }: FieldProps & { children: (control: Control) => ReactNode }) {
  const { control, wrong } = useField(props)
  return (
    <div className="field">
      <label htmlFor={control.id}>{props.label}</label>
      {props.hint !== undefined && <span className="hint" id={`${control.id}-hint`}>{props.hint}</span>}
      {children(control)}
      {wrong !== undefined && <span className="wrong" id={`${control.id}-wrong`}>{wrong}</span>}
    </div>
  )
}

/** Several controls that are one member of what is sent, under one legend, hint and error. */
export function FieldGroup({ children, ...props }: FieldProps & { children: ReactNode }) {
  const { control, wrong } = useField(props)
  return (
    <fieldset className="field" id={control.id} tabIndex={-1} aria-describedby={control['aria-describedby']}>
      <legend className="label">{props.label}</legend>
      {props.hint !== undefined && <span className="hint" id={`${control.id}-hint`}>{props.hint}</span>}
      {children}
      {wrong !== undefined && <span className="wrong" id={`${control.id}-wrong`}>{wrong}</span>}
    </fieldset>
  )
}

interface TextProps {
  label: string
  name: string
  value: string
  onChange: (value: string) => void
  hint?: ReactNode
  type?: 'text' | 'email' | 'password' | 'number' | 'url' | 'datetime-local' | 'date'
  autoComplete?: string
  inputMode?: 'numeric' | 'text' | 'email'
  autoFocus?: boolean
  required?: boolean
  rows?: number
  mono?: boolean
  readOnly?: boolean
  maxLength?: number
}

/** A line of text, or several with `rows`. */
export function TextField({ label, name, value, onChange, hint, rows, mono, autoFocus, ...rest }: TextProps) {
  return (
    <Field label={label} name={name} hint={hint}>
      {(control) =>
        rows === undefined
          ? <input {...control} {...rest} className={mono ? 'mono' : undefined} autoFocus={autoFocus} data-begin={autoFocus || undefined} value={value} onChange={(event) => onChange(event.target.value)} />
          : <textarea {...control} rows={rows} className={mono ? 'mono' : undefined} spellCheck={!mono} value={value} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  )
}

export function SelectField<T extends string>({ label, name, value, onChange, hint, choices }: { label: string; name: string; value: T; onChange: (value: T) => void; hint?: ReactNode; choices: readonly (readonly [T, string])[] }) {
  return (
    <Field label={label} name={name} hint={hint}>
      {(control) => (
        <select {...control} value={value} onChange={(event) => onChange(event.target.value as T)}>
          {choices.map(([key, title]) => <option key={key} value={key}>{title}</option>)}
        </select>
      )}
    </Field>
  )
}

/** One thing that is so or not. */
export function Choice({ label, hint, checked, onChange, name }: { label: string; hint?: ReactNode; checked: boolean; onChange: (checked: boolean) => void; name?: string }) {
  const id = useId()
  return (
    <div className="choice">
      <input type="checkbox" id={id} name={name} checked={checked} onChange={(event) => onChange(event.target.checked)} aria-describedby={hint === undefined ? undefined : `${id}-hint`} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && <span className="hint" id={`${id}-hint`}>{hint}</span>}
      </div>
    </div>
  )
}
