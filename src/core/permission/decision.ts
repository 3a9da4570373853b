import { bind, compile, type BoundCondition, type Test } from './bound.ts'
import type { Subject } from './access.ts'
import type { Facts, RecordType } from './record-type.ts'
import type { GrantedRule, Rule, Verb } from './rule.ts'

/**
 * One set of rules asked one thing. It allows where a rule allows, no rule denies, and every condition can be evaluated.
 * INVARIANT: what has been decided without the record is no longer in it; a layer has at least one condition left.
 */
export interface Layer {
  /** Some rule allows whatever the record is. */
  readonly allowed: boolean
  readonly allow: readonly BoundCondition[]
  readonly deny: readonly BoundCondition[]
  readonly test: (facts: Facts) => boolean
}

/** What is left to decide once it is known who asks what: nothing, or what the record must be. Every layer must allow. */
export type Decision = { readonly kind: 'always' } | { readonly kind: 'never' } | { readonly kind: 'depends'; readonly layers: readonly Layer[] }

export const ALWAYS: Decision = { kind: 'always' }
export const NEVER: Decision = { kind: 'never' }

/** Whether a rule speaks to a question about the record type; `name` is a field or an act, and is left out for find. */
export function speaksTo({ rule }: GrantedRule, verb: Verb, record: string, name: string | undefined): boolean {
  return rule.verb === verb && (rule.record === record || rule.record === '*') && (rule.names === undefined || (name !== undefined && rule.names.includes(name)))
}

/**
 * Decides as much as can be without a record. Default deny, deny wins, and a rule that cannot be evaluated denies.
 * @param implied true where something besides the rules allows it, as finding a record allows reading its key
 */
export function decisionOf(rules: readonly Rule[], subject: Subject, type: RecordType, implied = false): Decision {
  let allowed = implied
  const open: { allow: BoundCondition[]; deny: BoundCondition[] } = { allow: [], deny: [] }
  for (const { effect, when } of rules) {
    const condition = bind(when, subject, type)
    if (condition.op !== 'constant') open[effect].push(condition)
    else if (condition.truth === undefined) return NEVER
    else if (condition.truth && effect === 'deny') return NEVER
    else if (condition.truth) allowed = true
  }
  if (!allowed && open.allow.length === 0) return NEVER
  if (open.allow.length === 0 && open.deny.length === 0) return ALWAYS
  return { kind: 'depends', layers: [{ allowed, ...open, test: layerTest(allowed, open.allow.map(compile), open.deny.map(compile)) }] }
}

function layerTest(allowed: boolean, allow: readonly Test[], deny: readonly Test[]): (facts: Facts) => boolean {
  return (facts) => {
    // Anything but a plain false denies: true by the rule, undefined because nobody knows.
    for (const test of deny) if (test(facts) !== false) return false
    let some = allowed
    for (const test of allow) {
      const truth = test(facts)
      if (truth === undefined) return false
      if (truth) some = true
    }
    return some
  }
}

/** Allows where all of them allow. */
export function allOf(decisions: readonly Decision[]): Decision {
  const layers: Layer[] = []
  for (const decision of decisions) {
    if (decision.kind === 'never') return NEVER
    if (decision.kind === 'depends') layers.push(...decision.layers)
  }
  return layers.length === 0 ? ALWAYS : { kind: 'depends', layers }
}

/** Without facts the question is about every record: only what needs no record is allowed. */
export function holds(decision: Decision, facts: Facts | undefined): boolean {
  if (decision.kind !== 'depends') return decision.kind === 'always'
  if (facts === undefined) return false
  for (const layer of decision.layers) if (!layer.test(facts)) return false
  return true
}
