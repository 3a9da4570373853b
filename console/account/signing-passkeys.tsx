import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { remove } from '../api/client.ts'
import { beginSigning } from '../attestation/signing.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Part } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { KEYS_PATH, type OwnPasskey, type Signing, useOwnKeys } from '../key/key-record.ts'

/** Passkeys that sign what the person attests; shown to whoever may attest. */
export function SigningPasskeys() {
  const may = useMay()
  const { data } = useOwnKeys()
  const queries = useQueryClient()
  const [adding, setAdding] = useState<OwnPasskey>()
  const [ending, setEnding] = useState<Signing>()
  if (data === undefined || (data.signing.length === 0 && !may({ verb: 'act', record: 'attestation', name: 'make' }))) return null
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: [KEYS_PATH] })
  const free = data.passkeys.filter(({ id }) => !data.signing.some(({ passkey }) => passkey === id))
  const nameOf = (id: string): string => data.passkeys.find((passkey) => passkey.id === id)?.name ?? 'Passkey'
  return (
    <Part title="Signing attestations" acts={free.map((passkey) => <Button key={passkey.id} onClick={() => setAdding(passkey)}>{`Sign with ${passkey.name}`}</Button>)}>
      {data.signing.length === 0 ? <p className="soft">No passkey of yours signs attestations yet. What is signed by one can be verified by anybody, without asking us.</p> : (
        <ul className="plain">{data.signing.map((signing) => <li key={signing.keyId}>{nameOf(signing.passkey)} signs as “{signing.role}”. <Button look="plain" aria-label={`Stop it: ${nameOf(signing.passkey)}`} onClick={() => setEnding(signing)}>Stop it</Button></li>)}</ul>
      )}
      {adding && (
        <Confirm title={`Sign with ${adding.name}`} act="Sign with it" onClose={() => setAdding(undefined)} onConfirm={async () => { const { role } = await beginSigning(adding); await again(); say(`It signs as “${role}” from now on.`) }}>
          <p>Its public key goes into the public log for good, under a random id and your title as it stands now. Your name does not.</p>
        </Confirm>
      )}
      {ending && (
        <Confirm title={`Stop ${nameOf(ending.passkey)}`} act="Stop it" onClose={() => setEnding(undefined)} onConfirm={async () => { await remove(`/me/signing/${ending.keyId}`); await again(); say('It signs no more.') }}>
          <p>It can never sign attestations again; for that you make another passkey. What it signed stays signed.</p>
        </Confirm>
      )}
    </Part>
  )
}
