import { conditionOf, orderOf } from './condition.ts'
import { parseFilter } from './filter.ts'
import { readPath } from './path.ts'
import { quoted, ScimRefusal } from './refusal.ts'
import { pathsOf, type Projection } from './resource.ts'
import type { ResourceKind } from './schema.ts'
import type { Query } from './store.ts'

/** Most resources of one answer; ServiceProviderConfig says so. */
export const MOST_RESULTS = 200
const USUAL_RESULTS = 100
const MOST_PATHS = 100

/** What a list is asked for, by query or by the body of a search (RFC 7644 §3.4.2, §3.4.3). */
export interface Asked {
  readonly filter?: string
  readonly sortBy?: string
  readonly sortOrder?: string
  readonly startIndex?: number
  readonly count?: number
  readonly attributes?: readonly string[]
  readonly excludedAttributes?: readonly string[]
}

/** @throws ScimRefusal `invalidFilter`, `invalidPath`, `invalidValue` */
export function queryOf(kind: ResourceKind, asked: Asked): Query {
  const order = asked.sortBy === undefined ? undefined : orderNamed(kind, asked.sortBy)
  const descending = asked.sortOrder?.toLowerCase() === 'descending'
  if (asked.sortOrder !== undefined && !descending && asked.sortOrder.toLowerCase() !== 'ascending') throw new ScimRefusal('invalidValue', 'sortOrder is ascending or descending.')
  return {
    ...(asked.filter === undefined ? {} : { condition: conditionOf(kind, parseFilter(asked.filter)) }),
    ...(order === undefined ? {} : { order: { ...order, descending } }),
    // RFC 7644 §3.4.2.4: below 1 is 1, and a negative count is 0.
    offset: Math.max(1, asked.startIndex ?? 1) - 1,
    limit: Math.min(MOST_RESULTS, Math.max(0, asked.count ?? USUAL_RESULTS)),
  }
}

function orderNamed(kind: ResourceKind, text: string) {
  const path = readPath(text)
  if (path === undefined) throw new ScimRefusal('invalidPath', `${quoted(text)} is no attribute to sort by.`)
  return orderOf(kind, path)
}

/** @throws ScimRefusal `invalidValue` for both at once, which RFC 7644 §3.9 excludes */
export function projectionOf({ attributes, excludedAttributes }: Asked): Projection {
  if (attributes !== undefined && excludedAttributes !== undefined) throw new ScimRefusal('invalidValue', 'Give attributes or excludedAttributes, not both.')
  if ((attributes ?? excludedAttributes ?? []).length > MOST_PATHS) throw new ScimRefusal('invalidValue', `At most ${MOST_PATHS} attributes are named.`)
  return { ...(attributes === undefined ? {} : { attributes: pathsOf(attributes) }), ...(excludedAttributes === undefined ? {} : { excluded: pathsOf(excludedAttributes) }) }
}
