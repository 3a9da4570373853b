import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { post, remove, send } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Empty } from '../components/empty.tsx'
import { Go } from '../components/go.tsx'
import { List } from '../components/list.tsx'
import { useParameter } from '../components/parameter.ts'
import { Loaded, useRecord } from '../components/record.tsx'
import { RecordForm } from '../components/record-form.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { RolesOf } from '../roles/roles-of.tsx'
import { type GroupRecord, nameOf } from './person-record.ts'
import { PickPerson } from './pick-person.tsx'

interface Member {
  person: string
  displayName?: string
  managedBy?: string | null
  since?: string
}

export default function OneGroup() {
  const id = useParameter('id')
  const path = `/groups/${id}`
  const query = useRecord<GroupRecord>(path)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const may = useMay()
  const [open, setOpen] = useState<'add' | 'edit' | 'delete'>()
  const group = query.data?.body
  const mayChange = may({ verb: 'act', record: 'group', name: 'change' })
  const close = (): void => setOpen(undefined)
  const title = group?.name ?? 'Group'
  const members = `${path}/members`
  const change = async (body: { add?: string[]; remove?: string[] }): Promise<void> => {
    await post(members, body)
    await queries.invalidateQueries({ queryKey: [members] })
  }
  const takeOut = async (member: Member): Promise<void> => {
    try {
      await change({ remove: [member.person] })
      say(`${nameOf({ ...member, id: member.person })} is no longer in ${title}.`, () => change({ add: [member.person] }))
    } catch (thrown) {
      say(problemOf(thrown).message)
    }
  }
  return (
    <Screen
      title={title}
      within={{ title: 'Groups', to: '/groups' }}
      lead={group?.description}
      acts={mayChange && group && <><Button onClick={() => setOpen('edit')}>Edit</Button><Button look="danger" onClick={() => setOpen('delete')}>Delete</Button></>}
    >
      <Loaded query={query}>
        {(reply) => (
          <>
            <RolesOf holder={{ kind: 'group', id }} />
            <Part title="Members">
              <List<Member>
                name="members"
                path={members}
                keyOf={(member) => member.person}
                to={(member) => `/people/${member.person}`}
                columns={[
                  { title: 'Name', cell: (member) => nameOf({ ...member, id: member.person }), text: (member) => nameOf({ ...member, id: member.person }) },
                  { title: 'Kept by', cell: (member) => member.managedBy ?? 'people here', text: (member) => member.managedBy ?? '' },
                  { title: 'Since', cell: (member) => <When at={member.since} />, text: (member) => member.since },
                  { title: '', look: 'end', cell: (member) => mayChange && !member.managedBy && <Button look="plain" aria-label={`Take out ${nameOf({ ...member, id: member.person })}`} onClick={() => takeOut(member)}>Take out</Button> },
                ]}
                empty={<Empty title="Nobody is in this group." acts={mayChange && <Button look="filled" onClick={() => setOpen('add')}>Add somebody</Button>} />}
                acts={mayChange && <Button onClick={() => setOpen('add')}>Add somebody</Button>}
              />
            </Part>
            {open === 'add' && <PickPerson title={`Add to ${title}`} onClose={close} onPick={async (person) => { await change({ add: [person.id] }); say(`${nameOf(person)} is in ${title} now.`) }} />}
            {open === 'edit' && (
              <Dialog title={`Edit ${title}`} onClose={close}>
                <RecordForm
                  read={reply}
                  fields={[{ name: 'name', label: 'Name' }, { name: 'description', label: 'What it is for' }]}
                  toApi={(_name, text) => text}
                  save={(body, etag) => send<GroupRecord>('PATCH', path, { body, ifMatch: etag })}
                  reload={() => send<GroupRecord>('GET', path)}
                  onSaved={(saved) => { queries.setQueryData([path], saved); void queries.invalidateQueries({ queryKey: ['/groups'] }); close(); say('Saved.') }}
                />
              </Dialog>
            )}
            {open === 'delete' && (
              <Confirm title={`Delete ${title}`} act="Delete" onClose={close} onConfirm={async () => { await remove(path); await queries.invalidateQueries({ queryKey: ['/groups'] }); await navigate({ to: '/groups' }); say('Deleted.') }}>
                <p>Its members lose at once what they may do by this group’s roles. The members themselves stay. <Go to="/roles">Roles</Go> stay as they are.</p>
              </Confirm>
            )}
          </>
        )}
      </Loaded>
    </Screen>
  )
}
