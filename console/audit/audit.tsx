import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { get, type Page, type Query } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Empty } from '../components/empty.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { Failure } from '../components/failure.tsx'
import { useFilters } from '../components/filters.ts'
import { exactly } from '../components/instant.ts'
import { RawJson } from '../components/raw.tsx'
import { Screen } from '../components/screen.tsx'
import { SearchField } from '../components/search-field.tsx'
import { useShortcuts } from '../components/shortcut.ts'
import { Views } from '../components/views.tsx'
import { When } from '../components/when.tsx'
import './audit.css'

interface AuditRecord {
  id: string
  at?: string
  actor?: string
  actorName?: string
  action?: string
  subject?: string
  detail?: unknown
  requestId?: string
}

const FILTERS = ['actorKind', 'actor', 'action', 'subjectKind', 'subject'] as const
const TYPED: readonly (readonly [(typeof FILTERS)[number], string])[] = [['action', 'What: policy.publish'], ['actor', 'Who: id or name'], ['subjectKind', 'To what: kind'], ['subject', 'To what: id']]
const ACTORS = [['person', 'people'], ['service', 'service accounts'], ['operator', 'the operator'], ['check', 'checks'], ['system', 'the program itself']] as const

/** Who did what, newest first. Whatever is filtered by is filtered by the server, and stands in the address. */
export default function Audit() {
  const [given, setFilters] = useFilters()
  const asked: Query = Object.fromEntries(FILTERS.map((name) => [name, given[name]]))
  const isFiltered = FILTERS.some((name) => (given[name] ?? '') !== '')
  const [open, setOpen] = useState<AuditRecord>()
  const body = useRef<HTMLTableSectionElement>(null)
  const pages = useInfiniteQuery({
    queryKey: ['/audit', asked],
    queryFn: ({ pageParam, signal }) => get<Page<AuditRecord>>('/audit', { ...asked, limit: 100, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  })
  const rows = pages.data?.pages.flatMap((page) => page.items)
  const step = (by: 1 | -1): void => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>('.main-cell button') ?? [])]
    const at = links.indexOf(document.activeElement as HTMLElement)
    links[at === -1 ? (by === 1 ? 0 : links.length - 1) : at + by]?.focus()
  }
  useShortcuts([
    { keys: 'j', title: 'The event after', run: () => step(1) },
    { keys: 'k', title: 'The event before', run: () => step(-1) },
  ])
  const file = (format: 'csv' | 'json'): string => `/api/v1/audit/export?${new URLSearchParams({ format, ...Object.fromEntries(FILTERS.flatMap((name) => (given[name] ? [[name, given[name]]] : []))) })}`
  return (
    <Screen title="Audit trail" lead="Who changed what, and when. It is written with each change or the change does not happen, and nobody here can alter it.">
      <div className="bar">
        <search className="filters audit-filters">
          <select aria-label="Whose acts" value={given['actorKind'] ?? ''} onChange={(event) => setFilters({ actorKind: event.target.value })}>
            <option value="">Whose: all</option>
            {ACTORS.map(([value, title]) => <option key={value} value={value}>{title}</option>)}
          </select>
          {TYPED.map(([name, title]) => <SearchField key={name} label={title} further={name !== 'action'} value={given[name] ?? ''} onChange={(value) => setFilters({ [name]: value })} />)}
        </search>
        <Views place="audit" />
        <span className="gap" />
        {/* Written by the server, row by row: a trail may be longer than a browser holds. */}
        <a className="button plain" href={file('csv')} download>CSV</a>
        <a className="button plain" href={file('json')} download>JSON</a>
      </div>
      {pages.isError && rows === undefined ? <Failure error={pages.error} retry={() => void pages.refetch()} /> : rows?.length === 0 ? (
        <Empty title={isFiltered ? 'Nothing fits.' : 'Nothing has happened yet.'} acts={isFiltered && <Button onClick={() => setFilters(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}>Show all</Button>}>{isFiltered ? 'Each field is met whole: an action is policy.publish, not publish.' : undefined}</Empty>
      ) : (
        <table className="list" aria-busy={pages.isFetching}>
          <caption className="hidden">Audit events</caption>
          <thead><tr><th scope="col">What</th><th scope="col">Who</th><th scope="col">To what</th><th scope="col">When</th></tr></thead>
          <tbody ref={body}>
            {rows === undefined
              ? Array.from({ length: 8 }, (_, row) => <tr key={row} aria-hidden="true">{[0, 1, 2, 3].map((cell) => <td key={cell}><span className="bone" />&#8203;</td>)}</tr>)
              : rows.map((event) => (
                <tr key={event.id}>
                  <td className="main-cell"><button type="button" className="link" onClick={() => setOpen(event)}>{event.action ?? 'event'}</button></td>
                  <td data-label="By">{event.actor && <Narrow text={event.actor} named={event.actorName} name="actor" onChoose={setFilters} />}</td>
                  <td data-label="To">{event.subject && <Narrow text={event.subject} name="subject" onChoose={setFilters} />}</td>
                  <td>{event.at && <When at={event.at} />}</td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
      {rows !== undefined && rows.length > 0 && (
        <div className="more">
          {pages.hasNextPage && <Button busy={pages.isFetchingNextPage} onClick={() => pages.fetchNextPage()}>Show more</Button>}
          <span role="status">{pages.hasNextPage ? `${rows.length} shown` : `${rows.length} in all`}</span>
        </div>
      )}
      {open && (
        <Dialog title={open.action ?? 'Event'} className="wide-dialog" onClose={() => setOpen(undefined)}>
          <Facts>
            <Fact title="When">{open.at && exactly(open.at)}</Fact>
            <Fact title="Who">{open.actorName !== undefined && `${open.actorName}, `}{open.actor}</Fact>
            <Fact title="To what">{open.subject}</Fact>
            <Fact title="Request">{open.requestId && <code>{open.requestId}</code>}</Fact>
            <Fact title="Event"><code>{open.id}</code></Fact>
          </Facts>
          {open.detail !== undefined && <RawJson label="Detail" value={open.detail} />}
          <div className="acts"><Button onClick={() => setOpen(undefined)} data-begin>Close</Button></div>
        </Dialog>
      )}
    </Screen>
  )
}

/** `person:0193…`: pressing it shows what else they did, or what else was done to it. */
function Narrow({ text, named, name, onChoose }: { text: string; named?: string | undefined; name: 'actor' | 'subject'; onChoose: (change: Record<string, string>) => void }) {
  const [kind = '', id = ''] = text.split(/:(.*)/s)
  const shown = /^[0-9a-f-]{36}$/.test(id) ? `${id.slice(0, 8)}…` : id.length > 44 ? `${id.slice(0, 42)}…` : id
  return <button type="button" className="link quiet" title={text} onClick={() => onChoose(name === 'actor' ? { actor: id } : { subjectKind: kind, subject: id })}>{named ?? `${kind} ${shown}`}</button>
}
