import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { post, remove } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { useParameter } from '../components/parameter.ts'
import { Loaded, useRecord } from '../components/record.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { DIRECTORIES, type DirectoryRecord, endIn, type Issued } from './directory-record.ts'
import { IssuedToken } from './issued-token.tsx'

export default function OneDirectory() {
  const id = useParameter('id')
  const path = `${DIRECTORIES}/${id}`
  const query = useRecord<DirectoryRecord>(path)
  const queries = useQueryClient()
  const may = useMay()
  const [issued, setIssued] = useState<Issued>()
  const [ending, setEnding] = useState<{ token: string } | 'directory'>()
  const directory = query.data?.body
  const live = directory !== undefined && directory.endedAt === undefined
  const mayEnd = live && may({ verb: 'act', record: 'directory', name: 'disconnect' })
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: [path] })
  const renew = async (): Promise<void> => {
    try {
      setIssued(await post<Issued>(`${path}/tokens`, { expiresAt: endIn('365') }))
      await again()
    } catch (thrown) {
      say(problemOf(thrown).message)
    }
  }
  return (
    <Screen title={directory?.title ?? 'Directory'} within={{ title: 'Provisioning', to: '/directories' }} acts={mayEnd && <Button look="danger" onClick={() => setEnding('directory')}>Disconnect</Button>}>
      <Loaded query={query}>
        {({ body }) => (
          <>
            <Part title="How it fares">
              <Facts>
                <Fact title="State">{body.endedAt === undefined ? 'connected' : <>disconnected <When at={body.endedAt} /></>}</Fact>
                <Fact title="People">{body.people !== undefined && `${body.activePeople ?? 0} active of ${body.people}`}</Fact>
                <Fact title="Groups">{body.groups?.toString()}</Fact>
                <Fact title="Last request"><When at={body.lastRequestAt} /></Fact>
                <Fact title="Last change"><When at={body.lastChangeAt} /></Fact>
              </Facts>
            </Part>
            <Part title="Tokens" acts={live && may({ verb: 'act', record: 'directory', name: 'connect' }) && <Button onClick={renew}>Make another</Button>}>
              <ul role="list" className="rules">
                {(body.tokens ?? []).map((token) => <li key={token.id} className="rule"><span>expires <When at={token.expiresAt} />, last used <When at={token.lastUsedAt} />{token.networks.length > 0 && `, from ${token.networks.join(', ')}`}</span>{mayEnd && <Button look="plain" onClick={() => setEnding({ token: token.id })}>Revoke</Button>}</li>)}
              </ul>
            </Part>
            {body.refusals && body.refusals.length > 0 && (
              <Part title="What was refused">
                <table className="list">
                  <caption className="hidden">Refused requests</caption>
                  <thead><tr><th scope="col">Request</th><th scope="col">Why</th><th scope="col">When</th></tr></thead>
                  <tbody>{body.refusals.map((refusal, at) => <tr key={at}><td className="main-cell"><code>{refusal.request}</code></td><td data-label="Why">{refusal.status}: {refusal.detail}</td><td data-label="When"><When at={refusal.at} /></td></tr>)}</tbody>
                </table>
              </Part>
            )}
            {issued && <IssuedToken issued={issued} onClose={() => setIssued(undefined)} />}
            {ending === 'directory' && (
              <Confirm title={`Disconnect ${body.title ?? 'the directory'}`} act="Disconnect" onClose={() => setEnding(undefined)} onConfirm={async () => { await remove(path); await queries.invalidateQueries({ queryKey: [DIRECTORIES] }); await again(); say('Disconnected.') }}>
                <p>Its tokens die at once. Its people and groups stay as they are, and are kept here from now on.</p>
              </Confirm>
            )}
            {typeof ending === 'object' && (
              <Confirm title="Revoke the token" act="Revoke" onClose={() => setEnding(undefined)} onConfirm={async () => { await remove(`${path}/tokens/${ending.token}`); await again(); say('Revoked.') }}>
                <p>The directory is refused with its next request, unless it has another token.</p>
              </Confirm>
            )}
          </>
        )}
      </Loaded>
    </Screen>
  )
}
