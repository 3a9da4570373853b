import type { Verdict } from '@vouchsafe/verify'
import type { Assertion, Condition } from './declaration.ts'
import { parseInstant, parseMoment } from './duration.ts'
import { find, parsePath } from './path.ts'
import type { Subject } from './path.ts'
import { compilePattern } from './pattern.ts'
import type { Pattern } from './pattern.ts'

/** What came of one assertion. `saw` is a short account of the values looked at. */
export interface Judgement {
  verdict: Verdict
  /** What was asserted, in the words of the declaration. */
  asserted: string
  saw: string
  /** Why nobody could tell, for `unknown`. */
  because?: string
}

/** True, false, or a reason why it cannot be told. */
type Truth = true | false | { because: string }
type Operators = Omit<Condition, 'at'>

const NUMBER = /^[+-]?\d{1,15}(\.\d{1,15})?$/
const SHOWN = 200

/**
 * Judges one assertion on an answer.
 *
 * INVARIANT: a value of a form that the assertion did not expect is `unknown`, never `holds` and never `fails`: a foreign system
 * that renames a member must not turn a page green or red.
 *
 * @param now what `now` means in `before` and `after`
 */
export function judge(assertion: Assertion, subject: Subject, now: Date): Judgement {
  const asserted = describe(assertion)
  if (assertion.at !== undefined) {
    const [value, ...more] = find(parsePath(assertion.at), subject)
    if (more.length > 0) return { verdict: 'unknown', asserted, saw: 'many values', because: `${assertion.at} found more than one value` }
    const truth = compare(assertion, value, assertion.at, now)
    return { ...settle(truth), asserted, saw: show(value) }
  }
  const source = assertion.each ?? assertion.any ?? assertion.none ?? assertion.count ?? '$'
  const found = find(parsePath(source), subject)
  if (found.length === 0 && !listIsThere(source, subject)) return { verdict: 'unknown', asserted, saw: 'nothing', because: `${source} found no list` }
  const items: unknown[] = []
  for (const item of found) {
    const chosen = all(assertion.where ?? [], item, subject, now)
    if (chosen === true) items.push(item)
    else if (chosen !== false) return { verdict: 'unknown', asserted, saw: show(item), because: chosen.because }
  }
  const truthOf = (item: unknown): Truth => {
    const byHold = all(assertion.hold ?? [], item, subject, now)
    return assertion.count !== undefined || byHold !== true || !hasOperator(assertion) ? byHold : compare(assertion, item, source, now)
  }
  const truths = items.map((item) => ({ item, truth: truthOf(item) }))
  const named = (these: typeof truths): string => `${these.length} of ${items.length}${these.length > 0 ? `: ${these.slice(0, 5).map(({ item }) => nameOf(item, assertion, subject)).join(', ')}${these.length > 5 ? ', …' : ''}` : ''}`
  const untold = truths.find(({ truth }) => typeof truth === 'object')
  const because = untold && typeof untold.truth === 'object' ? `${nameOf(untold.item, assertion, subject)}: ${untold.truth.because}` : undefined
  const yes = truths.filter(({ truth }) => truth === true)
  const no = truths.filter(({ truth }) => truth === false)
  const result = (verdict: Verdict, saw: string): Judgement => ({ verdict, asserted, saw, ...(verdict === 'unknown' && { because: because ?? saw }) })

  if (assertion.count !== undefined) {
    if (untold) return result('unknown', named([untold]))
    return { ...settle(compare(assertion, yes.length, 'the count', now)), asserted, saw: `${yes.length} counted of ${found.length}` }
  }
  if (assertion.each !== undefined) {
    if (items.length === 0) return result(assertion.empty ?? 'unknown', 'nothing to look at')
    if (no.length > 0) return result('fails', `not so for ${named(no)}`)
    return untold ? result('unknown', named([untold])) : result('holds', `so for all ${items.length}`)
  }
  if (assertion.any !== undefined) {
    if (yes.length > 0) return result('holds', `so for ${named(yes)}`)
    return untold ? result('unknown', named([untold])) : result('fails', `so for none of ${items.length}`)
  }
  if (yes.length > 0) return result('fails', `so for ${named(yes)}`)
  return untold ? result('unknown', named([untold])) : result('holds', `so for none of ${items.length}`)
}

