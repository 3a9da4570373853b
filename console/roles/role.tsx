import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { type Reply, remove, send } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Form, TextField } from '../components/form.tsx'
import { useParameter } from '../components/parameter.ts'
import { Loaded, useRecord } from '../components/record.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { Holders } from './holders.tsx'
import type { RoleRecord } from './role-record.ts'
import { type Rule, rulesText, sentenceOf } from './rule.ts'
import { RuleEditor } from './rule-editor.tsx'
import { useWords, type Words } from './words.ts'

export default function OneRole() {
  const id = useParameter('id')
  const path = `/roles/${id}`
  const query = useRecord<RoleRecord>(path)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const may = useMay()
  const words = useWords()
  const [open, setOpen] = useState<'edit' | 'delete' | 'raw'>()
  const role = query.data?.body
  const mayChange = role !== undefined && !role.builtIn && may({ verb: 'act', record: 'role', name: 'change' })
  const close = (): void => setOpen(undefined)
  const saved = (reply: Reply<RoleRecord>): void => {
    queries.setQueryData([path], reply)
    void queries.invalidateQueries({ queryKey: ['/roles'] })
    close()
    say('Saved. It holds from the next request of each who holds the role.')
  }
  return (
    <Screen title={role?.title ?? 'Role'} lead={role?.sentence} within={{ title: 'Roles', to: '/roles' }} acts={mayChange && <><Button onClick={() => setOpen('edit')}>Edit</Button><Button look="danger" onClick={() => setOpen('delete')}>Delete</Button></>}>
      <Loaded query={query}>
        {(reply) => open === 'edit' ? <Edit path={path} read={reply} words={words} onSaved={saved} onClose={close} /> : (
          <>
            <Part title="Rules" acts={<Button look="plain" aria-pressed={open === 'raw'} onClick={() => setOpen(open === 'raw' ? undefined : 'raw')}>{open === 'raw' ? 'In words' : 'As text'}</Button>}>
              {reply.body.rules === undefined ? <p className="soft">You may not read the rules.</p> : open === 'raw' ? <pre className="grid-scroll" tabIndex={0} aria-label="Rules as text">{rulesText(reply.body.rules)}</pre> : <InWords rules={reply.body.rules} words={words} />}
              {reply.body.builtIn ? <p className="soft">This role is built in and stays as it is. Make one of your own from it to change it.</p> : reply.body.changedAt && <p className="soft">Version {reply.body.version}, changed <When at={reply.body.changedAt} />.</p>}
            </Part>
            <Holders role={reply.body} />
            {open === 'delete' && (
              <Confirm title={`Delete ${role?.title ?? 'the role'}`} act="Delete" onClose={close} onConfirm={async () => { await remove(path); await queries.invalidateQueries({ queryKey: ['/roles'] }); await navigate({ to: '/roles' }); say('Deleted.') }}>
                <p>Whoever holds it loses with their next request what only this role allowed, and is free of what it forbade.</p>
              </Confirm>
            )}
          </>
        )}
      </Loaded>
    </Screen>
  )
}

function InWords({ rules, words }: { rules: readonly Rule[]; words: Words }) {
  if (rules.length === 0) return <p className="soft">No rules: this role allows nothing.</p>
  return (
    <ul role="list" className="rules">
      {rules.map((rule, at) => <li key={at} className="rule"><span className={rule.effect === 'deny' ? 'tag bad' : 'tag good'}>{rule.effect}</span> <span>{sentenceOf(rule, words)}</span></li>)}
    </ul>
  )
}

function Edit({ path, read, words, onSaved, onClose }: { path: string; read: Reply<RoleRecord>; words: Words; onSaved: (reply: Reply<RoleRecord>) => void; onClose: () => void }) {
  const [base, setBase] = useState(read)
  const [title, setTitle] = useState(read.body.title ?? '')
  const [sentence, setSentence] = useState(read.body.sentence ?? '')
  const [rules, setRules] = useState<readonly Rule[]>(read.body.rules ?? [])
  const [other, setOther] = useState<Reply<RoleRecord>>()
  const put = async (etag: string | undefined): Promise<void> => onSaved(await send<RoleRecord>('PATCH', path, { body: { title, sentence, rules }, ifMatch: etag }))
  const save = async (): Promise<void> => {
    try {
      await put(base.etag)
    } catch (thrown) {
      if (!(thrown instanceof Problem) || thrown.status !== 412) throw thrown
      setOther(await send<RoleRecord>('GET', path))
    }
  }
  return (
    <>
      <Form submit="Save the role" onSubmit={save} also={<Button look="plain" onClick={onClose}>Cancel</Button>}>
        <TextField label="Title" name="title" value={title} onChange={setTitle} maxLength={100} />
        <TextField label="What it is for" name="sentence" value={sentence} onChange={setSentence} maxLength={300} />
        <RuleEditor rules={rules} onChange={setRules} words={words} />
      </Form>
      {other && (
        <Dialog title="Somebody else has changed this role meanwhile" className="wide-dialog" onClose={() => setOther(undefined)}>
          <p className="soft">Nothing of yours is lost: choose which of the two is to stand.</p>
          <div className="pair">
            <section><h3>As it is now</h3><p>{other.body.title}</p><InWords rules={other.body.rules ?? []} words={words} /></section>
            <section><h3>As you have it</h3><p>{title}</p><InWords rules={rules} words={words} /></section>
          </div>
          <div className="acts">
            <Button look="filled" onClick={() => put(other.etag)}>Save mine over it</Button>
            <Button onClick={() => onSaved(other)}>Keep what is there now</Button>
            <Button look="plain" onClick={() => { setBase(other); setOther(undefined) }}>Go on editing</Button>
          </div>
        </Dialog>
      )}
    </>
  )
}
