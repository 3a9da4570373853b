import { backingState } from '@vouchsafe/verify'
import type { ClaimNote } from './note.ts'
import type { ClaimStanding } from './states.ts'

/** When the row of failures began that broke the claim, however long ago: from then on details may be held back, and no longer. */
export function brokenSince({ result, backings }: Pick<ClaimStanding, 'result' | 'backings'>, at: Date): Date | undefined {
  if (result.underlying !== 'broken') return undefined
  const firsts = backings.flatMap(({ backing, slots }) => {
    if (backingState(backing, at.getTime()) !== 'broken') return []
    // A check that came back broken may have held since, and not yet often enough.
    const failedLast = slots.findLastIndex((slot) => slot.verdict === 'fails')
    const heldBefore = slots.slice(0, failedLast).findLastIndex((slot) => slot.verdict === 'holds')
    return slots.slice(heldBefore + 1).find((slot) => slot.verdict === 'fails')?.observedAt ?? []
  })
  return firsts.sort((a, b) => a.getTime() - b.getTime())[0]
}

/** The note, if it is about the present breakage: words from before its first failure were about another one. */
export function noteOn(standing: Pick<ClaimStanding, 'result' | 'backings'>, note: ClaimNote | undefined, at: Date): ClaimNote | undefined {
  const since = brokenSince(standing, at)
  return since && note && note.at >= since ? note : undefined
}
