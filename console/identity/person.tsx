import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, type Page, post, type Reply, send } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import { SessionsOf } from '../authentication/sessions-of.tsx'
import { TokensOf } from '../authentication/tokens-of.tsx'
import { WaysOf } from '../authentication/ways-of.tsx'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { TextField } from '../components/form.tsx'
import { Go } from '../components/go.tsx'
import { useParameter } from '../components/parameter.ts'
import { Loaded, useRecord } from '../components/record.tsx'
import { RecordForm } from '../components/record-form.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { useCommands } from '../components/shortcut.ts'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { AccountsOf } from '../federation/accounts-of.tsx'
import { RolesOf } from '../roles/roles-of.tsx'
import { Why } from '../roles/why.tsx'
import { type GroupRecord, nameOf, type PersonRecord } from './person-record.ts'
import { State } from './state.tsx'

type Act = 'deactivate' | 'reactivate' | 'sign-out'

const FIELDS = [
  { name: 'displayName', label: 'Name' },
  { name: 'email', label: 'E-mail address', type: 'email' },
  { name: 'title', label: 'Title' },
] as const

export default function OnePerson() {
  const id = useParameter('id')
  const path = `/people/${id}`
  const query = useRecord<PersonRecord>(path)
  const queries = useQueryClient()
  const session = useSession()
  const may = useMay()
  const [asking, setAsking] = useState<Act>()
  const [editing, setEditing] = useState(false)
  const person = query.data?.body
  const isService = person?.kind === 'service'
  const list = isService ? { title: 'Service accounts', to: '/service-accounts' } : { title: 'People', to: '/people' }
  const mayDo = (name: string): boolean => may({ verb: 'act', record: 'person', name })
  const acts: { act: Act; title: string; shown: boolean }[] = [
    { act: 'sign-out', title: 'Sign out everywhere', shown: mayDo('sign-out') && person?.state === 'active' },
    { act: 'deactivate', title: 'Deactivate', shown: mayDo('deactivate') && person !== undefined && person.state !== 'deactivated' },
    { act: 'reactivate', title: 'Let in again', shown: mayDo('reactivate') && person?.state === 'deactivated' },
  ]
  const offered = acts.filter(({ shown }) => shown)
  useCommands(offered.map(({ act, title }) => ({ title: person === undefined ? title : `${title}: ${nameOf(person)}`, run: () => setAsking(act) })))
  const refresh = async (): Promise<void> => {
    await Promise.all([path, '/people', '/service-accounts'].map((key) => queries.invalidateQueries({ queryKey: [key] })))
  }
  const saved = (reply: Reply<PersonRecord>): void => {
    queries.setQueryData([path], reply)
    void queries.invalidateQueries({ queryKey: ['/people'] })
    setEditing(false)
    say('Saved.')
  }
  const writable = FIELDS.filter(({ name }) => may({ verb: 'write', record: 'person', name }) && !(isService && name !== 'displayName'))
  const mayEdit = mayDo('change') && writable.length > 0 && !person?.managedBy && person?.state !== 'deactivated'
  return (
    <Screen title={person === undefined ? 'Person' : nameOf(person)} within={list} acts={offered.length > 0 && offered.map(({ act, title }) => <Button key={act} {...(act === 'deactivate' ? { look: 'danger' as const } : {})} onClick={() => setAsking(act)}>{title}</Button>)}>
      <Loaded query={query}>
        {(reply) => (
          <>
            <Part title="Who" acts={mayEdit && !editing && <Button onClick={() => setEditing(true)}>Edit</Button>}>
              {editing ? (
                <div className="part-body">
                  <RecordForm
                    read={reply}
                    fields={writable}
                    save={(change, etag) => send<PersonRecord>('PATCH', path, { body: change, ifMatch: etag })}
                    reload={() => send<PersonRecord>('GET', path)}
                    onSaved={saved}
                  />
                  <Button look="plain" onClick={() => setEditing(false)}>Done</Button>
                </div>
              ) : <About person={reply.body} />}
            </Part>
            <RolesOf holder={{ kind: 'person', id }} />
            {!isService && may({ verb: 'act', record: 'group', name: 'read' }) && <GroupsOf id={id} />}
            {!isService && <WaysOf id={id} name={nameOf(reply.body)} isSelf={session.data?.person.id === id} />}
            {!isService && session.data?.person.id !== id && may({ verb: 'act', record: 'account', name: 'read' }) && <AccountsOf id={id} name={nameOf(reply.body)} />}
            {!isService && may({ verb: 'act', record: 'session', name: 'read' }) && <SessionsOf id={id} />}
            {may({ verb: 'act', record: 'token', name: 'read' }) && <TokensOf owner={{ kind: isService ? 'service' : 'person', id }} />}
            {may({ verb: 'act', record: 'access', name: 'explain' }) && <Part title="Why?"><Why person={id} /></Part>}
            {asking && <Ask act={asking} person={reply.body} onClose={() => setAsking(undefined)} onDone={refresh} />}
          </>
        )}
      </Loaded>
    </Screen>
  )
}

