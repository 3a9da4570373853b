import { useNavigate } from '@tanstack/react-router'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { all, get, post } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Empty } from '../components/empty.tsx'
import { Form, SelectField, TextField } from '../components/form.tsx'
import { List } from '../components/list.tsx'
import { Screen } from '../components/screen.tsx'
import { useCommands } from '../components/shortcut.ts'
import type { RoleRecord } from './role-record.ts'

export default function Roles() {
  const [making, setMaking] = useState(false)
  const may = useMay()
  const mayMake = may({ verb: 'act', record: 'role', name: 'change' })
  const make = mayMake && <Button look="filled" onClick={() => setMaking(true)}>Make a role</Button>
  useCommands(mayMake ? [{ title: 'Make a role', also: 'new permissions', run: () => setMaking(true) }] : [])
  return (
    <Screen title="Roles" lead="What is in no role may be done by nobody. A rule that forbids wins over one that allows.">
      <List<RoleRecord>
        name="roles"
        path="/roles"
        keyOf={(role) => role.id}
        to={(role) => `/roles/${role.id}`}
        columns={[
          { title: 'Role', cell: (role) => role.title ?? role.id, text: (role) => role.title },
          { title: 'What it is for', cell: (role) => role.sentence, text: (role) => role.sentence },
          { title: '', look: 'end', cell: (role) => role.builtIn && <span className="tag">built in</span>, text: (role) => (role.builtIn ? 'built in' : '') },
        ]}
        empty={<Empty title="No roles." acts={make} />}
        acts={make}
      />
      {making && <MakeRole onClose={() => setMaking(false)} />}
    </Screen>
  )
}

/** A new role, empty or with the rules of another to begin with. */
function MakeRole({ onClose }: { onClose: () => void }) {
  const [title, setTitle] = useState('')
  const [sentence, setSentence] = useState('')
  const [from, setFrom] = useState('')
  const navigate = useNavigate()
  const queries = useQueryClient()
  const roles = useQuery({ queryKey: ['/roles', 'all'], queryFn: () => all<RoleRecord>('/roles') })
  return (
    <Dialog title="Make a role" onClose={onClose}>
      <Form
        submit="Make it"
        also={<Button look="plain" onClick={onClose}>Cancel</Button>}
        onSubmit={async () => {
          const rules = from === '' ? [] : ((await get<RoleRecord>(`/roles/${from}`)).rules ?? [])
          const made = await post<RoleRecord>('/roles', { title, sentence, rules })
          await queries.invalidateQueries({ queryKey: ['/roles'] })
          onClose()
          await navigate({ to: `/roles/${made.id}` })
        }}
      >
        <TextField label="Title" name="title" value={title} onChange={setTitle} autoFocus maxLength={100} />
        <TextField label="What it is for" name="sentence" hint="One sentence for whoever gives it." value={sentence} onChange={setSentence} maxLength={300} />
        <SelectField label="Begin with the rules of" name="rules" value={from} onChange={setFrom} choices={[['', 'no other role'], ...(roles.data ?? []).map((role): [string, string] => [role.id, role.title ?? role.id])]} />
      </Form>
    </Dialog>
  )
}

