import { parse } from 'yaml'
import { z } from 'zod'
import { messageOf, VouchsafeError, type FieldError } from '#core/errors'
import { parseInstant } from './instant.ts'
import type { FieldKind, RecordType } from './record-type.ts'
import type { Condition, Operand, Rule, Scalar } from './rule.ts'

/** Rules that people give: what they may speak of, and how much. */
export interface RuleWords {
  readonly types: Readonly<Record<string, RecordType>>
  /** Permissions of all contracts: `person.deactivate`. */
  readonly permissions: Iterable<string>
  /** Attributes of whoever asks, besides `id`, `kind`, `groups` and `roles`. */
  readonly subject?: Readonly<Record<string, FieldKind>>
}

const SUBJECT_ATTRIBUTES: Readonly<Record<string, FieldKind>> = { id: 'text', kind: 'text', groups: 'texts', roles: 'texts' }

const MOST_RULES = 500 // of one role: a decision looks at every rule that speaks to it, within 20 µs
const MOST_DEPTH = 8 // conditions within conditions: deeper ones nobody reads
const MOST_PARTS = 50 // of one `all` or `any`
const MOST_BYTES = 64 * 1024 // of YAML: its reader takes time with the square of the keys, here under a second
const MOST_ERRORS = 50 // told at once

const word = z.string().min(1).max(100)
const text = z.string().max(500).refine((value) => !value.includes('\u0000') && value.isWellFormed(), 'holds characters that cannot be stored')
const scalar = z.union([text, z.number(), z.boolean()])
const field = z.strictObject({ field: word })
const subject = z.strictObject({ subject: word })
const operand = z.union([field, subject, z.strictObject({ value: z.union([scalar, z.array(scalar).max(1000)]) })], { error: 'must be { field: … }, { subject: … } or { value: … }' })
const pair = z.tuple([operand, operand], { error: 'must be a list of two: what is compared' })

const CONDITION = 'must be one of { all: […] }, { any: […] }, { not: … }, { has: … }, { equal: [a, b] }, { in: [a, list] }, { less: [a, b] }'
/** One condition within another is looked at only once the whole is known not to be too deep. */
const condition: z.ZodType<Condition, Condition> = z.lazy(() =>
  z.union(
    [
      z.strictObject({ all: z.array(condition).max(MOST_PARTS) }),
      z.strictObject({ any: z.array(condition).max(MOST_PARTS) }),
      z.strictObject({ not: condition }),
      z.strictObject({ has: z.union([field, subject], { error: 'must be { field: … } or { subject: … }' }) }),
      z.strictObject({ equal: pair }),
      z.strictObject({ in: pair }),
      z.strictObject({ less: pair }),
    ],
    { error: CONDITION },
  ),
)

/** The form of a condition holds itself, and a reference to it would lead nowhere from inside of an OpenAPI document: there it is described in words. */
const when = z
  .unknown()
  .check(({ value, issues }) => {
    for (const { message, path } of condition.safeParse(value).error?.issues ?? []) issues.push({ code: 'custom', message, path, input: value })
  })
  .describe(`When it applies: ${CONDITION.replace('must be ', '')}; see docs/permissions.md`)

/** The form of one rule; `parseRules` also holds it against what there is. What is left out of JSON and YAML is absent, never undefined. */
export const RuleSchema = z.strictObject({
  effect: z.enum(['allow', 'deny']),
  verb: z.enum(['find', 'read', 'write', 'act']),
  record: word,
  names: z.array(word).min(1).max(200).optional(),
  when: when.optional(),
}) as unknown as z.ZodType<Rule, Rule>

/**
 * Reads rules that somebody wrote, as YAML or JSON.
 * @throws VouchsafeError `too-large` or `bad-input`, naming each place by a JSON Pointer into the list
 */
export function parseRules(source: string, words: RuleWords): Rule[] {
  if (Buffer.byteLength(source) > MOST_BYTES) throw new VouchsafeError('too-large', `These rules are larger than ${MOST_BYTES / 1024} KB.`, { mend: 'Make several roles of them.' })
  let value: unknown
  try {
    // No aliases: a few lines of them stand for gigabytes. No warnings: they would go to the journal with the text that they are about.
    value = parse(source, { maxAliasCount: 0, uniqueKeys: true, schema: 'core', logLevel: 'error' })
  } catch (error) {
    throw new VouchsafeError('bad-input', `The rules cannot be read as YAML: ${messageOf(error).split('\n')[0]?.slice(0, 200)}`, { mend: 'Write a list: each line begins with "- effect: allow" or "- effect: deny".' })
  }
  return checkRules(value, words)
}

