import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { all, post } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Form, SelectField, TextField } from '../components/form.tsx'
import { say } from '../components/toast.tsx'
import type { Holder, RoleRecord } from './role-record.ts'

/** Gives a role: which, why and until when. */
export function Give({ holder, name, role: given, onClose, onGiven }: { holder: Holder; name?: string; role?: string; onClose: () => void; onGiven: () => Promise<void> }) {
  const roles = useQuery({ queryKey: ['/roles', 'all'], queryFn: () => all<RoleRecord>('/roles') })
  const [chosen, setChosen] = useState(given ?? '')
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState('')
  const items = roles.data ?? []
  return (
    <Dialog title={name === undefined ? 'Give a role' : `Give a role to ${name}`} onClose={onClose}>
      <Form
        submit="Give it"
        also={<Button look="plain" onClick={onClose}>Cancel</Button>}
        onSubmit={async () => {
          // To the end of the day that was named, where the person is.
          await post('/assignments', { role: chosen, [holder.kind]: holder.id, reason, ...(until === '' ? {} : { until: new Date(`${until}T23:59:59`).toISOString() }) })
          await onGiven()
          say('Given. It holds from their next request.')
          onClose()
        }}
      >
        <SelectField label="Role" name="role" value={chosen} onChange={setChosen} hint={items.find((item) => item.id === chosen)?.sentence} choices={[['', 'Choose …'], ...items.map((item): [string, string] => [item.id, item.title ?? item.id])]} />
        <TextField label="Why" name="reason" hint="For whoever reviews it later." value={reason} onChange={setReason} maxLength={500} />
        <TextField label="Until" name="until" type="date" hint="Ends by itself after that day; empty: no end." value={until} onChange={setUntil} />
      </Form>
    </Dialog>
  )
}
