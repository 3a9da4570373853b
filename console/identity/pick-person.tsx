import { useQuery, keepPreviousData } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { get, type Page } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { TextField } from '../components/form.tsx'
import { nameOf, type PersonRecord } from './person-record.ts'

/** Finds a person by name or address; `onPick` may be called for several. */
export function PickPerson({ title, onPick, onClose }: { title: string; onPick: (person: PersonRecord) => Promise<unknown>; onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const [failed, setFailed] = useState<unknown>()
  const q = useDeferredValue(typed)
  const found = useQuery({ queryKey: ['/people', { pick: q }], queryFn: ({ signal }) => get<Page<PersonRecord>>('/people', { q, state: 'active', limit: 8 }, signal), placeholderData: keepPreviousData })
  const pick = async (person: PersonRecord): Promise<void> => {
    setFailed(undefined)
    try {
      await onPick(person)
    } catch (thrown) {
      setFailed(problemOf(thrown))
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <TextField label="Name or e-mail address" name="q" value={typed} onChange={setTyped} autoFocus maxLength={200} />
      {failed !== undefined && <Failure error={failed} />}
      <table className="list" aria-busy={found.isFetching}>
        <caption className="hidden">People found</caption>
        <tbody>
          {found.data?.items.map((person) => (
            <tr key={person.id}>
              <td className="main-cell">{nameOf(person)}{person.email && <span className="under">{person.email}</span>}</td>
              <td className="end"><Button aria-label={`Choose ${nameOf(person)}`} onClick={() => pick(person)}>Choose</Button></td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.data?.items.length === 0 && <p className="soft" role="status">Nobody is found by that.</p>}
      <div className="acts"><Button onClick={onClose}>Done</Button></div>
    </Dialog>
  )
}
