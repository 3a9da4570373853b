import type { Json, Verdict } from '@vouchsafe/verify'
import type { ControlId } from '#core/control'
import { messageOf } from '#core/errors'
import { verdictOf, type Check, type CheckRun, type TargetObservation } from './contract.ts'

/** What was seen of one target. `seen` becomes a field of the evidence, which is kept encrypted. */
export interface Sight {
  verdict: Verdict
  /** One plain clause with the figures; for a failure it ends with what to mend. */
  summary: string
  seen?: Json
}

export const holds = (summary: string, seen?: Json): Sight => ({ verdict: 'holds', summary, ...(seen === undefined ? {} : { seen }) })
export const fails = (summary: string, seen?: Json): Sight => ({ verdict: 'fails', summary, ...(seen === undefined ? {} : { seen }) })
export const unknown = (summary: string, seen?: Json): Sight => ({ verdict: 'unknown', summary, ...(seen === undefined ? {} : { seen }) })

/** A check that a module makes of this installation, in its own words; what is left out has the value that most of them share. */
export interface SelfCheckTerms {
  /** The last part of the id: `<module>/<noun>`. */
  noun: string
  title: string
  controls: readonly ControlId[]
  /** One line for readers: what is observed, and how. */
  method: string
  cadenceSeconds: number
  /** Default 1: what is observed here does not flicker. */
  confirmations?: number
  timeLimitSeconds?: number
  /** Rises whenever the code changes what a verdict means. */
  revision: number
  /** Said of all targets together when every one of them holds. */
  allHold?: (targets: number) => string
}

export interface Looking {
  targets(): Promise<readonly string[]> | readonly string[]
  look(target: string, run: CheckRun): Promise<Sight> | Sight
}

/** Targets that never change, each with its own look. */
export const looksAt = (looks: Readonly<Record<string, (at: Date, signal: AbortSignal) => Promise<Sight>>>): Looking => ({
  targets: () => Object.keys(looks),
  look: (target, { at, signal }) => looks[target]?.(at, signal) ?? unknown('nothing looks at it'),
})

/** Makes a check of a module that looks at one target after the other. What throws is unknown: only an observation can hold or fail. */
export function selfCheck(module: string, terms: SelfCheckTerms, { targets, look }: Looking): Check {
  const { noun, title, controls, method, cadenceSeconds, revision } = terms
  return {
    definition: {
      id: `${module}/${noun}`,
      kind: 'built-in',
      title,
      controls,
      cadenceSeconds,
      // Two runs may be missed over a restart before readers are told that the news is old.
      freshnessSeconds: 3 * cadenceSeconds,
      confirmations: terms.confirmations ?? 1,
      maxAttempts: 1, // what is unknown here is so for a reason that a second later has not changed
      timeLimitSeconds: terms.timeLimitSeconds ?? 60,
      canContradict: true, // each of them can find the opposite of what it is asked about
      vouching: 'software',
      namedOnly: true,
      method,
      revision,
    },
    targets: async () => await targets(),
    async run(run) {
      const declared = await targets()
      const observed: TargetObservation[] = []
      const evidence: Record<string, Json> = {}
      for (const target of declared) {
        if (run.signal.aborted) break
        const sight = await Promise.resolve()
          .then(() => look(target, run))
          .catch((error: unknown) => unknown(`could not be looked at: ${messageOf(error)}`))
        observed.push({ target, verdict: sight.verdict, summary: sight.summary })
        if (sight.seen !== undefined) evidence[`seen of ${target}`] = sight.seen
      }
      const all = observed.length === declared.length
      const verdict = verdictOf(observed)
      return {
        verdict: all || verdict === 'fails' ? verdict : 'unknown',
        summary: summaryOf(observed, declared.length, terms.allHold),
        targets: observed,
        declared: declared.length,
        evidence,
      }
    },
  }
}

/** The worst target speaks for all of them; where all hold, what they have in common. */
function summaryOf(observed: readonly TargetObservation[], declared: number, allHold?: (targets: number) => string): string {
  const worst = observed.find(({ verdict }) => verdict === 'fails') ?? observed.find(({ verdict }) => verdict === 'unknown')
  if (worst === undefined) {
    if (declared === 0) return 'there is nothing to look at yet'
    return allHold && observed.length === declared ? allHold(declared) : observed.map(({ summary }) => summary).join('; ')
  }
  const alike = observed.filter(({ verdict }) => verdict === worst.verdict).length
  return `${declared === 1 ? '' : `${worst.target}: `}${worst.summary}${alike > 1 ? ` (and ${alike - 1} more of ${declared})` : ''}`
}