/** Whether all conditions are met by one item of a list; paths are read within the item. */
export function all(conditions: readonly Condition[], item: unknown, subject: Subject, now: Date): Truth {
  let untold: Truth | undefined
  for (const condition of conditions) {
    const [value, ...more] = find(parsePath(condition.at), { ...subject, body: item, text: typeof item === 'string' ? item : '' })
    const truth: Truth = more.length > 0 ? { because: `${condition.at} found more than one value` } : compare(condition, value, condition.at, now)
    if (truth === false) return false
    if (truth !== true) untold ??= truth
  }
  return untold ?? true
}

/** Whether all conditions are met by a whole answer. */
export function meets(conditions: readonly Condition[], subject: Subject, now: Date): Truth {
  let untold: Truth | undefined
  for (const condition of conditions) {
    const [value] = find(parsePath(condition.at), subject)
    const truth = compare(condition, value, condition.at, now)
    if (truth === false) return false
    if (truth !== true) untold ??= truth
  }
  return untold ?? true
}

function compare(operators: Operators, value: unknown, where: string, now: Date): Truth {
  if (operators.exists === true) return value !== undefined && value !== null
  if (operators.absent === true) return value === undefined || value === null
  // `equals: null` is the one way to ask for a null itself.
  if (value === null && operators.equals === null) return true
  if (value === null && operators.notEquals === null) return false
  if (value === undefined || value === null) {
    if (operators.missing === 'holds') return true
    if (operators.missing === 'fails') return false
    return { because: `${where} is ${value === null ? 'null' : 'not there'}` }
  }
  if (operators.equals !== undefined) return equal(value, operators.equals, where)
  if (operators.notEquals !== undefined) return opposite(equal(value, operators.notEquals, where))
  if (operators.in !== undefined) return amongst(value, operators.in, where)
  if (operators.notIn !== undefined) return opposite(amongst(value, operators.notIn, where))
  if (operators.matches !== undefined) return typeof value === 'string' ? patternOf(operators.matches).test(value) : unexpected(where, value, 'text')
  if (operators.notMatches !== undefined) return typeof value === 'string' ? !patternOf(operators.notMatches).test(value) : unexpected(where, value, 'text')
  if (operators.contains !== undefined) return contains(value, operators.contains, where)
  if (operators.lacks !== undefined) return opposite(contains(value, operators.lacks, where))
  if (operators.atLeast !== undefined || operators.atMost !== undefined) {
    const number = typeof value === 'number' ? value : typeof value === 'string' && NUMBER.test(value) ? Number(value) : undefined
    if (number === undefined) return unexpected(where, value, 'a number')
    return operators.atLeast !== undefined ? number >= operators.atLeast : number <= (operators.atMost ?? NaN)
  }
  const limit = operators.before ?? operators.after
  if (limit !== undefined) {
    const at = typeof value === 'string' ? parseInstant(value) : undefined
    const bound = parseMoment(limit, now)
    if (!at || !bound) return unexpected(where, value, 'a time')
    return operators.before !== undefined ? at < bound : at > bound
  }
  return { because: 'nothing is asserted' }
}

const hasOperator = (assertion: Assertion): boolean =>
  (['equals', 'notEquals', 'in', 'notIn', 'matches', 'notMatches', 'contains', 'lacks', 'exists', 'absent', 'atLeast', 'atMost', 'before', 'after'] as const).some((operator) => assertion[operator] !== undefined)

const opposite = (truth: Truth): Truth => (typeof truth === 'boolean' ? !truth : truth)

function equal(value: unknown, wanted: unknown, where: string): Truth {
  if (wanted === null) return false
  if (typeof value !== typeof wanted) return unexpected(where, value, wordFor(wanted))
  return value === wanted
}

function amongst(value: unknown, wanted: readonly unknown[], where: string): Truth {
  if (wanted.includes(value)) return true
  return wanted.some((one) => typeof one === typeof value) ? false : unexpected(where, value, wordFor(wanted[0]))
}

