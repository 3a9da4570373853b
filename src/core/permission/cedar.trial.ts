import { preparsePolicySet, statefulIsAuthorized, type CedarValueJson, type Expr, type PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { ACTS, makeFacts, makeQuestion, makeRules, makeSubject, one, TYPES, type Pick } from './cases.trial.ts'
import { accessOf, type Condition, type Facts, type GrantedRule, type Operand, type Question, type RecordType, type Rule, type Scalar, type Subject } from './index.ts'
import { parseInstant } from './instant.ts'

/**
 * The same rules in Cedar. What for us cannot be evaluated is written so that Cedar reports an error when it comes there:
 * Cedar skips a policy that errs and we deny, so cases with errors are counted and not compared. In all others
 * the two must agree.
 */
export interface Comparison {
  compared: number
  allowed: number
  withErrors: number
  differences: { rules: readonly GrantedRule[]; subject: Subject; question: Question; ours: boolean; cedar: boolean }[]
}

/** Compares `questions` about random records under one random set of rules. */
export function compareWithCedar(pick: Pick, questions: number, into: Comparison): void {
  const subject = makeSubject(pick)
  const rules = makeRules(pick)
  const access = accessOf(rules, subject, TYPES)
  prepareCedar('trial', rules, subject)
  for (let i = 0; i < questions; i++) {
    const record = one(pick, ['person', 'person', 'note'])
    const question = makeQuestion(pick, record, makeFacts(pick, TYPES[record] as RecordType))
    const cedar = askCedar('trial', question, subject)
    if (cedar === 'errors') {
      into.withErrors++
      continue
    }
    const ours = access.allows(question)
    into.compared++
    if (ours) into.allowed++
    if (ours !== cedar) into.differences.push({ rules, subject, question, ours, cedar })
  }
}

export const nothingCompared = (): Comparison => ({ compared: 0, allowed: 0, withErrors: 0, differences: [] })

export function prepareCedar(id: string, rules: readonly GrantedRule[], subject: Subject, types = TYPES): void {
  const staticPolicies: Record<string, PolicyJson> = {}
  const add = (policy: PolicyJson): void => void (staticPolicies[`p${Object.keys(staticPolicies).length}`] = policy)
  for (const { rule } of rules) for (const [name, type] of Object.entries(types)) if (rule.record === '*' || rule.record === name) add(policyOf(rule, name, type, subject))
  // Finding a record allows reading its key.
  for (const [name, type] of Object.entries(types)) add({ effect: 'permit', principal: { op: 'All' }, action: { op: 'in', entities: (type.key ?? ['id']).map((key) => action('read', key)) }, resource: { op: 'is', entity_type: name }, conditions: [] })
  const prepared = preparsePolicySet(id, { staticPolicies })
  if (prepared.type === 'failure') throw new Error(JSON.stringify(prepared.errors))
}

/** What Cedar says: once for finding the record and, where that is allowed, once for what is asked. */
export function askCedar(id: string, question: Question & { facts: Facts }, subject: Subject): boolean | 'errors' {
  const principal = { type: 'asker', id: 'asker' }
  const resource = { type: question.record, id: 'record' }
  const entities = [
    { uid: principal, attrs: attributes(subject), parents: [] },
    { uid: resource, attrs: attributes(question.facts), parents: [] },
  ]
  for (const asked of question.verb === 'find' ? [action('find')] : [action('find'), action(question.verb, question.name)]) {
    const answer = statefulIsAuthorized({ principal, action: asked, resource, context: {}, preparsedPolicySetId: id, entities })
    if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
    if (answer.response.diagnostics.errors.length > 0) return 'errors'
    if (answer.response.decision !== 'allow') return false
  }
  return true
}

const action = (verb: string, name?: string) => ({ type: 'Action', id: name === undefined ? verb : `${verb} ${name}` })

function attributes(facts: Facts): Record<string, CedarValueJson> {
  return Object.fromEntries(Object.entries(facts).flatMap(([name, value]): [string, CedarValueJson][] => (value === null || value === undefined ? [] : [[name, value instanceof Date ? { __extn: { fn: 'datetime', arg: value.toISOString() } } : (value as CedarValueJson)]])))
}

function policyOf({ effect, verb, names, when }: Rule, record: string, type: RecordType, subject: Subject): PolicyJson {
  const actions = verb === 'find' ? [action('find')] : (names ?? (verb === 'act' ? ACTS : Object.keys(type.fields))).map((name) => action(verb, name))
  return {
    effect: effect === 'allow' ? 'permit' : 'forbid',
    principal: { op: 'All' },
    action: { op: 'in', entities: actions },
    resource: { op: 'is', entity_type: record },
    conditions: when ? [{ kind: 'when', body: expression(when, type, subject) }] : [],
  }
}

const TRUE: Expr = { Value: true }
const ERROR: Expr = { '<': { left: { Value: 1 }, right: { Value: 'not a number' } } }
const and = (parts: readonly Expr[]): Expr => parts.reduce((left, right) => ({ '&&': { left, right } }), TRUE)

function expression(condition: Condition, type: RecordType, subject: Subject): Expr {
  if ('all' in condition) return and(condition.all.map((part) => expression(part, type, subject)))
  if ('any' in condition) return condition.any.map((part) => expression(part, type, subject)).reduce((left, right) => ({ '||': { left, right } }), { Value: false } as Expr)
  if ('not' in condition) return { '!': { arg: expression(condition.not, type, subject) } }
  if ('has' in condition) return 'field' in condition.has ? { has: { left: { Var: 'resource' }, attr: condition.has.field } } : { has: { left: { Var: 'principal' }, attr: condition.has.subject } }
  if ('in' in condition) return inExpression(condition.in, type, subject)
  const op = 'equal' in condition ? 'equal' : 'less'
  const [first, second] = 'equal' in condition ? condition.equal : condition.less
  const [left, right] = [kindOf(first, type, subject), kindOf(second, type, subject)]
  const kind = left === right ? left : left === 'instant' && right === 'text' && !('field' in second) ? 'instant' : right === 'instant' && left === 'text' && !('field' in first) ? 'instant' : undefined
  if (kind === undefined || !COMPARED.includes(kind) || (op === 'less' && kind !== 'number' && kind !== 'instant')) return ERROR
  const [a, b] = [operand(first, kind), operand(second, kind)]
  return and([guard(a, kind), guard(b, kind), op === 'equal' ? { '==': { left: a, right: b } } : { '<': { left: a, right: b } }])
}

const COMPARED: readonly string[] = ['text', 'number', 'boolean', 'instant']

function inExpression([first, second]: readonly [Operand, Operand], type: RecordType, subject: Subject): Expr {
  const kind = kindOf(first, type, subject)
  const listKind = kindOf(second, type, subject)
  if (kind === undefined || !COMPARED.includes(kind) || (listKind !== 'texts' && listKind !== 'list')) return ERROR
  const left = operand(first, kind)
  const contains = (list: Expr): Expr => and([guard(left, kind), { contains: { left: list, right: left } }])
  if ('field' in second) return kind === 'text' ? and([{ containsAll: { left: operand(second, 'texts'), right: { Set: [] } } }, contains(operand(second, 'texts'))]) : ERROR
  const values = ('value' in second ? second.value : subject[second.subject]) as readonly Scalar[]
  if (values.some((value) => (kind === 'instant' ? typeof value !== 'string' || parseInstant(value) === undefined : scalarKind(value) !== kind))) return ERROR
  return contains({ Set: values.map((value) => operand({ value }, kind)) })
}

function kindOf(given: Operand, type: RecordType, subject: Subject): string | undefined {
  if ('field' in given) return type.fields[given.field]?.kind
  const value = 'value' in given ? given.value : subject[given.subject]
  return value === undefined ? undefined : typeof value === 'object' ? 'list' : scalarKind(value)
}
const scalarKind = (value: Scalar): string => (typeof value === 'string' ? 'text' : typeof value)

function operand(given: Operand, kind: string): Expr {
  if ('field' in given) return { '.': { left: { Var: 'resource' }, attr: given.field } }
  const plain: Expr = 'value' in given ? { Value: given.value as CedarValueJson } : { '.': { left: { Var: 'principal' }, attr: given.subject } }
  return kind === 'instant' ? { datetime: [plain] } : plain
}

/** True for a value of the kind; an error for any other, where Cedar's own `==` would just say no. */
function guard(value: Expr, kind: string): Expr {
  switch (kind) {
    case 'text':
      return { like: { left: value, pattern: ['Wildcard'] } }
    case 'number':
      return { '<=': { left: value, right: { '+': { left: value, right: { Value: 0 } } } } }
    case 'boolean':
      return { '||': { left: value, right: TRUE } }
    default:
      return { '||': { left: { '<': { left: value, right: { datetime: [{ Value: '2000-01-01' }] } } }, right: TRUE } }
  }
}
