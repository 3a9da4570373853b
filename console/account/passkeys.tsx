import { useState } from 'react'
import { patch, post, remove } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { attest } from '../authentication/api.ts'
import type { PasskeyRecord } from '../authentication/ways-record.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { Form, TextField } from '../components/form.tsx'
import { Part } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'

const PATH = '/credentials/passkeys'

export function Passkeys({ passkeys, onChanged }: { passkeys: readonly PasskeyRecord[]; onChanged: () => Promise<void> }) {
  const [failed, setFailed] = useState<unknown>()
  const [removing, setRemoving] = useState<PasskeyRecord>()
  const [naming, setNaming] = useState<PasskeyRecord>()
  const add = async (): Promise<void> => {
    setFailed(undefined)
    try {
      await attest(PATH, post)
      await onChanged()
      say('The passkey has been added.')
    } catch (thrown) {
      setFailed(problemOf(thrown))
    }
  }
  return (
    <Part title="Passkeys" acts={<Button onClick={add}>Add a passkey</Button>}>
      {failed !== undefined && <Failure error={failed} />}
      {passkeys.length === 0 ? <p className="soft">None yet. A passkey signs you in with your device’s fingerprint, face or code; nobody can ask it out of you.</p> : (
        <table className="list">
          <caption className="hidden">Passkeys</caption>
          <thead><tr><th scope="col">Name</th><th scope="col">Last used</th><th scope="col">Added</th><th scope="col"><span className="hidden">Acts</span></th></tr></thead>
          <tbody>
            {passkeys.map((passkey) => (
              <tr key={passkey.id}>
                <td className="main-cell">{passkey.name}{passkey.suspectAt !== undefined && <span className="under tag bad">there may be a copy of it: remove it</span>}{passkey.backedUp === false && <span className="under">on one device only: add another before you lose it</span>}</td>
                <td data-label="Last used"><When at={passkey.lastUsedAt} /></td>
                <td data-label="Added"><When at={passkey.createdAt} /></td>
                <td className="end"><Button look="plain" aria-label={`Rename ${passkey.name}`} onClick={() => setNaming(passkey)}>Rename</Button> <Button look="plain" aria-label={`Remove ${passkey.name}`} onClick={() => setRemoving(passkey)}>Remove</Button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {naming && <Rename passkey={naming} onClose={() => setNaming(undefined)} onChanged={onChanged} />}
      {removing && (
        <Confirm title={`Remove ${removing.name}`} act="Remove it" onClose={() => setRemoving(undefined)} onConfirm={async () => { await remove(`${PATH}/${removing.id}`); await onChanged(); say('Removed.') }}>
          <p>It no longer signs you in. Delete it from your device or password manager as well.</p>
        </Confirm>
      )}
    </Part>
  )
}

function Rename({ passkey, onClose, onChanged }: { passkey: PasskeyRecord; onClose: () => void; onChanged: () => Promise<void> }) {
  const [name, setName] = useState(passkey.name)
  return (
    <Dialog title="Rename the passkey" onClose={onClose}>
      <Form submit="Rename" also={<Button look="plain" onClick={onClose}>Cancel</Button>} onSubmit={async () => { await patch(`${PATH}/${passkey.id}`, { name }); await onChanged(); onClose() }}>
        <TextField label="Name" name="name" value={name} onChange={setName} autoFocus maxLength={100} />
      </Form>
    </Dialog>
  )
}
