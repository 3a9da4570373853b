import { VerifyError } from '../errors.ts'
import { instant } from '../claim/slots.ts'
import type { SignedCheckpoint } from '../log/checkpoint.ts'
import { verifyConsistency } from '../log/merkle.ts'
import { verifySteps, type Verification } from '../verify.ts'
import type { ProvenClaim } from '../verification/page.ts'
import type { Progress } from '../verification/proven.ts'
import { Steps, withSteps, type Step } from '../verification/report.ts'
import { judgeMemory, messageOf, quoted, sameRoot, type TrustedCheckpoint, type VerifyOptions } from '../verification/trust.ts'
import { readConsistency, type ReadTile } from './tree.ts'

/** A log as it is being served now, and what the reader's memory says to it. */
export interface Newest {
  head: SignedCheckpoint
  lastVisit: Step
  trust: VerifyOptions
  read: ReadTile
}

/**
 * Compares the newest checkpoint, its signature judged, with the reader's memory.
 * @param shownBefore the origin of the log that this site showed last
 * @param at the reader's clock, in milliseconds
 */
export async function judgeVisit(trusted: TrustedCheckpoint, shownBefore: string | undefined, read: ReadTile, at: number): Promise<Step> {
  const { checkpoint, remembered } = trusted
  if (!remembered && shownBefore !== undefined && shownBefore !== checkpoint.origin)
    return { name: 'last visit', ok: 'unknown', detail: `this site showed another log before, ${quoted(shownBefore)}: ask why, and whether the new one names it as its predecessor` }
  let consistency: Uint8Array[] | undefined
  if (remembered && remembered.size > 0 && remembered.size < checkpoint.size) {
    try {
      consistency = await readConsistency(remembered.size, checkpoint.size, read)
    } catch (error) {
      return { name: 'last visit', ok: 'unknown', detail: `whether this continues what you saw on ${instant(remembered.seenAt)} cannot be told: ${messageOf(error)}` }
    }
  }
  const steps = new Steps()
  judgeMemory(steps, trusted, { at, isNewest: true, ...(consistency ? { consistency } : {}) })
  return steps.taken[0] as Step
}

/** Verifies a bundle, and that its checkpoint and the newest are of one log; one step at a time. */
export async function* verifyNewest(bytes: Uint8Array, { head, lastVisit, trust, read }: Newest, claims: readonly ProvenClaim[] = []): AsyncGenerator<Progress, Verification> {
  const verifying = verifySteps(bytes, { ...trust, claims })
  let verification: Verification
  for (;;) {
    const { done, value } = verifying.next()
    if (done) {
      verification = value
      break
    }
    // A bundle may be a little older than the newest checkpoint: it is that one which memory is compared with.
    yield value.kind === 'step' && value.step.name === 'last visit' ? { kind: 'step', step: lastVisit } : value
  }
  const { proven, report } = verification
  if (!proven) return verification
  const steps = report.steps.map((step) => (step.name === 'last visit' ? lastVisit : step))
  const odd = await compareWithHead(proven.checkpoint, head, read)
  if (odd) {
    steps.push(odd)
    yield { kind: 'step', step: odd }
  }
  return { ...verification, report: withSteps({ ...report, steps }, shownOf(verification)) }
}

async function compareWithHead(checkpoint: SignedCheckpoint, head: SignedCheckpoint, read: ReadTile): Promise<Step | undefined> {
  if (checkpoint.origin !== head.origin) return { name: 'checkpoint', ok: false, detail: `the bundle is of another log, ${quoted(checkpoint.origin)}` }
  if (sameRoot(checkpoint, head)) return undefined
  try {
    if (checkpoint.size === head.size) throw new VerifyError('inconsistent', 'FORK: two trees of one size are signed')
    const [small, large] = checkpoint.size < head.size ? [checkpoint, head] : [head, checkpoint]
    verifyConsistency(small.size, large.size, small.root, large.root, await readConsistency(small.size, large.size, read))
    return undefined
  } catch (error) {
    const silent = error instanceof VerifyError && error.code === 'unreachable'
    return { name: 'checkpoint', ok: silent ? 'unknown' : false, detail: `the bundle's tree of ${checkpoint.size} and the newest of ${head.size} are not shown to be one log: ${messageOf(error)}` }
  }
}

/** What a good report of this kind shows. */
export const shownOf = ({ report }: Verification): string => (report.ok ? report.shows : 'This shows that the company recorded what is listed above, and cannot change it unnoticed.')
