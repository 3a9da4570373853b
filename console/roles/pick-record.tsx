import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { get, type Page } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { TextField } from '../components/form.tsx'
import { Loaded } from '../components/record.tsx'

/** One record, named for people. */
export interface Picked {
  id: string
  title: string
}

type Row = Readonly<Record<string, unknown>> & { id: string }

interface Way {
  path: string
  /** The API searches this list; else what was read is searched here. */
  searches?: true
  title: readonly string[]
  under?: string
}

/** Record types that can be chosen from a list of the API, and what such a record is called. */
const WAYS: Readonly<Record<string, Way>> = {
  person: { path: '/people', searches: true, title: ['displayName'], under: 'email' },
  group: { path: '/groups', searches: true, title: ['name'], under: 'description' },
  role: { path: '/roles', title: ['title'] },
  invitation: { path: '/invitations', title: ['displayName', 'email'] },
  webhook: { path: '/webhooks', title: ['title'], under: 'url' },
  directory: { path: '/directories', title: ['title'] },
}

export const isPickable = (record: string): boolean => record in WAYS

const textOf = (row: Row, name: string | undefined): string => {
  const value = name === undefined ? undefined : row[name]
  return typeof value === 'string' ? value : ''
}
const MOST_SHOWN = 8

/** Finds one record by what it is called. */
export function PickRecord({ record, called, onPick, onClose }: { record: string; called: string; onPick: (picked: Picked) => void; onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed).trim()
  const { path, searches, title, under }: Way = WAYS[record] ?? { path: '', title: [] }
  const found = useQuery({ queryKey: [path, { pick: searches ? q : '' }], queryFn: ({ signal }) => get<Page<Row>>(path, searches ? { q, limit: MOST_SHOWN } : {}, signal), placeholderData: keepPreviousData })
  const nameOf = (row: Row): string => title.map((name) => textOf(row, name)).find((text) => text !== '') ?? row.id
  const fits = (row: Row): boolean => `${nameOf(row)} ${textOf(row, under)}`.toLowerCase().includes(q.toLowerCase())
  return (
    <Dialog title={`Choose: ${called}`} onClose={onClose}>
      <TextField label="Name, or part of it" name="q" value={typed} onChange={setTyped} autoFocus maxLength={200} />
      <Loaded query={found} lines={4}>
        {({ items }) => {
          const rows = (searches ? items : items.filter(fits)).slice(0, MOST_SHOWN)
          return rows.length === 0 ? <p className="soft" role="status">Nothing is found by that.</p> : (
            <table className="list" aria-busy={found.isFetching}>
              <caption className="hidden">Found</caption>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.id}>
                    <td className="main-cell">{nameOf(row)}{textOf(row, under) !== '' && <span className="under">{textOf(row, under)}</span>}</td>
                    <td className="end"><Button aria-label={`Choose ${nameOf(row)}`} onClick={() => onPick({ id: row.id, title: nameOf(row) })}>Choose</Button></td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }}
      </Loaded>
      <div className="acts"><Button onClick={onClose}>Leave it</Button></div>
    </Dialog>
  )
}
