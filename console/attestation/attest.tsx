import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { all, get } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Form, SelectField, TextField } from '../components/form.tsx'
import { Go } from '../components/go.tsx'
import { say } from '../components/toast.tsx'
import { useOwnKeys } from '../key/key-record.ts'
import { attestWith } from './signing.ts'

const DAYS = 180 // half a year: long enough not to nag, short enough to be remembered
const later = (): string => new Date(Date.now() + DAYS * 86_400_000).toISOString().slice(0, 10)

/** Says that a claim holds, signed with a passkey. @param claim left out: it is chosen here */
export function Attest({ claim: given, onClose }: { claim?: string; onClose: () => void }) {
  const queries = useQueryClient()
  const own = useOwnKeys()
  const claims = useQuery({ queryKey: ['/claims', 'all'], queryFn: () => all<{ id: string; text: string }>('/claims') })
  const [chosen, setChosen] = useState<string>()
  const [statement, setStatement] = useState('')
  const [until, setUntil] = useState(later)
  const [signer, setSigner] = useState<string>()
  const signing = own.data?.signing ?? []
  const claim = given ?? chosen ?? claims.data?.[0]?.id ?? ''
  const keyId = signer ?? signing[0]?.keyId ?? ''
  const sign = async (): Promise<void> => {
    const day = new Date(`${until}T23:59:59Z`)
    if (Number.isNaN(day.getTime())) throw new Problem({ status: 400, code: 'bad-input', message: 'Choose a day.', fields: [{ pointer: '/until', message: 'choose a day' }] })
    const by = signing.find((one) => one.keyId === keyId)
    const passkey = own.data?.passkeys.find(({ id }) => id === by?.passkey)
    if (by === undefined || passkey === undefined) throw new Problem({ status: 400, code: 'bad-input', message: 'None of your passkeys signs attestations.' })
    const { digest } = await get<{ digest: string }>(`/claims/${claim}`)
    await attestWith(by, passkey, { claim, sentence: digest, statement: statement.trim(), until: day.toISOString() })
    await Promise.all([queries.invalidateQueries({ queryKey: ['/attestations'] }), queries.invalidateQueries({ queryKey: ['/overview'] })])
    onClose()
    say('Attested. It is in the public log.')
  }
  if (own.data && signing.length === 0) {
    return <Dialog title="Attest" onClose={onClose}><p className="part-body">Choose first which passkey signs for you: in <Go to="/account">your account</Go>.</p><div className="acts"><Button onClick={onClose} data-begin>Close</Button></div></Dialog>
  }
  return (
    <Dialog title="Attest" onClose={onClose}>
      <p className="soft part-body">Readers see what you say here under your title, for ever; your name is not shown. Your passkey signs these very words.</p>
      <Form submit="Sign with the passkey" also={<Button look="plain" onClick={onClose}>Cancel</Button>} onSubmit={sign}>
        {given === undefined && <SelectField label="Claim" name="claim" value={claim} onChange={setChosen} choices={(claims.data ?? []).map(({ id, text }) => [id, text.length > 90 ? `${text.slice(0, 89)}…` : text] as const)} />}
        <TextField label="What you know, and how" name="statement" rows={3} maxLength={2000} value={statement} onChange={setStatement} autoFocus hint="One line, in public: “I ran the drill on 3 March and read the log.”" />
        <TextField label="Until" name="until" type="date" value={until} onChange={setUntil} hint="At most 400 days from now. You renew it then, or it ends." />
        {signing.length > 1 && <SelectField label="Sign as" name="signer" value={keyId} onChange={setSigner} choices={signing.map((one) => [one.keyId, `${one.role}, ${own.data?.passkeys.find(({ id }) => id === one.passkey)?.name ?? 'passkey'}`] as const)} />}
      </Form>
    </Dialog>
  )
}
