import type { Change } from '../claim/chain.ts'
import type { Finding } from '../claim/finding.ts'
import type { EvidenceState } from '../claim/state.ts'
import type { ClaimState, Strength, Vouching } from '../statement/predicate.ts'

/** One thing that was checked. `unknown` is never green. */
export interface Step {
  name: StepName
  ok: boolean | 'unknown'
  detail: string
  /** When such a step is unknown, the rest still stands: the reader is told, and the report may be good. */
  advisory?: true
}

/** In the order in which they are taken. */
export type StepName =
  | 'container' // canonical, complete, nothing that nobody covers
  | 'log key' // whose word it is that this is the log's key
  | 'checkpoint' // signed by that key
  | 'witnesses' // cosigned by those that the reader trusts
  | 'freshness' // how long ago a witness saw this
  | 'last visit' // consistent with what the reader saw before
  | 'entries' // each in the log, under the checkpoint's root
  | 'statements' // each signed by a key that counted
  | 'sentence' // the bindings are about this very sentence
  | 'slots' // none missing, none twice, none out of its time
  | 'definition' // how it is measured has not changed, or here is how
  | 'evidence' // each result commits to what was seen
  | 'page state' // the state that the page showed follows from the entries
  | 'state now'
  | 'source' // the policy's text is the one that the snapshot names
  | 'sentences' // each claim's sentence is where the snapshot says
  | 'states' // each claim's state was recomputed
  | 'entry'
  | 'disclosures'
  | 'claims' // of a page: the history of each
  | 'whole log' // nothing about this claim was left out of the bundle
  | 'recheck' // the same probe, run from here

export interface Report {
  /** Nothing wrong was found, and everything that matters could be checked. */
  ok: boolean
  outcome: 'good' | 'found' | 'could-not-tell'
  steps: Step[]
  /** What the log is, as far as it was learnt: to remember for the next visit. */
  log?: { origin: string; size: number; root: string; vkey?: string }
  state?: ClaimStanding
  history?: ClaimHistory
  notes: string[]
  /** What a reader may conclude, and what not: two sentences that go with every result. */
  shows: string
  doesNotShow: string
}

export interface ClaimStanding {
  claim: string
  text: string
  strength: Strength
  /** Preview pages are seen by their owner alone. */
  page?: { status: 'preview' | 'published'; at: string; shown: ClaimState; computed: ClaimState }
  now: { at: string; state: ClaimState; underlying: EvidenceState; byControl: Readonly<Record<string, EvidenceState>> }
  vouching: readonly Vouching[]
}

export interface ClaimHistory {
  since?: string
  bindings: number
  slots: { holds: number; fails: number; unknown: number; 'not-run': number }
  changes: readonly (Change & { index: number; check: string })[]
  findings: readonly Finding[]
}

export const DOES_NOT_SHOW = 'It does not show that the software observed honestly, or that every system was declared.'

/** Gathers steps, and gives the verdict that follows from them. */
export class Steps {
  readonly taken: Step[] = []
  readonly notes: string[] = []

  add(name: StepName, ok: Step['ok'], detail: string, advisory = false): Step {
    const step: Step = { name, ok, detail, ...(advisory ? { advisory: true } : {}) }
    this.taken.push(step)
    return step
  }

  /** @param shown what is shown when all is well */
  report(shown: string, more: Partial<Pick<Report, 'log' | 'state' | 'history'>> = {}): Report {
    const outcome = outcomeOf(this.taken)
    const shows = {
      good: shown,
      found: 'Something is wrong, as marked above: until it is explained, nothing here should be relied on.',
      'could-not-tell': 'Nothing wrong was found, but not everything could be checked: what is marked ? is not known.',
    }[outcome]
    return { ok: outcome === 'good', outcome, steps: [...this.taken], ...more, notes: [...this.notes], shows, doesNotShow: DOES_NOT_SHOW }
  }
}

export function outcomeOf(steps: readonly Step[]): Report['outcome'] {
  if (steps.some((step) => step.ok === false)) return 'found'
  return steps.length === 0 || steps.some((step) => step.ok === 'unknown' && !step.advisory) ? 'could-not-tell' : 'good'
}

/** A report with one more step, its verdict drawn anew. */
export function withSteps(report: Report, shown: string, ...more: readonly Step[]): Report {
  const steps = new Steps()
  steps.taken.push(...report.steps, ...more)
  steps.notes.push(...report.notes)
  const again = steps.report(shown)
  return { ...report, ok: again.ok, outcome: again.outcome, steps: again.steps, shows: again.shows }
}
