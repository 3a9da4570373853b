import type { Binding, Closing, Hex, SlotResult } from '../statement/predicate.ts'
import type { Finding } from './finding.ts'
import { instant, lastDueSlot, reviewSlots, slotWindow, type KnownTime, type Recorded } from './slots.ts'

/** All bindings of one claim, and what came of them, in log order. */
export interface ClaimRecord {
  bindings: readonly Recorded<Binding>[]
  results: readonly Recorded<SlotResult>[]
  closings: readonly Recorded<Closing>[]
}

/** What one member of a binding was, and became. */
export interface Change {
  member: string
  before: string
  after: string
  /** Whether less is promised, or less strictly looked at. Of a definition only its digest is known here. */
  weakens: boolean | 'cannot be told'
}

/** The claim's bindings that were neither closed nor succeeded by entries before `cut`. */
export function liveBindings(record: ClaimRecord, cut = Infinity): Recorded<Binding>[] {
  const ended = new Set<Hex>()
  for (const { index, predicate } of record.closings) if (index < cut) ended.add(predicate.binding)
  for (const { index, predicate } of record.bindings) if (index < cut && predicate.predecessor) ended.add(predicate.predecessor.binding)
  return record.bindings.filter(({ index, digest }) => index < cut && !ended.has(digest))
}

/**
 * A claim's whole history: each binding's slots, and how the bindings follow one another.
 * @param page the newest snapshot's list of the claim's bindings, and its index
 */
export function reviewClaim(
  record: ClaimRecord,
  time: KnownTime,
  options: { spoken?: (index: number) => number; page?: { index: number; bindings: readonly Hex[] } } = {},
): Finding[] {
  const findings: Finding[] = []
  const bindings = new Map(record.bindings.map((binding) => [binding.digest, binding]))
  const wrong = (kind: Finding['kind'], binding: Hex, detail: string, index?: number): void => {
    findings.push({ kind, weight: 'wrong', binding, detail, ...(index === undefined ? {} : { index }) })
  }

  const closings = new Map<Hex, Recorded<Closing>>()
  for (const closing of record.closings) {
    const { binding: digest, lastSlot } = closing.predicate
    const binding = bindings.get(digest)
    if (!binding || closing.index <= binding.index) wrong('foreign-result', digest, `entry ${closing.index} closes a binding that is not before it here`, closing.index)
    else if (closings.has(digest)) wrong('broken-chain', digest, `${binding.predicate.check.id} is closed twice`, closing.index)
    else {
      closings.set(digest, closing)
      // The slot in progress may be given up; one whose window has ended may not.
      const due = lastDueSlot(binding.predicate, Date.parse(closing.predicate.at) + binding.predicate.cadenceSeconds * 1000)
      if (lastSlot < due) wrong('slots-skipped', digest, `${binding.predicate.check.id} was closed after slot ${lastSlot} at ${closing.predicate.at}, when slot ${due} was over`, closing.index)
    }
  }

  const resultsOf = Map.groupBy(record.results, ({ predicate }) => predicate.binding)
  for (const [digest, results] of resultsOf)
    if (!bindings.has(digest)) wrong('foreign-result', digest, `entry ${results[0]?.index} is a result of a binding that is not here`, results[0]?.index)
  for (const binding of record.bindings) findings.push(...reviewSlots(binding, resultsOf.get(binding.digest) ?? [], closings.get(binding.digest), time, options.spoken))

  const successors = new Map<Hex, Recorded<Binding>>()
  for (const binding of record.bindings) {
    const { predecessor, check } = binding.predicate
    if (!predecessor) continue
    const before = bindings.get(predecessor.binding)
    if (!before || before.index >= binding.index) {
      wrong('broken-chain', binding.digest, `${check.id} continues a binding that is not before it here`, binding.index)
      continue
    }
    if (successors.has(predecessor.binding)) wrong('broken-chain', binding.digest, `two bindings continue the same one: entries ${successors.get(predecessor.binding)?.index} and ${binding.index}`, binding.index)
    successors.set(predecessor.binding, binding)
    findings.push(...reviewSuccession(before, binding, closings.get(before.digest)))
  }

  const live = new Map<string, Recorded<Binding>>()
  for (const binding of liveBindings(record)) {
    const other = live.get(binding.predicate.check.id)
    if (other) wrong('two-live', binding.digest, `${binding.predicate.check.id} has two live bindings, entries ${other.index} and ${binding.index}`, binding.index)
    live.set(binding.predicate.check.id, binding)
  }
  // A history is not shed by beginning anew, nor by withdrawing the check first: of the same sentence it continues.
  for (const binding of record.bindings) {
    if (binding.predicate.predecessor) continue
    const shed = record.bindings.find((other) => other.index < binding.index && sameQuestion(other.predicate, binding.predicate) && closings.has(other.digest) && !successors.has(other.digest))
    if (shed) wrong('broken-chain', binding.digest, `${binding.predicate.check.id} begins anew at entry ${binding.index} and leaves out the history from entry ${shed.index} on`, binding.index)
  }

  if (options.page) {
    const { index: cut, bindings: shown } = options.page
    for (const binding of liveBindings(record, cut))
      if (!shown.includes(binding.digest)) wrong('dropped', binding.digest, `${binding.predicate.check.id}, bound at entry ${binding.index}, is missing from the page without having been closed`, binding.index)
    for (const digest of shown) if (!((bindings.get(digest)?.index ?? Infinity) < cut)) wrong('dropped', digest, `the page names a binding ${digest.slice(0, 16)} that is not here`)
  }
  return findings
}

