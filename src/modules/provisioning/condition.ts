import type { Comparison, Filter } from './filter.ts'
import { placeOf, printPath, type Path, type Place } from './path.ts'
import { quoted, ScimRefusal } from './refusal.ts'
import { attributeNamed, type Attribute, type ResourceKind } from './schema.ts'

/**
 * A filter whose attributes are known and whose values are in the form that is compared: the one thing that both the
 * evaluation in memory and the SQL are made of.
 */
export type Condition =
  | { readonly op: 'constant'; readonly truth: boolean }
  | { readonly op: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly op: 'not'; readonly of: Condition }
  /** Some element of the list at `keys` fits; `of` speaks of the element. */
  | { readonly op: 'some'; readonly keys: readonly string[]; readonly of: Condition }
  /** There, and not empty. */
  | { readonly op: 'present'; readonly keys: readonly string[] }
  /** Compared as text, in the order of code points. What is not there fits `ne` alone. */
  | { readonly op: Comparison; readonly keys: readonly string[]; readonly value: string }

const never: Condition = { op: 'constant', truth: false }
const always: Condition = { op: 'constant', truth: true }

/**
 * Texts as they are compared where case does not matter (RFC 7643 §2.2): compatibility forms and case are folded. Kept
 * in the database as it is here, so that no collation has a say.
 */
export const comparable = (text: string): string => text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')

/** @throws ScimRefusal `invalidFilter` for attributes that no schema has, or values that do not fit them */
export function conditionOf(kind: ResourceKind, filter: Filter): Condition {
  switch (filter.op) {
    case 'and':
    case 'or':
      return { op: filter.op, left: conditionOf(kind, filter.left), right: conditionOf(kind, filter.right) }
    case 'not':
      return { op: 'not', of: conditionOf(kind, filter.of) }
    default: {
      const place = placeOf(kind, filter.path, 'invalidFilter')
      if (place === 'unkept') return unkept(filter)
      return filter.op === 'some' ? someOf(filter, place) : leafOf(filter, place)
    }
  }
}

type Leaf = Extract<Filter, { op: 'pr' | Comparison }>

/** Nobody has it: there is no value to compare, and none is present. */
function unkept(filter: Extract<Filter, { op: 'some' | 'pr' | Comparison }>): Condition {
  if (filter.op === 'some' || filter.op === 'pr') return never
  return filter.op === 'ne' ? (filter.value === null ? never : always) : filter.op === 'eq' && filter.value === null ? always : never
}

function someOf({ path, of }: Extract<Filter, { op: 'some' }>, { keys, attribute }: Place): Condition {
  if (attribute.type !== 'complex') throw new ScimRefusal('invalidFilter', `${quoted(printPath(path))} has no parts to filter by.`)
  return attribute.multiValued ? { op: 'some', keys, of: within(of, attribute, []) } : within(of, attribute, keys)
}

/** A filter in brackets: its paths name parts of the attribute. */
function within(filter: Filter, parent: Attribute, base: readonly string[]): Condition {
  switch (filter.op) {
    case 'and':
    case 'or':
      return { op: filter.op, left: within(filter.left, parent, base), right: within(filter.right, parent, base) }
    case 'not':
      return { op: 'not', of: within(filter.of, parent, base) }
    case 'some':
      throw new ScimRefusal('invalidFilter', 'Brackets within brackets are not part of the language of filters.')
    default: {
      const attribute = filter.path.schema === undefined && filter.path.sub === undefined ? attributeNamed(parent.subAttributes ?? [], filter.path.name) : undefined
      if (attribute === undefined) throw new ScimRefusal('invalidFilter', `${parent.name} has no part ${quoted(printPath(filter.path))}.`)
      requireKept(attribute, parent)
      return simple(filter, attribute, [...base, attribute.name])
    }
  }
}

/** Addresses and entity tags are made when a resource is shown; nothing is kept of them that could be compared. */
function requireKept(attribute: Attribute, parent: Attribute | undefined): void {
  const isMade = (parent?.name === 'meta' && (attribute.name === 'location' || attribute.name === 'version')) || (attribute.name === '$ref' && parent?.name !== 'manager')
  if (isMade) throw new ScimRefusal('invalidFilter', `${parent?.name}.${attribute.name} cannot be filtered or sorted by.`)
}

