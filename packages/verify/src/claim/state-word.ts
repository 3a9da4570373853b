import type { ClaimState } from '../statement/predicate.ts'

/** Every state, in the order in which readers are told: what is known, what is wrong, what is open. */
export const STATES = ['checked', 'attested', 'broken', 'unknown', 'stale', 'unbacked', 'unprovable'] as const satisfies readonly ClaimState[]

/** What each state is called wherever people read it. */
export const STATE_WORDS: Readonly<Record<ClaimState, string>> = {
  checked: 'checked',
  attested: 'attested',
  broken: 'broken',
  unknown: 'unknown',
  stale: 'stale',
  unbacked: 'not backed',
  unprovable: 'cannot be checked',
}

/** Its mark as a character, for text without pictures. */
export const STATE_SIGNS: Readonly<Record<ClaimState, string>> = {
  checked: '●',
  attested: '◐',
  broken: '✕',
  unknown: '?',
  stale: '◌',
  unbacked: '○',
  unprovable: '–',
}
