import { useState } from 'react'
import { Door } from '../components/door.tsx'
import { Empty } from '../components/empty.tsx'
import { Form } from '../components/form.tsx'
import { atTheDoor } from './api.ts'
import { Enrol } from './enrol.tsx'
import { secretInAddress } from './secret-in-address.ts'

/** Somebody was invited: the link says who they are, and they choose how they sign in. */
export default function Invitation() {
  const [token] = useState(secretInAddress)
  const [person, setPerson] = useState<{ displayName: string }>()
  if (token === '') return <Door title="Invitation"><Empty title="This link is not whole.">Open the link of the invitation as it stands in the mail, or ask for a new one.</Empty></Door>
  if (person) return <Door title="How you sign in" lead={`Welcome, ${person.displayName}.`}><Enrol /></Door>
  return (
    <Door title="You are invited" lead="Accept the invitation and choose how you sign in.">
      <Form submit="Accept" wide onSubmit={async () => setPerson((await atTheDoor<{ person: { displayName: string } }>('/invitation', { token })).person)}>
        <p className="soft">The link works once.</p>
      </Form>
    </Door>
  )
}
