import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { post } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { useMay } from '../api/access.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Empty } from '../components/empty.tsx'
import { Go } from '../components/go.tsx'
import { List } from '../components/list.tsx'
import { Screen } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { Handover, type Invited } from './invite.tsx'
import type { InvitationRecord } from './person-record.ts'

export default function Invitations() {
  const [revoking, setRevoking] = useState<InvitationRecord>()
  const [link, setLink] = useState<string>()
  const may = useMay()
  const queries = useQueryClient()
  const mayRevoke = may({ verb: 'act', record: 'invitation', name: 'revoke' })
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: ['/invitations'] })
  const resend = async (invitation: InvitationRecord): Promise<void> => {
    try {
      const made = await post<Invited>(`/invitations/${invitation.id}/resend`)
      if (made.link !== undefined) setLink(made.link)
      else say('Sent again; the link of before is dead.')
      await again()
    } catch (thrown) {
      say(problemOf(thrown).message)
    }
  }
  const who = (invitation: InvitationRecord): string => invitation.displayName ?? invitation.email ?? `Person ${invitation.person?.slice(0, 8) ?? ''}`
  return (
    <Screen title="Invitations">
      <List<InvitationRecord>
        name="invitations"
        path="/invitations"
        keyOf={(invitation) => invitation.id}
        columns={[
          { title: 'For', cell: (invitation) => (invitation.person === undefined ? who(invitation) : <Go to={`/people/${invitation.person}`}>{who(invitation)}</Go>), text: who },
          { title: 'Made', cell: (invitation) => <When at={invitation.madeAt} />, text: (invitation) => invitation.madeAt },
          { title: 'State', cell: (invitation) => (invitation.endedAt ? <span className="tag">{invitation.endedHow ?? 'ended'}</span> : <span>expires <When at={invitation.expiresAt} /></span>), text: (invitation) => invitation.endedHow ?? 'open' },
          { title: '', look: 'end', cell: (invitation) => mayRevoke && !invitation.endedAt && <><Button look="plain" onClick={() => resend(invitation)}>Send again</Button> <Button look="plain" onClick={() => setRevoking(invitation)}>Revoke</Button></> },
        ]}
        empty={<Empty title="Nobody is being waited for." acts={<Go to="/people" className="button">People</Go>}>Invitations that you send stand here until they are accepted or expire.</Empty>}
      />
      {revoking && (
        <Confirm title="Revoke the invitation" act="Revoke it" onClose={() => setRevoking(undefined)} onConfirm={async () => { await post(`/invitations/${revoking.id}/revoke`); await again(); say('Revoked.') }}>
          <p>The link that {who(revoking)} has been sent stops working at once.</p>
        </Confirm>
      )}
      {link !== undefined && <Handover title="The new invitation" link={link} onClose={() => setLink(undefined)} />}
    </Screen>
  )
}
