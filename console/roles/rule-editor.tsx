import { useState } from 'react'
import { Button } from '../components/button.tsx'
import { TextField } from '../components/form.tsx'
import { conditionOf, conditionText, readRules, type Rule, rulesText, type SimpleCondition, simpleOf, VERBS, type Verb } from './rule.ts'
import type { Words } from './words.ts'

/** Rules, line by line in words, or all of them as text. */
export function RuleEditor({ rules, onChange, words }: { rules: readonly Rule[]; onChange: (rules: readonly Rule[]) => void; words: Words }) {
  const [text, setText] = useState<string>()
  const [wrong, setWrong] = useState<string>()
  const change = (at: number, rule: Rule): void => onChange(rules.map((before, other) => (other === at ? rule : before)))
  const write = (given: string): void => {
    setText(given)
    try {
      onChange(readRules(given))
      setWrong(undefined)
    } catch (error) {
      setWrong(error instanceof Error ? error.message : 'This cannot be read.')
    }
  }
  const first = Object.keys(words.records)[0] ?? '*'
  return (
    <section aria-label="Rules" className="part">
      <div className="part-head">
        <h2>Rules</h2>
        <Button look="plain" aria-pressed={text !== undefined} onClick={() => { setText(text === undefined ? rulesText(rules) : undefined); setWrong(undefined) }}>{text === undefined ? 'As text' : 'Line by line'}</Button>
      </div>
      {text === undefined ? (
        <>
          <ul role="list" className="rules">
            {rules.map((rule, at) => <Line key={at} rule={rule} at={at + 1} words={words} onChange={(changed) => change(at, changed)} onRemove={() => onChange(rules.filter((_, other) => other !== at))} />)}
          </ul>
          {rules.length === 0 && <p className="soft">No rules yet: this role allows nothing.</p>}
          <p className="acts"><Button onClick={() => onChange([...rules, { effect: 'allow', verb: 'find', record: first }])}>Add a rule</Button></p>
        </>
      ) : (
        <div className="part-body">
          <TextField label="Rules as text" name="rules" hint={wrong ?? 'JSON, as the API takes it.'} rows={18} mono value={text} onChange={write} />
        </div>
      )}
    </section>
  )
}

function Line({ rule, at, words, onChange, onRemove }: { rule: Rule; at: number; words: Words; onChange: (rule: Rule) => void; onRemove: () => void }) {
  const type = words.records[rule.record]
  const names = type === undefined ? [] : rule.verb === 'act' ? Object.keys(type.acts) : Object.keys(type.fields)
  const titleOf = (name: string): string => (rule.verb === 'act' ? name : (type?.fields[name]?.title ?? name))
  const { names: _names, ...unnamed } = rule
  const { when: _when, ...always } = rule
  const toggle = (name: string, on: boolean): void => {
    const before = rule.names ?? []
    onChange({ ...rule, names: on ? [...before, name] : before.filter((other) => other !== name) })
  }
  return (
    <li className="rule" aria-label={`Rule ${at}`}>
      <select aria-label="Allow or forbid" value={rule.effect} onChange={(event) => onChange({ ...rule, effect: event.target.value as Rule['effect'] })}>
        <option value="allow">May</option>
        <option value="deny">May never</option>
      </select>
      <select aria-label="What" value={rule.verb} onChange={(event) => onChange({ ...unnamed, verb: event.target.value as Verb })}>
        {VERBS.map(([verb, title]) => <option key={verb} value={verb}>{title}</option>)}
      </select>
      {rule.verb !== 'find' && (
        <select aria-label="Which" value={rule.names === undefined ? 'all' : 'some'} onChange={(event) => onChange(event.target.value === 'all' ? unnamed : { ...rule, names: [] })}>
          <option value="all">{rule.verb === 'act' ? 'everything with' : 'every field of'}</option>
          {names.length > 0 && <option value="some">{rule.verb === 'act' ? 'these acts with' : 'these fields of'}</option>}
        </select>
      )}
      <select aria-label="Record type" value={rule.record} onChange={(event) => onChange({ ...unnamed, record: event.target.value })}>
        <option value="*">everything</option>
        {Object.entries(words.records).map(([key, { title }]) => <option key={key} value={key}>{title}</option>)}
        {rule.record !== '*' && type === undefined && <option value={rule.record}>{rule.record}</option>}
      </select>
      <When rule={rule} words={words} onChange={(when) => onChange(when === undefined ? always : { ...rule, when })} />
      <Button look="plain" aria-label={`Remove rule ${at}`} onClick={onRemove}>Remove</Button>
      {rule.names !== undefined && (
        <span className="names">
          {names.map((name) => <label key={name} className="choice"><input type="checkbox" checked={rule.names?.includes(name) ?? false} onChange={(event) => toggle(name, event.target.checked)} /> <span title={rule.verb === 'act' ? type?.acts[name] : undefined}>{titleOf(name)}</span></label>)}
        </span>
      )}
    </li>
  )
}

function When({ rule, words, onChange }: { rule: Rule; words: Words; onChange: (when: Rule['when']) => void }) {
  const fields = Object.entries(words.records[rule.record]?.fields ?? {}).filter(([, { kind }]) => kind === 'text')
  const simple = simpleOf(rule.when)
  if (rule.when !== undefined && simple === undefined) {
    return <><span>where {conditionText(rule.when, rule, words)}</span><Button look="plain" onClick={() => onChange(undefined)}>Always</Button></>
  }
  const firstField = fields[0]?.[0]
  if (simple === undefined) return firstField === undefined ? null : <Button look="plain" onClick={() => onChange(conditionOf({ field: firstField, is: 'equal', to: { subject: 'id' } }))}>only where …</Button>
  const set = (change: Partial<SimpleCondition>): void => onChange(conditionOf({ ...simple, ...change }))
  return (
    <>
      <span>where its</span>
      <select aria-label="Field" value={simple.field} onChange={(event) => set({ field: event.target.value })}>
        {fields.map(([key, { title }]) => <option key={key} value={key}>{title}</option>)}
      </select>
      <select aria-label="Comparison" value={simple.is} onChange={(event) => set({ is: event.target.value as SimpleCondition['is'] })}>
        <option value="equal">is</option>
        <option value="not-equal">is not</option>
      </select>
      <select aria-label="Compared with" value={'subject' in simple.to ? 'self' : 'value'} onChange={(event) => set({ to: event.target.value === 'self' ? { subject: 'id' } : { value: '' } })}>
        <option value="self">they themselves</option>
        <option value="value">this text</option>
      </select>
      {'value' in simple.to && <input aria-label="Text" value={simple.to.value} onChange={(event) => set({ to: { value: event.target.value } })} />}
      <Button look="plain" onClick={() => onChange(undefined)}>Always</Button>
    </>
  )
}
