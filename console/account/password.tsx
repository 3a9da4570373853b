import { useState } from 'react'
import { put } from '../api/client.ts'
import type { WaysRecord } from '../authentication/ways-record.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Form, TextField } from '../components/form.tsx'
import { Part } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'

export function Password({ ways, onChanged }: { ways: WaysRecord; onChanged: () => Promise<void> }) {
  const [open, setOpen] = useState(false)
  const [password, setPassword] = useState('')
  const [current, setCurrent] = useState('')
  const changedAt = ways.password?.changedAt
  const close = (): void => {
    setOpen(false)
    setPassword('')
    setCurrent('')
  }
  return (
    <Part title="Password" acts={<Button onClick={() => setOpen(true)}>{ways.password ? 'Change it' : 'Set one'}</Button>}>
      <p className="soft">{ways.password ? <>You have one{changedAt && <>, set <When at={changedAt} /></>}.</> : 'You have none: your passkeys are enough.'}</p>
      {open && (
        <Dialog title="Choose a password" onClose={close}>
          <Form submit="Set the password" also={<Button look="plain" onClick={close}>Cancel</Button>} onSubmit={async () => { await put('/credentials/password', { password, ...(ways.password ? { current } : {}) }); await onChanged(); close(); say('Your password is set.') }}>
            {ways.password && <TextField label="Present password" name="current" type="password" autoComplete="current-password" value={current} onChange={setCurrent} autoFocus />}
            <NewPassword value={password} onChange={setPassword} autoFocus={!ways.password} />
          </Form>
        </Dialog>
      )}
    </Part>
  )
}

export function NewPassword({ value, onChange, autoFocus = false }: { value: string; onChange: (value: string) => void; autoFocus?: boolean }) {
  const [shown, setShown] = useState(false)
  return (
    <>
      <TextField label="New password" name="password" type={shown ? 'text' : 'password'} autoComplete="new-password" hint="Length is what counts: several words are good. Nothing that is in a list of known passwords." value={value} onChange={onChange} autoFocus={autoFocus} />
      <p className="under-field"><button type="button" className="link" aria-pressed={shown} onClick={() => setShown(!shown)}>{shown ? 'Hide it' : 'Show it'}</button></p>
    </>
  )
}
