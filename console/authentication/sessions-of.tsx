import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, post, remove } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Loaded } from '../components/record.tsx'
import { Part } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'

export interface SessionRecord {
  id: string
  device?: string
  address?: string
  factors?: readonly string[]
  createdAt?: string
  lastSeenAt?: string
  endsAt?: string
  current?: boolean
}

const FACTORS: Readonly<Record<string, string>> = { passkey: 'passkey', password: 'password', totp: 'authenticator app', 'recovery-code': 'recovery code', provider: 'identity provider', oidc: 'identity provider', saml: 'identity provider' }

/** Where somebody is signed in; without an id, oneself. */
export function SessionsOf({ id }: { id?: string }) {
  const path = id === undefined ? '/sessions' : `/people/${id}/sessions`
  const query = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<{ items: SessionRecord[] }>(path, undefined, signal) })
  const queries = useQueryClient()
  const may = useMay()
  const mayEnd = id === undefined || may({ verb: 'act', record: 'session', name: 'end' })
  const [endingAll, setEndingAll] = useState(false)
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: [path] })
  const end = async (session: SessionRecord): Promise<void> => {
    try {
      await remove(id === undefined ? `/sessions/${session.id}` : `/people/${id}/sessions/${session.id}`)
      await again()
      say('That session has ended.')
    } catch (thrown) {
      say(problemOf(thrown).message)
    }
  }
  const others = query.data?.items.filter((session) => !session.current).length ?? 0
  return (
    <Part title="Signed in on" acts={id === undefined && others > 0 && <Button onClick={() => setEndingAll(true)}>End all others</Button>}>
      <Loaded query={query} lines={2}>
        {({ items }) => items.length === 0 ? <p className="soft">Not signed in anywhere.</p> : (
          <table className="list">
            <caption className="hidden">Sessions</caption>
            <thead><tr><th scope="col">Device</th><th scope="col">By</th><th scope="col">Last used</th><th scope="col">Signed in</th><th scope="col"><span className="hidden">Acts</span></th></tr></thead>
            <tbody>
              {items.map((session) => (
                <tr key={session.id}>
                  <td className="main-cell">{session.device ?? 'A device'}{session.current && <> <span className="tag good">this one</span></>}<span className="under">{session.address}</span></td>
                  <td data-label="By">{session.factors?.map((factor) => FACTORS[factor] ?? factor).join(', ')}</td>
                  <td data-label="Last used"><When at={session.lastSeenAt} /></td>
                  <td data-label="Signed in"><When at={session.createdAt} /></td>
                  <td className="end">{mayEnd && !session.current && <Button look="plain" aria-label={`End the session on ${session.device ?? 'a device'}`} onClick={() => end(session)}>End</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
      {endingAll && (
        <Confirm title="End all other sessions" act="End them" onClose={() => setEndingAll(false)} onConfirm={async () => { await post('/sessions/end-others'); await again(); say('You are signed in here alone.') }}>
          <p>You stay signed in here. Everywhere else you are asked to sign in again with the next request.</p>
        </Confirm>
      )}
    </Part>
  )
}
