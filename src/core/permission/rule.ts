/** What a rule is about: that a record exists, one of its fields, or something done with it. */
export type Verb = 'find' | 'read' | 'write' | 'act'

export type Scalar = string | number | boolean

/** One side of a comparison: a field of the record, an attribute of whoever asks, or a fixed value (an instant is written as RFC 3339 text). */
export type Operand = { readonly field: string } | { readonly subject: string } | { readonly value: Scalar | readonly Scalar[] }

/**
 * When a rule applies: true, false, or not to be evaluated (a field that is not there, kinds that do not compare). The
 * three flow as in SQL, in no order: `all` is false where one part is false, `any` true where one is true, whatever the
 * others are; else one part that cannot be evaluated makes the whole so, and `not` keeps it. A rule whose condition
 * cannot be evaluated denies the whole question.
 */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  /** The field or attribute is there. Always evaluates, and so guards the others: `all: [{has: x}, {equal: [x, …]}]` is false where x is not there. */
  | { readonly has: { readonly field: string } | { readonly subject: string } }
  /** Two texts, numbers, booleans or instants. */
  | { readonly equal: readonly [Operand, Operand] }
  /** A single value, and a list of the same kind. */
  | { readonly in: readonly [Operand, Operand] }
  /** Two numbers or instants. Texts have no order that memory and every database share. */
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
  /** How the role reached them: given to them, or to a group they are in; `title` is what "why?" calls it. */
  readonly through: { readonly kind: 'person' | 'group' | 'token'; readonly id: string; readonly title?: string }
}
