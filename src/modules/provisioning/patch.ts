import { isPlainObject, member, onePrimary, readValue } from './content.ts'
import { conditionOf } from './condition.ts'
import { parseFilter, type Filter } from './filter.ts'
import { comparableContent, isContent, matches, type Content, type ContentValue } from './matching.ts'
import { placeOf, printPath, readPath, type Path, type Place } from './path.ts'
import { quoted, ScimRefusal } from './refusal.ts'
import { attributeNamed, type Attribute, type ResourceKind } from './schema.ts'

/** One operation as it was sent; `path` and `value` are read against the schema when it is applied. */
export interface Operation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path?: string
  readonly value?: unknown
}

export const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const MOST_OPERATIONS = 1_000

/**
 * Reads the body of a PATCH (RFC 7644 §3.5.2). Names of operations are taken in any case: Entra writes `Replace`.
 * @throws ScimRefusal `invalidSyntax`
 */
export function readOperations(sent: unknown): Operation[] {
  if (!isPlainObject(sent)) throw new ScimRefusal('invalidSyntax', 'A PATCH is a JSON object.')
  const schemas = member(sent, 'schemas')
  if (schemas !== undefined && !(Array.isArray(schemas) && schemas.includes(PATCH_SCHEMA))) throw new ScimRefusal('invalidSyntax', `schemas of a PATCH names ${PATCH_SCHEMA}.`)
  const operations = member(sent, 'Operations')
  if (!Array.isArray(operations) || operations.length === 0) throw new ScimRefusal('invalidSyntax', 'Operations is a list of at least one operation.')
  if (operations.length > MOST_OPERATIONS) throw new ScimRefusal('invalidSyntax', `A PATCH has at most ${MOST_OPERATIONS} operations.`)
  return operations.map((one: unknown): Operation => {
    if (!isPlainObject(one)) throw new ScimRefusal('invalidSyntax', 'An operation is a JSON object.')
    const op = member(one, 'op')
    const name = typeof op === 'string' ? op.toLowerCase() : undefined
    if (name !== 'add' && name !== 'replace' && name !== 'remove') throw new ScimRefusal('invalidSyntax', 'op is add, replace or remove.')
    const path = member(one, 'path')
    if (path !== undefined && path !== null && typeof path !== 'string') throw new ScimRefusal('invalidPath', 'path is a text.')
    const value = member(one, 'value')
    return { op: name, ...(typeof path === 'string' && path !== '' ? { path } : {}), ...(value === undefined ? {} : { value }) }
  })
}

/** A path of a PATCH: `emails[type eq "work"].value`. */
export interface Target {
  readonly path: Path
  readonly filter?: Filter
  /** Part of the values that the filter found. */
  readonly sub?: string
}

/** @throws ScimRefusal `invalidPath` */
export function readTarget(text: string): Target {
  const invalid = () => new ScimRefusal('invalidPath', `${quoted(text)} is no path.`)
  const open = text.indexOf('[')
  if (open < 0) {
    const path = readPath(text)
    if (path === undefined) throw invalid()
    return { path }
  }
  const close = text.lastIndexOf(']')
  const path = readPath(text.slice(0, open))
  const rest = /^(?:\.([A-Za-z$][\w$-]*))?$/.exec(text.slice(close + 1))
  if (path === undefined || path.sub !== undefined || close < open || rest === null) throw invalid()
  return { path, filter: parseFilter(text.slice(open + 1, close)), ...(rest[1] === undefined ? {} : { sub: rest[1] }) }
}

/**
 * Applies operations one after the other; the content given is left as it is.
 * @throws ScimRefusal: then none of them counts
 */
export function applyPatch(kind: ResourceKind, content: Content, operations: readonly Operation[]): Content {
  let now = content
  for (const operation of operations) now = operation.path === undefined ? applyToWhole(kind, now, operation) : applyAt(kind, now, operation, operation.path)
  return now
}

/** Without a path the value holds attributes by name, or by path: `{"name.familyName": "Example"}` (Entra). */
function applyToWhole(kind: ResourceKind, content: Content, { op, value }: Operation): Content {
  if (op === 'remove') throw new ScimRefusal('noTarget', 'A remove needs a path.')
  if (!isPlainObject(value)) throw new ScimRefusal('invalidValue', 'Without a path, value is a JSON object.')
  let now = content
  for (const [name, one] of Object.entries(value)) {
    const extension = kind.extensions.find(({ schema }) => schema.toLowerCase() === name.toLowerCase())
    if (extension) {
      if (!isPlainObject(one)) throw new ScimRefusal('invalidValue', `${quoted(name)} is a JSON object.`)
      for (const [part, given] of Object.entries(one)) if (part.toLowerCase() !== 'schemas') now = applyNamed(kind, now, op, `${extension.schema}:${part}`, given)
    } else if (name.toLowerCase() !== 'schemas') now = applyNamed(kind, now, op, name, one)
  }
  return now
}

