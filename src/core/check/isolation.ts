import type { Verdict } from '@vouchsafe/verify'
import { canonicalBytes } from '@vouchsafe/verify'
import type { Instant } from '#core/clock'
import { isVouchsafeError, messageOf } from '#core/errors'
import type { Check, CheckResult } from './contract.ts'

export interface IsolatedResult extends CheckResult {
  /**
   * How the run ended: `told` by itself, `threw`, `abandoned` at the time limit (whatever it still does is ignored), or
   * `malformed`: what it returned is no result.
   */
  ended: 'told' | 'threw' | 'abandoned' | 'malformed'
}

const GRACE_MS = 500 // what a check that heeds its signal has, to say itself how far it got
const MAX_EVIDENCE_BYTES = 4 * 1024 * 1024
const MAX_SUMMARY = 500
const MAX_TARGETS = 10_000
const VERDICTS: readonly Verdict[] = ['holds', 'fails', 'unknown']

/**
 * Runs a check so that nothing it does can hold up or bring down who runs it: a run that hangs is abandoned at the time
 * limit, one that throws or returns nonsense is `unknown`. It never rejects.
 *
 * What runs in our own process can be abandoned, not stopped: a built-in check that loops without ever awaiting blocks
 * everything, and only review keeps it out. Commands are stopped, see `declared/process.ts`.
 *
 * @param run.timeLimitSeconds from the start of this run
 */
export async function runIsolated(check: Check, run: { at: Instant; attempt: number; timeLimitSeconds: number }): Promise<IsolatedResult> {
  const controller = new AbortController()
  const limit = `the time limit of ${run.timeLimitSeconds} s`
  let timer: NodeJS.Timeout | undefined
  let grace: NodeJS.Timeout | undefined
  const abandoned = new Promise<IsolatedResult>((resolve) => {
    timer = setTimeout(() => {
      controller.abort(new DOMException(`${limit} is over`, 'TimeoutError'))
      grace = setTimeout(() => resolve(untold('abandoned', `The run did not end within ${limit} and was abandoned.`)), GRACE_MS)
    }, run.timeLimitSeconds * 1000)
  })
  const told = Promise.resolve()
    .then(() => check.run({ at: run.at, attempt: run.attempt, signal: controller.signal }))
    .then(
      (result) => (controller.signal.aborted ? lateResult(result, limit) : accepted(result)),
      (error: unknown) =>
        controller.signal.aborted
          ? untold('abandoned', `The run did not end within ${limit}.`)
          : untold('threw', `The run failed: ${messageOf(error)}${isVouchsafeError(error) && error.mend !== undefined ? ` ${error.mend}` : ''}`),
    )
  try {
    return await Promise.race([told, abandoned])
  } finally {
    clearTimeout(timer)
    clearTimeout(grace)
    // The check may still listen: it learns that nobody waits any more.
    if (!controller.signal.aborted) controller.abort(new DOMException('the run is over', 'AbortError'))
  }
}

/** A check that reports in the grace after its limit may still say that something fails; that all holds it did not finish to see. */
function lateResult(result: CheckResult, limit: string): IsolatedResult {
  const checked = accepted(result)
  if (checked.ended !== 'told') return checked
  return { ...checked, verdict: checked.verdict === 'holds' ? 'unknown' : checked.verdict, summary: oneLine(`Stopped at ${limit}. ${checked.summary}`), ended: 'abandoned' }
}

function accepted(result: CheckResult): IsolatedResult {
  const fault = faultOf(result)
  if (fault !== undefined) return untold('malformed', `The run returned no usable result: ${fault}.`)
  // A verdict of nothing seen is none (contract.ts: no target at all is unknown).
  return { ...result, summary: oneLine(result.summary), ended: 'told' }
}

function faultOf(result: CheckResult): string | undefined {
  if (typeof result !== 'object' || result === null) return 'it is no object'
  if (!VERDICTS.includes(result.verdict)) return 'its verdict is not holds, fails or unknown'
  if (typeof result.summary !== 'string') return 'it has no summary'
  if (!Array.isArray(result.targets) || result.targets.length > MAX_TARGETS) return `it has no list of targets, or more than ${MAX_TARGETS}`
  if (!Number.isSafeInteger(result.declared) || result.declared < 0) return 'declared is no number of targets'
  if (result.targets.some((target) => typeof target.target !== 'string' || typeof target.summary !== 'string' || !VERDICTS.includes(target.verdict))) return 'one of its targets has no name, summary or verdict'
  if (result.verdict === 'holds' && result.targets.length < result.declared) return `it says holds with ${result.targets.length} of ${result.declared} targets seen`
  if (result.verdict === 'holds' && result.targets.some((target) => target.verdict !== 'holds')) return 'it says holds though one of its targets does not'
  if (typeof result.evidence !== 'object' || result.evidence === null) return 'it has no evidence'
  try {
    if (canonicalBytes(result.evidence).length > MAX_EVIDENCE_BYTES) return `its evidence is larger than ${MAX_EVIDENCE_BYTES} bytes`
    canonicalBytes(result.targets)
  } catch (error) {
    return `its evidence has no canonical form (${messageOf(error)})`
  }
  return undefined
}

function untold(ended: IsolatedResult['ended'], summary: string): IsolatedResult {
  return { verdict: 'unknown', summary: oneLine(summary), targets: [], declared: 0, evidence: { ended }, ended }
}

// Control characters in a summary would let a foreign answer write lines of its own into a report.
const oneLine = (text: string): string => text.toWellFormed().replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/gu, ' ').trim().slice(0, MAX_SUMMARY).toWellFormed()
