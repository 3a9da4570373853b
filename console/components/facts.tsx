import type { ReactNode } from 'react'

/** What is known of one thing, name and value. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="facts">{children}</dl>
}

/** One of them; it is left out where there is nothing to say. */
export function Fact({ title, children }: { title: string; children: ReactNode }) {
  if (children === undefined || children === null || children === '' || children === false) return null
  return <div className="fact"><dt>{title}</dt><dd>{children}</dd></div>
}
