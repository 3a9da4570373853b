import { VERDICT_WORDS, type Verdict as Said } from './check-record.ts'
import './check.css'

/** A verdict, shape and word: filled where it holds, crossed where it fails, open where nobody could tell. */
export function Verdict({ verdict }: { verdict: Said }) {
  return <span className={`verdict ${verdict}`}><Shape verdict={verdict} />{VERDICT_WORDS[verdict]}</span>
}

export function Shape({ verdict }: { verdict: Said }) {
  return (
    <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true" focusable="false">
      {verdict === 'holds' ? <circle cx="5" cy="5" r="4" fill="currentColor" /> : verdict === 'fails' ? <path d="M1.5 1.5l7 7M8.5 1.5l-7 7" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" /> : <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.4" strokeDasharray={verdict === 'not-run' ? '1.8 1.6' : undefined} />}
    </svg>
  )
}
