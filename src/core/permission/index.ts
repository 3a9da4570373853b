/** The permission room's front door: rules, and what follows from them. */
export type { Access, Explanation, Question, Subject } from './access.ts'
export type { Decision } from './decision.ts'
export type { Facts, Field, FieldKind, RecordType } from './record-type.ts'
export type { Condition, GrantedRule, Operand, Rule, Scalar, Verb } from './rule.ts'
export { accessOf, FULL_ACCESS, fullAccess, NO_ACCESS } from './rule-access.ts'
export { maskedColumns, predicate, visibleRelation } from './relation.ts'
export { checkRules, parseRules, RuleSchema, type RuleWords } from './given-rules.ts'
