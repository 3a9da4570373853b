import type { ReactNode } from 'react'
import { Empty } from '../components/empty.tsx'
import { Go } from '../components/go.tsx'
import { Part } from '../components/screen.tsx'
import type { OpenVersion } from './policy-record.ts'

const LOOKS_AT = { A: 'a machine observes', D: 'records kept here show', H: 'a named person attests' } as const

/** What sits badly together, what the page leaves open, and wordings that could be checked. */
export function FindingsOf({ version }: { version: OpenVersion }) {
  const { findings } = version
  if (findings === undefined) return <Empty title="You may not see what was found." />
  const { contradictions, gaps, suggestions, blanketHedges } = findings
  const to = (line: number, said = 'see it in the text'): ReactNode => <Go to={`/policies/${version.slug}/${version.number}?line=${line}`}>{said}</Go>
  if (contradictions.length + gaps.length + suggestions.length + blanketHedges.length === 0) return <Empty title="Nothing to say against it.">No contradiction, no gap, and every claim is worded so that it could be checked.</Empty>
  return (
    <>
      {contradictions.length > 0 && (
        <Part title={`Contradictions and overclaims (${contradictions.length})`}>
          {contradictions.map((conflict, at) => (
            <div key={at} className="finding">
              <p><strong>{conflict.kind.replaceAll('-', ' ')}</strong> {conflict.why}</p>
              {[...conflict.a, ...conflict.b].map((quote) => <blockquote key={quote.line}>{quote.text}</blockquote>)}
            </div>
          ))}
        </Part>
      )}
      {blanketHedges.length > 0 && (
        <Part title={`Hedges that govern what follows (${blanketHedges.length})`}>
          {blanketHedges.map((hedge) => (
            <div key={hedge.line} className="finding">
              <p>“{hedge.words}” governs what follows, up to {to(hedge.untilLine, 'this sentence')}: none of it is definite.</p>
              <blockquote>{hedge.text}</blockquote>
            </div>
          ))}
        </Part>
      )}
      {gaps.length > 0 && (
        <Part title={`Gaps (${gaps.length})`}>
          {gaps.map((gap, at) => (
            <div key={at} className="finding">
              {gap.kind === 'missing-control' ? <p><strong>{gap.control}</strong> {gap.why}</p> : gap.kind === 'no-control' ? <><p><strong>no control</strong> {gap.why}, {to(gap.line)}</p><blockquote>{gap.text}</blockquote></> : <p><strong>{gap.section}</strong> {gap.why}</p>}
            </div>
          ))}
        </Part>
      )}
      {suggestions.length > 0 && (
        <Part title={`Wordings that could be checked (${suggestions.length})`}>
          {suggestions.map((suggestion) => (
            <div key={suggestion.line} className="finding">
              <blockquote>{suggestion.text}</blockquote>
              <p className="soft">{suggestion.why}</p>
              <blockquote className="better">{suggestion.wording}</blockquote>
              <p className="soft">Then {LOOKS_AT[suggestion.check.automation]}: {suggestion.check.looksAt}. {to(suggestion.line)}</p>
            </div>
          ))}
        </Part>
      )}
    </>
  )
}
