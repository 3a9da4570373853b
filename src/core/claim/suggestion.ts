import { type ControlId, controlById } from '#core/control'
import { CHECKABLE } from './checkable.ts'
import { fold } from './lexicon/index.ts'
import type { Proposal } from './reading.ts'

/** A wording that could be checked, for a sentence that cannot be as it stands. */
export interface Suggestion {
  line: number
  text: string
  /** Why the sentence as it stands cannot be checked. */
  why: string
  control: ControlId
  /** The offered wording; angle brackets are for the company to fill in. */
  wording: string
  check: {
    /** What it would look at. */
    looksAt: string
    /** A: a machine observes it; D: it follows from records kept here; H: a named person attests it. */
    automation: 'A' | 'D' | 'H'
  }
}

// Words that sound like a measure and give none.
const VAGUE = /\b(?:regularly|periodically|frequently|promptly|timely|timeframe|quickly|in a timely|as soon as|industry[ -](?:standard|leading|accepted|recogni[sz]ed)|best[ -]practices?|state[ -]of[ -]the[ -]art|modern techniques|latest|appropriate(?:ly)?|adequate(?:ly)?|robust|strong|strict(?:ly)?|advanced|comprehensive|world-class|bank-grade|military-grade|secure(?:ly)? (?:encryption|processed)|a variety of|various|limited number|when no longer needed|based on risk|designed to|intended to)\b/

/** An offer for hedged and vague claims, and for claims that name no control; nothing for the rest. */
export function suggestWording(line: Proposal): Suggestion | undefined {
  const control = line.controls[0]
  if (!line.claim || control === undefined || line.strength === 'negative') return undefined
  const vague = VAGUE.exec(fold(line.text.slice(0, 1_500)))?.[0]
  const hedge = line.reasons.find((reason) => reason.about === 'strength')
  if (line.strength !== 'hedged' && vague === undefined) return undefined
  const [wording, looksAt] = CHECKABLE[control]
  return {
    line: line.line, text: line.text, control, wording,
    why: line.strength === 'hedged' && hedge?.about === 'strength' ? `"${hedge.words}" ${hedge.why}` : `"${vague}" gives no measure`,
    check: { looksAt, automation: controlById(control).automation },
  }
}
