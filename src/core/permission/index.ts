/** The permission room's front door: rules, and what follows from them. */
export type { Access, Explanation, Question, Subject } from './access.ts'
export type { Facts, Field, FieldKind, RecordType } from './record-type.ts'
export type { Condition, GrantedRule, Operand, Rule, Scalar, Verb } from './rule.ts'
