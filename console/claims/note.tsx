import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { post } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { Dialog } from '../components/dialog.tsx'
import { Form, TextField } from '../components/form.tsx'
import { say } from '../components/toast.tsx'
import type { ClaimRecord } from './claim-record.ts'

/** A public word on a broken claim: why, and by when it is mended. */
export function Note({ claim, onClose }: { claim: ClaimRecord; onClose: () => void }) {
  const queries = useQueryClient()
  const [cause, setCause] = useState(claim.note?.cause ?? '')
  const [mendBy, setMendBy] = useState(claim.note?.mendBy.slice(0, 10) ?? '')
  const [role, setRole] = useState(claim.note?.role ?? '')
  const save = async (): Promise<void> => {
    const day = new Date(`${mendBy}T23:59:59Z`)
    if (Number.isNaN(day.getTime())) throw new Problem({ status: 400, code: 'bad-input', message: 'Choose a day.', fields: [{ pointer: '/mendBy', message: 'choose a day' }] })
    await post(`/claims/${claim.id}/note`, { cause: cause.trim(), mendBy: day.toISOString(), role: role.trim() })
    await queries.invalidateQueries({ queryKey: ['/overview'] })
    say('It stands beside the claim on the page.')
    onClose()
  }
  return (
    <Dialog title="Promise a mend" onClose={onClose}>
      <p className="soft part-body">Readers see this beside the broken claim. The promise gets a clock: you are told before it runs out.</p>
      <Form submit="Put it on the page" onSubmit={save}>
        <TextField label="Cause" name="cause" value={cause} onChange={setCause} rows={3} maxLength={500} autoFocus hint="One or two sentences, in public." />
        <TextField label="Mended by" name="mendBy" type="date" value={mendBy} onChange={setMendBy} hint="At most 90 days from now." />
        <TextField label="Role that promises it" name="role" value={role} onChange={setRole} maxLength={100} hint="A role, not a name: Head of Platform." />
      </Form>
    </Dialog>
  )
}
