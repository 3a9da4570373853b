import type { ControlId } from '../control.ts'

/** One thing that a framework asks for. `title` is a short label of our own: the texts belong to their publishers. */
export interface Requirement {
  /** As the framework writes it: `CC6.7`, `A.8.24`, `PR.DS-02`, `Art. 32(1)(a)`, `1798.100(e)`. */
  readonly id: string
  readonly title: string
}

/** A framework with its requirements, in its own order, and the controls that contribute to each. */
export interface Framework {
  readonly id: string
  /** The full name with its edition. */
  readonly name: string
  /** What stands before a requirement's id in a short label: `SOC 2` in `SOC 2 CC6.7`. */
  readonly label: string
  readonly requirements: readonly Requirement[]
  /** Requirement ids by control. A control that is absent contributes to nothing in this framework. */
  readonly byControl: ReadonlyMap<ControlId, readonly string[]>
}

interface Source<Id extends string, R extends Record<string, string>> {
  readonly id: Id
  readonly name: string
  readonly label: string
  /** Requirement id → our title, in the order of the framework. */
  readonly requirements: R
  /** A control or a requirement that does not exist fails to compile here. */
  readonly mapping: { readonly [C in ControlId]?: readonly NoInfer<keyof R & string>[] }
}

/**
 * Makes a framework from its readable source.
 *
 * A mapping says that the control *contributes* to the requirement: an auditor would accept its evidence as part of
 * the answer. It never says that the control alone satisfies the requirement. Where in doubt nothing is mapped: a gap
 * shown too often costs a question, one shown too seldom costs an audit.
 */
export function defineFramework<const Id extends string, const R extends Record<string, string>>(source: Source<Id, R>): Framework & { readonly id: Id } {
  const entries = Object.entries(source.mapping) as [ControlId, readonly string[]][]
  return Object.freeze({
    id: source.id,
    name: source.name,
    label: source.label,
    requirements: Object.entries(source.requirements).map(([id, title]) => Object.freeze({ id, title })),
    byControl: new Map(entries),
  })
}
