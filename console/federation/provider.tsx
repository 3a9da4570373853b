import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { post, remove, send } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { useParameter } from '../components/parameter.ts'
import { Loaded, useRecord } from '../components/record.tsx'
import { type RecordField, RecordForm } from '../components/record-form.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { KINDS, PROVIDERS, type ProviderRecord } from './provider-record.ts'

interface Finding {
  what: string
  ok: boolean
  detail: string
}

const YES = [['true', 'Yes'], ['false', 'No']] as const
const COMMON: readonly RecordField<ProviderRecord>[] = [
  { name: 'title', label: 'Title' },
  { name: 'enabled', label: 'Offered on the sign-in page', choices: YES },
  { name: 'secondFactor', label: 'Second factor', choices: [['ours', 'always asked for here'], ['when-said', 'asked for here unless the provider says it was shown'], ['trusted', 'left to the provider']], hint: 'Whoever controls the provider controls what it says.' },
  { name: 'createFor', label: 'Make people for these domains', rows: 3, hint: 'One a line. Whoever signs in with a verified address of one of them is made a person here; empty: nobody is made.' },
  { name: 'groupsFrom', label: 'Claim or attribute with groups' },
  { name: 'singleLogout', label: 'Single logout', choices: YES },
]
const OIDC: readonly RecordField<ProviderRecord>[] = [{ name: 'issuer', label: 'Issuer', type: 'url' }, { name: 'clientId', label: 'Client id' }, { name: 'addressesAreVerified', label: 'Its addresses are verified', choices: YES, hint: 'Only for a directory that names no addresses but its own.' }]
const SAML: readonly RecordField<ProviderRecord>[] = [{ name: 'issuer', label: 'Issuer (entity id)' }, { name: 'signInUrl', label: 'Sign-in address', type: 'url' }, { name: 'signOutUrl', label: 'Sign-out address', type: 'url' }, { name: 'subjectAttribute', label: 'Attribute with the subject', hint: 'Empty: the NameID, which then must be one that stays.' }, { name: 'emailAttribute', label: 'Attribute with the address' }, { name: 'nameAttribute', label: 'Attribute with the name' }]
const ADDRESSES: Readonly<Record<string, string>> = { start: 'Begins a sign-in', callback: 'Redirect address', backChannelLogout: 'Back-channel logout', keys: 'Our keys', metadata: 'Our metadata', acs: 'Assertion consumer service', logout: 'Single logout' }

function toApi(name: string, text: string): unknown {
  if (name === 'createFor') return text.split(/[\s,]+/).filter(Boolean)
  if (text === 'true' || text === 'false') return text === 'true'
  return text.trim() === '' ? null : text
}

export default function OneProvider() {
  const id = useParameter('id')
  const path = `${PROVIDERS}/${id}`
  const query = useRecord<ProviderRecord>(path)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const may = useMay()
  const [findings, setFindings] = useState<readonly Finding[]>()
  const [removing, setRemoving] = useState(false)
  const provider = query.data?.body
  const mayChange = may({ verb: 'act', record: 'provider', name: 'change' })
  const fields = [...COMMON, ...(provider?.kind === 'saml' ? SAML : OIDC)].filter(({ name }) => may({ verb: 'write', record: 'provider', name }))
  const title = provider?.title ?? 'Provider'
  const test = async (): Promise<void> => {
    try {
      setFindings((await post<{ findings: Finding[] }>(`${path}/test`)).findings)
    } catch (thrown) {
      say(problemOf(thrown).message)
    }
  }
  return (
    <Screen title={title} within={{ title: 'Sign-in providers', to: '/providers' }} acts={provider && <>{may({ verb: 'act', record: 'provider', name: 'test' }) && <Button onClick={test}>Try it</Button>}{mayChange && <Button look="danger" onClick={() => setRemoving(true)}>Remove</Button>}</>}>
      <Loaded query={query} lines={12}>
        {(reply) => (
          <>
            {findings && (
              <Part title="What came of the trial">
                <ul role="list" className="rules" aria-live="polite">{findings.map((finding) => <li key={finding.what} className="rule"><span className={finding.ok ? 'tag good' : 'tag bad'}>{finding.ok ? '● well' : '✕ not well'}</span> <span>{finding.what}</span> <span className="soft">{finding.detail}</span></li>)}</ul>
              </Part>
            )}
            <Part title="To be entered at the provider">
              <Facts>{Object.entries(reply.body.addresses ?? {}).map(([name, address]) => <Fact key={name} title={ADDRESSES[name] ?? name}><code>{address}</code></Fact>)}</Facts>
            </Part>
            <Part title={reply.body.kind === undefined ? 'Settings' : KINDS[reply.body.kind]}>
              <div className="part-body">
                {mayChange
                  ? <RecordForm read={reply} fields={fields} toApi={toApi} save={(body, etag) => send<ProviderRecord>('PATCH', path, { body, ifMatch: etag })} reload={() => send<ProviderRecord>('GET', path)} onSaved={(saved) => { queries.setQueryData([path], saved); void queries.invalidateQueries({ queryKey: [PROVIDERS] }); say('Saved.') }} />
                  : <Facts><Fact title="Issuer">{reply.body.issuer}</Fact><Fact title="Client id">{reply.body.clientId}</Fact></Facts>}
              </div>
            </Part>
            {removing && (
              <Confirm title={`Remove ${title}`} act="Remove" onClose={() => setRemoving(false)} onConfirm={async () => { await remove(path); await queries.invalidateQueries({ queryKey: [PROVIDERS] }); await navigate({ to: '/providers' }); say('Removed.') }}>
                <p>Whoever signed in through it is signed out, and their accounts there no longer let them in here. They stay, and may be invited anew.</p>
              </Confirm>
            )}
          </>
        )}
      </Loaded>
    </Screen>
  )
}
