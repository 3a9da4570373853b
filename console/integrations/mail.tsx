import { useQueryClient } from '@tanstack/react-query'
import { useMay } from '../api/access.ts'
import { post, type Reply, send } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { useSession } from '../api/session.ts'
import { Button } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { List } from '../components/list.tsx'
import { Loaded, useRecord } from '../components/record.tsx'
import { type RecordField, RecordForm } from '../components/record-form.tsx'
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
  authority?: string | null
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
            <Part title="Mail server"><div className="part-body">{mayChange ? <Server reply={reply} onSaved={again} /> : <p className="soft">{reply.body.setting ? `${reply.body.setting.host ?? ''}, from ${reply.body.setting.fromAddress ?? ''}` : 'None is set: links are handed over by those who make them.'}</p>}</div></Part>
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

/** The setting as a record, with its entity tag: where there is none yet, what one begins with. */
const settingOf = (reply: Reply<MailRecord>): Reply<MailSetting> => ({ ...reply, body: reply.body.setting ?? { port: 587, tls: 'starttls' } })

const FIELDS: readonly RecordField<MailSetting>[] = [
  { name: 'host', label: 'Host' },
  { name: 'port', label: 'Port', type: 'number' },
  { name: 'tls', label: 'Encryption', choices: TLS },
  { name: 'username', label: 'User name' },
  { name: 'password', label: 'Password', type: 'password', hint: 'Kept encrypted and never shown again; empty: the one that is kept stays.', toText: () => '', words: (text) => (text === '' ? 'the one that is kept' : 'a new one') },
  { name: 'fromAddress', label: 'Sender address', type: 'email' },
  { name: 'fromName', label: 'Sender name' },
  { name: 'authority', label: 'Certificate of your own authority', hint: 'In PEM, where the mail server’s certificate comes from an authority of your own.', rows: 3, mono: true },
]

function toApi(name: string, text: string): unknown {
  if (name === 'port') return Number(text)
  return text.trim() === '' && (name === 'username' || name === 'authority') ? null : text
}

/** The API takes the whole setting: what was not changed goes along as it was read, but for the password, which then stays. */
function Server({ reply, onSaved }: { reply: Reply<MailRecord>; onSaved: () => Promise<void> }) {
  const save = async (change: Record<string, unknown>, etag: string | undefined, base: MailSetting): Promise<Reply<MailSetting>> => {
    const { password: _, ...kept } = base
    // Without a user name a password is of no use, and the server takes none.
    const withoutName = 'username' in change && change['username'] === null ? { password: null } : {}
    return settingOf(await send<MailRecord>('PUT', '/mail', { body: { ...kept, ...withoutName, ...change }, ifMatch: etag }))
  }
  return <RecordForm read={settingOf(reply)} fields={FIELDS} toApi={toApi} save={save} reload={async () => settingOf(await send<MailRecord>('GET', '/mail'))} onSaved={() => { say('Saved.'); void onSaved() }} />
}
