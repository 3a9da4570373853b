import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { post, remove, send } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Empty } from '../components/empty.tsx'
import { List } from '../components/list.tsx'
import { useParameter } from '../components/parameter.ts'
import { Loaded, useRecord } from '../components/record.tsx'
import { RecordForm } from '../components/record-form.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { type DeliveryRecord, type NewSecret, OFF_WHY, type WebhookRecord, WEBHOOKS } from './webhook-record.ts'
import { WebhookSecret } from './webhook-secret.tsx'

const STATES = [['waiting', 'waiting'], ['delivered', 'delivered'], ['given-up', 'given up']] as const

export default function OneWebhook() {
  const id = useParameter('id')
  const path = `${WEBHOOKS}/${id}`
  const deliveries = `${path}/deliveries`
  const query = useRecord<WebhookRecord>(path)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const may = useMay()
  const [made, setMade] = useState<NewSecret>()
  const [asking, setAsking] = useState<'delete' | 'secret'>()
  const webhook = query.data?.body
  const mayChange = may({ verb: 'act', record: 'webhook', name: 'change' })
  const again = async (): Promise<void> => {
    await Promise.all([path, WEBHOOKS, deliveries].map((key) => queries.invalidateQueries({ queryKey: [key] })))
  }
  const tell = (work: () => Promise<unknown>, done: string) => async (): Promise<void> => {
    try {
      await work()
      await again()
      say(done)
    } catch (thrown) {
      say(problemOf(thrown).message)
    }
  }
  const turn = (state: 'on' | 'off') => tell(() => send('PATCH', path, { body: { state } }), state === 'on' ? 'Turned on.' : 'Turned off.')
  return (
    <Screen
      title={webhook?.title ?? 'Webhook'}
      within={{ title: 'Webhooks', to: '/webhooks' }}
      lead={webhook?.state === 'off' ? `It is ${OFF_WHY[webhook.offWhy ?? 'asked']}.` : undefined}
      acts={mayChange && webhook && <><Button onClick={tell(() => post(`${path}/test`), 'A test is on its way.')}>Send a test</Button>{webhook.state === 'on' ? <Button onClick={turn('off')}>Turn off</Button> : <Button onClick={turn('on')}>Turn on</Button>}<Button onClick={() => setAsking('secret')}>Renew the secret</Button><Button look="danger" onClick={() => setAsking('delete')}>Delete</Button></>}
    >
      <Loaded query={query}>
        {(reply) => (
          <>
            {mayChange && (
              <Part title="Where to">
                <div className="part-body">
                  <RecordForm
                    read={reply}
                    fields={[{ name: 'title', label: 'Title' }, { name: 'url', label: 'Address', type: 'url' }, { name: 'events', label: 'Events', rows: 4, hint: 'One a line; * for all of them.' }]}
                    toApi={(name, text) => (name === 'events' ? text.split(/[\s,]+/).filter(Boolean) : text)}
                    save={(body, etag) => send<WebhookRecord>('PATCH', path, { body, ifMatch: etag })}
                    reload={() => send<WebhookRecord>('GET', path)}
                    onSaved={(saved) => { queries.setQueryData([path], saved); say('Saved.') }}
                  />
                </div>
              </Part>
            )}
            <Part title="What was sent">
              <List<DeliveryRecord>
                name="deliveries"
                path={deliveries}
                filters={[{ name: 'state', title: 'State', choices: STATES }]}
                keyOf={(delivery) => delivery.id}
                unsettled={(delivery) => delivery.state === 'waiting'}
                columns={[
                  { title: 'Event', cell: (delivery) => delivery.event, text: (delivery) => delivery.event },
                  { title: 'Happened', cell: (delivery) => <When at={delivery.happenedAt} />, text: (delivery) => delivery.happenedAt },
                  { title: 'State', cell: (delivery) => <span className={delivery.state === 'delivered' ? 'tag good' : delivery.state === 'given-up' ? 'tag bad' : 'tag warn'}>{STATES.find(([key]) => key === delivery.state)?.[1]}</span>, text: (delivery) => delivery.state },
                  { title: 'Last answer', cell: (delivery) => answer(delivery), text: answer },
                  { title: '', look: 'end', cell: (delivery) => may({ verb: 'act', record: 'webhook', name: 'resend' }) && delivery.state !== 'waiting' && <Button look="plain" onClick={tell(() => post(`${deliveries}/${delivery.id}/resend`), 'It is on its way again.')}>Send again</Button> },
                ]}
                empty={<Empty title="Nothing was sent yet.">Send a test to see whether it arrives.</Empty>}
              />
            </Part>
            {made && <WebhookSecret made={made} onClose={() => setMade(undefined)} />}
            {asking === 'secret' && (
              <Confirm title="Renew the secret" act="Renew it" onClose={() => setAsking(undefined)} onConfirm={async () => { setMade(await post<NewSecret>(`${path}/secret`)); await again() }}>
                <p>The new secret is shown once. Messages are signed with both for a day, so that the receiver can change over.</p>
              </Confirm>
            )}
            {asking === 'delete' && (
              <Confirm title={`Delete ${webhook?.title ?? 'the webhook'}`} act="Delete" onClose={() => setAsking(undefined)} onConfirm={async () => { await remove(path); await queries.invalidateQueries({ queryKey: [WEBHOOKS] }); await navigate({ to: '/webhooks' }); say('Deleted.') }}>
                <p>It hears of nothing more, and what it was sent is forgotten.</p>
              </Confirm>
            )}
          </>
        )}
      </Loaded>
    </Screen>
  )
}

/** What came back last; the answer is a stranger's, and stands here as text alone. */
function answer({ attempts, problem }: DeliveryRecord): string {
  const last = attempts?.at(-1)
  if (last === undefined) return problem ?? ''
  return [last.status, last.problem ?? last.untrustedAnswer?.slice(0, 80)].filter((part) => part !== null && part !== undefined && part !== '').join(': ')
}
