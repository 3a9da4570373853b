import { useNavigate, useRouterState } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { parseFilters, writeFilters } from './filters.ts'
import { Form, TextField } from './form.tsx'
import { useCommands } from './shortcut.ts'

interface View {
  name: string
  /** Of the address, with its question mark. */
  search: string
}

const MOST = 20
const keyOf = (place: string): string => `vouchsafe.views.${place}`

function read(place: string): readonly View[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(place)) ?? '[]')
    return Array.isArray(kept) ? kept.filter((view): view is View => typeof view?.name === 'string' && typeof view?.search === 'string').slice(0, MOST) : []
  } catch {
    return []
  }
}

function write(place: string, views: readonly View[]): void {
  try {
    localStorage.setItem(keyOf(place), JSON.stringify(views))
  } catch {
    // No storage in this browser: the address itself can be kept.
  }
}

/** Ways to look at one list, kept in this browser by a name; each is also an address that can be shared. */
export function Views({ place }: { place: string }) {
  const [views, setViews] = useState(() => read(place))
  const [naming, setNaming] = useState(false)
  const [name, setName] = useState('')
  const here = useRouterState({ select: (state) => writeFilters(state.location.search as Record<string, unknown>) })
  const navigate = useNavigate()
  const change = (next: readonly View[]): void => {
    write(place, next)
    setViews(next)
  }
  const go = (search: string): void => void navigate({ to: '.', search: parseFilters(search), replace: true, resetScroll: false })
  useCommands(views.map((view) => ({ title: `View: ${view.name}`, also: place, run: () => go(view.search) })))
  const current = views.find((view) => view.search === here)
  return (
    <>
      {views.length > 0 && (
        <select aria-label="Saved views" className="views" value={current?.search ?? ''} onChange={(event) => go(event.target.value)}>
          <option value="">Views</option>
          {views.map((view) => <option key={view.search} value={view.search}>{view.name}</option>)}
        </select>
      )}
      {current !== undefined ? <Button look="plain" onClick={() => change(views.filter((view) => view !== current))}>Forget this view</Button> : here !== '' && <Button look="plain" onClick={() => setNaming(true)}>Save this view</Button>}
      {naming && (
        <Dialog title="Save this view" onClose={() => setNaming(false)}>
          <Form
            submit="Save"
            onSubmit={async () => {
              change([...views.filter((view) => view.name !== name.trim()), { name: name.trim() || 'View', search: here }].slice(-MOST))
              setNaming(false)
              setName('')
            }}
          >
            <TextField label="Name" name="name" value={name} onChange={setName} maxLength={60} autoFocus hint="Kept in this browser. To share it, copy the address." />
          </Form>
        </Dialog>
      )}
    </>
  )
}
