import type { ClaimState } from '@vouchsafe/verify'

// The word always goes with the mark.
export { STATES, STATE_SIGNS, STATE_WORDS } from '@vouchsafe/verify'

/** A state as a shape. It says nothing to a screen reader: the word stands beside it, visible or hidden. */
export function Mark({ state }: { state: ClaimState }) {
  return (
    <svg class={`mark is-${state}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {SHAPES[state]()}
    </svg>
  )
}

// Shapes differ without colour: disc, half disc, cross, question mark, dashes in a ring, ring, bar.
const SHAPES: Readonly<Record<ClaimState, () => unknown>> = {
  checked: () => <circle class="solid" cx="8" cy="8" r="6" />,
  attested: () => (
    <>
      <circle class="line" cx="8" cy="8" r="5.25" />
      <path class="solid" d="M8 2.75a5.25 5.25 0 0 0 0 10.5z" />
    </>
  ),
  broken: () => <path class="line bold" d="M3.4 3.4l9.2 9.2M12.6 3.4l-9.2 9.2" />,
  unknown: () => (
    <>
      <path class="line bold" d="M4.9 5.3a3.1 3.1 0 1 1 4.7 2.7c-1 .6-1.6 1.1-1.6 2.3" />
      <circle class="solid" cx="8" cy="13.3" r="1.25" />
    </>
  ),
  stale: () => <circle class="line" cx="8" cy="8" r="5.5" stroke-dasharray="2.1 2.22" />,
  unbacked: () => <circle class="line" cx="8" cy="8" r="5.25" />,
  unprovable: () => <path class="line bold" d="M2.4 8h11.2" />,
}
