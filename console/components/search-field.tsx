import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { useShortcuts } from './shortcut.ts'

const PAUSE_MS = 250 // between two keys of somebody who types

/** Text that a list is narrowed by, told once whoever types has paused; `/` leads to it, unless it is `further`. */
export function SearchField({ label, value, onChange, further = false }: { label: string; value: string; onChange: (value: string) => void; further?: boolean }) {
  const [{ typed, from }, setTyped] = useState({ typed: value, from: value })
  if (from !== value) setTyped({ typed: value, from: value }) // the address changed by other means
  const tell = useEffectEvent(onChange)
  useEffect(() => {
    if (typed === from) return
    const timer = setTimeout(() => tell(typed), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed, from])
  const field = useRef<HTMLInputElement>(null)
  useShortcuts(further ? [] : [{ keys: '/', title: 'Search this list', run: () => field.current?.focus() }])
  return <input ref={field} type="search" aria-label={label} placeholder={label} maxLength={200} value={typed} onChange={(event) => setTyped({ typed: event.target.value, from })} />
}
