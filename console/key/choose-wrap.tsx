import { useState } from 'react'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { Form, TextField } from '../components/form.tsx'
import { Problem } from '../api/problem.ts'
import type { OwnPasskey } from './key-record.ts'
import { type Identity, type NewWrap, wrapByPasskey, wrapByPassphrase } from './wrapping.ts'

const SHORTEST = 12 // the file can be guessed at without limit by whoever gets hold of it

/** How a key shall be opened: by a passkey, or by a passphrase where none can. */
export function ChooseWrap({ title, passkeys, onChosen, onClose }: { title: string; passkeys: readonly OwnPasskey[]; onChosen: (wrap: (identity: Identity) => Promise<NewWrap>) => Promise<void>; onClose: () => void }) {
  const able = passkeys.filter(({ prf }) => prf !== false)
  const [failed, setFailed] = useState<unknown>()
  const [passphrase, setPassphrase] = useState('')
  const choose = (passkey: OwnPasskey) => async (): Promise<void> => {
    setFailed(undefined)
    try {
      await onChosen((identity) => wrapByPasskey(identity, passkey))
    } catch (thrown) {
      setFailed(problemOf(thrown))
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {failed !== undefined && <Failure error={failed} />}
      <p className="soft part-body">The key is made in this browser. We keep it wrapped, so that only what you choose here opens it.</p>
      {able.length > 0 && <div className="acts">{able.map((passkey) => <Button key={passkey.id} look="filled" onClick={choose(passkey)}>{`Use ${passkey.name}`}</Button>)}</div>}
      <Form
        submit="Use a passphrase"
        second={able.length > 0}
        also={<Button look="plain" onClick={onClose}>Cancel</Button>}
        onSubmit={async () => {
          if ([...passphrase].length < SHORTEST) throw new Problem({ status: 400, code: 'bad-input', message: 'The passphrase is too short.', fields: [{ pointer: '/passphrase', message: `at least ${SHORTEST} characters; several words are good` }] })
          await onChosen((identity) => wrapByPassphrase(identity, passphrase))
        }}
      >
        <TextField label="Passphrase for your key" name="passphrase" type="password" autoComplete="new-password" hint="Not the password that you sign in with. It cannot be reset." value={passphrase} onChange={setPassphrase} />
      </Form>
    </Dialog>
  )
}
