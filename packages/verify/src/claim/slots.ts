import type { Binding, Closing, Hex, SlotResult } from '../statement/predicate.ts'
import type { Finding } from './finding.ts'

/** A statement's predicate at its place in the log. */
export interface Recorded<P> {
  index: number
  digest: Hex
  predicate: P
}

/** Up to when a history can be expected to be complete, and how that is known; best first. */
export interface KnownTime {
  /** Milliseconds since the Unix epoch. */
  at: number
  source: 'cosignature' | 'entry' | 'clock'
}

// A clock may differ from a witness's by so much before we call it a lie.
const CLOCK_SKEW_MS = 5 * 60_000
// More than so many single findings of one kind help nobody; the rest is counted.
const MOST_SHOWN = 20

/** Slot k's window is [start + k · cadence, start + (k + 1) · cadence). */
export function slotWindow(binding: Binding, slot: number): { begins: number; ends: number } {
  const start = Date.parse(binding.start)
  const cadence = binding.cadenceSeconds * 1000
  return { begins: start + slot * cadence, ends: start + (slot + 1) * cadence }
}

/**
 * The last slot whose result must be recorded by `at`: its window has ended, and the next one too. That second
 * cadence is the grace for runs that end late and for the log's own delay. -1 when none is due.
 */
export function lastDueSlot(binding: Binding, at: number): number {
  return Math.max(-1, Math.floor((at - Date.parse(binding.start)) / (binding.cadenceSeconds * 1000)) - 2)
}

/**
 * One binding's slots: exactly one result each, dense from 0, observed in their windows, within the allowed attempts.
 * @param results of this binding, in log order
 * @param spoken for each log index the newest instant that any entry before it names; finds what was recorded late
 */
