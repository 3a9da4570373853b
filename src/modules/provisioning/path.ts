import { quoted, ScimRefusal, type ScimType } from './refusal.ts'
import { attributeNamed, COMMON_ATTRIBUTES, type Attribute, type ResourceKind } from './schema.ts'

/** `urn:…:User:name.familyName` as it was written (RFC 7644 §3.10). */
export interface Path {
  readonly schema?: string
  readonly name: string
  readonly sub?: string
}

/** What a path leads to. */
export interface Place {
  /** Members to follow from the resource, in the spelling of the schema. */
  readonly keys: readonly string[]
  readonly attribute: Attribute
  /** The attribute that `sub` belongs to. */
  readonly parent?: Attribute
  /** Of `extension` attributes: the schema. */
  readonly extension?: string
}

// RFC 7644 §3.4.2.2: ATTRNAME = ALPHA *(nameChar); `$ref` is a name as well (RFC 7643 §2.3.7).
const NAME = String.raw`[A-Za-z$][\w$-]*`
const PATH = new RegExp(String.raw`^(?:(urn:[\w:.-]+):)?(${NAME})(?:\.(${NAME}))?$`, 'i')
const LONGEST = 200

/** @returns undefined for what is no path */
export function readPath(text: string): Path | undefined {
  if (text.length > LONGEST) return undefined
  const [, schema, name, sub] = PATH.exec(text) ?? []
  if (name === undefined) return undefined
  return { ...(schema === undefined ? {} : { schema }), name, ...(sub === undefined ? {} : { sub }) }
}

export const printPath = ({ schema, name, sub }: Path): string => `${schema === undefined ? '' : `${schema}:`}${name}${sub === undefined ? '' : `.${sub}`}`

/**
 * Follows a path in a kind of resource.
 * @returns `unkept` for what the core schema has and nothing here keeps
 * @throws ScimRefusal `otherwise` for what no schema has
 */
export function placeOf(kind: ResourceKind, path: Path, otherwise: ScimType): Place | 'unkept' {
  const unknown = (): ScimRefusal => new ScimRefusal(otherwise, `${kind.name} has no attribute ${quoted(printPath(path))}.`)
  const extension = path.schema === undefined ? undefined : kind.extensions.find(({ schema }) => schema.toLowerCase() === path.schema?.toLowerCase())
  if (path.schema !== undefined && extension === undefined && path.schema.toLowerCase() !== kind.schema.toLowerCase()) throw unknown()
  if (extension === undefined && kind.unkept.has(path.name.toLowerCase())) return 'unkept'
  const parent = extension ? attributeNamed(extension.attributes, path.name) : (attributeNamed(kind.attributes, path.name) ?? attributeNamed(COMMON_ATTRIBUTES, path.name))
  if (parent === undefined) throw unknown()
  const before = extension === undefined ? [] : [extension.schema]
  const within = extension === undefined ? {} : { extension: extension.schema }
  if (path.sub === undefined) return { keys: [...before, parent.name], attribute: parent, ...within }
  const attribute = attributeNamed(parent.subAttributes ?? [], path.sub)
  if (attribute === undefined) throw unknown()
  return { keys: [...before, parent.name, attribute.name], attribute, parent, ...within }
}
