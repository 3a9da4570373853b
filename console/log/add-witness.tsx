import { useState } from 'react'
import { post } from '../api/client.ts'
import { Dialog } from '../components/dialog.tsx'
import { Form, SelectField, TextField } from '../components/form.tsx'
import { say } from '../components/toast.tsx'

export function AddWitness({ onClose, onDone }: { onClose: () => void; onDone: () => Promise<unknown> }) {
  const [url, setUrl] = useState('')
  const [vkey, setVkey] = useState('')
  const [observerVkey, setObserver] = useState('')
  const [operator, setOperator] = useState<'own' | 'other'>('other')
  const save = async (): Promise<void> => {
    await post('/log/witnesses', { url: url.trim(), vkey: vkey.trim(), operator, ...(observerVkey.trim() === '' ? {} : { observerVkey: observerVkey.trim() }) })
    await onDone()
    say('It is asked from now on.')
    onClose()
  }
  return (
    <Dialog title="Ask a witness" onClose={onClose}>
      <p className="soft part-body">That it is asked is written into the log for everybody to see.</p>
      <Form submit="Ask it from now on" onSubmit={save}>
        <TextField label="Address" name="url" type="url" value={url} onChange={setUrl} autoFocus hint="Where it takes checkpoints: https://witness.example" />
        <TextField label="Key" name="vkey" value={vkey} onChange={setVkey} mono hint="As it prints it: name+hash+base64" />
        <SelectField label="Whose it is" name="operator" value={operator} onChange={setOperator} choices={[['other', 'independent of us'], ['own', 'our own: readers are told']]} />
        <TextField label="Key that it observes with" name="observerVkey" value={observerVkey} onChange={setObserver} mono hint="Where it probes our hosts as well; else leave it empty." />
      </Form>
    </Dialog>
  )
}