const sameQuestion = (a: Binding, b: Binding): boolean => a.sentence === b.sentence && a.check.id === b.check.id

function reviewSuccession(before: Recorded<Binding>, after: Recorded<Binding>, closing: Recorded<Closing> | undefined): Finding[] {
  const findings: Finding[] = []
  const add = (kind: Finding['kind'], weight: Finding['weight'], detail: string): void => {
    findings.push({ kind, weight, binding: after.digest, index: after.index, detail })
  }
  const id = after.predicate.check.id
  const lastSlot = after.predicate.predecessor?.lastSlot ?? -1
  if (before.predicate.claim !== after.predicate.claim) add('broken-chain', 'wrong', `${id} continues the binding of another claim`)
  if (!closing) add('broken-chain', 'wrong', `${id} at entry ${after.index} continues entry ${before.index}, which is not closed`)
  else if (closing.predicate.lastSlot !== lastSlot) add('slots-skipped', 'wrong', `${id} continues after slot ${lastSlot}, but its predecessor was closed after slot ${closing.predicate.lastSlot}`)

  const start = Date.parse(after.predicate.start)
  const window = slotWindow(before.predicate, lastSlot)
  const cadence = before.predicate.cadenceSeconds * 1000
  // While a check was withdrawn no slot was due; that it was, readers are told (claim/returning.ts).
  const withdrawn = closing !== undefined && closing.predicate.reason !== 'superseded'
  if (start > window.ends + cadence && !withdrawn) add('slots-skipped', 'wrong', `${id} begins again ${instant(start)}; slot ${lastSlot} before it ended ${instant(window.ends)}`)
  if (start < window.begins) add('slots-rewound', 'wrong', `${id} begins again ${instant(start)}, before slot ${lastSlot} of its predecessor at ${instant(window.begins)}`)

  for (const { member, before: was, after: is, weakens } of changesBetween(before.predicate, after.predicate)) {
    const mark = weakens === true ? ' (weaker)' : weakens === false ? '' : ' (what that means cannot be told from the log)'
    add(weakens === true ? 'weakened' : 'changed', 'note', `${id} from entry ${after.index} on: ${member} was ${was}, is ${is}${mark}`)
  }
  return findings
}

/** What a successor measures otherwise. A new release or version of the policy alone is no change of meaning. */
export function changesBetween(before: Binding, after: Binding): Change[] {
  const changes: Change[] = []
  const compare = (member: string, was: unknown, is: unknown, weakens: Change['weakens']): void => {
    const [a, b] = [JSON.stringify(was ?? null), JSON.stringify(is ?? null)]
    if (a !== b) changes.push({ member, before: a, after: b, weakens })
  }
  const lost = (was: readonly string[], is: readonly string[]): boolean => was.some((item) => !is.includes(item))
  compare('check', before.check.id, after.check.id, 'cannot be told')
  compare('definition', before.check.definition, after.check.definition, 'cannot be told')
  compare('sentence', before.sentence, after.sentence, 'cannot be told')
  compare('strength', before.strength, after.strength, after.strength === 'hedged')
  compare('scope', before.scope, after.scope, 'cannot be told')
  compare('controls', before.controls, after.controls, lost(before.controls, after.controls))
  compare('covers', before.covers, after.covers, lost(before.covers, after.covers))
  compare('number of targets', before.targets.count, after.targets.count, after.targets.count < before.targets.count)
  compare('cadence in seconds', before.cadenceSeconds, after.cadenceSeconds, after.cadenceSeconds > before.cadenceSeconds)
  compare('freshness in seconds', before.freshnessSeconds, after.freshnessSeconds, after.freshnessSeconds > before.freshnessSeconds)
  compare('confirmations', before.confirmations, after.confirmations, after.confirmations > before.confirmations)
  compare('attempts allowed', before.maxAttempts, after.maxAttempts, after.maxAttempts > before.maxAttempts)
  compare('able to contradict', before.canContradict, after.canContradict, before.canContradict)
  compare('vouching', before.vouching, after.vouching, before.vouching === 'recheckable')
  return changes
}
