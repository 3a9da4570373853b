import { useState } from 'react'
import { get } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Form, SelectField, TextField } from '../components/form.tsx'
import { isPickable, type Picked, PickRecord } from './pick-record.tsx'
import { type Rule, sentenceOf, VERBS, type Verb } from './rule.ts'
import { useWords } from './words.ts'

type Outcome = 'applies' | 'does not apply' | 'cannot be evaluated'

interface Explanation {
  allowed: boolean
  summary: string
  rules: readonly { rule: Rule; role: { id: string; title: string }; through: { kind: string; id: string; title?: string }; outcome: Outcome }[]
}

/** The answer, and whether it was asked of one record: later choices must not change what it says. */
interface Answer extends Explanation {
  ofOne: boolean
}

type About = 'all' | 'one'

/** What a rule has to say, in plain words. */
function saying(effect: Rule['effect'], outcome: Outcome, ofOne: boolean): string {
  if (outcome === 'applies') return effect === 'allow' ? 'allows it' : 'forbids it'
  if (outcome === 'does not apply') return ofOne ? 'is about other records' : 'is not about all of them'
  return ofOne ? 'asks for something that this record does not say' : 'depends on which record it is'
}

/** Why somebody may do something, or may not: of all records of a type, or of one that is chosen by its name. */
export function Why({ person }: { person: string }) {
  const words = useWords()
  const [verb, setVerb] = useState<Verb>('act')
  const [record, setRecord] = useState('person')
  const [name, setName] = useState('')
  const [about, setAbout] = useState<About>('all')
  const [picked, setPicked] = useState<Picked>()
  const [typedId, setTypedId] = useState('')
  const [picking, setPicking] = useState(false)
  const [answer, setAnswer] = useState<Answer>()
  const type = words.records[record]
  const called = type?.title ?? record
  const names = type === undefined ? [] : verb === 'act' ? Object.entries(type.acts).map(([key]) => [key, key] as const) : Object.entries(type.fields).map(([key, { title }]) => [key, title] as const)
  const chosen = names.some(([key]) => key === name) ? name : (names[0]?.[0] ?? '')
  const id = about === 'all' ? '' : isPickable(record) ? (picked?.id ?? '') : typedId.trim()
  const ask = async (): Promise<void> => setAnswer({ ...(await get<Explanation>('/access/why', { person, verb, record, ...(verb === 'find' ? {} : { name: chosen }), ...(id === '' ? {} : { id }) })), ofOne: id !== '' })
  const anew = (): void => setAnswer(undefined)
  const choose = (next: About): void => {
    setAbout(next)
    anew()
    if (next === 'one' && isPickable(record)) setPicking(true)
  }
  const dependsOnRecord = answer !== undefined && !answer.allowed && !answer.ofOne && answer.rules.some(({ rule, outcome }) => outcome !== 'applies' && rule.when !== undefined)
  return (
    <div className="part-body">
      <Form submit="Ask" onSubmit={ask}>
        <SelectField label="May they" name="verb" value={verb} onChange={(next) => { setVerb(next); anew() }} choices={VERBS} />
        {verb !== 'find' && <SelectField label={verb === 'act' ? 'Act' : 'Field'} name="name" value={chosen} onChange={(next) => { setName(next); anew() }} choices={names} hint={verb === 'act' ? type?.acts[chosen] : undefined} />}
        <SelectField label="Of" name="record" value={record} onChange={(next) => { setRecord(next); setAbout('all'); setPicked(undefined); setTypedId(''); anew() }} choices={Object.entries(words.records).map(([key, { title }]) => [key, title] as const)} />
        <SelectField label="Which" name="about" hint="What a role allows may hold for some records and not for others." value={about} onChange={choose} choices={[['all', 'all there are'], ['one', picked === undefined || !isPickable(record) ? 'one that I choose' : picked.title]]} />
        {about === 'one' && (isPickable(record)
          ? <p className="under-field"><Button onClick={() => setPicking(true)}>{picked === undefined ? 'Choose it' : 'Choose another'}</Button></p>
          : <TextField label="Its id" name="id" hint="It stands at the end of the address of its screen, and in the API." mono value={typedId} onChange={(next) => { setTypedId(next); anew() }} maxLength={200} />)}
      </Form>
      <div role="status">
        {answer && (
          <>
            <p className={answer.allowed ? 'notice' : 'notice amber'}>{dependsOnRecord ? `Not all of them: it depends on which it is. ${answer.summary}` : answer.summary}</p>
            {dependsOnRecord && isPickable(record) && <p className="acts"><Button onClick={() => { setAbout('one'); setPicking(true) }}>Ask about one of them</Button></p>}
            {answer.rules.length > 0 && (
              <ul role="list" className="rules">
                {answer.rules.map((spoken, at) => <li key={at} className="rule"><span className={spoken.outcome === 'applies' ? (spoken.rule.effect === 'allow' ? 'tag good' : 'tag bad') : 'tag'}>{saying(spoken.rule.effect, spoken.outcome, answer.ofOne)}</span> <span>{sentenceOf(spoken.rule, words)}</span> <span className="soft">{spoken.role.title}{spoken.through.kind === 'group' && `, by the group ${spoken.through.title ?? ''}`}</span></li>)}
              </ul>
            )}
          </>
        )}
      </div>
      {picking && <PickRecord record={record} called={called} onClose={() => setPicking(false)} onPick={(next) => { setPicked(next); setAbout('one'); setPicking(false); anew() }} />}
    </div>
  )
}