/** The same for rules that have been read already, such as the body of a request. */
export function checkRules(value: unknown, words: RuleWords): Rule[] {
  if (!Array.isArray(value)) throw new VouchsafeError('bad-input', 'Rules are a list.', { mend: 'Write a list: each line begins with "- effect: allow" or "- effect: deny".' })
  if (value.length > MOST_RULES) throw new VouchsafeError('too-large', `These are ${value.length} rules; one role takes ${MOST_RULES}.`, { mend: 'Make several roles of them.' })
  const errors: FieldError[] = []
  const rules = value.flatMap((given: unknown, at): Rule[] => {
    const say: Say = (place, message) => void errors.push({ pointer: pointer([at, ...place]), message })
    if (isDeeper(given, MOST_DEPTH)) {
      say(['when'], `has conditions more than ${MOST_DEPTH} deep.`)
      return []
    }
    const read = RuleSchema.safeParse(given)
    if (!read.success) {
      for (const { path, message } of read.error.issues) say(path.map(String), `${message}.`)
      return []
    }
    checkRule(read.data, words, say)
    return [read.data]
  })
  if (errors.length > 0) throw new VouchsafeError('bad-input', errors.length === 1 ? `Rule ${placeOf(errors[0])}` : `There are ${errors.length} errors in these rules; the first: rule ${placeOf(errors[0])}`, { mend: 'Mend each place that is named; rules are counted from 0.', fields: errors.slice(0, MOST_ERRORS) })
  return rules
}

