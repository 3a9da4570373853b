import type { ClaimState, Strength, Verdict } from '../statement/predicate.ts'

/** One slot's entry, as far as it bears on the state. */
export interface Observation {
  slot: number
  verdict: Verdict | 'not-run'
  /** Milliseconds since the Unix epoch: when it was observed; of a slot that was not run, when the slot ended. */
  at: number
  /** How often the check had been withdrawn and had come back before it; 0 if left out. */
  spell?: number
}

export interface Backing {
  /** The controls that this check speaks to. */
  covers: readonly string[]
  freshnessSeconds: number
  confirmations: number
  canContradict: boolean
  /** In slot order; a successor binding's results follow its predecessor's. */
  observations: readonly Observation[]
  /** The spell that runs now: how often the check was withdrawn and came back; 0 if left out. */
  spell?: number
}

export interface Vouching {
  covers: readonly string[]
  from: number
  until: number
}

export interface StateInput {
  strength: Strength
  controls: readonly string[]
  backings: readonly Backing[]
  attestations: readonly Vouching[]
  /** The moment asked about, in milliseconds since the Unix epoch. */
  at: number
}

/** What the results alone say; `unprovable` is about wording, and comes from `claimState` only. */
export type EvidenceState = Exclude<ClaimState, 'unprovable'>

export interface StateResult {
  state: ClaimState
  /** What the results say, shown beside hedged wording that can itself not be checked. */
  underlying: EvidenceState
  /** The weakest link of each control. */
  byControl: Readonly<Record<string, EvidenceState>>
}

// INVARIANT: this order, weakest first, is part of state function version 1; bindings name that version.
const WEAKEST_FIRST: readonly EvidenceState[] = ['broken', 'unknown', 'stale', 'unbacked', 'attested', 'checked']

/**
 * State function, version 1. Pure: the page and every verifier compute the same answer from the same public
 * entries, and nothing else goes in. Several controls or checks: the weakest link.
 */
export function claimState(input: StateInput): StateResult {
  // A negative claim counts only checks that could have found the opposite; a person's word does not replace one.
  const negative = input.strength === 'negative'
  const backings = negative ? input.backings.filter((backing) => backing.canContradict) : input.backings
  const attestations = negative ? [] : input.attestations

  const stateOf = (control: string): EvidenceState => {
    const checks = backings.filter((backing) => backing.covers.includes(control))
    // INVARIANT: where a check speaks, nobody's word is asked: an attestation cannot outshine a failing check.
    if (checks.length > 0) return weakest(checks.map((backing) => backingState(backing, input.at)))
    const given = attestations.filter((attestation) => attestation.covers.includes(control))
    return attestationState(given, input.at)
  }
  // fromEntries, not assignment: a control called `__proto__` must weigh like any other.
  const byControl: Record<string, EvidenceState> = Object.fromEntries(input.controls.map((control) => [control, stateOf(control)]))
  const underlying = input.controls.length === 0 ? 'unbacked' : weakest(Object.values(byControl))
  return { state: input.strength === 'hedged' ? 'unprovable' : underlying, underlying, byControl }
}

/** What one check's results say at one moment. */
export function backingState(backing: Backing, at: number): EvidenceState {
  const past = backing.observations.filter((observation) => observation.at <= at)
  const decisive = past.filter((observation) => observation.verdict === 'holds' || observation.verdict === 'fails')

  // Broken stays broken until a run holds again: silence and "could not tell" never mend it.
  if (failsConfirmed(decisive, backing.confirmations)) return 'broken'
  // Nor does leaving and coming back: what was seen before a withdrawal is no ground to be green after it.
  const spell = backing.spell ?? 0
  if (!hasSettled(decisive, spell, backing.confirmations)) return wasBrokenBefore(decisive, spell, backing.confirmations) ? 'broken' : 'unknown'

  // The newest that ran: a slot that was not run must not turn an unknown into the older, better news before it.
  const newest = past.findLast((observation) => observation.verdict !== 'not-run')
  if (newest === undefined || newest.verdict === 'unknown') return 'unknown'
  const held = decisive.findLast((observation) => observation.verdict === 'holds')
  // Failing, not yet confirmed, and never seen to hold: there is nothing to be green about.
  if (held === undefined) return 'unknown'
  return at - held.at <= backing.freshnessSeconds * 1000 ? 'checked' : 'stale'
}

const spellOf = (observation: Observation): number => observation.spell ?? 0

function failsConfirmed(decisive: readonly Observation[], confirmations: number): boolean {
  const last = decisive.slice(-confirmations)
  return last.length === confirmations && last.every((observation) => observation.verdict === 'fails')
}

/** A check that came back counts once it has held, since then, as often as its binding asks failures to be confirmed. */
function hasSettled(decisive: readonly Observation[], spell: number, confirmations: number): boolean {
  return spell === 0 || decisive.filter((observation) => spellOf(observation) === spell && observation.verdict === 'holds').length >= confirmations
}

/** Whether it was broken when it was withdrawn. A spell that ended before it had settled left things as they were. */
function wasBrokenBefore(decisive: readonly Observation[], spell: number, confirmations: number): boolean {
  for (let before = spell - 1; before >= 0; before--) {
    const until = decisive.filter((observation) => spellOf(observation) <= before)
    if (failsConfirmed(until, confirmations)) return true
    if (hasSettled(until, before, confirmations)) return false
  }
  return false
}

function attestationState(attestations: readonly Vouching[], at: number): EvidenceState {
  const begun = attestations.filter((attestation) => attestation.from <= at)
  if (begun.some((attestation) => at < attestation.until)) return 'attested'
  return begun.length > 0 ? 'stale' : 'unbacked'
}

function weakest(states: readonly EvidenceState[]): EvidenceState {
  return WEAKEST_FIRST.find((state) => states.includes(state)) ?? 'unbacked'
}