function contains(value: unknown, wanted: unknown, where: string): Truth {
  if (Array.isArray(value)) return value.includes(wanted)
  if (typeof value === 'string' && (typeof wanted === 'string' || typeof wanted === 'number' || typeof wanted === 'boolean')) return value.includes(String(wanted))
  return unexpected(where, value, 'text or a list')
}

const unexpected = (where: string, value: unknown, wanted: string): Truth => ({ because: `${where} is ${wordFor(value)}, where ${wanted} was expected` })
const wordFor = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : typeof value === 'string' ? 'text' : typeof value === 'number' ? 'a number' : 'true or false')

const patterns = new Map<string, Pattern>()
function patternOf(source: string): Pattern {
  let pattern = patterns.get(source)
  if (!pattern) {
    if (patterns.size > 500) patterns.clear() // as many as a long list of declarations holds
    patterns.set(source, (pattern = compilePattern(source)))
  }
  return pattern
}

/** `[*]` over an empty list finds nothing and is fine; `[*]` over a member that is not there means another shape. */
function listIsThere(source: string, subject: Subject): boolean {
  const path = parsePath(source)
  if (path.kind !== 'body') return false
  const last = path.steps.at(-1)
  if (last?.kind !== 'every') return false
  const at = (fewer: number): unknown[] => find({ ...path, steps: path.steps.slice(0, path.steps.length - fewer) }, subject)
  const parents = at(1)
  if (parents.length > 0) return parents.every((parent) => (typeof parent === 'object' && parent !== null) || (subject.loneIsList && parent === ''))
  // XML leaves out a list without members; the element that would hold it must still be there.
  if (subject.loneIsList) return at(2).length > 0
  // `$.groups[*].members[*]` over no groups is an empty list of members; over groups without `members` it is another shape.
  const outer = path.steps.findIndex((step) => step.kind === 'every')
  return outer < path.steps.length - 1 && at(path.steps.length - outer).length > 0 && at(path.steps.length - outer - 1).length === 0
}

function settle(truth: Truth): Pick<Judgement, 'verdict' | 'because'> {
  return typeof truth === 'object' ? { verdict: 'unknown', because: truth.because } : { verdict: truth ? 'holds' : 'fails' }
}

function nameOf(item: unknown, assertion: Assertion, subject: Subject): string {
  if (assertion.naming === undefined) return show(item, 60)
  const [name] = find(parsePath(assertion.naming), { ...subject, body: item })
  return show(name, 60)
}

/** A value as evidence shows it: text bare, the rest as JSON, cut short. */
export function show(value: unknown, most = SHOWN): string {
  if (value === undefined) return 'nothing'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const whole = Array.from(text.slice(0, most + 1)).join('').toWellFormed()
  return text.length > most ? `${whole.slice(0, most).toWellFormed()}…` : whole
}

/** The assertion in one line, in the order of the declaration: `each $.rules[*] where $.status equals "ACTIVE": $.access equals "DENY"`. */
export function describe(assertion: Assertion): string {
  const subject = (['at', 'each', 'any', 'none', 'count'] as const).find((one) => assertion[one] !== undefined) ?? 'at'
  const operator = (given: Partial<Operators>): string => Object.entries(given).filter(([key, value]) => value !== undefined && !['at', 'missing', 'where', 'hold', 'naming', 'empty', 'else', 'each', 'any', 'none', 'count'].includes(key)).map(([key, value]) => (value === true && (key === 'exists' || key === 'absent') ? key : `${key} ${JSON.stringify(value)}`)).join(' ')
  const conditions = (given: readonly Condition[]): string => given.map((one) => `${one.at} ${operator(one)}`).join(' and ')
  const parts = [subject === 'at' ? '' : subject, assertion[subject] ?? '', assertion.where ? `where ${conditions(assertion.where)}` : '', assertion.hold ? `hold ${conditions(assertion.hold)}` : '', operator(assertion)]
  return parts.filter((part) => part !== '').join(' ').slice(0, 400)
}
