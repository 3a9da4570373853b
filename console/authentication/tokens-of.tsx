import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, post, remove } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Choice, Form, SelectField, TextField } from '../components/form.tsx'
import { Loaded } from '../components/record.tsx'
import { Part } from '../components/screen.tsx'
import { Secret } from '../components/secret.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'

export interface TokenRecord {
  id: string
  name?: string
  scopes?: readonly string[]
  networks?: readonly string[]
  createdAt?: string
  expiresAt?: string
  lastUsedAt?: string | null
}

export interface TokenOwner {
  kind: 'self' | 'person' | 'service'
  id?: string
}

/** API tokens of somebody; one's own and those of service accounts can be made here. */
export function TokensOf({ owner }: { owner: TokenOwner }) {
  const path = owner.kind === 'self' ? '/tokens' : `/people/${owner.id}/tokens`
  const query = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<{ items: TokenRecord[] }>(path, undefined, signal) })
  const queries = useQueryClient()
  const may = useMay()
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<TokenRecord>()
  const mayMake = owner.kind === 'self' || (owner.kind === 'service' && may({ verb: 'act', record: 'token', name: 'issue' }))
  const mayRevoke = owner.kind === 'self' || may({ verb: 'act', record: 'token', name: 'revoke' })
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: [path] })
  return (
    <Part title="API tokens" acts={mayMake && <Button onClick={() => setMaking(true)}>Make a token</Button>}>
      <Loaded query={query} lines={2}>
        {({ items }) => items.length === 0 ? <p className="soft">{owner.kind === 'self' ? 'You have no tokens. A token lets a program do what you may, as far as you let it.' : 'No tokens.'}</p> : (
          <table className="list">
            <caption className="hidden">API tokens</caption>
            <thead><tr><th scope="col">Name</th><th scope="col">May</th><th scope="col">Last used</th><th scope="col">Expires</th><th scope="col"><span className="hidden">Acts</span></th></tr></thead>
            <tbody>
              {items.map((token) => (
                <tr key={token.id}>
                  <td className="main-cell">{token.name}{token.networks && token.networks.length > 0 && <span className="under">from {token.networks.join(', ')}</span>}</td>
                  <td data-label="May">{token.scopes?.join(', ')}</td>
                  <td data-label="Last used"><When at={token.lastUsedAt} /></td>
                  <td data-label="Expires"><When at={token.expiresAt} /></td>
                  <td className="end">{mayRevoke && <Button look="plain" aria-label={`Revoke ${token.name ?? 'the token'}`} onClick={() => setRevoking(token)}>Revoke</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
      {making && <Make path={path} onClose={() => setMaking(false)} onMade={again} />}
      {revoking && (
        <Confirm title={`Revoke ${revoking.name ?? 'the token'}`} act="Revoke" onClose={() => setRevoking(undefined)} onConfirm={async () => { await remove(`${path}/${revoking.id}`); await again(); say('Revoked.') }}>
          <p>Whatever uses this token is refused with its next request. It cannot be brought back.</p>
        </Confirm>
      )}
    </Part>
  )
}

const DAYS = [['7', '7 days'], ['30', '30 days'], ['90', '90 days'], ['365', 'a year']] as const
const DAY_MS = 86_400_000

function Make({ path, onClose, onMade }: { path: string; onClose: () => void; onMade: () => Promise<void> }) {
  const offered = useQuery({ queryKey: ['/me/access'], queryFn: ({ signal }) => get<{ permissions?: readonly string[] }>('/me/access', undefined, signal) })
  const [name, setName] = useState('')
  const [days, setDays] = useState<string>('90')
  const [networks, setNetworks] = useState('')
  const [scopes, setScopes] = useState<readonly string[]>([])
  const [token, setToken] = useState<string>()
  if (token !== undefined) {
    return (
      <Dialog title={`The token ${name}`} onClose={onClose}>
        <p>Put it where the program keeps its secrets. It is shown this once: we keep only its digest.</p>
        <Secret value={token} label="Token" />
        <div className="acts"><Button look="filled" onClick={onClose}>I have it</Button></div>
      </Dialog>
    )
  }
  const permissions = offered.data?.permissions ?? []
  return (
    <Dialog title="Make a token" onClose={onClose} className="wide-dialog">
      <Form
        submit="Make it"
        also={<Button look="plain" onClick={onClose}>Cancel</Button>}
        onSubmit={async () => {
          const lines = networks.split(/[\s,]+/).filter(Boolean)
          const made = await post<{ token: string }>(path, { name, scopes, expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString(), ...(lines.length === 0 ? {} : { networks: lines }) })
          await onMade()
          setToken(made.token)
        }}
      >
        <TextField label="Name" name="name" hint="What uses it." value={name} onChange={setName} autoFocus maxLength={100} />
        <SelectField label="Expires after" name="expiresAt" value={days} onChange={setDays} choices={DAYS} />
        <TextField label="Networks" name="networks" hint="Only from these addresses, one a line, such as 203.0.113.0/24; empty: from everywhere." rows={2} value={networks} onChange={setNetworks} />
        <fieldset className="field choices">
          <legend className="label">It may</legend>
          {permissions.map((permission) => <Choice key={permission} label={permission} checked={scopes.includes(permission)} onChange={(on) => setScopes((before) => (on ? [...before, permission] : before.filter((other) => other !== permission)))} />)}
        </fieldset>
      </Form>
    </Dialog>
  )
}
