import type { ClaimState } from '@vouchsafe/verify'
import { Mark, STATE_WORDS, STATES } from './mark.tsx'

const MEANINGS: Readonly<Record<ClaimState, string>> = {
  checked: 'A check that could have failed has run, and held, within the time it stays fresh.',
  attested: 'A named role vouches for it with their own key, until a date. No machine has checked it.',
  broken: 'The check failed as many runs in a row as its definition asks for. It stays broken until a run holds again.',
  unknown: 'The check has not run yet, or could not tell. Unknown is never counted as good.',
  stale: 'It held once, and the last good result is older than its limit.',
  unbacked: 'No check and no named role stands behind the sentence.',
  unprovable: 'The wording leaves open what would make it false. Results of checks near it are still shown.',
}

/** What each mark means; the same words on every page. */
export function MarkMeanings() {
  return (
    <dl class="meanings">
      {STATES.map((state) => (
        <div>
          <dt class={`is-${state}`}>
            <Mark state={state} /> {STATE_WORDS[state]}
          </dt>
          <dd>{MEANINGS[state]}</dd>
        </div>
      ))}
    </dl>
  )
}
