import { isPlainObject, member, ScimRefusal, type Asked } from '#modules/provisioning'

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

/** What a list is asked for in the query (RFC 7644 §3.4.2). @throws ScimRefusal `invalidValue` */
export function askedInQuery(query: URLSearchParams): Asked {
  return asked((name) => {
    const text = query.get(name) ?? undefined
    if (text === undefined || text === '') return undefined
    if (name === 'attributes' || name === 'excludedAttributes') return text.split(',')
    return name === 'startIndex' || name === 'count' ? whole(name, text) : text
  })
}

/** What a list is asked for in the body of a search (RFC 7644 §3.4.3). @throws ScimRefusal `invalidSyntax`, `invalidValue` */
export function askedInBody(body: unknown): Asked {
  if (!isPlainObject(body)) throw new ScimRefusal('invalidSyntax', 'A search is a JSON object.')
  const schemas = member(body, 'schemas')
  if (schemas !== undefined && !(Array.isArray(schemas) && schemas.includes(SEARCH))) throw new ScimRefusal('invalidSyntax', `schemas of a search names ${SEARCH}.`)
  return asked((name) => {
    const value = member(body, name)
    if (value === undefined || value === null) return undefined
    if (name === 'attributes' || name === 'excludedAttributes') {
      if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw new ScimRefusal('invalidValue', `${name} is a list of names.`)
      return value
    }
    if (name === 'startIndex' || name === 'count') return whole(name, typeof value === 'string' || typeof value === 'number' ? String(value) : 'no number')
    if (typeof value !== 'string') throw new ScimRefusal('invalidValue', `${name} is a text.`)
    return value
  })
}

const NAMES = ['filter', 'sortBy', 'sortOrder', 'startIndex', 'count', 'attributes', 'excludedAttributes'] as const

const asked = (valueOf: (name: (typeof NAMES)[number]) => unknown): Asked =>
  Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = valueOf(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )

function whole(name: string, text: string): number {
  if (!/^[+-]?\d{1,9}$/.test(text.trim())) throw new ScimRefusal('invalidValue', `${name} is a whole number.`)
  return Number(text)
}
