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
import { nameOf, type PersonRecord, STATES } from './person-record.ts'
import { State } from './state.tsx'

export default function ServiceAccounts() {
  const [making, setMaking] = useState(false)
  const may = useMay()
  const mayMake = may({ verb: 'act', record: 'person', name: 'create-service' })
  const make = mayMake && <Button look="filled" onClick={() => setMaking(true)}>Make a service account</Button>
  useCommands(mayMake ? [{ title: 'Make a service account', also: 'new robot machine token', run: () => setMaking(true) }] : [])
  return (
    <Screen title="Service accounts" lead="For programs: they hold roles and tokens, and never sign in.">
      <List<PersonRecord>
        name="service accounts"
        path="/people"
        query={{ kind: 'service' }}
        search="Name"
        filters={[{ name: 'state', title: 'State', choices: STATES }]}
        keyOf={(account) => account.id}
        to={(account) => `/people/${account.id}`}
        columns={[
          { title: 'Name', cell: nameOf, text: nameOf, sort: 'displayName' },
          { title: 'What it does', cell: (account) => account.title, text: (account) => account.title ?? '' },
          { title: 'State', cell: (account) => <State state={account.state} />, text: (account) => account.state },
          { title: 'Since', cell: (account) => <When at={account.createdAt} />, text: (account) => account.createdAt },
        ]}
        empty={<Empty title="There are no service accounts." acts={make}>Make one for each program that uses the API, so that each can be ended alone.</Empty>}
        acts={make}
      />
      {making && <Make onClose={() => setMaking(false)} />}
    </Screen>
  )
}

function Make({ onClose }: { onClose: () => void }) {
  const [displayName, setName] = useState('')
  const [title, setTitle] = useState('')
  const navigate = useNavigate()
  const queries = useQueryClient()
  return (
    <Dialog title="Make a service account" onClose={onClose}>
      <Form
        submit="Make it"
        also={<Button look="plain" onClick={onClose}>Cancel</Button>}
        onSubmit={async () => {
          const made = await post<PersonRecord>('/service-accounts', { displayName, ...(title.trim() === '' ? {} : { title }) })
          await queries.invalidateQueries({ queryKey: ['/people'] })
          onClose()
          await navigate({ to: `/people/${made.id}` })
        }}
      >
        <TextField label="Name" name="displayName" hint="The program, and where it runs: “deployments, build server”." value={displayName} onChange={setName} autoFocus maxLength={200} />
        <TextField label="What it does" name="title" value={title} onChange={setTitle} maxLength={200} />
      </Form>
    </Dialog>
  )
}
