import { useState } from 'react'
import { Door } from '../components/door.tsx'
import { Form, TextField } from '../components/form.tsx'
import { Go } from '../components/go.tsx'
import { atTheDoor } from './api.ts'

/** Asks for a link to a new password. Whoever asks is told the same, whether or not there is such an account. */
export default function Forgotten() {
  const [email, setEmail] = useState('')
  const [asked, setAsked] = useState(false)
  return (
    <Door title="Forgotten your password?" lead="A passkey needs none. Else we send you a link; with it and your second factor you choose a new password." also={<Go to="/">Back to the sign-in</Go>}>
      {asked ? <p className="notice" role="status">If there is such an account, a mail is on its way. The link works for thirty minutes.</p> : (
        <Form submit="Send the link" wide onSubmit={async () => { await atTheDoor('/password-reset', { email }); setAsked(true) }}>
          <TextField label="E-mail address" name="email" type="email" autoComplete="username" value={email} onChange={setEmail} autoFocus />
        </Form>
      )}
    </Door>
  )
}
