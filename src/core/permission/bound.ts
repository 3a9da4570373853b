import type { Facts, FieldKind, RecordType } from './record-type.ts'
import type { Condition, Operand, Scalar } from './rule.ts'
import type { Subject } from './access.ts'
import { parseInstant } from './instant.ts'

/** What a condition comes to; undefined: it cannot be evaluated. */
export type Truth = boolean | undefined
export type ScalarKind = 'text' | 'number' | 'boolean' | 'instant'
interface FieldOperand {
  readonly field: string
  readonly column: string
}
/** Instants as milliseconds since the Unix epoch. */
interface Fixed {
  readonly value: Scalar
}
interface FixedList {
  readonly values: readonly Scalar[]
}
export type BoundOperand = FieldOperand | Fixed

/**
 * A condition for one subject and one record type: attributes are replaced by their values, kinds are checked, and what
 * depends on no field is decided. From it come the closure for memory and the fragment for SQL, so that both decide the same.
 */
export type BoundCondition =
  | { readonly op: 'constant'; readonly truth: Truth }
  | { readonly op: 'all' | 'any'; readonly of: readonly BoundCondition[] }
  | { readonly op: 'not'; readonly of: BoundCondition }
  | { readonly op: 'has'; readonly of: FieldOperand }
  | { readonly op: 'equal' | 'less'; readonly kind: ScalarKind; readonly left: BoundOperand; readonly right: BoundOperand }
  | { readonly op: 'in'; readonly kind: ScalarKind; readonly left: BoundOperand; readonly list: FieldOperand | FixedList }

const constant = (truth: Truth): BoundCondition => ({ op: 'constant', truth })
const UNKNOWN = constant(undefined)

/** Binds a condition; no condition is always true. */
export function bind(condition: Condition | undefined, subject: Subject, type: RecordType): BoundCondition {
  if (condition === undefined) return constant(true)
  if ('all' in condition) return joined('all', condition.all.map((part) => bind(part, subject, type)))
  if ('any' in condition) return joined('any', condition.any.map((part) => bind(part, subject, type)))
  if ('not' in condition) {
    const of = bind(condition.not, subject, type)
    return of.op === 'constant' ? constant(of.truth === undefined ? undefined : !of.truth) : { op: 'not', of }
  }
  if ('has' in condition) return boundHas(condition.has, subject, type)
  if ('equal' in condition) return boundComparison('equal', condition.equal, subject, type)
  if ('less' in condition) return boundComparison('less', condition.less, subject, type)
  // A rule that was stored by a later version may hold what this one does not know.
  return 'in' in condition ? boundIn(condition.in, subject, type) : UNKNOWN
}

/** Kleene's strong and/or: one part can decide alone, in whatever order they stand. */
function joined(op: 'all' | 'any', parts: readonly BoundCondition[]): BoundCondition {
  const decisive = op === 'any'
  if (parts.some((part) => part.op === 'constant' && part.truth === decisive)) return constant(decisive)
  const open = parts.filter((part) => part.op !== 'constant' || part.truth === undefined)
  if (open.length === 0) return constant(!decisive)
  if (open.every((part) => part.op === 'constant')) return UNKNOWN
  return open.length === 1 && open[0] ? open[0] : { op, of: open }
}

type Bound = { kind: FieldKind; field: FieldOperand } | { kind: ScalarKind; value: Scalar } | { kind: 'list'; values: readonly Scalar[] }

function boundOperand(operand: Operand, subject: Subject, type: RecordType): Bound | undefined {
  if ('field' in operand) {
    const field = Object.hasOwn(type.fields, operand.field) ? type.fields[operand.field] : undefined
    return field && { kind: field.kind, field: { field: operand.field, column: field.column ?? operand.field } }
  }
  const value: unknown = 'value' in operand ? operand.value : Object.hasOwn(subject, operand.subject) ? subject[operand.subject] : undefined
  if (Array.isArray(value)) return value.every((one) => scalarKind(one) !== undefined) ? { kind: 'list', values: value as readonly Scalar[] } : undefined
  const kind = scalarKind(value)
  return kind && { kind, value: value as Scalar }
}

function scalarKind(value: unknown): ScalarKind | undefined {
  if (typeof value === 'string') return isStorable(value) ? 'text' : undefined
  if (typeof value === 'number') return Number.isFinite(value) ? 'number' : undefined
  return typeof value === 'boolean' ? 'boolean' : undefined
}

/** PostgreSQL holds neither U+0000 nor half a surrogate pair, and would compare something else in its place. */
const isStorable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed()

function boundHas(operand: { readonly field: string } | { readonly subject: string }, subject: Subject, type: RecordType): BoundCondition {
  if ('subject' in operand) return constant(Object.hasOwn(subject, operand.subject) && subject[operand.subject] !== undefined)
  const bound = boundOperand(operand, subject, type)
  // A type without the field: it is not there.
  return bound && 'field' in bound ? { op: 'has', of: bound.field } : constant(false)
}

function boundComparison(op: 'equal' | 'less', operands: readonly [Operand, Operand], subject: Subject, type: RecordType): BoundCondition {
  const left = boundOperand(operands[0], subject, type)
  const right = boundOperand(operands[1], subject, type)
  if (left === undefined || right === undefined) return UNKNOWN
  const kind = commonKind(left, right)
  if (kind === undefined || (op === 'less' && kind !== 'number' && kind !== 'instant')) return UNKNOWN
  const [a, b] = [scalarOf(left, kind), scalarOf(right, kind)]
  if (a === undefined || b === undefined) return UNKNOWN
  if ('value' in a && 'value' in b) return constant(op === 'equal' ? a.value === b.value : a.value < b.value)
  return { op, kind, left: a, right: b }
}

