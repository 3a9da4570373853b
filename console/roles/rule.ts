import type { Words } from './words.ts'

export type Verb = 'find' | 'read' | 'write' | 'act'
export type Scalar = string | number | boolean
export type Operand = { field: string } | { subject: string } | { value: Scalar | readonly Scalar[] }

/** A condition as the API has it. The builder makes the simple ones; all others are shown, kept and edited as text. */
export type Condition = Readonly<Record<string, unknown>>

export interface Rule {
  effect: 'allow' | 'deny'
  verb: Verb
  record: string
  names?: readonly string[]
  when?: Condition
}

export const VERBS = [['find', 'find'], ['read', 'read'], ['write', 'change'], ['act', 'do']] as const

/** A condition that the builder can make: one field against a value, or against whoever asks. */
export interface SimpleCondition {
  field: string
  is: 'equal' | 'not-equal'
  to: { value: string } | { subject: string }
}

const isOperand = (given: unknown, kind: 'field' | 'subject' | 'value'): boolean => typeof given === 'object' && given !== null && kind in given && Object.keys(given).length === 1

export function simpleOf(when: Condition | undefined): SimpleCondition | undefined {
  if (when === undefined) return undefined
  const negated = 'not' in when
  const inner = (negated ? when['not'] : when) as Condition | undefined
  const sides = inner?.['equal']
  if (inner === undefined || Object.keys(inner).length !== 1 || !Array.isArray(sides) || sides.length !== 2) return undefined
  const [left, right] = sides as [unknown, unknown]
  if (!isOperand(left, 'field')) return undefined
  const { field } = left as { field: string }
  const is = negated ? 'not-equal' : 'equal'
  if (isOperand(right, 'subject')) return { field, is, to: { subject: (right as { subject: string }).subject } }
  const value = isOperand(right, 'value') ? (right as { value: unknown }).value : undefined
  return typeof value === 'string' ? { field, is, to: { value } } : undefined
}

export function conditionOf({ field, is, to }: SimpleCondition): Condition {
  const equal = { equal: [{ field }, to] }
  return is === 'equal' ? equal : { not: equal }
}

const listed = (names: readonly string[]): string => (names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`)

/** A rule as a sentence: "May read Name and Title of every Person." */
export function sentenceOf(rule: Rule, words: Words): string {
  const type = words.records[rule.record]
  const what = rule.record === '*' ? 'everything' : (type?.title ?? rule.record)
  const may = rule.effect === 'allow' ? 'May' : 'May never'
  const named = rule.names?.map((name) => (rule.verb === 'act' ? name : (type?.fields[name]?.title ?? name)))
  const where = rule.when === undefined ? '' : ` where ${conditionText(rule.when, rule, words)}`
  if (rule.verb === 'find') return `${may} find ${what}${where}.`
  if (rule.verb === 'act') return `${may} ${named === undefined ? 'do everything' : listed(named)} with ${what}${where}.`
  return `${may} ${rule.verb === 'read' ? 'read' : 'change'} ${named === undefined ? 'every field' : listed(named)} of ${what}${where}.`
}

function operandText(operand: unknown, rule: Rule, words: Words): string {
  if (typeof operand !== 'object' || operand === null) return String(operand)
  if ('field' in operand) return `its ${words.records[rule.record]?.fields[String(operand.field)]?.title ?? String(operand.field)}`
  if ('subject' in operand) return operand.subject === 'id' ? 'they themselves' : `their own ${String(operand.subject)}`
  return 'value' in operand ? JSON.stringify(operand.value) : JSON.stringify(operand)
}

/** Any condition in words. */
export function conditionText(when: Condition, rule: Rule, words: Words): string {
  const [operator, given] = Object.entries(when)[0] ?? ['', undefined]
  const parts = Array.isArray(given) ? (given as unknown[]) : [given]
  const inner = (part: unknown): string => conditionText(part as Condition, rule, words)
  switch (operator) {
    case 'all': return parts.length === 0 ? 'always' : parts.map((part) => `(${inner(part)})`).join(' and ')
    case 'any': return parts.length === 0 ? 'never' : parts.map((part) => `(${inner(part)})`).join(' or ')
    case 'not': return `it is not so that ${inner(given)}`
    case 'has': return `${operandText(given, rule, words)} is there`
    case 'equal': return `${operandText(parts[0], rule, words)} is ${operandText(parts[1], rule, words)}`
    case 'in': return `${operandText(parts[0], rule, words)} is one of ${operandText(parts[1], rule, words)}`
    case 'less': return `${operandText(parts[0], rule, words)} is before ${operandText(parts[1], rule, words)}`
    default: return JSON.stringify(when)
  }
}

/** Rules as text that a person edits, and back. @throws Error with a reason for people */
export const rulesText = (rules: readonly Rule[]): string => `${JSON.stringify(rules, null, 2)}\n`

export function readRules(text: string): Rule[] {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    throw new Error(`This is not JSON: ${error instanceof Error ? error.message : 'it cannot be read'}.`)
  }
  if (!Array.isArray(given)) throw new Error('Rules are a list: [ … ].')
  return given.map((rule, at) => {
    if (typeof rule !== 'object' || rule === null || !('effect' in rule) || !('verb' in rule) || !('record' in rule)) throw new Error(`Rule ${at + 1} needs effect, verb and record.`)
    return rule as Rule
  })
}
