import { canonicalBytes, canonicalJson, sha256, toHex, type Binding, type Hex, type SlotResult, type Strength } from '@vouchsafe/verify'
import type { Instant } from '#core/clock'
import { instantOf } from '#core/statement'
import type { Check, CheckId, CheckResult } from './contract.ts'
import { definitionDigest } from './definition.ts'

/** A published (or previewed) sentence, as far as a binding needs to know it. */
export interface BindableClaim {
  id: string
  digest: Hex
  strength: Strength
  scope?: string
  policy: { id: string; version: number; digest: Hex }
  controls: readonly string[]
  /** The sentence as readers see it. */
  text: string
  /** The checks that a person chose; absent: all that speak to the controls. */
  checks?: readonly CheckId[]
}

/**
 * The checks that a claim rests on, in the order in which they are declared: those a person chose, else all that speak to
 * its controls. None that is silent on what the sentence says, whoever chose it.
 */
export function checksFor(claim: Pick<BindableClaim, 'controls' | 'checks' | 'text'>, checks: Iterable<Check>): Check[] {
  const speaking = [...checks].filter(({ definition }) => definition.controls.some((control) => claim.controls.includes(control)) && !uses(claim.text, definition.silentOn ?? []))
  return claim.checks === undefined ? speaking.filter((check) => check.definition.namedOnly !== true) : speaking.filter((check) => claim.checks!.includes(check.definition.id))
}

/** Whether a text uses one of the words; those of a compound count by themselves too: DKIM-signed speaks of DKIM. */
function uses(text: string, words: readonly string[]): boolean {
  const used = new Set(text.toLowerCase().match(/[\p{L}\p{N}]+(?:[-‑][\p{L}\p{N}]+)*/gu)?.flatMap((word) => [word, ...word.split(/[-‑]/)]))
  return words.some((word) => used.has(word.toLowerCase()))
}

/**
 * What a run saw of the targets that its binding committed to. A run that broke off has no list of its own, and one that
 * found fewer targets than were bound cannot say of the others that all holds: the slot counts by the binding.
 */
export function coverageOf(bound: Binding['targets'], { verdict, targets }: Pick<CheckResult, 'verdict' | 'targets'>): Pick<SlotResult, 'verdict' | 'targets'> {
  const covered = Math.min(targets.length, bound.count)
  return { verdict: verdict === 'holds' && covered < bound.count ? 'unknown' : verdict, targets: { covered, declared: bound.count } }
}

/** Commits to the list of targets without telling it: names of inner systems stay inside. */
export function commitTargets(targets: readonly string[], salt: Uint8Array): Binding['targets'] {
  return { count: targets.length, commitment: toHex(sha256(salt, canonicalBytes(targets))) }
}

/** What a binding says, from the claim and the check; start and predecessor are added when it is issued. */
export function bindingTerms(claim: BindableClaim, check: Check, targets: Binding['targets'], release: Hex): Omit<Binding, 'start' | 'predecessor'> {
  const { definition } = check
  return {
    claim: claim.id,
    sentence: claim.digest,
    strength: claim.strength,
    ...(claim.scope === undefined ? {} : { scope: claim.scope }),
    policy: claim.policy,
    controls: claim.controls,
    covers: claim.controls.filter((control) => (definition.controls as readonly string[]).includes(control)),
    check: { id: definition.id, definition: definitionDigest(definition) },
    release,
    targets,
    cadenceSeconds: definition.cadenceSeconds,
    freshnessSeconds: definition.freshnessSeconds,
    confirmations: definition.confirmations,
    maxAttempts: definition.maxAttempts,
    canContradict: definition.canContradict,
    vouching: definition.vouching,
    stateFunction: 1,
  }
}

/** Whether a standing binding says the same; if not, a successor has to say so in public. */
export function sameTerms(standing: Binding, terms: Omit<Binding, 'start' | 'predecessor'>): boolean {
  const { start: _start, predecessor: _predecessor, ...standingTerms } = standing
  return canonicalJson(standingTerms) === canonicalJson(terms)
}

export function bindingOf(terms: Omit<Binding, 'start' | 'predecessor'>, start: Instant, predecessor?: { binding: Hex; lastSlot: number }): Binding {
  return { ...terms, start: instantOf(start), ...(predecessor === undefined ? {} : { predecessor }) }
}
