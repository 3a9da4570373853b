import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, type Page, remove } from '../api/client.ts'
import { useWays } from '../authentication/api.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Loaded } from '../components/record.tsx'
import { Part } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { type AccountRecord, ACCOUNTS, LINKED_HOW } from './account-record.ts'
import { PROVIDERS, type ProviderRecord } from './provider-record.ts'

/** Through which providers somebody else signs in. */
export function AccountsOf({ id, name }: { id: string; name: string }) {
  const may = useMay()
  const queries = useQueryClient()
  const query = useQuery({ queryKey: [ACCOUNTS, { person: id }], queryFn: ({ signal }) => get<Page<AccountRecord>>(ACCOUNTS, { person: id, limit: 200 }, signal) })
  const titleOf = useTitles()
  const [removing, setRemoving] = useState<AccountRecord>()
  const mayUnlink = may({ verb: 'act', record: 'account', name: 'unlink' })
  return (
    <Part title="Accounts at providers">
      <Loaded query={query} lines={1}>
        {({ items }) => (items.length === 0 ? <p className="soft">No account at a provider signs {name} in.</p> : (
          <table className="list">
            <caption className="hidden">Accounts at providers</caption>
            <thead><tr><th scope="col">Provider</th><th scope="col">Known there as</th><th scope="col">How it came</th><th scope="col">Last used</th><th scope="col"><span className="hidden">Acts</span></th></tr></thead>
            <tbody>
              {items.map((account) => (
                <tr key={account.id}>
                  <td className="main-cell">{titleOf(account.provider)}</td>
                  <td data-label="Known there as">{account.subject && <code>{account.subject}</code>}</td>
                  <td data-label="How it came">{LINKED_HOW[account.linkedHow ?? ''] ?? account.linkedHow}{account.linkedAt && <span className="under"><When at={account.linkedAt} /></span>}</td>
                  <td data-label="Last used"><When at={account.lastUsedAt} /></td>
                  <td className="end">{mayUnlink && <Button look="plain" aria-label={`Take away ${titleOf(account.provider)}`} onClick={() => setRemoving(account)}>Take away</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </Loaded>
      {removing && (
        <Confirm title={`Take away ${titleOf(removing.provider)} of ${name}`} act="Take it away" onClose={() => setRemoving(undefined)} onConfirm={async () => { await remove(`${ACCOUNTS}/${removing.id}`); await queries.invalidateQueries({ queryKey: [ACCOUNTS] }); say('Taken away.') }}>
          <p>That account no longer signs {name} in here, and every session that came by it ends at once. They may add it again themselves, where they have another way to sign in.</p>
        </Confirm>
      )}
    </Part>
  )
}

/** Titles of providers: of all of them for whoever may see how they are set up, else of those on the sign-in page. */
function useTitles(): (id: string | undefined) => string {
  const may = useMay()
  const offered = useWays().data?.providers
  const all = useQuery({ queryKey: [PROVIDERS], queryFn: ({ signal }) => get<Page<ProviderRecord>>(PROVIDERS, undefined, signal), enabled: may({ verb: 'act', record: 'provider', name: 'read' }) }).data?.items
  return (id) => [...(all ?? []), ...(offered ?? [])].find((provider) => provider.id === id)?.title ?? 'a provider'
}
