import { useState } from 'react'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { Form, TextField } from '../components/form.tsx'
import type { KeyRecord, OwnPasskey } from './key-record.ts'
import { type Identity, openIdentity } from './wrapping.ts'

/** Asks the person to open a key of theirs, by whatever opens it. */
export function OpenKey({ title, of, passkeys, onOpened, onClose }: { title: string; of: KeyRecord; passkeys: readonly OwnPasskey[]; onOpened: (identity: Identity) => Promise<void>; onClose: () => void }) {
  const kinds = new Set(of.wraps.map(({ kind }) => kind))
  const opening = passkeys.filter(({ id }) => of.wraps.some(({ passkey }) => passkey === id))
  const [failed, setFailed] = useState<unknown>()
  const [typed, setTyped] = useState('')
  const [how, setHow] = useState<'passphrase' | 'recovery'>(kinds.has('passphrase') ? 'passphrase' : 'recovery')
  const byPasskey = (passkey: OwnPasskey) => async (): Promise<void> => {
    setFailed(undefined)
    try {
      await onOpened(await openIdentity(of, { kind: 'passkey', passkey }))
    } catch (thrown) {
      setFailed(problemOf(thrown))
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {failed !== undefined && <Failure error={failed} />}
      {opening.length > 0 && <div className="acts">{opening.map((passkey) => <Button key={passkey.id} look="filled" onClick={byPasskey(passkey)}>{`Open with ${passkey.name}`}</Button>)}</div>}
      <Form submit={how === 'passphrase' ? 'Open with the passphrase' : 'Open with the recovery key'} second={opening.length > 0} also={<Button look="plain" onClick={onClose}>Cancel</Button>} onSubmit={async () => onOpened(await openIdentity(of, how === 'passphrase' ? { kind: how, passphrase: typed } : { kind: how, recoveryKey: typed }))}>
        <TextField label={how === 'passphrase' ? 'Passphrase of your key' : 'Recovery key'} name="opener" type="password" autoComplete="off" value={typed} onChange={setTyped} />
      </Form>
      {kinds.has('passphrase') && <div className="also"><button type="button" className="link" onClick={() => { setTyped(''); setHow(how === 'passphrase' ? 'recovery' : 'passphrase') }}>{how === 'passphrase' ? 'Use the recovery key' : 'Use the passphrase'}</button></div>}
    </Dialog>
  )
}
