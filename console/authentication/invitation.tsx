import { useState } from 'react'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Door } from '../components/door.tsx'
import { Empty } from '../components/empty.tsx'
import { Failure } from '../components/failure.tsx'
import { Form } from '../components/form.tsx'
import { PROVIDERS } from '../federation/provider-record.ts'
import { atTheDoor, useWays } from './api.ts'
import { Enrol } from './enrol.tsx'
import { secretInAddress } from './secret-in-address.ts'

/** Somebody was invited: the link says who they are, and they choose how they sign in. */
export default function Invitation() {
  const [token] = useState(secretInAddress)
  const [person, setPerson] = useState<{ displayName: string }>()
  const [failed, setFailed] = useState<unknown>()
  const providers = useWays().data?.providers ?? []
  const withProvider = async (id: string): Promise<void> => {
    setFailed(undefined)
    try {
      const { location } = await atTheDoor<{ location: string }>(`${PROVIDERS}/${encodeURIComponent(id)}/invitation`, { token })
      window.location.assign(location)
    } catch (thrown) {
      setFailed(problemOf(thrown))
    }
  }
  if (token === '') return <Door title="Invitation"><Empty title="This link is not whole.">Open the link of the invitation as it stands in the mail, or ask for a new one.</Empty></Door>
  if (person) return <Door title="How you sign in" lead={`Welcome, ${person.displayName}.`}><Enrol /></Door>
  return (
    <Door title="You are invited" lead="Accept the invitation and choose how you sign in.">
      <Form submit="Accept" wide onSubmit={async () => setPerson((await atTheDoor<{ person: { displayName: string } }>('/invitation', { token })).person)}>
        <p className="soft">The link works once.</p>
      </Form>
      {failed !== undefined && <Failure error={failed} />}
      {providers.length > 0 && <div className="or"><span>or with an account that you have</span></div>}
      {providers.map((provider) => <p key={provider.id} className="acts"><Button wide onClick={() => withProvider(provider.id)}>Sign in with {provider.title}</Button></p>)}
    </Door>
  )
}
