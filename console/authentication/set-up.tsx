import { useState } from 'react'
import { Door } from '../components/door.tsx'
import { Form, TextField } from '../components/form.tsx'
import { atTheDoor } from './api.ts'
import { Enrol } from './enrol.tsx'
import { secretInAddress } from './secret-in-address.ts'

/** The first owner: the code that the start printed, who they are, and how they sign in. */
export default function SetUp() {
  const [code, setCode] = useState(secretInAddress)
  const [displayName, setName] = useState('')
  const [email, setEmail] = useState('')
  const [begun, setBegun] = useState(false)
  if (begun) return <Door title="How you sign in" lead={`You are the first owner of this installation, ${displayName}.`}><Enrol /></Door>
  return (
    <Door title="Set up" lead="The start of Vouchsafe has printed a set-up code. It works once and makes you the first owner.">
      <Form
        submit="Go on"
        wide
        onSubmit={async () => {
          await atTheDoor('/set-up', { code: code.trim(), displayName, email })
          setBegun(true)
        }}
      >
        <TextField label="Set-up code" name="code" hint="Such as K7QF-2M9D. A new one: vouchsafe set-up" autoComplete="off" mono value={code} onChange={setCode} autoFocus maxLength={40} />
        <TextField label="Your name" name="displayName" autoComplete="name" value={displayName} onChange={setName} maxLength={200} />
        <TextField label="Your e-mail address" name="email" type="email" autoComplete="email" value={email} onChange={setEmail} maxLength={300} />
      </Form>
    </Door>
  )
}
