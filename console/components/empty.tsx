import type { ReactNode } from 'react'

/** Nothing here: why, and what to do next. */
export function Empty({ title, children, acts }: { title: string; children?: ReactNode; acts?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children !== undefined && <p>{children}</p>}
      {acts && <div className="acts">{acts}</div>}
    </div>
  )
}
