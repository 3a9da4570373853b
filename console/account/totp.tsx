import { useState } from 'react'
import { post, remove } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import type { WaysRecord } from '../authentication/ways-record.ts'
import { TotpSecret, type TotpOffer } from '../authentication/totp-secret.tsx'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Part } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'

export function Totp({ ways, onChanged }: { ways: WaysRecord; onChanged: () => Promise<void> }) {
  const [offer, setOffer] = useState<TotpOffer>()
  const [removing, setRemoving] = useState(false)
  const begin = async (): Promise<void> => {
    try {
      setOffer(await post<TotpOffer>('/credentials/totp/options'))
    } catch (thrown) {
      say(problemOf(thrown).message)
    }
  }
  return (
    <Part title="Authenticator app" acts={<><Button onClick={begin}>{ways.totp ? 'Set up another' : 'Set it up'}</Button>{ways.totp && <Button look="plain" onClick={() => setRemoving(true)}>Remove</Button>}</>}>
      <p className="soft">{ways.totp ? 'Set up: it gives you a code when you sign in with your password.' : 'Not set up. It is the second factor of a password.'}</p>
      {offer && (
        <Dialog title="Set up the authenticator app" onClose={() => setOffer(undefined)}>
          <TotpSecret offer={offer} submit="Set it up" onCode={async (code) => { await post('/credentials/totp', { code }); await onChanged(); setOffer(undefined); say('The authenticator app is set up.') }} />
        </Dialog>
      )}
      {removing && (
        <Confirm title="Remove the authenticator app" act="Remove it" onClose={() => setRemoving(false)} onConfirm={async () => { await remove('/credentials/totp'); await onChanged(); say('Removed.') }}>
          <p>Its codes no longer let you in. Keep a passkey, or your password is of no use.</p>
        </Confirm>
      )}
    </Part>
  )
}
