import { type ReactNode, useEffect, useId, useRef } from 'react'

export interface DialogProps {
  title: string
  /** Escape, the cross of a phone, or a click beside it. */
  onClose: () => void
  className?: string
  /** The title is there for screen readers only. */
  untitled?: boolean
  children: ReactNode
}

/**
 * A modal dialog: the browser's own, which holds the focus, makes the rest inert and gives the focus back. It is open
 * as long as it is rendered.
 */
export function Dialog({ title, onClose, className, untitled, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    if (dialog === null) return
    const before = document.activeElement
    dialog.showModal()
    // The browser would take the heading; a form or a question says where it wants to begin.
    dialog.querySelector<HTMLElement>('[data-begin]')?.focus()
    return () => {
      dialog.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      className={className}
      aria-labelledby={id}
      onCancel={(event) => {
        if (event.target !== ref.current) return
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => {
        if (event.target === ref.current && beside(ref.current, event)) onClose()
      }}
    >
      <h2 id={id} tabIndex={-1} className={untitled ? 'hidden' : undefined}>{title}</h2>
      {children}
    </dialog>
  )
}

const beside = (dialog: HTMLElement, at: { clientX: number; clientY: number }): boolean => {
  const box = dialog.getBoundingClientRect()
  return at.clientX < box.left || at.clientX > box.right || at.clientY < box.top || at.clientY > box.bottom
}
