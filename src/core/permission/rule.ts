/** What a rule is about: that a record exists, one of its fields, or something done with it. */
export type Verb = 'find' | 'read' | 'write' | 'act'

export type Scalar = string | number | boolean

/** One side of a comparison: a field of the record, an attribute of whoever asks, or a fixed value. */
export type Operand = { readonly field: string } | { readonly subject: string } | { readonly value: Scalar | readonly Scalar[] }

/** When a rule applies. What cannot be evaluated (a field that is not there, kinds that do not compare) denies the whole question. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly equal: readonly [Operand, Operand] }
  | { readonly in: readonly [Operand, Operand] }
  | { readonly less: readonly [Operand, Operand] }

/** One line of a role. Deny wins over allow; what no rule allows is denied. */
export interface Rule {
  readonly effect: 'allow' | 'deny'
  readonly verb: Verb
  /** A record type, or `*` for all of them. */
  readonly record: string
  /** Fields (read, write) or acts (act) by name; left out: all. Never with find. */
  readonly names?: readonly string[]
  readonly when?: Condition
}

/** A rule as it reaches somebody, with the role it came by, for "why?". */
export interface GrantedRule {
  readonly rule: Rule
  /** Random id of the role, and what it is called. */
  readonly role: { readonly id: string; readonly title: string }
  /** How the role reached them: given to them, or to a group they are in. */
  readonly through: { readonly kind: 'person' | 'group' | 'token'; readonly id: string }
}
