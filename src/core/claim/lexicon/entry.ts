import type { ControlId } from '#core/control'

/**
 * One cue: how surely its words name the control (0 to 1), then the patterns that must all be found in the
 * sentence. Patterns see lower-case text with straight quotes and single spaces.
 */
export type Cue = readonly [weight: number, ...patterns: RegExp[]]

/** Words that look like the control and are not, with the reason a reader is given. */
export type NearMiss = readonly [pattern: RegExp, why: string]

export interface Entry {
  control: ControlId
  cues: readonly Cue[]
  /** Each of these keeps the control from being bound, however many cues are found. */
  unless?: readonly NearMiss[]
  /** A heading that speaks of the control: it strengthens a cue but never stands alone. */
  heading?: RegExp
}