/** An instant field makes an instant of the text beside it; otherwise kinds must be the same. */
function commonKind(left: Bound, right: Bound): ScalarKind | undefined {
  const [a, b] = [left.kind, right.kind]
  if (a === 'list' || b === 'list' || a === 'texts' || b === 'texts' || a === 'json' || b === 'json') return undefined
  if (a === b) return a
  if (a === 'instant' && b === 'text' && 'value' in right) return 'instant'
  if (b === 'instant' && a === 'text' && 'value' in left) return 'instant'
  return undefined
}

function scalarOf(bound: Bound, kind: ScalarKind): BoundOperand | undefined {
  if ('field' in bound) return bound.field
  if (!('value' in bound)) return undefined
  if (kind !== 'instant') return { value: bound.value }
  const at = typeof bound.value === 'string' ? parseInstant(bound.value) : undefined
  return at && { value: at.getTime() }
}

function boundIn(operands: readonly [Operand, Operand], subject: Subject, type: RecordType): BoundCondition {
  const left = boundOperand(operands[0], subject, type)
  const right = boundOperand(operands[1], subject, type)
  if (left === undefined || right === undefined) return UNKNOWN
  const kind = left.kind
  if (kind === 'list' || kind === 'texts' || kind === 'json') return UNKNOWN
  const one = scalarOf(left, kind)
  if (one === undefined) return UNKNOWN
  if ('field' in right) return right.kind === 'texts' && kind === 'text' ? { op: 'in', kind, left: one, list: right.field } : UNKNOWN
  if (right.kind !== 'list') return UNKNOWN
  const values = right.values.map((value) => (kind === 'instant' ? (typeof value === 'string' ? parseInstant(value)?.getTime() : undefined) : scalarKind(value) === kind ? value : undefined))
  // One element of another kind spoils the list: whether the rest would have matched must not depend on it.
  if (values.includes(undefined)) return UNKNOWN
  const list = values as Scalar[]
  return 'value' in one ? constant(list.includes(one.value)) : { op: 'in', kind, left: one, list: { values: list } }
}

/** A bound condition as a function of the record. */
export type Test = (facts: Facts) => Truth

export function compile(condition: BoundCondition): Test {
  switch (condition.op) {
    case 'constant': {
      const { truth } = condition
      return () => truth
    }
    case 'all':
      return compileJoined(condition.of.map(compile), false)
    case 'any':
      return compileJoined(condition.of.map(compile), true)
    case 'not': {
      const test = compile(condition.of)
      return (facts) => {
        const truth = test(facts)
        return truth === undefined ? undefined : !truth
      }
    }
    case 'has': {
      const { field } = condition.of
      return (facts) => facts[field] !== undefined && facts[field] !== null
    }
    case 'equal':
    case 'less': {
      const [one, other] = 'value' in condition.left ? [condition.right, condition.left] : [condition.left, condition.right]
      if (condition.op === 'equal' && condition.kind === 'text' && 'field' in one && 'value' in other) return isText(one.field, other.value)
      const left = reader(condition.left, condition.kind)
      const right = reader(condition.right, condition.kind)
      const isEqual = condition.op === 'equal'
      return (facts) => {
        const a = left(facts)
        const b = right(facts)
        if (a === undefined || b === undefined) return undefined
        return isEqual ? a === b : a < b
      }
    }
    case 'in':
      return compileIn(reader(condition.left, condition.kind), condition.list)
  }
}

/** What most conditions are, without a call for each side: half the time of a decision by hundreds of rules. */
function isText(field: string, text: Scalar): Test {
  return (facts) => {
    const value = facts[field]
    return typeof value === 'string' ? value === text : undefined
  }
}

function compileJoined(tests: readonly Test[], decisive: boolean): Test {
  return (facts) => {
    let truth: Truth = !decisive
    for (const test of tests) {
      const one = test(facts)
      if (one === decisive) return decisive
      if (one === undefined) truth = undefined
    }
    return truth
  }
}

function compileIn(left: (facts: Facts) => Scalar | undefined, list: FieldOperand | FixedList): Test {
  if ('values' in list) {
    const values = new Set(list.values)
    return (facts) => {
      const one = left(facts)
      return one === undefined ? undefined : values.has(one)
    }
  }
  const { field } = list
  return (facts) => {
    const one = left(facts)
    const values: unknown = facts[field]
    if (one === undefined || !Array.isArray(values) || !values.every((value) => typeof value === 'string')) return undefined
    return (values as unknown[]).includes(one)
  }
}

/** The value of a field where it is of its declared kind; of another kind it is as if it were not there. */
function reader(operand: BoundOperand, kind: ScalarKind): (facts: Facts) => Scalar | undefined {
  if ('value' in operand) {
    const { value } = operand
    return () => value
  }
  const { field } = operand
  switch (kind) {
    case 'text':
      return (facts) => (typeof facts[field] === 'string' ? facts[field] : undefined)
    case 'boolean':
      return (facts) => (typeof facts[field] === 'boolean' ? facts[field] : undefined)
    case 'number':
      return (facts) => (Number.isFinite(facts[field]) ? (facts[field] as number) : undefined)
    case 'instant':
      return (facts) => {
        const at = facts[field]
        const milliseconds = at instanceof Date ? at.getTime() : Number.NaN
        return Number.isNaN(milliseconds) ? undefined : milliseconds
      }
  }
}
