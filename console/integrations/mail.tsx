import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { post, type Reply, send } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { useSession } from '../api/session.ts'
import { Button } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { Form, SelectField, TextField } from '../components/form.tsx'
import { List } from '../components/list.tsx'
import { Loaded, useRecord } from '../components/record.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'

interface MailSetting {
  host?: string
  port?: number
  tls?: 'starttls' | 'implicit' | 'none'
  username?: string | null
  password?: 'kept' | 'none'
  fromAddress?: string
  fromName?: string
}

interface MailRecord {
  setting: MailSetting | null
  server: { answers: boolean; downSince: string | null; problem: string | null }
  letters?: Readonly<Record<string, number>>
}

interface LetterRecord {
  id: string
  kind?: string
  recipient?: string
  state?: 'waiting' | 'sent' | 'failed' | 'dropped'
  problem?: string | null
  attempts?: number
  nextAt?: string | null
  createdAt?: string
}

const STATES = [['waiting', 'waiting'], ['sent', 'sent'], ['failed', 'failed'], ['dropped', 'dropped']] as const
const TLS = [['starttls', 'STARTTLS (port 587)'], ['implicit', 'TLS from the beginning (port 465)'], ['none', 'none, on this machine only']] as const

export default function Mail() {
  const query = useRecord<MailRecord>('/mail')
  const session = useSession()
  const queries = useQueryClient()
  const may = useMay()
  const mayChange = may({ verb: 'act', record: 'mail-setting', name: 'change' })
  const again = async (): Promise<void> => {
    await Promise.all(['/mail', '/letters'].map((key) => queries.invalidateQueries({ queryKey: [key] })))
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
  const own = session.data?.person.email
  return (
    <Screen title="Mail" lead="Invitations, reset links and notices go out by your mail server; when it is away they wait." acts={mayChange && query.data?.body.setting && own !== undefined && <Button onClick={tell(() => post('/mail/test', { to: own }), `A test is on its way to ${own}.`)}>Send a test to yourself</Button>}>
      <Loaded query={query} lines={8}>
        {(reply) => (
          <>
            {!reply.body.server.answers && <p className="notice amber" role="status">The mail server does not answer{reply.body.server.downSince && <> since <When at={reply.body.server.downSince} /></>}. {reply.body.server.problem} Nothing is lost: letters wait, and are tried again.</p>}
            <Part title="Mail server"><div className="part-body">{mayChange ? <Server key={reply.etag} reply={reply} onSaved={again} /> : <p className="soft">{reply.body.setting ? `${reply.body.setting.host ?? ''}, from ${reply.body.setting.fromAddress ?? ''}` : 'None is set: links are handed over by those who make them.'}</p>}</div></Part>
            {may({ verb: 'act', record: 'letter', name: 'read' }) && (
              <Part title="Letters">
                <List<LetterRecord>
                  name="letters"
                  path="/letters"
                  filters={[{ name: 'state', title: 'State', choices: STATES }]}
                  keyOf={(letter) => letter.id}
                  unsettled={(letter) => letter.state === 'waiting'}
                  columns={[
                    { title: 'To', cell: (letter) => letter.recipient, text: (letter) => letter.recipient },
                    { title: 'What', cell: (letter) => letter.kind, text: (letter) => letter.kind },
                    { title: 'State', cell: (letter) => <span className={letter.state === 'sent' ? 'tag good' : letter.state === 'failed' ? 'tag bad' : 'tag'}>{letter.state}</span>, text: (letter) => letter.state },
                    { title: 'Problem', cell: (letter) => letter.problem, text: (letter) => letter.problem ?? '' },
                    { title: 'Written', cell: (letter) => <When at={letter.createdAt} />, text: (letter) => letter.createdAt },
                    { title: '', look: 'end', cell: (letter) => (letter.state === 'waiting' || letter.state === 'failed') && <>{may({ verb: 'act', record: 'letter', name: 'retry' }) && <Button look="plain" onClick={tell(() => post(`/letters/${letter.id}/retry`), 'It is tried now.')}>Try now</Button>} {may({ verb: 'act', record: 'letter', name: 'drop' }) && <Button look="plain" onClick={tell(() => post(`/letters/${letter.id}/drop`), 'Dropped; what it said is erased.')}>Drop</Button>}</> },
                  ]}
                  empty={<Empty title="No letters yet.">What is sent stands here with what became of it; what it said is shown to nobody.</Empty>}
                />
              </Part>
            )}
          </>
        )}
      </Loaded>
    </Screen>
  )
}

function Server({ reply, onSaved }: { reply: Reply<MailRecord>; onSaved: () => Promise<void> }) {
  const { setting } = reply.body
  const [host, setHost] = useState(setting?.host ?? '')
  const [port, setPort] = useState(String(setting?.port ?? 587))
  const [tls, setTls] = useState(setting?.tls ?? 'starttls')
  const [username, setUsername] = useState(setting?.username ?? '')
  const [password, setPassword] = useState('')
  const [fromAddress, setFromAddress] = useState(setting?.fromAddress ?? '')
  const [fromName, setFromName] = useState(setting?.fromName ?? '')
  return (
    <Form
      submit="Save"
      onSubmit={async () => {
        await send('PUT', '/mail', { body: { host, port: Number(port), tls, username: username === '' ? null : username, ...(password === '' ? {} : { password }), fromAddress, fromName }, ...(setting ? { ifMatch: reply.etag } : {}) })
        await onSaved()
        say('Saved.')
      }}
    >
      <TextField label="Host" name="host" value={host} onChange={setHost} />
      <TextField label="Port" name="port" inputMode="numeric" value={port} onChange={setPort} />
      <SelectField label="Encryption" name="tls" value={tls} onChange={setTls} choices={TLS} />
      <TextField label="User name" name="username" autoComplete="off" value={username} onChange={setUsername} />
      <TextField label="Password" name="password" type="password" autoComplete="off" hint={setting?.password === 'kept' ? 'One is kept; leave this empty to keep it.' : undefined} value={password} onChange={setPassword} />
      <TextField label="Sender address" name="fromAddress" type="email" value={fromAddress} onChange={setFromAddress} />
      <TextField label="Sender name" name="fromName" value={fromName} onChange={setFromName} />
    </Form>
  )
}
