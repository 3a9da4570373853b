import { PROBES, readTarget, type CheckReport, type ProbeOptions, type ProbeTarget } from '../probe/index.ts'
import { liveBindings } from '../claim/chain.ts'
import { evidenceOf } from '../verification/claim.ts'
import type { Proven } from '../verification/proven.ts'
import type { ClaimStanding, Step } from '../verification/report.ts'
import { messageOf, quoted } from '../verification/trust.ts'

export interface RecheckOptions extends ProbeOptions {
  /** Hosts to run the probes against. */
  targets: readonly string[]
  /** Whether nobody named them: then what fails there says nothing against the page. */
  guessed?: boolean
}

/**
 * Runs the probes of a claim's recheckable checks from here. The check's id ends in the probe's:
 * `domain/tls-versions` is the probe `tls-versions`.
 */
export async function recheck(claim: ClaimStanding, proven: Proven, options: RecheckOptions): Promise<Step[]> {
  const live = liveBindings(evidenceOf(proven.statements)).filter(({ predicate }) => predicate.vouching === 'recheckable')
  if (live.length === 0) return [{ name: 'recheck', ok: 'unknown', detail: `nothing about ${quoted(claim.text)} can be rechecked from outside`, advisory: true }]
  const steps: Step[] = []
  for (const { predicate } of live) {
    const id = predicate.check.id.slice(predicate.check.id.lastIndexOf('/') + 1)
    const probe = PROBES.find((one) => one.id === id)
    if (!probe) {
      steps.push({ name: 'recheck', ok: 'unknown', detail: `${predicate.check.id}: this verifier has no such probe` })
      continue
    }
    for (const text of options.targets) {
      let report: CheckReport
      try {
        const target: ProbeTarget = readTarget(text)
        report = await probe.run(target, options)
      } catch (error) {
        steps.push({ name: 'recheck', ok: 'unknown', detail: `${predicate.check.id} of ${quoted(text)}: ${messageOf(error)}` })
        continue
      }
      steps.push(stepOf(report, predicate.check.id, text, claim, options.guessed === true))
    }
  }
  return steps
}

function stepOf(report: CheckReport, id: string, target: string, claim: ClaimStanding, guessed: boolean): Step {
  const detail = `${id} of ${quoted(target)}, run from here: ${report.verdict}: ${report.summary}`
  if (guessed) return { name: 'recheck', ok: 'unknown', detail: `${detail}; the page names no hosts, so that this one may not be meant: name it with --target` }
  if (report.verdict === 'holds') return { name: 'recheck', ok: true, detail }
  if (report.verdict === 'unknown') return { name: 'recheck', ok: 'unknown', detail }
  // Where the page says "broken", finding it broken is agreement.
  return claim.now.underlying === 'broken' ? { name: 'recheck', ok: true, detail: `${detail}; the page says so too` } : { name: 'recheck', ok: false, detail }
}