function About({ person }: { person: PersonRecord }) {
  return (
    <Facts>
      <Fact title="State">{person.state && <State state={person.state} />}</Fact>
      <Fact title="E-mail address">{person.email}</Fact>
      <Fact title="Title">{person.title}</Fact>
      <Fact title="Here since">{person.createdAt && <When at={person.createdAt} />}</Fact>
      <Fact title="Managed by">{person.managedBy}</Fact>
      <Fact title="Deactivated">{person.deactivatedAt && <When at={person.deactivatedAt} />}</Fact>
      <Fact title="Why">{person.deactivatedWhy}</Fact>
    </Facts>
  )
}

function GroupsOf({ id }: { id: string }) {
  const query = useQuery({ queryKey: [`/people/${id}/groups`], queryFn: ({ signal }) => get<Page<GroupRecord>>(`/people/${id}/groups`, undefined, signal) })
  return (
    <Part title="Groups">
      <Loaded query={query} lines={1}>
        {({ items }) => (items.length === 0 ? <p className="soft">In no group.</p> : <p>{items.map((group, at) => <span key={group.id}>{at > 0 && ', '}<Go to={`/groups/${group.id}`}>{group.name ?? group.id}</Go></span>)}</p>)}
      </Loaded>
    </Part>
  )
}

function Ask({ act, person, onClose, onDone }: { act: Act; person: PersonRecord; onClose: () => void; onDone: () => Promise<void> }) {
  const [why, setWhy] = useState('')
  const name = nameOf(person)
  const run = (body: Record<string, unknown>, done: string) => async (): Promise<void> => {
    await post(`/people/${person.id}/${act}`, body)
    await onDone()
    say(done)
  }
  if (act === 'deactivate') {
    return (
      <Confirm title={`Deactivate ${name}`} act="Deactivate" onClose={onClose} onConfirm={run(why.trim() === '' ? {} : { why }, `${name} has been deactivated.`)}>
        <p>With their next request {name} is out. At once, and for good, end:</p>
        <ul>
          <li>every session, on every device</li>
          <li>every API token of theirs</li>
          <li>their roles and their places in groups</li>
          <li>open invitations and reset links</li>
        </ul>
        <p className="soft">What they did and decided stays in the records. They can be let in again later, and then hold nothing.</p>
        <div className="part-body"><TextField label="Why" name="why" hint="For whoever reads this record later; not for the public." value={why} onChange={setWhy} maxLength={500} /></div>
      </Confirm>
    )
  }
  if (act === 'reactivate') {
    return (
      <Confirm title={`Let ${name} in again`} act="Let them in" onClose={onClose} onConfirm={run({}, `${name} may sign in again.`)}>
        <p>{name} may sign in again, and holds nothing: no role, group or token of before comes back. Give them what they need.</p>
      </Confirm>
    )
  }
  return (
    <Confirm title={`Sign ${name} out everywhere`} act="Sign out everywhere" onClose={onClose} onConfirm={run({}, `${name} has been signed out everywhere.`)}>
      <p>Every session and every API token of {name} ends at once. They stay active and may sign in again.</p>
    </Confirm>
  )
}
