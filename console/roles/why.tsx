import { useState } from 'react'
import { get } from '../api/client.ts'
import { Form, SelectField, TextField } from '../components/form.tsx'
import { type Rule, sentenceOf, VERBS, type Verb } from './rule.ts'
import { useWords } from './words.ts'

interface Explanation {
  allowed: boolean
  summary: string
  rules: readonly { rule: Rule; role: { id: string; title: string }; through: { kind: string; id: string; title?: string }; outcome: 'applies' | 'does not apply' | 'cannot be evaluated' }[]
}

/** Why somebody may do something, or may not. */
export function Why({ person }: { person: string }) {
  const words = useWords()
  const [verb, setVerb] = useState<Verb>('act')
  const [record, setRecord] = useState('person')
  const [name, setName] = useState('')
  const [id, setId] = useState('')
  const [answer, setAnswer] = useState<Explanation>()
  const type = words.records[record]
  const names = type === undefined ? [] : verb === 'act' ? Object.entries(type.acts).map(([key]) => [key, key] as const) : Object.entries(type.fields).map(([key, { title }]) => [key, title] as const)
  const chosen = names.some(([key]) => key === name) ? name : (names[0]?.[0] ?? '')
  const ask = async (): Promise<void> => setAnswer(await get<Explanation>('/access/why', { person, verb, record, ...(verb === 'find' ? {} : { name: chosen }), ...(id === '' ? {} : { id }) }))
  return (
    <div className="part-body">
      <Form submit="Ask" onSubmit={ask}>
        <SelectField label="May they" name="verb" value={verb} onChange={(next) => { setVerb(next); setAnswer(undefined) }} choices={VERBS} />
        {verb !== 'find' && <SelectField label={verb === 'act' ? 'Act' : 'Field'} name="name" value={chosen} onChange={setName} choices={names} hint={verb === 'act' ? type?.acts[chosen] : undefined} />}
        <SelectField label="Of" name="record" value={record} onChange={setRecord} choices={Object.entries(words.records).map(([key, { title }]) => [key, title] as const)} />
        <TextField label="Id of one record" name="id" hint="Empty: of every record of this type." mono value={id} onChange={setId} maxLength={200} />
      </Form>
      <div role="status">
        {answer && (
          <>
            <p className={answer.allowed ? 'notice' : 'notice amber'}>{answer.summary}</p>
            {answer.rules.length > 0 && (
              <ul role="list" className="rules">
                {answer.rules.map((spoken, at) => <li key={at} className="rule"><span className={spoken.outcome === 'applies' ? (spoken.rule.effect === 'allow' ? 'tag good' : 'tag bad') : 'tag'}>{spoken.outcome}</span> <span>{sentenceOf(spoken.rule, words)}</span> <span className="soft">{spoken.role.title}{spoken.through.kind === 'group' && `, by the group ${spoken.through.title ?? ''}`}</span></li>)}
              </ul>
            )}
          </>
        )}
      </div>
    </div>
  )
}
