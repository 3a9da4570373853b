import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { post } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Form, TextField } from '../components/form.tsx'
import { Secret } from '../components/secret.tsx'
import { say } from '../components/toast.tsx'

export interface Invited {
  id: string
  person: string
  /** Where no mail is set up: the link to hand over, shown this once. */
  link?: string
  sentTo?: string
}

export function Invite({ onClose }: { onClose: () => void }) {
  const [displayName, setName] = useState('')
  const [email, setEmail] = useState('')
  const [title, setTitle] = useState('')
  const [made, setMade] = useState<Invited>()
  const queries = useQueryClient()
  const invite = async (): Promise<void> => {
    const invited = await post<Invited>('/invitations', { displayName, email, ...(title.trim() === '' ? {} : { title }) })
    void queries.invalidateQueries({ queryKey: ['/people'] })
    void queries.invalidateQueries({ queryKey: ['/invitations'] })
    if (invited.link !== undefined) return setMade(invited)
    say(`${displayName} has been invited.`)
    onClose()
  }
  if (made?.link !== undefined) return <Handover title={`The invitation of ${displayName}`} link={made.link} onClose={onClose} />
  return (
    <Dialog title="Invite somebody" onClose={onClose}>
      <Form submit="Invite" onSubmit={invite} also={<Button look="plain" onClick={onClose}>Cancel</Button>}>
        <TextField label="Name" name="displayName" value={displayName} onChange={setName} autoFocus maxLength={200} />
        <TextField label="E-mail address" name="email" type="email" hint="The invitation holds for this address, once, for seven days." value={email} onChange={setEmail} />
        <TextField label="Title" name="title" hint="What they do, if you like." value={title} onChange={setTitle} />
      </Form>
    </Dialog>
  )
}

/** A link that only the one it is for may have. */
export function Handover({ title, link, onClose }: { title: string; link: string; onClose: () => void }) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>Hand this link over yourself, by a way that only they can read. It is shown this once, and works once.</p>
      <Secret value={link} label="Link" />
      <div className="acts"><Button look="filled" onClick={onClose}>I have it</Button></div>
    </Dialog>
  )
}
