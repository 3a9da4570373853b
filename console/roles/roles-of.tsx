import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, type Page } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Loaded } from '../components/record.tsx'
import { Part } from '../components/screen.tsx'
import { Assignments } from './assignments.tsx'
import { Give } from './give.tsx'
import type { AssignmentRecord, Holder } from './role-record.ts'

/** The roles that a person or a group holds. */
export function RolesOf({ holder }: { holder: Holder }) {
  const may = useMay()
  const queries = useQueryClient()
  const mayRead = may({ verb: 'act', record: 'assignment', name: 'read' })
  const path = '/assignments'
  const asked = { [holder.kind]: holder.id }
  const query = useQuery({ queryKey: [path, asked], queryFn: ({ signal }) => get<Page<AssignmentRecord>>(path, asked, signal), enabled: mayRead })
  const [giving, setGiving] = useState(false)
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: [path] })
  if (!mayRead) return null
  return (
    <Part title="Roles" acts={may({ verb: 'act', record: 'role', name: 'give' }) && <Button onClick={() => setGiving(true)}>Give a role</Button>}>
      <Loaded query={query} lines={2}>
        {({ items }) => <Assignments items={items} shows="role" onChanged={again} none="No role: nothing is allowed beyond what everybody may." />}
      </Loaded>
      {giving && <Give holder={holder} onClose={() => setGiving(false)} onGiven={again} />}
    </Part>
  )
}
