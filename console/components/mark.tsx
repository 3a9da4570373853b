export type ClaimState = 'checked' | 'attested' | 'broken' | 'unknown' | 'stale' | 'unbacked' | 'unprovable'

/** A state as a shape, as on the public page. It says nothing to a screen reader: the word stands beside it, visible or hidden. */
export function Mark({ state }: { state: ClaimState }) {
  return <svg className={`mark is-${state}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">{SHAPES[state]}</svg>
}

const SHAPES = {
  checked: <circle className="solid" cx="8" cy="8" r="6" />,
  attested: <><circle className="line" cx="8" cy="8" r="5.25" /><path className="solid" d="M8 2.75a5.25 5.25 0 0 0 0 10.5z" /></>,
  broken: <path className="line bold" d="M3.4 3.4l9.2 9.2M12.6 3.4l-9.2 9.2" />,
  unknown: <><path className="line bold" d="M4.9 5.3a3.1 3.1 0 1 1 4.7 2.7c-1 .6-1.6 1.1-1.6 2.3" /><circle className="solid" cx="8" cy="13.3" r="1.25" /></>,
  stale: <circle className="line" cx="8" cy="8" r="5.5" strokeDasharray="2.1 2.22" />,
  unbacked: <circle className="line" cx="8" cy="8" r="5.25" />,
  unprovable: <path className="line bold" d="M2.4 8h11.2" />,
} satisfies Record<ClaimState, unknown>
