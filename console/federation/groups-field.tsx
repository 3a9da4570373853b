import { Button } from '../components/button.tsx'
import { FieldGroup } from '../components/form.tsx'
import { itemsOf } from './items.ts'
import { useGroups } from './use-groups.ts'

/** What the provider calls a group, and which of ours that is. */
export interface MappedGroup {
  named: string
  group: string
}

interface Props {
  label: string
  name: string
  hint?: string
  /** JSON. */
  value: string
  onChange: (text: string) => void
}

/** A choice of one group; one that cannot be seen any more stands by its id. */
function GroupSelect({ label, value, onChange }: { label: string; value: string; onChange: (group: string) => void }) {
  const groups = useGroups()
  return (
    <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">choose a group</option>
      {value !== '' && !groups.has(value) && <option value={value}>{value}</option>}
      {[...groups].map(([id, title]) => <option key={id} value={id}>{title}</option>)}
    </select>
  )
}

/** Which groups there are which here: a row each. */
export function GroupMapping({ value, onChange, ...field }: Props) {
  const rows = itemsOf<MappedGroup>(value)
  const write = (next: readonly MappedGroup[]): void => onChange(JSON.stringify(next))
  const change = (at: number, part: Partial<MappedGroup>): void => write(rows.map((row, index) => (index === at ? { ...row, ...part } : row)))
  return (
    <FieldGroup {...field}>
      <ul role="list" className="rules">
        {rows.map((row, at) => (
          <li key={at} className="rule">
            <input aria-label={`Group ${at + 1} at the provider`} placeholder="its name there" maxLength={300} value={row.named} onChange={(event) => change(at, { named: event.target.value })} />
            <span>is</span>
            <GroupSelect label={`Group ${at + 1} here`} value={row.group} onChange={(group) => change(at, { group })} />
            <Button look="plain" aria-label={`Take off group ${at + 1}`} onClick={() => write(rows.filter((_, index) => index !== at))}>Take off</Button>
          </li>
        ))}
      </ul>
      <Button onClick={() => write([...rows, { named: '', group: '' }])}>Map a group</Button>
    </FieldGroup>
  )
}

/** Several groups. */
export function GroupsField({ value, onChange, ...field }: Props) {
  const groups = useGroups()
  const chosen = itemsOf<string>(value)
  const write = (next: readonly string[]): void => onChange(JSON.stringify(next))
  return (
    <FieldGroup {...field}>
      <ul role="list" className="rules">
        {chosen.map((group) => <li key={group} className="rule">{groups.get(group) ?? group} <Button look="plain" aria-label={`Take off ${groups.get(group) ?? group}`} onClick={() => write(chosen.filter((other) => other !== group))}>Take off</Button></li>)}
        <li className="rule"><GroupSelect label="Add one of the groups" value="" onChange={(group) => { if (group !== '' && !chosen.includes(group)) write([...chosen, group]) }} /></li>
      </ul>
    </FieldGroup>
  )
}

/** Both, in a line. */
export function GroupWords({ text }: { text: string }) {
  const groups = useGroups()
  const items = itemsOf<MappedGroup | string>(text)
  return items.length === 0 ? '–' : items.map((item) => (typeof item === 'string' ? (groups.get(item) ?? item) : `${item.named}: ${groups.get(item.group) ?? item.group}`)).join(', ')
}
