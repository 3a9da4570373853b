import { useEffect, useState, useSyncExternalStore } from 'react'

interface Toast {
  id: number
  text: string
  undo?: () => Promise<unknown>
}

let toasts: readonly Toast[] = []
let last = 0
const listeners = new Set<() => void>()
const change = (next: readonly Toast[]): void => {
  toasts = next
  for (const listener of listeners) listener()
}
const drop = (id: number): void => change(toasts.filter((toast) => toast.id !== id))

/** Says in passing that something was done; `undo` takes it back where that can be. */
export function say(text: string, undo?: () => Promise<unknown>): void {
  change([...toasts.slice(-2), { id: ++last, text, ...(undo === undefined ? {} : { undo }) }])
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Where toasts are shown and read out: once in the page. What can be undone stays longer; none goes while it is looked at. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((toast) => <Shown key={toast.id} toast={toast} />)}
    </div>
  )
}

function Shown({ toast }: { toast: Toast }) {
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => drop(toast.id), toast.undo ? 12_000 : 6_000) // time to read a line, and to think again
    return () => clearTimeout(timer)
  }, [held, toast])
  const { undo } = toast
  return (
    <div className="toast" onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)} onFocus={() => setHeld(true)} onBlur={() => setHeld(false)}>
      <span>{toast.text}</span>
      <span className="nowrap">
        {undo && <button type="button" className="link" onClick={() => { drop(toast.id); void undo().then(() => say('Undone.'), () => say('It could not be undone.')) }}>Undo</button>}
        <button type="button" className="link" aria-label="Dismiss" onClick={() => drop(toast.id)}>✕</button>
      </span>
    </div>
  )
}