export function reviewSlots(
  binding: Recorded<Binding>,
  results: readonly Recorded<SlotResult>[],
  closing: Recorded<Closing> | undefined,
  time: KnownTime,
  spoken: (index: number) => number = () => -Infinity,
): Finding[] {
  const rule = binding.predicate
  const findings: Finding[] = []
  const name = `${rule.check.id}`
  const find = (kind: Finding['kind'], weight: Finding['weight'], detail: string, slot?: number, index?: number): void => {
    findings.push({ kind, weight, binding: binding.digest, detail, ...(slot === undefined ? {} : { slot }), ...(index === undefined ? {} : { index }) })
  }

  const bySlot = new Map<number, Recorded<SlotResult>[]>()
  for (const result of results) {
    const { slot } = result.predicate
    if (result.index <= binding.index) find('foreign-result', 'wrong', `entry ${result.index} is a result of ${name} before its binding was recorded`, slot, result.index)
    const others = bySlot.get(slot)
    if (others) others.push(result)
    else bySlot.set(slot, [result])
  }

  for (const [slot, recorded] of bySlot)
    if (recorded.length > 1) {
      const told = recorded.map((one) => `${one.predicate.verdict} at entry ${one.index}`).join(', then ')
      find('duplicate', 'wrong', `slot ${slot} of ${name} has ${recorded.length} results: ${told}`, slot, recorded[1]?.index)
    }

  // Missing slots, as ranges: a hostile binding could be due a thousand million times.
  const present = [...bySlot.keys()].sort((a, b) => a - b)
  const last = closing ? closing.predicate.lastSlot : Infinity
  const expected = Math.min(last, Math.max(lastDueSlot(rule, time.at), -1))
  let next = 0
  for (const slot of [...present, expected + 1]) {
    const from = next
    // A slot whose grace has not passed is not missed yet, even when a later one was quicker.
    const to = Math.min(slot - 1, expected)
    if (from <= to) {
      const which = from === to ? `slot ${from}` : `slots ${from} to ${to}`
      if (slot <= (present.at(-1) ?? -1) || closing) find('hole', 'wrong', `${which} of ${name} have no result`.replace(/(slot \d+) of (.*) have/, '$1 of $2 has'), from)
      else find('overdue', 'wrong', `${which} of ${name}: due ${instant(slotWindow(rule, from).begins)}, nothing recorded by ${instant(time.at)}`, from)
    }
    next = Math.max(next, slot + 1)
  }
  const beyond = present.filter((slot) => slot > last)
  if (beyond.length > 0) find('foreign-result', 'wrong', `${name} was closed after slot ${last}, but slot ${beyond[0]} has a result`, beyond[0])

  for (const { index, predicate: result } of results) {
    const { slot } = result
    const window = slotWindow(rule, slot)
    const cadence = rule.cadenceSeconds * 1000
    if (result.observedAt !== undefined) {
      const at = Date.parse(result.observedAt)
      if (at < window.begins) find('early', 'wrong', `slot ${slot} of ${name} was observed ${instant(at)}, before it began at ${instant(window.begins)}`, slot, index)
      else if (at >= window.ends + cadence) find('late', 'wrong', `slot ${slot} of ${name} ended ${instant(window.ends)}, but was observed ${instant(at)}`, slot, index)
      else if (at >= window.ends) find('slow', 'note', `slot ${slot} of ${name} was observed ${seconds(at - window.ends)} after it had ended`, slot, index)
      if (time.source === 'cosignature' && at > time.at + CLOCK_SKEW_MS) find('future', 'wrong', `slot ${slot} of ${name} says it was observed ${instant(at)}; a witness saw it by ${instant(time.at)}`, slot, index)
      // A day's outage may be written down late as not-run; a run may not.
      if (spoken(index) > window.ends + 2 * cadence) find('recorded-late', 'note', `slot ${slot} of ${name} was recorded after entries of ${instant(spoken(index))}`, slot, index)
    } else if (window.begins > time.at + CLOCK_SKEW_MS) find('early', 'wrong', `slot ${slot} of ${name} was written off before it began at ${instant(window.begins)}`, slot, index)
    if (result.attempts > rule.maxAttempts) find('too-many-attempts', 'wrong', `slot ${slot} of ${name} took ${result.attempts} attempts; its binding allows ${rule.maxAttempts}`, slot, index)
    else if (result.attempts > 1) find('retried', 'note', `slot ${slot} of ${name} took ${result.attempts} attempts of ${rule.maxAttempts} allowed`, slot, index)
    const { covered, declared } = result.targets
    if (declared !== rule.targets.count) find('targets-differ', 'wrong', `slot ${slot} of ${name} declares ${declared} targets, its binding ${rule.targets.count}`, slot, index)
    if (covered < declared && result.verdict === 'holds') find('not-covered', 'wrong', `slot ${slot} of ${name} says "holds", but covered ${covered} of ${declared} targets`, slot, index)
    else if (covered < declared && result.verdict !== 'not-run') find('not-covered', 'note', `slot ${slot} of ${name} covered ${covered} of ${declared} targets`, slot, index)
  }

  if (Date.parse(rule.start) < spoken(binding.index) - rule.cadenceSeconds * 1000 - 3600_000)
    find('backdated', 'wrong', `${name} begins ${rule.start}, but its binding stands in the log after entries of ${instant(spoken(binding.index))}`, undefined, binding.index)
  return shorten(findings)
}

/** At most MOST_SHOWN of each kind; the last of them says how many more there are. */
function shorten(findings: readonly Finding[]): Finding[] {
  const shown: Finding[] = []
  const counts = new Map<string, number>()
  for (const finding of findings) {
    const count = (counts.get(finding.kind) ?? 0) + 1
    counts.set(finding.kind, count)
    if (count <= MOST_SHOWN) shown.push(finding)
  }
  return shown.map((finding) => {
    const more = (counts.get(finding.kind) ?? 0) - MOST_SHOWN
    const isLast = shown.findLast((other) => other.kind === finding.kind) === finding
    return more > 0 && isLast ? { ...finding, detail: `${finding.detail}; and ${more} more like it` } : finding
  })
}

/** RFC 3339, also for moments that a hostile binding puts out of range. */
export function instant(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? 'a time out of range' : date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`
