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
import { copy } from '../components/secret.tsx'
import { say } from '../components/toast.tsx'
import { CertificatesField, CertificateWords } from './certificates-field.tsx'
import { GroupMapping, GroupsField, GroupWords, type MappedGroup } from './groups-field.tsx'
import { itemsOf, textOf } from './items.ts'
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
  { name: 'strongValues', label: 'What says that it was shown', rows: 3, mono: true, hint: 'One a line; compared with amr, acr and authentication context.' },
  { name: 'singleLogout', label: 'Single logout', choices: YES },
]
const OIDC: readonly RecordField<ProviderRecord>[] = [
  { name: 'issuer', label: 'Issuer', type: 'url' },
  { name: 'clientId', label: 'Client id' },
  { name: 'clientAuthentication', label: 'How we show that it is us', choices: [['secret-basic', 'client secret, in a header'], ['secret-post', 'client secret, in the form'], ['private-key', 'a key of our own']], hint: 'When you change this to a secret, give the secret below; a key of our own is made at once.' },
  { name: 'clientSecret', label: 'New client secret', type: 'password', hint: 'Kept encrypted and never shown again; empty: the one that is kept stays.', toText: () => '', words: (text) => (text === '' ? 'the one that is kept' : 'a new one') },
  { name: 'scopes', label: 'Scopes', rows: 3, mono: true, hint: 'One a line; openid is always asked for.' },
  { name: 'addressesAreVerified', label: 'Its addresses are verified', choices: YES, hint: 'Only for a directory that names no addresses but its own.' },
]
const SAML: readonly RecordField<ProviderRecord>[] = [
  { name: 'issuer', label: 'Issuer (entity id)' },
  { name: 'signInUrl', label: 'Sign-in address', type: 'url' },
  { name: 'signOutUrl', label: 'Sign-out address', type: 'url' },
  { name: 'certificates', label: 'Certificates', hint: 'When the provider changes its key, add the new certificate beside the old one, and take the old one off once it has changed over.', toText: textOf, words: (text) => <CertificateWords text={text} />, draw: (control) => <CertificatesField {...control} /> },
  { name: 'signsRequests', label: 'Sign our requests', choices: YES },
  { name: 'subjectAttribute', label: 'Attribute with the subject', hint: 'Empty: the NameID, which then must be one that stays.' },
  { name: 'emailAttribute', label: 'Attribute with the address' },
  { name: 'nameAttribute', label: 'Attribute with the name' },
]
const PEOPLE: readonly RecordField<ProviderRecord>[] = [
  { name: 'createFor', label: 'Make people for these domains', rows: 3, hint: 'One a line. Whoever signs in with a verified address of one of them is made a person here; empty: nobody is made.' },
  { name: 'defaultGroups', label: 'Groups for whoever is made', hint: 'Once, when they first come. Roles come by groups.', toText: textOf, words: (text) => <GroupWords text={text} />, draw: (control) => <GroupsField {...control} /> },
  { name: 'groupsFrom', label: 'Claim or attribute with groups' },
  { name: 'groups', label: 'Groups that follow the provider', hint: 'At every sign-in. Memberships that people keep here stay, and groups that are not named here are left alone.', toText: textOf, words: (text) => <GroupWords text={text} />, draw: (control) => <GroupMapping {...control} /> },
]
const ADDRESSES: Readonly<Record<string, string>> = { start: 'Begins a sign-in', callback: 'Redirect address', backChannelLogout: 'Back-channel logout', keys: 'Our keys', metadata: 'Our metadata', acs: 'Assertion consumer service', logout: 'Single logout' }

const WORDS = ['createFor', 'scopes']
const LISTS = ['certificates', 'defaultGroups', 'groups']
const YES_OR_NO = ['enabled', 'singleLogout', 'addressesAreVerified', 'signsRequests']

function toApi(name: string, text: string): unknown {
  if (WORDS.includes(name)) return text.split(/[\s,]+/).filter(Boolean)
  if (name === 'strongValues') return text.split('\n').map((line) => line.trim()).filter(Boolean)
  if (LISTS.includes(name)) return itemsOf<string | MappedGroup>(text).filter((item) => (typeof item === 'string' ? item.trim() !== '' : item.named !== '' || item.group !== ''))
  if (YES_OR_NO.includes(name)) return text === 'true'
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
  const fields = [...COMMON, ...(provider?.kind === 'saml' ? SAML : OIDC), ...PEOPLE].filter(({ name }) => may({ verb: 'write', record: 'provider', name }))
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
              {reply.body.publicKey !== undefined && <details><summary>{reply.body.kind === 'saml' ? 'Our certificate, for verifying our requests' : 'Our public key'}</summary><pre className="grid-scroll" tabIndex={0} role="region" aria-label="In PEM">{reply.body.publicKey}</pre><Button onClick={() => copy(reply.body.publicKey ?? '')}>Copy</Button></details>}
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
