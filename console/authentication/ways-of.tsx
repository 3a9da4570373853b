import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, post } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Go } from '../components/go.tsx'
import { Loaded } from '../components/record.tsx'
import { Part } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import type { WaysRecord } from './ways-record.ts'

const counted = (count: number, what: string): string => (count === 0 ? `no ${what}` : count === 1 ? `one ${what}` : `${count} ${what}s`)

/** Which ways to sign in somebody else has, and what can be done when they have lost them. No administrator ever sees or chooses a password. */
export function WaysOf({ id, name, isSelf }: { id: string; name: string; isSelf: boolean }) {
  const may = useMay()
  const queries = useQueryClient()
  const path = `/people/${id}/credentials`
  const query = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<WaysRecord>(path, undefined, signal), enabled: !isSelf && may({ verb: 'act', record: 'credential', name: 'read' }) })
  const [open, setOpen] = useState<'password-reset' | 're-invitation'>()
  if (isSelf) return <Part title="Ways to sign in"><p>These are yours: they stand in <Go to="/account">your account</Go>.</p></Part>
  const mayReset = may({ verb: 'act', record: 'credential', name: 'start-reset' })
  const mayReinvite = may({ verb: 'act', record: 'credential', name: 're-invite' })
  if (!query.isEnabled && !mayReset && !mayReinvite) return null
  const start = (act: 'password-reset' | 're-invitation', done: string) => async (): Promise<void> => {
    await post(`/people/${id}/${act}`)
    await queries.invalidateQueries({ queryKey: [path] })
    say(done)
  }
  return (
    <Part title="Ways to sign in" acts={<>{mayReset && <Button onClick={() => setOpen('password-reset')}>Send a reset link</Button>}{mayReinvite && <Button look="danger" onClick={() => setOpen('re-invitation')}>Invite anew</Button>}</>}>
      {query.isEnabled && (
        <Loaded query={query} lines={1}>
          {(ways) => <p>{[counted(ways.passkeys?.length ?? 0, 'passkey'), ways.password ? 'a password' : 'no password', ways.totp ? 'an authenticator app' : 'no authenticator app', `${counted(ways.recoveryCodes?.left ?? 0, 'recovery code')} left`].join(', ')}</p>}
        </Loaded>
      )}
      {open === 'password-reset' && (
        <Confirm title={`Send ${name} a reset link`} act="Send it" onClose={() => setOpen(undefined)} onConfirm={start('password-reset', 'The link is on its way.')}>
          <p>{name} gets a mail with a link that works once, for thirty minutes. With it and their second factor they choose a new password; you never see it.</p>
        </Confirm>
      )}
      {open === 're-invitation' && (
        <Confirm title={`Invite ${name} anew`} act="Take everything away and invite" onClose={() => setOpen(undefined)} onConfirm={start('re-invitation', 'The invitation is on its way.')}>
          <p>For somebody who has lost everything. Every passkey, the password, the authenticator app and the recovery codes of {name} are removed, every session and token ends, and a new invitation is sent.</p>
        </Confirm>
      )}
    </Part>
  )
}
