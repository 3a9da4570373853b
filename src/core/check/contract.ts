import type { Json, Verdict, Vouching } from '@vouchsafe/verify'
import type { ControlId } from '#core/control'
import type { Instant } from '#core/clock'

export type CheckId = string

/** Where a verdict comes from. The three kinds meet one contract; the page names which it is. */
export type CheckKind = 'built-in' | 'declared' | 'pushed'

/**
 * What a check is, apart from the code that runs it. `definitionDigest` of it goes into every binding: whatever
 * would change what a verdict means belongs in here, and changing it starts a new binding that readers can see.
 */
export interface CheckDefinition {
  /** Stable, lower case, `<module or file>/<noun>`: `installation/append-only`, `domain/tls-versions`, `github/branch-protection`. */
  id: CheckId
  kind: CheckKind
  title: string
  /** The controls that it speaks to, primary first. */
  controls: readonly ControlId[]
  cadenceSeconds: number
  /** How old the last run that held may be before the claim is stale. At least the cadence. */
  freshnessSeconds: number
  /** So many failing runs in a row confirm a failure. */
  confirmations: number
  /** Runs allowed within one slot while the verdict is `unknown`. A run that could tell is never repeated. */
  maxAttempts: number
  timeLimitSeconds: number
  /** Whether it could find the opposite of what a negative claim says. */
  canContradict: boolean
  vouching: Vouching
  /**
   * Bound to a claim only where a person names it: a check of this installation says nothing of the company's product,
   * and good practice beyond what most sentences promise breaks no promise.
   */
  namedOnly?: true
  /**
   * Words that one of the controls takes in and that this check cannot see: it is never bound to a sentence that uses one,
   * or the sentence would be green for something else. Plain words, in any case.
   */
  silentOn?: readonly string[]
  /** One line for readers: what is observed, and how. */
  method: string
  /** Rises whenever built-in code changes what a verdict means; for declared checks the whole declaration. */
  revision: Json
}

/** What one run saw of one target. A target is a host, a table, a file: something the check was told to cover. */
export interface TargetObservation {
  /** How the page may call it. Never a secret; shown only where the organisation lets target names be shown. */
  target: string
  verdict: Verdict
  summary: string
}

export interface CheckResult {
  verdict: Verdict
  /** One plain sentence with the figures: 'TLS 1.0 and 1.1 refused, 1.2 and 1.3 accepted, 71 days left'. */
  summary: string
  targets: readonly TargetObservation[]
  /** How many targets were declared, whether or not the run got to them. */
  declared: number
  /** The evidence: named fields, each of which can be disclosed alone. Kept encrypted; never in the log. */
  evidence: Readonly<Record<string, Json>>
}

export interface CheckRun {
  at: Instant
  /** Aborts at the time limit; a check that ignores it is abandoned, and its process, if it has one, killed. */
  signal: AbortSignal
  attempt: number
}

/** A check that can be run here: built in, or declared. Pushed ones have a definition only. */
export interface Check {
  definition: CheckDefinition
  /** The declared targets, in a stable order; a binding commits to this list. */
  targets(): Promise<readonly string[]>
  run(run: CheckRun): Promise<CheckResult>
}

/** The weakest verdict of all targets: fails > unknown > holds. No target at all is `unknown`: nothing was seen. */
export function verdictOf(targets: readonly Pick<TargetObservation, 'verdict'>[]): Verdict {
  if (targets.some((target) => target.verdict === 'fails')) return 'fails'
  return targets.length === 0 || targets.some((target) => target.verdict === 'unknown') ? 'unknown' : 'holds'
}
