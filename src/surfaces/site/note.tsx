import type { Instant } from '#core/clock'
import { heldSince, knownBy, type Part } from './known.ts'
import { STATE_WORDS } from './mark.tsx'
import type { ClaimView } from './view.ts'
import { countWords, When } from './when.tsx'

/** Words with the moments in them set as times. */
export function Parts({ parts, now }: { parts: readonly Part[]; now: Instant }) {
  return (
    <>
      {parts.map((part) => (typeof part === 'string' ? part : 'ago' in part ? <When at={part.ago} now={now} /> : <When at={part.day} now={now} as="day" />))}
    </>
  )
}

// Short, so that the usual note fits in two lines of the margin.
const recheckWords = (observers: number): string => (observers === 0 ? 'you can recheck it' : 'recheck it')

/** The margin note beside a claim. On the claim's own page (`own`) it does not lead to itself. */
export function Note({ claim, now, own = false }: { claim: ClaimView; now: Instant; own?: boolean }) {
  const { lead, parts, recheckable, observers } = knownBy(claim, now)
  return (
    <p class={`note is-${claim.state}`}>
      <strong>{lead}</strong>
      <Parts parts={parts} now={now} />
      {claim.state === 'checked' && ` Our software${observers === 0 ? '' : `, ${countWords(observers, 'observer')}`}${recheckable ? '; ' : '.'}`}
      {recheckable ? (
        <>
          <a href={own ? '#recheck' : claimPath(claim.id)} aria-label={`${recheckWords(observers)}: ${shortText(claim.text)}`}>{recheckWords(observers)}</a>.
        </>
      ) : own ? null : (
        <a class="more" href={claimPath(claim.id)} aria-label={`More on: ${shortText(claim.text)}`}>
          More
        </a>
      )}
    </p>
  )
}

/** The note of a claim in a table's cell: word and time alone. */
export function CellNote({ claim, now }: { claim: ClaimView; now: Instant }) {
  const observed = claim.state === 'checked' ? heldSince(claim) : undefined
  return (
    <a class={`cell-note is-${claim.state}`} href={claimPath(claim.id)}>
      {STATE_WORDS[claim.state]}
      {observed && (
        <>
          {' '}
          <When at={observed} now={now} />
        </>
      )}
    </a>
  )
}

export const claimPath = (id: string): string => `/claims/${encodeURIComponent(id)}`

/** The first words of a sentence: enough to tell links apart when they are read out as a list. */
export function shortText(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80).replace(/\s+\S*$/, '')} …`
}
