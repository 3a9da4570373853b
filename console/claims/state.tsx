import { type ClaimState, Mark } from '../components/mark.tsx'
import { STATE_WORDS } from './claim-record.ts'
import './claims.css'

/** A claim's state, mark and word. */
export function State({ state }: { state: ClaimState }) {
  return <span className={`state is-${state}`}><Mark state={state} />{STATE_WORDS[state]}</span>
}
