import type { Content, ContentValue } from './matching.ts'
import { isContent } from './matching.ts'
import { quoted, ScimRefusal } from './refusal.ts'
import { attributeNamed, type Attribute, type ResourceKind } from './schema.ts'

const LONGEST_TEXT = 1_000 // characters of one value
const MOST_VALUES = 50 // of one attribute; members of groups are read elsewhere
const MOST_BYTES = 32 * 1024 // of one person, as kept

/**
 * Reads a resource as a directory sent it. Names of attributes are found whatever their case, what no schema has and what
 * is ours to decide (id, meta, groups) is passed over (RFC 7644 §3.3, §3.5.1), and empty values are none (RFC 7643 §2.5).
 * @throws ScimRefusal `invalidSyntax`, `invalidValue`
 */
export function readContent(kind: ResourceKind, sent: unknown): Content {
  if (!isPlainObject(sent)) throw new ScimRefusal('invalidSyntax', `A ${kind.name} is a JSON object.`)
  const content = readMembers(kind.attributes.concat(EXTERNAL_ID), sent)
  for (const { schema, attributes } of kind.extensions) {
    const extension = member(sent, schema)
    if (extension === undefined || extension === null) continue
    if (!isPlainObject(extension)) throw new ScimRefusal('invalidValue', `${quoted(schema)} is a JSON object.`)
    const read = readMembers(attributes, extension)
    if (Object.keys(read).length > 0) content[schema] = read
  }
  return content
}

/** @throws ScimRefusal where an attribute that must be there is not, or the whole is too large */
export function requireWhole(kind: ResourceKind, content: Content): Content {
  for (const { name, required } of kind.attributes) if (required && content[name] === undefined) throw new ScimRefusal('invalidValue', `${name} is missing.`)
  if (Buffer.byteLength(JSON.stringify(content)) > MOST_BYTES) throw new ScimRefusal('invalidValue', `A ${kind.name} is larger than ${MOST_BYTES / 1024} KB.`)
  return content
}

const EXTERNAL_ID: Attribute = { name: 'externalId', type: 'string', caseExact: true, description: '' }

function readMembers(attributes: readonly Attribute[], sent: Readonly<Record<string, unknown>>): Record<string, ContentValue> {
  const content: Record<string, ContentValue> = {}
  for (const attribute of attributes) {
    if (attribute.mutability === 'readOnly' || attribute.name === 'members') continue
    const value = readValue(attribute, member(sent, attribute.name))
    if (value !== undefined) content[attribute.name] = value
  }
  return content
}

/**
 * One value of an attribute, in the forms that directories send. Where one plain value is meant, a list of one object with
 * a `value` is taken too, and texts for true and false.
 * @returns undefined for no value
 * @throws ScimRefusal `invalidValue`
 */
export function readValue(attribute: Attribute, sent: unknown): ContentValue | undefined {
  if (sent === undefined || sent === null || sent === '') return undefined
  if (attribute.multiValued) {
    const list = Array.isArray(sent) ? (sent as unknown[]) : [sent]
    if (list.length > MOST_VALUES) throw new ScimRefusal('invalidValue', `${attribute.name} has more than ${MOST_VALUES} values.`)
    const values = list.map((one) => readOne(attribute, one)).filter((one) => one !== undefined)
    return values.length === 0 ? undefined : onePrimary(values)
  }
  return readOne(attribute, unwrapped(sent))
}

function readOne(attribute: Attribute, sent: unknown): ContentValue | undefined {
  if (sent === undefined || sent === null || sent === '') return undefined
  switch (attribute.type) {
    case 'boolean': {
      if (typeof sent === 'boolean') return sent
      const word = typeof sent === 'string' ? sent.trim().toLowerCase() : ''
      if (word === 'true' || word === 'false') return word === 'true'
      throw new ScimRefusal('invalidValue', `${attribute.name} is true or false.`)
    }
    case 'complex': {
      if (isPlainObject(sent)) {
        const read = readMembers(attribute.subAttributes ?? [], sent)
        return Object.keys(read).length === 0 ? undefined : read
      }
      const value = attributeNamed(attribute.subAttributes ?? [], 'value')
      const read = value === undefined || Array.isArray(sent) ? undefined : readOne(value, sent)
      if (value === undefined || read === undefined) throw new ScimRefusal('invalidValue', `${attribute.name} is a JSON object.`)
      return { [value.name]: read }
    }
    case 'string':
    case 'reference':
    case 'dateTime': {
      if (typeof sent !== 'string' && typeof sent !== 'number') throw new ScimRefusal('invalidValue', `${attribute.name} is a text.`)
      const text = String(sent)
      if (text.length > LONGEST_TEXT) throw new ScimRefusal('invalidValue', `${attribute.name} is longer than ${LONGEST_TEXT} characters.`)
      return text
    }
  }
}

/** `[{"value": "x"}]` where x is meant: an older form of Entra's. */
function unwrapped(sent: unknown): unknown {
  if (!Array.isArray(sent) || sent.length !== 1) return sent
  const [one] = sent as unknown[]
  return isPlainObject(one) ? (member(one, 'value') ?? one) : one
}

/** RFC 7643 §2.4: at most one value is primary; of several that say so the last does. */
export function onePrimary(values: readonly ContentValue[]): readonly ContentValue[] {
  const last = values.findLastIndex((value) => isContent(value) && value['primary'] === true)
  return last < 0 ? values : values.map((value, index) => (index !== last && isContent(value) && value['primary'] === true ? { ...value, primary: false } : value))
}

export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A member by its name, whatever its case; the exact spelling wins. */
export function member(sent: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(sent, name)) return sent[name]
  const lower = name.toLowerCase()
  const found = Object.keys(sent).find((key) => key.toLowerCase() === lower)
  return found === undefined ? undefined : sent[found]
}
