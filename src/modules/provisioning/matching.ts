import { comparable, type Condition } from './condition.ts'
import { COMMON_ATTRIBUTES, type Attribute, type ResourceKind } from './schema.ts'

/** A resource, or what is compared of it: members of the schema's spelling. */
export type Content = { readonly [name: string]: ContentValue }
export type ContentValue = string | boolean | Content | readonly ContentValue[]

/** What is compared of a resource: texts folded where case does not matter, everything else as it is. */
export function comparableContent(kind: ResourceKind, content: Content): Content {
  const folded: Record<string, ContentValue> = foldMembers([...kind.attributes, ...COMMON_ATTRIBUTES], content)
  for (const { schema, attributes } of kind.extensions) {
    const extension = content[schema]
    if (isContent(extension)) folded[schema] = foldMembers(attributes, extension)
  }
  return folded
}

function foldMembers(attributes: readonly Attribute[], content: Content): Record<string, ContentValue> {
  const folded: Record<string, ContentValue> = {}
  for (const attribute of attributes) {
    const value = content[attribute.name]
    if (value !== undefined) folded[attribute.name] = foldValue(attribute, value)
  }
  return folded
}

function foldValue(attribute: Attribute, value: ContentValue): ContentValue {
  if (Array.isArray(value)) return value.map((one) => foldValue(attribute, one as ContentValue))
  if (typeof value === 'string') return attribute.caseExact || attribute.type === 'dateTime' ? value : comparable(value)
  return isContent(value) ? foldMembers(attribute.subAttributes ?? [], value) : value
}

export const isContent = (value: unknown): value is Content => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A member that is a text; anything else counts as an empty one. */
export const textIn = (content: Content, name: string): string => {
  const value = content[name]
  return typeof value === 'string' ? value : ''
}

/** Whether a condition fits. @param content as `comparableContent` gives it */
export function matches(condition: Condition, content: Content): boolean {
  switch (condition.op) {
    case 'constant':
      return condition.truth
    case 'and':
      return matches(condition.left, content) && matches(condition.right, content)
    case 'or':
      return matches(condition.left, content) || matches(condition.right, content)
    case 'not':
      return !matches(condition.of, content)
    case 'some': {
      const list = at(content, condition.keys)
      return Array.isArray(list) && list.some((element) => isContent(element) && matches(condition.of, element))
    }
    case 'present': {
      const value = textAt(content, condition.keys)
      return value !== undefined && value !== ''
    }
    default: {
      const value = textAt(content, condition.keys)
      return value === undefined ? condition.op === 'ne' : compare(condition.op, value, condition.value)
    }
  }
}

function compare(op: Exclude<Condition['op'], 'constant' | 'and' | 'or' | 'not' | 'some' | 'present'>, value: string, other: string): boolean {
  switch (op) {
    case 'eq':
      return value === other
    case 'ne':
      return value !== other
    case 'co':
      return value.includes(other)
    case 'sw':
      return value.startsWith(other)
    case 'ew':
      return value.endsWith(other)
    case 'gt':
      return byCodePoints(value, other) > 0
    case 'ge':
      return byCodePoints(value, other) >= 0
    case 'lt':
      return byCodePoints(value, other) < 0
    case 'le':
      return byCodePoints(value, other) <= 0
  }
}

/** The order of PostgreSQL's collation "C": that of the bytes in UTF-8, which is the order of code points, not of JavaScript's units. */
export const byCodePoints = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other))

function at(content: Content, keys: readonly string[]): ContentValue | undefined {
  let value: ContentValue | undefined = content
  for (const key of keys) {
    if (!isContent(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

function textAt(content: Content, keys: readonly string[]): string | undefined {
  const value = at(content, keys)
  return typeof value === 'string' ? value : typeof value === 'boolean' ? String(value) : undefined
}
