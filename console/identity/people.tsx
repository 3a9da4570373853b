import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { Button } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { List } from '../components/list.tsx'
import { Screen } from '../components/screen.tsx'
import { useCommands } from '../components/shortcut.ts'
import { When } from '../components/when.tsx'
import { Invite } from './invite.tsx'
import { nameOf, type PersonRecord, STATES } from './person-record.ts'
import { State } from './state.tsx'

export default function People() {
  const [inviting, setInviting] = useState(false)
  const may = useMay()
  const mayInvite = may({ verb: 'act', record: 'person', name: 'invite' })
  const invite = mayInvite && <Button look="filled" onClick={() => setInviting(true)}>Invite somebody</Button>
  useCommands(mayInvite ? [{ title: 'Invite somebody', also: 'new person add user', run: () => setInviting(true) }] : [])
  return (
    <Screen title="People">
      <List<PersonRecord>
        name="people"
        path="/people"
        query={{ kind: 'person' }}
        search="Name or e-mail address"
        filters={[{ name: 'state', title: 'State', choices: STATES }]}
        keyOf={(person) => person.id}
        to={(person) => `/people/${person.id}`}
        columns={[
          { title: 'Name', cell: nameOf, text: nameOf, sort: 'displayName' },
          { title: 'E-mail address', cell: (person) => person.email, text: (person) => person.email ?? '' },
          { title: 'Title', cell: (person) => person.title, text: (person) => person.title ?? '' },
          { title: 'State', cell: (person) => <State state={person.state} />, text: (person) => person.state },
          { title: 'Since', cell: (person) => person.createdAt && <When at={person.createdAt} />, text: (person) => person.createdAt, sort: 'createdAt' },
        ]}
        empty={<Empty title="Nobody is here yet." acts={invite}>People you invite choose a passkey, or a password and an authenticator app; then they can sign in.</Empty>}
        acts={invite}
      />
      {inviting && <Invite onClose={() => setInviting(false)} />}
    </Screen>
  )
}
