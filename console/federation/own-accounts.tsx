import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useState } from 'react'
import { get, post, remove } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { useWays } from '../authentication/api.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Failure } from '../components/failure.tsx'
import { useFilters } from '../components/filters.ts'
import { Loaded } from '../components/record.tsx'
import { Part } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { OWN_ACCOUNTS, type OwnAccountRecord } from './account-record.ts'
import { PROVIDERS } from './provider-record.ts'
import { Refused } from './refused.tsx'

/** Accounts at identity providers that sign one in here. Adding one leads to the provider, and back to this screen. */
export function OwnAccounts() {
  const query = useQuery({ queryKey: [OWN_ACCOUNTS], queryFn: ({ signal }) => get<{ items: OwnAccountRecord[] }>(OWN_ACCOUNTS, undefined, signal) })
  const queries = useQueryClient()
  const known = useWays()
  const [{ linked, problem }, setFilters] = useFilters()
  // What came of it is said once: a page that is loaded again, or shared, says it no more.
  const [outcome] = useState({ linked, problem })
  const forget = useEffectEvent(() => setFilters({ linked: undefined, problem: undefined }))
  useEffect(() => {
    if (linked !== undefined || problem !== undefined) forget()
  }, [linked, problem])
  const [failed, setFailed] = useState<unknown>()
  const [removing, setRemoving] = useState<OwnAccountRecord>()
  const items = query.data?.items ?? []
  const missing = (known.data?.providers ?? []).filter((provider) => !items.some((item) => item.provider === provider.id))
  const added = items.find((item) => item.provider === outcome.linked)
  const add = async (provider: string): Promise<void> => {
    setFailed(undefined)
    try {
      const { location } = await post<{ location: string }>(`${PROVIDERS}/${encodeURIComponent(provider)}/link`, { return: '/console/account' })
      window.location.assign(location)
    } catch (thrown) {
      setFailed(problemOf(thrown))
    }
  }
  if (query.data !== undefined && items.length === 0 && missing.length === 0 && outcome.problem === undefined) return null
  return (
    <Part title="Accounts at providers" acts={missing.length > 0 && missing.map((provider) => <Button key={provider.id} onClick={() => add(provider.id)}>Add {provider.title}</Button>)}>
      {outcome.problem !== undefined && <Refused reason={outcome.problem} />}
      {added && <p className="notice" role="status">{added.title} has been added: it signs you in from now on.</p>}
      {failed !== undefined && <Failure error={failed} />}
      <Loaded query={query} lines={1}>
        {() => (items.length === 0 ? <p className="soft">None yet. Add the one that your organisation uses, and sign in with it.</p> : (
          <table className="list">
            <caption className="hidden">Accounts at providers</caption>
            <thead><tr><th scope="col">Provider</th><th scope="col">Last used</th><th scope="col">Added</th><th scope="col"><span className="hidden">Acts</span></th></tr></thead>
            <tbody>
              {items.map((item) => (
                <tr key={item.id}>
                  <td className="main-cell">{item.title}</td>
                  <td data-label="Last used"><When at={item.lastUsedAt} /></td>
                  <td data-label="Added"><When at={item.linkedAt} /></td>
                  <td className="end"><Button look="plain" aria-label={`Take away ${item.title}`} onClick={() => setRemoving(item)}>Take away</Button></td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </Loaded>
      {removing && (
        <Confirm title={`Take away ${removing.title}`} act="Take it away" onClose={() => setRemoving(undefined)} onConfirm={async () => { await remove(`${OWN_ACCOUNTS}/${removing.id}`); await queries.invalidateQueries({ queryKey: [OWN_ACCOUNTS] }); say('Taken away.') }}>
          <p>Your account there no longer signs you in here, and every session that came by it ends, maybe this one. Have a passkey or a password first, or you are locked out until somebody invites you anew.</p>
        </Confirm>
      )}
    </Part>
  )
}