/** What is ours to decide is passed over here, as in a PUT: Okta sends the id along. */
function applyNamed(kind: ResourceKind, content: Content, op: 'add' | 'replace', name: string, value: unknown): Content {
  const { path } = readTarget(name)
  const place = placeOf(kind, path, 'invalidPath')
  if (place === 'unkept' || isReadOnly(place)) return content
  return applyAt(kind, content, { op, path: name, value }, name)
}

const isReadOnly = ({ attribute, parent }: Place): boolean => attribute.mutability === 'readOnly' || parent?.mutability === 'readOnly'

function applyAt(kind: ResourceKind, content: Content, operation: Operation, text: string): Content {
  const schema = kind.extensions.find((one) => one.schema.toLowerCase() === text.toLowerCase())?.schema
  if (schema !== undefined) return applyToExtension(kind, content, operation, schema)
  const target = readTarget(text)
  const place = placeOf(kind, target.path, 'invalidPath')
  if (place === 'unkept') return content
  if (isReadOnly(place)) throw new ScimRefusal('mutability', `${quoted(printPath(target.path))} is not for directories to change.`)
  const result = target.filter === undefined ? applyPlain(content, operation, place) : applyFiltered(kind, content, operation, place, target)
  for (const { name, required, expected, multiValued } of kind.attributes) if ((required || (expected && !multiValued)) && content[name] !== undefined && result[name] === undefined) throw new ScimRefusal('mutability', `${name} cannot be taken away.`)
  return result
}

function applyToExtension(kind: ResourceKind, content: Content, { op, value }: Operation, schema: string): Content {
  if (op === 'remove') return without(content, [schema])
  return applyToWhole(kind, content, { op, value: { [schema]: value } })
}

function applyPlain(content: Content, { op, value }: Operation, place: Place): Content {
  const { keys, attribute, parent } = place
  if (parent?.multiValued) return applyToEach(content, op, value, place)
  if (op === 'remove') {
    // With a value, Entra means those values and no others.
    const named = attribute.multiValued && value !== undefined && value !== null ? readValue(attribute, value) : undefined
    return named === undefined ? without(content, keys) : put(content, keys, withoutValues(listAt(content, keys), named as readonly ContentValue[]))
  }
  const read = readValue(attribute, value)
  if (read === undefined) return op === 'replace' ? without(content, keys) : content
  if (attribute.multiValued) return put(content, keys, op === 'replace' ? read : withValues(listAt(content, keys), read as readonly ContentValue[]))
  const before = valueAt(content, keys)
  return put(content, keys, attribute.type === 'complex' && isContent(before) && isContent(read) ? { ...before, ...read, ...removedParts(attribute, value) } : read)
}

/** Parts that were sent empty are unassigned. */
function removedParts(attribute: Attribute, value: unknown): Record<string, never> {
  if (!isPlainObject(value)) return {}
  const gone = (attribute.subAttributes ?? []).filter(({ name }) => [null, ''].includes(member(value, name) as null))
  return Object.fromEntries(gone.map(({ name }) => [name, undefined])) as unknown as Record<string, never>
}

/** `emails.value` without a filter: the part of every value. */
function applyToEach(content: Content, op: Operation['op'], value: unknown, { keys, attribute }: Place): Content {
  const read = op === 'remove' ? undefined : readValue(attribute, value)
  const list = listAt(content, keys.slice(0, -1))
  const each = list.length === 0 && read !== undefined ? [{}] : list
  return put(content, keys.slice(0, -1), tidy(each.map((one) => ({ ...(one as Content), [attribute.name]: read as ContentValue }))))
}

function applyFiltered(kind: ResourceKind, content: Content, { op, value }: Operation, { keys, attribute }: Place, { path, filter, sub }: Target): Content {
  if (!attribute.multiValued) throw new ScimRefusal('invalidPath', `${quoted(printPath(path))} has one value: brackets find nothing in it.`)
  const condition = conditionOf(kind, { op: 'some', path, of: filter as Filter })
  const part = sub === undefined ? undefined : attributeNamed(attribute.subAttributes ?? [], sub)
  if (sub !== undefined && part === undefined) throw new ScimRefusal('invalidPath', `${attribute.name} has no part ${quoted(sub)}.`)
  if (part?.mutability === 'readOnly') throw new ScimRefusal('mutability', `${quoted(sub ?? '')} is not for directories to change.`)
  const list = listAt(content, keys)
  const fits = (one: ContentValue): boolean => condition.op === 'some' && isContent(one) && matches(condition.of, elementOf(kind, keys, one))
  const found = list.filter(fits)
  if (op === 'remove') return put(content, keys, tidy(part === undefined ? list.filter((one) => !found.includes(one)) : list.map((one) => (found.includes(one) ? { ...(one as Content), [part.name]: undefined as never } : one))))
  const change = (one: Content): Content => (part === undefined ? { ...one, ...readSingle(attribute, value) } : { ...one, [part.name]: readValue(part, value) as ContentValue })
  if (found.length === 0) {
    // RFC 7644 §3.5.2.3: a replace that finds nothing fails. An add makes the value that the filter describes, as Entra expects.
    const described = op === 'add' && condition.op === 'some' ? describedBy(filter as Filter, attribute) : undefined
    if (described === undefined) throw new ScimRefusal('noTarget', `${quoted(printPath(path))} has no value that fits the filter.`)
    return put(content, keys, tidy([...list, change(described)]))
  }
  const changed = new Map(found.map((one) => [one, change(one as Content)]))
  const takesOver = [...changed.values()].some((one) => one['primary'] === true)
  return put(content, keys, tidy(list.map((one) => changed.get(one) ?? (takesOver && isContent(one) && one['primary'] === true ? { ...one, primary: false } : one))))
}

