import { type ButtonHTMLAttributes, type ReactNode, useState } from 'react'

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'onClick'> {
  /** At most one filled button in a view. */
  look?: 'filled' | 'plain' | 'danger' | 'filled danger'
  wide?: boolean
  /** While its promise is open the button does nothing more, and says so; it keeps its place in the order of focus. */
  onClick?: () => void | Promise<unknown>
  busy?: boolean
  /** Where the focus begins in a dialog. */
  'data-begin'?: boolean
  children: ReactNode
}

export function Button({ look, wide, onClick, busy = false, children, className, type = 'button', ...rest }: ButtonProps) {
  const [open, setOpen] = useState(false)
  const idle = !open && !busy
  const press = (): void => {
    if (!idle) return
    const done = onClick?.()
    if (!(done instanceof Promise)) return
    setOpen(true)
    void done.finally(() => setOpen(false)).catch(() => {})
  }
  return (
    <button
      {...rest}
      type={type}
      className={['button', look, wide && 'wide', className].filter(Boolean).join(' ')}
      aria-disabled={idle ? undefined : true}
      onClick={(event) => {
        if (type === 'submit' && !idle) event.preventDefault()
        press()
      }}
    >
      {children}
    </button>
  )
}
