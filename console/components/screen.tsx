import { type ReactNode, useEffect, useRef } from 'react'
import { Go } from './go.tsx'
import { openPalette } from './palette-door.ts'

/** Whether a screen was shown before: the first one leaves the focus where the browser has it. */
let shown = false

export interface ScreenProps {
  title: string
  /** What this is for, in a sentence. */
  lead?: ReactNode
  /** The list that this is one of. */
  within?: { title: string; to: string }
  acts?: ReactNode
  children: ReactNode
}

/** A screen within the frame: its title takes the focus, so that a screen reader says where one has come to. */
export function Screen({ title, lead, within, acts, children }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Vouchsafe`
  }, [title])
  useEffect(() => {
    if (shown && document.querySelector('dialog:modal') === null) heading.current?.focus({ preventScroll: true })
    shown = true
  }, [])
  return (
    <>
      <header className="head">
        <div>
          {within && <p className="crumb"><Go to={within.to}>{within.title}</Go></p>}
          <h1 tabIndex={-1} ref={heading}>{title}</h1>
          {lead !== undefined && <p className="lead">{lead}</p>}
        </div>
        <button type="button" className="seek" onClick={openPalette}><span>Go to, or do, anything</span> <span className="soft" aria-hidden="true">{commandKey} K</span></button>
      </header>
      {acts && <div className="bar">{acts}</div>}
      {children}
    </>
  )
}

export const commandKey = /mac|iphone|ipad/i.test(navigator.platform) ? '⌘' : 'Ctrl'

/** A part of a screen, under its own heading. */
export function Part({ title, acts, children }: { title: string; acts?: ReactNode; children: ReactNode }) {
  return (
    <section className="part">
      {acts ? <div className="part-head"><h2>{title}</h2><div className="filters">{acts}</div></div> : <h2>{title}</h2>}
      {children}
    </section>
  )
}
