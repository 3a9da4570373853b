import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { remove } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Go } from '../components/go.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import type { AssignmentRecord } from './role-record.ts'

const roleTitle = (item: AssignmentRecord): string => item.roleTitle ?? item.role
const holderName = (item: AssignmentRecord): string => item.name ?? (item.person === undefined ? `Group ${item.group?.slice(0, 8) ?? ''}` : `Person ${item.person.slice(0, 8)}`)

/** Roles held, from the side of the role or of whoever holds it. */
export function Assignments({ items, shows, none, onChanged }: { items: readonly AssignmentRecord[]; shows: 'role' | 'holder'; none: string; onChanged: () => Promise<void> }) {
  const may = useMay()
  const [taking, setTaking] = useState<AssignmentRecord>()
  if (items.length === 0) return <p className="soft">{none}</p>
  const mayTake = may({ verb: 'act', record: 'role', name: 'give' })
  const title = (item: AssignmentRecord): string => (shows === 'role' ? roleTitle(item) : holderName(item))
  const to = (item: AssignmentRecord): string => (shows === 'role' ? `/roles/${item.role}` : item.person === undefined ? `/groups/${item.group ?? ''}` : `/people/${item.person}`)
  return (
    <>
      <table className="list">
        <caption className="hidden">{shows === 'role' ? 'Roles held' : 'Holders'}</caption>
        <thead><tr><th scope="col">{shows === 'role' ? 'Role' : 'Who'}</th><th scope="col">Why</th><th scope="col">Since</th><th scope="col">Until</th><th scope="col"><span className="hidden">Acts</span></th></tr></thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.id}>
              <td className="main-cell"><Go to={to(item)}>{title(item)}</Go>{shows === 'role' && item.group !== undefined && <span className="under">by the group {item.name ?? ''}</span>}</td>
              <td data-label="Why">{item.reason}</td>
              <td data-label="Since"><When at={item.givenAt} none="–" /></td>
              <td data-label="Until"><When at={item.until} none="no end" /></td>
              <td className="end">{mayTake && <Button look="plain" aria-label={`Take away ${shows === 'role' ? roleTitle(item) : `from ${holderName(item)}`}`} onClick={() => setTaking(item)}>Take away</Button>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {taking && (
        <Confirm title={`Take ${roleTitle(taking)} away`} act="Take it away" onClose={() => setTaking(undefined)} onConfirm={async () => { await remove(`/assignments/${taking.id}`); await onChanged(); say('Taken away.') }}>
          <p>{taking.name ?? 'Whoever holds it'} loses with the next request what only this role allows. Their tokens lose it too.</p>
        </Confirm>
      )}
    </>
  )
}
