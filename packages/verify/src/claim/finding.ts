import type { Hex } from '../statement/predicate.ts'

/** What a stranger can see to be wrong, or ought to know, about how a claim was checked. */
export interface Finding {
  kind: FindingKind
  /** `wrong`: no honest history looks like this. `note`: it may be honest, and the reader is told. */
  weight: 'wrong' | 'note'
  binding: Hex
  slot?: number
  /** Index of the entry in question. */
  index?: number
  detail: string
}

export type FindingKind =
  | 'hole' // a slot without a result, though a later one has one, or the binding is closed
  | 'overdue' // a slot whose result should be here by now
  | 'duplicate' // two results of one slot: rerun until green
  | 'early' // observed, or written off, before the slot began
  | 'late' // observed long after the slot had ended
  | 'slow' // observed a little after the slot had ended
  | 'recorded-late' // stands in the log after results that were observed much later
  | 'future' // observed after a witness had already seen it
  | 'too-many-attempts'
  | 'retried' // several attempts, as the binding allows
  | 'not-covered' // fewer targets seen than declared
  | 'targets-differ' // another number of targets than the binding declares
  | 'foreign-result' // names no binding of this claim, or stands before its binding
  | 'anchor' // names a checkpoint that cannot have been
  | 'backdated' // a binding that begins long before it was recorded
  | 'slots-skipped' // a successor or a closing that leaves out slots that were due
  | 'slots-rewound' // a successor that begins again before its predecessor's last slot
  | 'broken-chain' // a predecessor that is missing, not closed, or continued twice
  | 'returned' // withdrawn, and bound again later
  | 'two-live' // two live bindings of one claim to one check
  | 'dropped' // live in the log, but not on the page; or on the page, but not in the log
  | 'changed' // the successor measures otherwise than its predecessor
  | 'weakened' // … and less strictly
