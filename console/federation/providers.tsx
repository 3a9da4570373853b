import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { post } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Empty } from '../components/empty.tsx'
import { Form, SelectField, TextField } from '../components/form.tsx'
import { List } from '../components/list.tsx'
import { Screen } from '../components/screen.tsx'
import { KINDS, PROVIDERS, type ProviderRecord } from './provider-record.ts'

export default function Providers() {
  const [adding, setAdding] = useState(false)
  const may = useMay()
  const add = may({ verb: 'act', record: 'provider', name: 'change' }) && <Button look="filled" onClick={() => setAdding(true)}>Add a provider</Button>
  return (
    <Screen title="Sign-in providers" lead="People are known by the provider and their id there, never by an e-mail address.">
      <List<ProviderRecord>
        name="providers"
        path={PROVIDERS}
        keyOf={(provider) => provider.id}
        to={(provider) => `/providers/${provider.id}`}
        columns={[
          { title: 'Provider', cell: (provider) => provider.title ?? provider.id, text: (provider) => provider.title },
          { title: 'Kind', cell: (provider) => provider.kind && KINDS[provider.kind], text: (provider) => provider.kind },
          { title: 'Issuer', cell: (provider) => provider.issuer, text: (provider) => provider.issuer },
          { title: 'Offered', cell: (provider) => (provider.enabled ? 'yes' : 'no'), text: (provider) => String(provider.enabled) },
        ]}
        empty={<Empty title="Nobody signs in through a provider." acts={add}>Connect an OpenID Connect or SAML provider, and its button stands on the sign-in page.</Empty>}
        acts={add}
      />
      {adding && <Add onClose={() => setAdding(false)} />}
    </Screen>
  )
}

function Add({ onClose }: { onClose: () => void }) {
  const [kind, setKind] = useState<'oidc' | 'saml'>('oidc')
  const [title, setTitle] = useState('')
  const [issuer, setIssuer] = useState('')
  const [clientId, setClientId] = useState('')
  const [clientSecret, setSecret] = useState('')
  const [metadata, setMetadata] = useState('')
  const navigate = useNavigate()
  const queries = useQueryClient()
  const add = async (): Promise<void> => {
    const made = await post<ProviderRecord>(PROVIDERS, kind === 'oidc' ? { kind, title, issuer, clientId, ...(clientSecret === '' ? { clientAuthentication: 'private-key' } : { clientSecret }) } : { kind, title, metadata })
    await queries.invalidateQueries({ queryKey: [PROVIDERS] })
    onClose()
    await navigate({ to: `/providers/${made.id}` })
  }
  return (
    <Dialog title="Add a provider" onClose={onClose}>
      <Form submit="Add it" onSubmit={add} also={<Button look="plain" onClick={onClose}>Cancel</Button>}>
        <SelectField label="Kind" name="kind" value={kind} onChange={setKind} choices={[['oidc', KINDS.oidc], ['saml', KINDS.saml]]} />
        <TextField label="Title" name="title" hint="On the button: “Sign in with …”." value={title} onChange={setTitle} maxLength={80} />
        {kind === 'oidc' ? (
          <>
            <TextField label="Issuer" name="issuer" type="url" hint="The address whose /.well-known/openid-configuration describes the provider." value={issuer} onChange={setIssuer} />
            <TextField label="Client id" name="clientId" value={clientId} onChange={setClientId} autoComplete="off" />
            <TextField label="Client secret" name="clientSecret" type="password" hint="Kept encrypted and never shown again; empty: we sign with a key of our own." value={clientSecret} onChange={setSecret} autoComplete="off" />
          </>
        ) : <TextField label="Metadata of the provider" name="metadata" hint="The XML file that it offers." rows={8} mono value={metadata} onChange={setMetadata} />}
      </Form>
    </Dialog>
  )
}
