import { readPath, type Path } from './path.ts'
import type { Content, ContentValue } from './matching.ts'
import { isContent } from './matching.ts'
import type { CircleRow, AccountRow, Member } from './store.ts'
import type { ResourceKind } from './schema.ts'
import { schemasOf } from './user.ts'
import { GROUP } from './schema.ts'

/** What a client wants to see of resources (RFC 7644 §3.9). */
export interface Projection {
  readonly attributes?: readonly Path[]
  readonly excluded?: readonly Path[]
}

/** Names that are no path ask for nothing. */
export const pathsOf = (names: readonly string[]): Path[] => names.map((name) => readPath(name.trim())).filter((path) => path !== undefined)

/**
 * The entity tag of a row, without quotes and `W/`. Its beginning tells one life of a resource from the next, since
 * versions begin anew with each.
 */
export const versionOf = (row: { version: number; created_at: Date }): string => `${row.created_at.getTime().toString(36)}-${row.version}`

const metaOf = (resourceType: string, row: { version: number; created_at: Date; changed_at: Date }): Content => ({
  resourceType,
  created: row.created_at.toISOString(),
  lastModified: row.changed_at.toISOString(),
  version: `W/"${versionOf(row)}"`,
})

/** A person as SCIM shows them; addresses are added by the surface. */
export function userOf(row: AccountRow, groups: readonly { value: string; display: string }[]): Content {
  return {
    schemas: schemasOf(row.content),
    id: row.person_id,
    ...row.content,
    active: row.active,
    ...(groups.length === 0 ? {} : { groups: groups.map((group) => ({ ...group, type: 'direct' })) }),
    meta: metaOf('User', row),
  }
}

export function groupOf(row: CircleRow, members: readonly Member[] | undefined): Content {
  return {
    schemas: [GROUP.schema],
    id: row.group_id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    displayName: row.name,
    ...(members === undefined || members.length === 0 ? {} : { members: members.map(({ person_id }) => ({ value: person_id, type: 'User' })) }),
    meta: metaOf('Group', row),
  }
}

/** Whether an attribute is to be shown, so that what costs much is not even looked up. */
export function wants(projection: Projection, kind: ResourceKind, name: string): boolean {
  const isMeant = (path: Path): boolean => path.name.toLowerCase() === name.toLowerCase() && (path.schema === undefined || path.schema.toLowerCase() === kind.schema.toLowerCase())
  if (projection.attributes !== undefined) return projection.attributes.some(isMeant)
  return !(projection.excluded ?? []).some((path) => isMeant(path) && path.sub === undefined)
}

/** `id` and `schemas` are always there; of the rest what was asked for, or everything but what was excluded. */
export function project(kind: ResourceKind, resource: Content, { attributes, excluded = [] }: Projection): Content {
  const always: Content = { schemas: resource['schemas'] ?? [], id: resource['id'] ?? '' }
  if (attributes !== undefined) return attributes.reduce((shown, path) => merged(shown, picked(kind, resource, path)), always)
  return { ...excluded.reduce((shown, path) => dropped(kind, shown, path), resource), ...always }
}

interface Where {
  readonly keys: readonly string[]
  readonly sub?: string
}

/** Where a path leads in this very resource, whatever the case of its names. */
function locate(kind: ResourceKind, resource: Content, { schema, name, sub }: Path): Where | undefined {
  const extension = kind.extensions.find((one) => schema !== undefined && [schema, `${schema}:${name}`].some((urn) => urn.toLowerCase() === one.schema.toLowerCase()))
  if (extension && `${schema}:${name}`.toLowerCase() === extension.schema.toLowerCase()) return { keys: [extension.schema] }
  const within = extension ? resource[extension.schema] : resource
  if (!isContent(within)) return undefined
  const key = Object.keys(within).find((one) => one.toLowerCase() === name.toLowerCase())
  if (key === undefined) return undefined
  return { keys: extension ? [extension.schema, key] : [key], ...(sub === undefined ? {} : { sub }) }
}

function picked(kind: ResourceKind, resource: Content, path: Path): Content {
  const where = locate(kind, resource, path)
  if (where === undefined) return {}
  const value = where.keys.reduce<ContentValue | undefined>((at, key) => (isContent(at) ? at[key] : undefined), resource)
  if (value === undefined) return {}
  const shown = where.sub === undefined ? value : partOf(value, where.sub, true)
  return where.keys.toReversed().reduce<ContentValue>((inner, key) => ({ [key]: inner }), shown) as Content
}

function dropped(kind: ResourceKind, resource: Content, path: Path): Content {
  const where = locate(kind, resource, path)
  return where === undefined ? resource : drop(resource, where.keys, where.sub)
}

function drop(content: Content, [key, ...rest]: readonly string[], sub: string | undefined): Content {
  const value = key === undefined ? undefined : content[key]
  if (key === undefined || value === undefined) return content
  if (rest.length > 0) return isContent(value) ? { ...content, [key]: drop(value, rest, sub) } : content
  if (sub !== undefined) return { ...content, [key]: partOf(value, sub, false) }
  const { [key]: _, ...others } = content
  return others
}

/** One part of a value, or all but that part. */
function partOf(value: ContentValue, sub: string, only: boolean): ContentValue {
  if (Array.isArray(value)) return (value as readonly ContentValue[]).map((one) => partOf(one, sub, only))
  return isContent(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => (name.toLowerCase() === sub.toLowerCase()) === only)) : value
}

function merged(one: Content, other: Content): Content {
  const all: Record<string, ContentValue> = { ...one }
  for (const [key, value] of Object.entries(other)) {
    const before = all[key]
    if (isContent(before) && isContent(value)) all[key] = merged(before, value)
    else if (Array.isArray(before) && Array.isArray(value)) all[key] = (value as readonly ContentValue[]).map((part, index) => (isContent(part) && isContent(before[index]) ? merged(before[index], part) : part))
    else all[key] = value
  }
  return all
}
