import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { post } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Empty } from '../components/empty.tsx'
import { Form, TextField } from '../components/form.tsx'
import { List } from '../components/list.tsx'
import { Screen } from '../components/screen.tsx'
import { useCommands } from '../components/shortcut.ts'
import { When } from '../components/when.tsx'
import type { GroupRecord } from './person-record.ts'

export default function Groups() {
  const [making, setMaking] = useState(false)
  const may = useMay()
  const mayMake = may({ verb: 'act', record: 'group', name: 'change' })
  const make = mayMake && <Button look="filled" onClick={() => setMaking(true)}>Make a group</Button>
  useCommands(mayMake ? [{ title: 'Make a group', also: 'new team', run: () => setMaking(true) }] : [])
  const title = (group: GroupRecord): string => group.name ?? group.id
  return (
    <Screen title="Groups">
      <List<GroupRecord>
        name="groups"
        path="/groups"
        search="Name"
        keyOf={(group) => group.id}
        to={(group) => `/groups/${group.id}`}
        columns={[
          { title: 'Name', cell: title, text: title },
          { title: 'What it is for', cell: (group) => group.description, text: (group) => group.description },
          { title: 'Managed by', cell: (group) => group.managedBy ?? '', text: (group) => group.managedBy ?? '' },
          { title: 'Changed', cell: (group) => group.changedAt && <When at={group.changedAt} />, text: (group) => group.changedAt },
        ]}
        empty={<Empty title="There are no groups." acts={make}>Give a role to a group, and whoever joins holds it.</Empty>}
        acts={make}
      />
      {making && <Make onClose={() => setMaking(false)} />}
    </Screen>
  )
}

function Make({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const navigate = useNavigate()
  const queries = useQueryClient()
  return (
    <Dialog title="Make a group" onClose={onClose}>
      <Form
        submit="Make it"
        also={<Button look="plain" onClick={onClose}>Cancel</Button>}
        onSubmit={async () => {
          const made = await post<GroupRecord>('/groups', { name, description })
          await queries.invalidateQueries({ queryKey: ['/groups'] })
          onClose()
          await navigate({ to: `/groups/${made.id}` })
        }}
      >
        <TextField label="Name" name="name" value={name} onChange={setName} autoFocus maxLength={200} />
        <TextField label="What it is for" name="description" value={description} onChange={setDescription} maxLength={1000} />
      </Form>
    </Dialog>
  )
}
