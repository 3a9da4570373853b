import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, type Page } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Loaded } from '../components/record.tsx'
import { Part } from '../components/screen.tsx'
import { PickPerson } from '../identity/pick-person.tsx'
import { Assignments } from './assignments.tsx'
import { Give } from './give.tsx'
import type { AssignmentRecord, Holder, RoleRecord } from './role-record.ts'

/** Who holds a role. */
export function Holders({ role }: { role: RoleRecord }) {
  const may = useMay()
  const queries = useQueryClient()
  const mayRead = may({ verb: 'act', record: 'assignment', name: 'read' })
  const path = `/roles/${role.id}/holders`
  const query = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Page<AssignmentRecord>>(path, undefined, signal), enabled: mayRead })
  const [picking, setPicking] = useState(false)
  const [to, setTo] = useState<Holder & { name: string }>()
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: [path] })
  if (!mayRead) return null
  return (
    <Part title="Who holds it" acts={may({ verb: 'act', record: 'role', name: 'give' }) && <Button onClick={() => setPicking(true)}>Give it to somebody</Button>}>
      <Loaded query={query} lines={2}>
        {({ items }) => <Assignments items={items} shows="holder" onChanged={again} none="Nobody holds this role." />}
      </Loaded>
      {picking && <PickPerson title={`Give ${role.title ?? 'the role'} to`} onClose={() => setPicking(false)} onPick={async (person) => { setPicking(false); setTo({ kind: 'person', id: person.id, name: person.displayName ?? person.id }) }} />}
      {to && <Give holder={to} name={to.name} role={role.id} onClose={() => setTo(undefined)} onGiven={again} />}
    </Part>
  )
}
