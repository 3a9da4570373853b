import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, post } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Empty } from '../components/empty.tsx'
import { Choice, Form, TextField } from '../components/form.tsx'
import { List } from '../components/list.tsx'
import { Screen } from '../components/screen.tsx'
import { When } from '../components/when.tsx'
import { type NewSecret, OFF_WHY, type WebhookRecord, WEBHOOKS } from './webhook-record.ts'
import { WebhookSecret } from './webhook-secret.tsx'

export default function Webhooks() {
  const [making, setMaking] = useState(false)
  const may = useMay()
  const make = may({ verb: 'act', record: 'webhook', name: 'change' }) && <Button look="filled" onClick={() => setMaking(true)}>Make a webhook</Button>
  return (
    <Screen title="Webhooks" lead="Tell other programs what has happened, as far as whoever made the webhook may see it.">
      <List<WebhookRecord>
        name="webhooks"
        path={WEBHOOKS}
        keyOf={(webhook) => webhook.id}
        to={(webhook) => `/webhooks/${webhook.id}`}
        columns={[
          { title: 'Webhook', cell: (webhook) => webhook.title ?? webhook.id, text: (webhook) => webhook.title },
          { title: 'Address', cell: (webhook) => webhook.url, text: (webhook) => webhook.url },
          { title: 'State', cell: (webhook) => (webhook.state === 'off' ? <span className="tag bad">{OFF_WHY[webhook.offWhy ?? 'asked']}</span> : webhook.failingSince ? <span className="tag warn">failing since <When at={webhook.failingSince} /></span> : <span className="tag good">on</span>), text: (webhook) => webhook.state },
          { title: 'Last success', cell: (webhook) => <When at={webhook.lastSuccessAt} />, text: (webhook) => webhook.lastSuccessAt ?? '' },
        ]}
        empty={<Empty title="No program hears of anything." acts={make}>A webhook is sent what happens here, signed, and again until it is taken.</Empty>}
        acts={make}
      />
      {making && <Make onClose={() => setMaking(false)} />}
    </Screen>
  )
}

function Make({ onClose }: { onClose: () => void }) {
  const known = useQuery({ queryKey: ['/webhook-events'], queryFn: ({ signal }) => get<{ events: string[] }>('/webhook-events', undefined, signal) })
  const [title, setTitle] = useState('')
  const [url, setUrl] = useState('')
  const [events, setEvents] = useState<readonly string[]>([])
  const [made, setMade] = useState<NewSecret>()
  const queries = useQueryClient()
  if (made) return <WebhookSecret made={made} onClose={onClose} />
  return (
    <Dialog title="Make a webhook" onClose={onClose} className="wide-dialog">
      <Form
        submit="Make it"
        also={<Button look="plain" onClick={onClose}>Cancel</Button>}
        onSubmit={async () => {
          setMade(await post<NewSecret>(WEBHOOKS, { title, url, events }))
          await queries.invalidateQueries({ queryKey: [WEBHOOKS] })
        }}
      >
        <TextField label="Title" name="title" value={title} onChange={setTitle} autoFocus maxLength={100} />
        <TextField label="Address" name="url" type="url" hint="By https. Addresses in private networks are refused unless the operator allows them." value={url} onChange={setUrl} />
        <fieldset className="field choices">
          <legend className="label">It hears of</legend>
          <Choice label="everything" checked={events.includes('*')} onChange={(on) => setEvents(on ? ['*'] : [])} />
          {!events.includes('*') && known.data?.events.map((event) => <Choice key={event} label={event} checked={events.includes(event)} onChange={(on) => setEvents((before) => (on ? [...before, event] : before.filter((other) => other !== event)))} />)}
        </fieldset>
      </Form>
    </Dialog>
  )
}
