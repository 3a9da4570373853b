import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { post } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Empty } from '../components/empty.tsx'
import { Choice, Form, SelectField, TextField } from '../components/form.tsx'
import { List } from '../components/list.tsx'
import { Screen } from '../components/screen.tsx'
import { When } from '../components/when.tsx'
import { DIRECTORIES, type DirectoryRecord, endIn, type Issued, LIVES } from './directory-record.ts'
import { IssuedToken } from './issued-token.tsx'

export default function Directories() {
  const [adding, setAdding] = useState(false)
  const may = useMay()
  const connect = may({ verb: 'act', record: 'directory', name: 'connect' }) && <Button look="filled" onClick={() => setAdding(true)}>Connect a directory</Button>
  return (
    <Screen title="Provisioning" lead="Directories that keep people and groups here, over SCIM 2.0.">
      <List<DirectoryRecord>
        name="directories"
        path={DIRECTORIES}
        keyOf={(directory) => directory.id}
        to={(directory) => `/directories/${directory.id}`}
        columns={[
          { title: 'Directory', cell: (directory) => directory.title ?? directory.id, text: (directory) => directory.title },
          { title: 'People', cell: (directory) => directory.activePeople, text: (directory) => String(directory.activePeople ?? ''), look: 'number' },
          { title: 'Groups', cell: (directory) => directory.groups, text: (directory) => String(directory.groups ?? ''), look: 'number' },
          { title: 'Last heard of', cell: (directory) => <When at={directory.lastRequestAt} />, text: (directory) => directory.lastRequestAt },
          { title: 'State', cell: (directory) => (directory.endedAt ? 'disconnected' : 'connected'), text: (directory) => (directory.endedAt ? 'disconnected' : 'connected') },
        ]}
        empty={<Empty title="No directory provisions people." acts={connect}>Okta, Entra ID and others make and end accounts here by themselves once they are connected.</Empty>}
        acts={connect}
      />
      {adding && <Connect onClose={() => setAdding(false)} />}
    </Screen>
  )
}

function Connect({ onClose }: { onClose: () => void }) {
  const [title, setTitle] = useState('')
  const [days, setDays] = useState<string>('365')
  const [adoptsInvited, setAdopts] = useState(false)
  const [issued, setIssued] = useState<Issued>()
  const queries = useQueryClient()
  if (issued) return <IssuedToken issued={issued} onClose={onClose} />
  return (
    <Dialog title="Connect a directory" onClose={onClose}>
      <Form
        submit="Connect it"
        also={<Button look="plain" onClick={onClose}>Cancel</Button>}
        onSubmit={async () => {
          setIssued(await post<Issued>(DIRECTORIES, { title, adoptsInvited, expiresAt: endIn(days) }))
          await queries.invalidateQueries({ queryKey: [DIRECTORIES] })
        }}
      >
        <TextField label="Title" name="title" value={title} onChange={setTitle} autoFocus maxLength={100} />
        <SelectField label="Its token expires after" name="expiresAt" value={days} onChange={setDays} choices={LIVES} />
        <Choice label="It takes over people who are invited" hint="Otherwise it is refused an address that is here already." checked={adoptsInvited} onChange={setAdopts} />
      </Form>
    </Dialog>
  )
}