/** An element as the condition compares it. */
function elementOf(kind: ResourceKind, keys: readonly string[], element: Content): Content {
  const [folded] = (comparableContent(kind, { [keys[0] as string]: [element] })[keys[0] as string] ?? []) as readonly Content[]
  return folded ?? {}
}

function readSingle(attribute: Attribute, value: unknown): Content | undefined {
  const [read] = (readValue(attribute, value) ?? []) as readonly ContentValue[]
  return isContent(read) ? read : undefined
}

/** `type eq "work" and primary eq true` → `{type: 'work', primary: true}`; undefined where it leaves anything open. */
function describedBy(filter: Filter, attribute: Attribute): Content | undefined {
  if (filter.op === 'and') {
    const left = describedBy(filter.left, attribute)
    const right = describedBy(filter.right, attribute)
    return left && right && { ...left, ...right }
  }
  if (filter.op !== 'eq' || filter.path.sub !== undefined) return undefined
  const part = attributeNamed(attribute.subAttributes ?? [], filter.path.name)
  const value = part && readValue(part, filter.value)
  return part && value !== undefined ? { [part.name]: value } : undefined
}

const listAt = (content: Content, keys: readonly string[]): readonly ContentValue[] => {
  const value = valueAt(content, keys)
  return Array.isArray(value) ? (value as readonly ContentValue[]) : []
}

function valueAt(content: Content, keys: readonly string[]): ContentValue | undefined {
  let value: ContentValue | undefined = content
  for (const key of keys) value = isContent(value) ? value[key] : undefined
  return value
}

/** The content with another value; an empty one is none, and so is an object that nothing is left of. */
function put(content: Content, keys: readonly string[], value: ContentValue): Content {
  const [key, ...rest] = keys as [string, ...string[]]
  const before = content[key]
  const next = rest.length === 0 ? value : put(isContent(before) ? before : {}, rest, value)
  const clean = isContent(next) ? Object.fromEntries(Object.entries(next).filter(([, one]) => one !== undefined)) : next
  const isEmpty = Array.isArray(clean) ? clean.length === 0 : isContent(clean) && Object.keys(clean).length === 0
  const { [key]: _, ...others } = content
  return isEmpty ? others : { ...others, [key]: clean }
}

function without(content: Content, keys: readonly string[]): Content {
  const [key, ...rest] = keys as [string, ...string[]]
  const { [key]: before, ...others } = content
  if (rest.length === 0 || !isContent(before)) return others
  const left = without(before, rest)
  return Object.keys(left).length === 0 ? others : { ...others, [key]: left }
}

/** Drops parts that are unassigned and values that nothing is left of; of several that are primary the last stays so. */
const tidy = (values: readonly ContentValue[]): readonly ContentValue[] =>
  onePrimary(values.map((one) => (isContent(one) ? Object.fromEntries(Object.entries(one).filter(([, part]) => part !== undefined)) : one)).filter((one) => !isContent(one) || Object.keys(one).some((part) => part !== 'type' && part !== 'primary')))

/** A value that is there already is not added a second time (RFC 7644 §3.5.2.1); one of the same `value` takes its place. */
function withValues(list: readonly ContentValue[], more: readonly ContentValue[]): readonly ContentValue[] {
  const isSame = (one: ContentValue, other: ContentValue): boolean => isContent(one) && isContent(other) && one['value'] === other['value'] && one['type'] === other['type']
  return onePrimary([...list.filter((one) => !more.some((other) => isSame(one, other))), ...more])
}

const withoutValues = (list: readonly ContentValue[], gone: readonly ContentValue[]): readonly ContentValue[] =>
  list.filter((one) => !gone.some((other) => isContent(one) && isContent(other) && Object.entries(other).every(([part, value]) => one[part] === value)))
