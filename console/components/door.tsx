import { type ReactNode, useEffect } from 'react'

/** A page for whoever has not signed in: one column in the middle. */
export function Door({ title, lead, children, also }: { title: string; lead?: ReactNode; children: ReactNode; also?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Vouchsafe`
  }, [title])
  return (
    <div className="door">
      <main>
        <p className="house"><span className="seal" aria-hidden="true" /><span>Vouchsafe</span></p>
        <h1>{title}</h1>
        {lead !== undefined && <p className="lead">{lead}</p>}
        {children}
        {also && <div className="also">{also}</div>}
      </main>
    </div>
  )
}
