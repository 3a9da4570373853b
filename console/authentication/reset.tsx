import { useState } from 'react'
import { NewPassword } from '../account/password.tsx'
import { Door } from '../components/door.tsx'
import { Empty } from '../components/empty.tsx'
import { Form } from '../components/form.tsx'
import { Go } from '../components/go.tsx'
import { atTheDoor, byPasskey, bySecondFactor, type Next, type SecondFactor } from './api.ts'
import { Enrol } from './enrol.tsx'
import { secretInAddress } from './secret-in-address.ts'
import { SecondFactorForm } from './sign-in-form.tsx'

type Step = { kind: 'link' } | { kind: 'second-factor'; ways: readonly SecondFactor[] } | { kind: 'password' } | { kind: 'enrol' } | { kind: 'done' }

/** A new password, by the link of a mail and the second factor: never by the mail alone. */
export default function Reset() {
  const [token] = useState(secretInAddress)
  const [step, setStep] = useState<Step>({ kind: 'link' })
  const [password, setPassword] = useState('')
  const go = (next: Next): void => {
    if (next.next === 'second-factor') setStep({ kind: 'second-factor', ways: next.ways })
    else setStep({ kind: next.next === 'choose-password' ? 'password' : next.next })
  }
  if (token === '') return <Door title="New password"><Empty title="This link is not whole." acts={<Go to="/forgotten" className="button">Ask for a new one</Go>}>Open the link as it stands in the mail.</Empty></Door>
  switch (step.kind) {
    case 'link':
      return (
        <Door title="New password" lead="Next you show your second factor, and then choose.">
          <Form submit="Go on" wide onSubmit={async () => go(await atTheDoor<Next>('/password-reset/link', { token }))}><p className="soft">The link works once.</p></Form>
        </Door>
      )
    case 'second-factor':
      return <Door title="Show that it is you"><SecondFactorForm ways={step.ways} onCode={async (way, code) => go(await bySecondFactor(way, code))} onPasskey={async () => go(await byPasskey())} /></Door>
    case 'password':
      return (
        <Door title="Choose a new password" lead="You are signed out everywhere else.">
          <Form submit="Set the password" wide onSubmit={async () => { go(await atTheDoor<Next>('/password-reset/password', { password })) }}><NewPassword value={password} onChange={setPassword} autoFocus /></Form>
        </Door>
      )
    case 'enrol':
      return <Door title="Your password is set" lead="It needs a second factor before it lets you in."><Enrol passwordKept /></Door>
    case 'done':
      return <Door title="Your password is set"><p className="acts"><a href="/console/" className="button filled">Go to the console</a></p></Door>
  }
}