/** What to sort by (RFC 7644 §3.4.2.3); undefined for what is not kept, which puts nothing in any order. @throws ScimRefusal */
export function orderOf(kind: ResourceKind, path: Path): { readonly keys: readonly string[]; readonly ofList?: string } | undefined {
  const place = placeOf(kind, path, 'invalidPath')
  if (place === 'unkept') return undefined
  const { keys, attribute, parent } = place
  requireKept(attribute, parent)
  if (parent?.multiValued) return { keys: keys.slice(0, -1), ofList: attribute.name }
  const value = attribute.type === 'complex' ? attributeNamed(attribute.subAttributes ?? [], 'value') : undefined
  if (attribute.type === 'complex' && value === undefined) throw new ScimRefusal('invalidPath', `${attribute.name} has parts; name the one to sort by.`)
  if (attribute.multiValued) return { keys, ofList: value?.name ?? 'value' }
  return { keys: value === undefined ? keys : [...keys, value.name] }
}

function leafOf(filter: Leaf, { keys, attribute, parent }: Place): Condition {
  requireKept(attribute, parent)
  if (parent?.multiValued) return { op: 'some', keys: keys.slice(0, -1), of: simple(filter, attribute, [attribute.name]) }
  if (attribute.type !== 'complex') return simple(filter, attribute, keys)
  if (filter.op === 'pr' || (filter.value === null && (filter.op === 'eq' || filter.op === 'ne'))) {
    const present: Condition = attribute.multiValued ? { op: 'some', keys, of: always } : anyPresent(attribute, keys)
    return filter.op === 'eq' ? { op: 'not', of: present } : present
  }
  // `emails co "x"` speaks of `emails.value`, which is what such an attribute is about (RFC 7643 §2.4).
  const value = attributeNamed(attribute.subAttributes ?? [], 'value')
  if (value === undefined) throw new ScimRefusal('invalidFilter', `${quoted(printPath(filter.path))} has parts; name the one that is meant.`)
  return attribute.multiValued ? { op: 'some', keys, of: simple(filter, value, [value.name]) } : simple(filter, value, [...keys, value.name])
}

const anyPresent = (attribute: Attribute, keys: readonly string[]): Condition =>
  (attribute.subAttributes ?? []).map((part): Condition => ({ op: 'present', keys: [...keys, part.name] })).reduce((left, right) => ({ op: 'or', left, right }))

function simple(filter: Leaf, attribute: Attribute, keys: readonly string[]): Condition {
  if (filter.op === 'pr') return { op: 'present', keys }
  const { op, value } = filter
  if (value === null) {
    // RFC 7644 §3.4.2.2: `eq null` asks whether there is no value.
    if (op === 'ne') return { op: 'present', keys }
    if (op === 'eq') return { op: 'not', of: { op: 'present', keys } }
    throw misfit(filter.path, 'null is compared by eq and ne alone')
  }
  return { op, keys, value: valueOf(attribute, op, value, filter.path) }
}

const misfit = (path: Path, why: string): ScimRefusal => new ScimRefusal('invalidFilter', `${quoted(printPath(path))} cannot be compared so: ${why}.`)

/** RFC 3339 instants; the zone may be left out by careless clients, and is UTC then. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?$/i

function valueOf(attribute: Attribute, op: Comparison, value: string | number | boolean, path: Path): string {
  switch (attribute.type) {
    case 'boolean': {
      // A directory that writes "True" means true.
      const word = String(value).toLowerCase()
      if (word !== 'true' && word !== 'false') throw misfit(path, 'it is true or false')
      if (op !== 'eq' && op !== 'ne') throw misfit(path, 'true and false have no order and no parts')
      return word
    }
    case 'dateTime': {
      if (op === 'co' || op === 'sw' || op === 'ew') throw misfit(path, 'an instant has no parts')
      const at = typeof value === 'string' && INSTANT.test(value) ? Date.parse(/(?:Z|[+-]\d\d:\d\d)$/i.test(value) ? value : `${value}Z`) : Number.NaN
      if (Number.isNaN(at)) throw misfit(path, 'it is an instant such as "2026-01-31T12:00:00Z"')
      return new Date(at).toISOString()
    }
    case 'string':
    case 'reference':
      if (typeof value !== 'string') throw misfit(path, 'it is a text, in double quotes')
      return attribute.caseExact ? value : comparable(value)
    case 'complex':
      throw misfit(path, 'it has parts')
  }
}
