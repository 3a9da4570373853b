import { useQueries } from '@tanstack/react-query'
import { get } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Go } from '../components/go.tsx'
import { nameOf, type PersonRecord } from '../identity/person-record.ts'

/** Owners who may sign in without the identity provider. */
export function BreakGlass({ ids, onRemove }: { ids: readonly string[]; onRemove?: (id: string) => Promise<void> }) {
  const people = useQueries({ queries: ids.map((id) => ({ queryKey: [`/people/${id}`, 'name'], queryFn: () => get<PersonRecord>(`/people/${id}`) })) })
  return (
    <ul role="list" className="rules">
      {ids.map((id, at) => {
        const name = nameOf(people[at]?.data ?? { id })
        return <li key={id} className="rule"><Go to={`/people/${id}`}>{name}</Go>{onRemove && <Button look="plain" aria-label={`Take off ${name}`} onClick={() => onRemove(id)}>Take off</Button>}</li>
      })}
    </ul>
  )
}