type Say = (place: readonly (string | number)[], message: string) => void
const pointer = (place: readonly (string | number)[]): string => place.map((part) => `/${String(part).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
const placeOf = (error: FieldError | undefined): string => `${error?.pointer.slice(1)}: ${error?.message}`

/** Looks at a list of what is still to be seen, not by calling itself: what comes in may be a million deep. */
function isDeeper(given: unknown, most: number): boolean {
  const open: { value: unknown; depth: number }[] = [{ value: typeof given === 'object' && given !== null && 'when' in given ? given.when : undefined, depth: 1 }]
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue
    // A condition is an object in `not`, or in the list of `all` or `any`; operands are one level more.
    if (next.depth > most + 1) return true
    for (const value of Object.values(next.value)) for (const part of Array.isArray(value) ? value : [value]) open.push({ value: part, depth: next.depth + 1 })
  }
  return false
}

function checkRule({ verb, record, names, when }: Rule, words: RuleWords, say: Say): void {
  const types = record === '*' ? Object.entries(words.types) : Object.entries(words.types).filter(([name]) => name === record)
  const acts = [...words.permissions].filter((permission) => record === '*' || permission.startsWith(`${record}.`)).map((permission) => permission.slice(permission.lastIndexOf('.') + 1))
  if (types.length === 0 && !(verb === 'act' && acts.length > 0)) return say(['record'], `there is no record type ${quoted(record)}.`)
  if (verb === 'find' && names) say(['names'], 'a record is found as a whole: leave the names out.')
  else for (const [at, name] of (names ?? []).entries()) if (!(verb === 'act' ? acts.includes(name) : types.some(([, type]) => Object.hasOwn(type.fields, name)))) say(['names', at], `${record === '*' ? 'no record type has the' : `the record type ${record} has no`} ${verb === 'act' ? 'act' : 'field'} ${quoted(name)}.`)
  if (when) for (const [name, type] of types.length > 0 ? types : [[record, { title: '', fields: {} }] as const]) if (checkCondition(when, { name, type, attributes: { ...SUBJECT_ATTRIBUTES, ...words.subject } }, (place, message) => say(['when', ...place], message))) return
}

interface Scope {
  readonly name: string
  readonly type: RecordType
  readonly attributes: Readonly<Record<string, FieldKind>>
}

/** @returns whether something was said, so that a rule for every type tells it once */
function checkCondition(given: Condition, scope: Scope, say: Say): boolean {
  const inside = (place: readonly (string | number)[]): Say => (more, message) => say([...place, ...more], message)
  if ('all' in given) return given.all.map((part, at) => checkCondition(part, scope, inside(['all', at]))).includes(true)
  if ('any' in given) return given.any.map((part, at) => checkCondition(part, scope, inside(['any', at]))).includes(true)
  if ('not' in given) return checkCondition(given.not, scope, inside(['not']))
  if ('has' in given) return kindOf(given.has, scope, inside(['has'])) === undefined
  const op = 'equal' in given ? 'equal' : 'less' in given ? 'less' : 'in'
  const [first, second] = 'equal' in given ? given.equal : 'less' in given ? given.less : given.in
  const left = kindOf(first, scope, inside([op, 0]))
  const right = kindOf(second, scope, inside([op, 1]))
  if (left === undefined || right === undefined) return true
  const wrong = op === 'in' ? wrongList(first, left, second, right) : wrongPair(op, first, left, second, right)
  if (wrong !== undefined) say([op], wrong)
  return wrong !== undefined
}

/** What a fixed list holds; `texts` of a field or an attribute. */
type Kind = FieldKind | { readonly list: readonly Scalar[] }

function kindOf(given: Operand, { name, type, attributes }: Scope, say: Say): Kind | undefined {
  if ('field' in given) {
    const kind = Object.hasOwn(type.fields, given.field) ? type.fields[given.field]?.kind : undefined
    if (kind === undefined) say(['field'], `the record type ${name} has no field ${quoted(given.field)}.`)
    return kind
  }
  if ('subject' in given) {
    const kind = Object.hasOwn(attributes, given.subject) ? attributes[given.subject] : undefined
    if (kind === undefined) say(['subject'], `whoever asks has no attribute ${quoted(given.subject)}; there are ${Object.keys(attributes).join(', ')}.`)
    return kind
  }
  return typeof given.value === 'object' ? { list: given.value } : scalarKind(given.value)
}

const scalarKind = (value: Scalar): FieldKind => (typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'boolean')
const titleOf = (kind: Kind): string => (typeof kind === 'object' ? 'a list' : kind === 'texts' ? 'a list of texts' : kind === 'json' ? 'JSON' : kind === 'instant' ? 'an instant' : `a ${kind}`)
const isInstantText = (given: Operand): boolean => 'value' in given && typeof given.value === 'string' && parseInstant(given.value) !== undefined
const INSTANT = 'an instant is compared with one, written like 2026-11-22T21:00:00Z.'

function wrongPair(op: 'equal' | 'less', first: Operand, left: Kind, second: Operand, right: Kind): string | undefined {
  for (const kind of [left, right]) if (typeof kind === 'object' || kind === 'texts' || kind === 'json') return `${titleOf(kind)} does not compare; ask with "in" whether something is in a list.`
  if (left === 'instant' && right !== 'instant') return 'subject' in second && right === 'text' ? undefined : isInstantText(second) ? undefined : INSTANT
  if (right === 'instant' && left !== 'instant') return 'subject' in first && left === 'text' ? undefined : isInstantText(first) ? undefined : INSTANT
  if (left !== right) return `${titleOf(left)} and ${titleOf(right)} do not compare.`
  if (op === 'less' && left !== 'number' && left !== 'instant') return `only numbers and instants have an order, not ${titleOf(left)}.`
  return undefined
}

function wrongList(first: Operand, left: Kind, _second: Operand, right: Kind): string | undefined {
  if (typeof left === 'object' || left === 'texts' || left === 'json') return `${titleOf(left)} is in no list: the first of the two is a single value.`
  if (right === 'texts') return left === 'text' ? undefined : `${titleOf(left)} is in no list of texts.`
  if (typeof right !== 'object') return `the second of the two is a list, not ${titleOf(right)}.`
  if (left === 'instant' && 'field' in first) return right.list.every((value) => typeof value === 'string' && parseInstant(value) !== undefined) ? undefined : INSTANT
  return right.list.every((value) => scalarKind(value) === left) ? undefined : `every value of the list must be ${titleOf(left)}.`
}

const quoted = (name: string): string => JSON.stringify(name)
