import { backingOf } from './backing.ts'
import type { ClaimRecord } from './chain.ts'
import type { Finding } from './finding.ts'
import { instant } from './slots.ts'
import { backingState } from './state.ts'

// Each costs a pass over the results, and a hostile history may have thousands.
const MOST_SHOWN = 20

/** Where a check of a claim was withdrawn and came back: for how long nobody looked, and how it stood when it left. */
export function reviewReturns(record: ClaimRecord): Finding[] {
  const findings: Finding[] = []
  for (const binding of record.bindings) {
    const { predecessor, check, start, confirmations } = binding.predicate
    const before = record.bindings.find(({ digest, index }) => digest === predecessor?.binding && index < binding.index)
    const closing = record.closings.find(({ predicate }) => predicate.binding === before?.digest)
    if (!before || !closing || closing.predicate.reason === 'superseded') continue
    if (findings.length === MOST_SHOWN) break
    const left = Date.parse(closing.predicate.at)
    const stood = backingState(backingOf(before, record, closing.index), left)
    findings.push({
      kind: 'returned',
      weight: 'note',
      binding: binding.digest,
      index: binding.index,
      detail: `${check.id} was withdrawn ${instant(left)}, when it was ${stood}, and came back ${instant(Date.parse(start))} at entry ${binding.index}; it counts again once it has held ${confirmations === 1 ? 'once' : `${confirmations} times`}`,
    })
  }
  return findings
}
