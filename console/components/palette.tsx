import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import type { Place } from '../place.ts'
import { useMay } from '../api/access.ts'
import { Dialog } from './dialog.tsx'
import { Choice } from './form.tsx'
import { rank } from './rank.ts'
import { type Command, setSingleKeys, singleKeys, useAllCommands, useAllShortcuts } from './shortcut.ts'

interface Entry {
  title: string
  also: string
  kind: string
  run: () => void
}

const entryOf = ({ title, also = '', keys = 'do', run }: Command): Entry => ({ title, also, kind: keys, run })

const MOST = 40 // rows that anybody reads

/** Goes anywhere and does anything, by the words one types. */
export function Palette({ places, onClose }: { places: readonly Place[]; onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const list = useRef<HTMLUListElement>(null)
  const navigate = useNavigate()
  const may = useMay()
  const commands = useAllCommands()
  const entries: Entry[] = [
    ...commands.filter((command) => !command.always).map(entryOf),
    ...places.filter((place) => !place.door && !place.hidden && !place.path.includes('$') && may(place.may)).map((place) => ({ title: place.title, also: place.also ?? '', kind: place.keys ?? 'go', run: () => void navigate({ to: place.path }) })),
    ...commands.filter((command) => command.always).map(entryOf),
  ]
  const found = rank(entries, typed, (entry) => `${entry.title} ${entry.also}`).slice(0, MOST)
  const chosen = Math.min(at, Math.max(0, found.length - 1))
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  const run = (entry: Entry | undefined): void => {
    if (entry === undefined) return
    onClose()
    // After the dialog has given the focus back, so that what is opened can take it.
    setTimeout(entry.run, 0)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: found.length - 1 }[event.key]
    if (to !== undefined && found.length > 0) {
      event.preventDefault()
      setAt((to + found.length) % found.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(found[chosen])
    }
  }
  return (
    <Dialog title="Go to, or do, anything" onClose={onClose} className="palette" untitled>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={found.length === 0 ? undefined : `${id}-${chosen}`}
        aria-autocomplete="list"
        aria-label="Go to, or do, anything"
        placeholder="Go to, or do, anything"
        data-begin
        value={typed}
        onChange={(event) => { setTyped(event.target.value); setAt(0) }}
        onKeyDown={onKeyDown}
      />
      <ul role="listbox" id={id} aria-label="What fits" ref={list}>
        {found.map((entry, row) => (
          // The keyboard reaches rows by the field above, which holds the focus (ARIA combobox pattern).
          <li key={`${entry.kind} ${entry.title}`} role="option" id={`${id}-${row}`} aria-selected={row === chosen} onMouseMove={() => setAt(row)} onClick={() => run(entry)}>
            <span>{entry.title}</span>
            <span className="soft">{/ /.test(entry.kind) || entry.kind.length === 1 ? <kbd>{entry.kind}</kbd> : entry.kind}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="none" role="status">Nothing here is called that.</p>}
    </Dialog>
  )
}

/** Every key that does something here. */
export function Shortcuts({ onClose }: { onClose: () => void }) {
  const shortcuts = useAllShortcuts()
  const [on, setOn] = useState(singleKeys())
  return (
    <Dialog title="Keys" onClose={onClose}>
      <table className="list">
        <tbody>
          <tr><td>Go to, or do, anything</td><td className="end"><kbd>Ctrl K</kbd> or <kbd>⌘ K</kbd></td></tr>
          {shortcuts.map((shortcut) => <tr key={shortcut.keys + shortcut.title}><td>{shortcut.title}</td><td className="end">{shortcut.keys.split(' ').map((key, part) => <span key={part}>{part > 0 && ' then '}<kbd>{key}</kbd></span>)}</td></tr>)}
        </tbody>
      </table>
      <div className="acts"><Choice label="Single keys do something" hint="Turn this off if you speak your input." checked={on} onChange={(value) => { setSingleKeys(value); setOn(value) }} /></div>
    </Dialog>
  )
}
