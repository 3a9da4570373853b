import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { type DragEvent, useState } from 'react'
import { send } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { Field, Form, TextField } from '../components/form.tsx'
import { Screen } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import type { VersionRecord } from './policy-record.ts'
import './policy.css'

type Way = 'file' | 'paste' | 'address'

const WAYS: readonly (readonly [Way, string])[] = [['file', 'Upload it'], ['paste', 'Paste text'], ['address', 'Fetch an address']]
const LARGEST_BYTES = 5 * 1024 * 1024 // as the server takes it: said before it is sent

interface Imported {
  version?: VersionRecord
  fresh?: boolean
  report: { counts?: { lines: number; claims: number; hedged: number } }
}

/** A page becomes a draft: by file, by paste, or from where it stands now. */
export default function Import() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [way, setWay] = useState<Way>('file')
  const [file, setFile] = useState<File>()
  const [text, setText] = useState('')
  const [url, setUrl] = useState('')
  const [slug, setSlug] = useState('')
  const [busy, setBusy] = useState<string>()
  const [over, setOver] = useState(false)

  const save = async (): Promise<void> => {
    setBusy(way === 'address' ? `Fetching ${url}` : 'Reading the page')
    try {
      const page = given()
      const { body } = await send<Imported>('POST', '/policies/import', { query: { save: 'true', slug: slug.trim(), ...page.query }, body: page.body, mediaType: 'application/octet-stream' })
      await queries.invalidateQueries({ queryKey: ['/policies'] })
      if (body.version === undefined) return
      say(body.fresh === false ? 'Nothing has changed since the last version: here it is.' : `Read: ${body.report.counts?.claims ?? 0} claims in ${body.report.counts?.lines ?? 0} sentences.`)
      await navigate({ to: `/policies/${body.version.slug}/${body.version.number}` })
    } finally {
      setBusy(undefined)
    }
  }
  const given = (): { body: Blob; query: { name?: string; url?: string } } => {
    if (way === 'address') {
      if (!URL.canParse(url.trim()) || !/^https?:/.test(url.trim())) throw wrong('url', 'An address begins with https:// and names a page.')
      return { body: new Blob([]), query: { url: url.trim() } }
    }
    if (way === 'paste') {
      if (text.trim() === '') throw wrong('text', 'There is no text in it yet.')
      return { body: new Blob([text]), query: { name: 'pasted.md' } }
    }
    if (file === undefined) throw wrong('file', 'Choose a file first.')
    if (file.size === 0) throw wrong('file', `${file.name} is empty.`)
    if (file.size > LARGEST_BYTES) throw wrong('file', `${file.name} has ${Math.round(file.size / 1024 / 1024)} MB. A page has at most ${LARGEST_BYTES / 1024 / 1024} MB; this is probably not a page.`)
    return { body: file, query: { name: file.name.slice(0, 200) } }
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const [dropped] = event.dataTransfer.files
    if (dropped) {
      setWay('file')
      setFile(dropped)
    }
  }
  return (
    <Screen title="Import a page" within={{ title: 'Policies', to: '/policies' }} lead="Markdown, MDX, HTML or plain text. It is kept byte for byte and becomes a draft, which nobody outside sees.">
      <div role="radiogroup" aria-label="How it comes" className="ways">
        {WAYS.map(([value, title]) => (
          <label key={value} className="way"><input type="radio" name="way" checked={way === value} onChange={() => setWay(value)} /> {title}</label>
        ))}
      </div>
      <Form submit="Read it as a draft" onSubmit={save}>
        {way === 'file' && (
          <Field label="File" name="file" hint="Or drop it here. At most 5 MB.">
            {(control) => (
              <div className={over ? 'drop over' : 'drop'} onDragOver={(event) => { event.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)} onDrop={drop}>
                <input {...control} type="file" accept=".md,.mdx,.markdown,.html,.htm,.txt,text/*" onChange={(event) => setFile(event.target.files?.[0])} />
                {file && <span className="soft">{file.name}, {Math.max(1, Math.round(file.size / 1024)).toLocaleString('en-GB')} KB</span>}
              </div>
            )}
          </Field>
        )}
        {way === 'paste' && <TextField label="Text" name="text" value={text} onChange={setText} rows={14} mono hint="Markdown or plain text." />}
        {way === 'address' && <TextField label="Address" name="url" type="url" value={url} onChange={setUrl} hint="The page is fetched by this server, which goes to public addresses only unless it was started otherwise." />}
        <TextField label="Short name" name="slug" value={slug} onChange={setSlug} hint="Of its address, such as security. Left empty: made from its title. An existing one gets a new version." />
      </Form>
      {busy !== undefined && <p className="bar-now part" role="status"><span>{busy}</span><progress aria-label={busy} /></p>}
    </Screen>
  )
}

const wrong = (name: string, message: string): Problem => new Problem({ status: 400, code: 'bad-input', message, fields: [{ pointer: `/${name}`, message }] })
