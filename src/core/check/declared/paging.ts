import { VouchsafeError } from '#core/errors'
import { meets } from './assertion.ts'
import type { Paging } from './declaration.ts'
import { find, parsePath } from './path.ts'
import type { Subject } from './path.ts'

/** Where the next page is: another address, or one more field of the same call. */
export type NextPage = { kind: 'url'; url: URL } | { kind: 'field'; place: 'query' | 'form' | 'json'; name: string; value: string }

const MAX_ITEMS = 100_000

/** The items of one page. @throws VouchsafeError `bad-input` when there is no list at `items` */
export function itemsOf(paging: Paging, subject: Subject): unknown[] {
  const path = parsePath(paging.items)
  if (path.many) return find(path, subject)
  const [value] = find(path, subject)
  if (Array.isArray(value)) return value as unknown[]
  // XML: an element that stands alone is a list of one, an empty or missing one a list of none.
  if (subject.loneIsList) return value === undefined || value === '' ? [] : [value]
  throw new VouchsafeError('bad-input', `A page has no list at ${paging.items}.`, { mend: 'Look at the shape of the answer; the path in paging.items must lead to a list.' })
}

/**
 * Where the page after this one is, or `undefined` after the last.
 * @param page the number of this page, from 0
 * @throws VouchsafeError `not-allowed` for a link that leads to another host
 */
export function nextPage(paging: Paging, subject: Subject, at: { url: URL; page: number; items: number; now: Date }): NextPage | undefined {
  if (paging.link === true) {
    const target = nextLink(subject.header('link') ?? '')
    if (target === undefined) return undefined
    const url = new URL(target, at.url)
    // INVARIANT: credentials go only to the host that the declaration names.
    if (url.origin !== at.url.origin) throw new VouchsafeError('not-allowed', `The next page is said to be at ${url.origin}, not at ${at.url.origin}.`, { mend: 'If that is right, name that host in the declaration.' })
    return { kind: 'url', url }
  }
  if (paging.cursor) {
    const { at: where, while: condition, query, form, json } = paging.cursor
    if (condition && meets([condition], subject, at.now) !== true) return undefined
    const [value] = find(parsePath(where), subject)
    if ((typeof value !== 'string' && typeof value !== 'number') || value === '') {
      if (condition) throw new VouchsafeError('bad-input', `There are more pages, but ${where} does not say where.`)
      return undefined
    }
    const place = query !== undefined ? 'query' : form !== undefined ? 'form' : 'json'
    return { kind: 'field', place, name: query ?? form ?? json ?? '', value: String(value) }
  }
  const { query, from, size } = paging.page ?? { query: 'page', from: 1, size: undefined }
  if (at.items === 0 || (size !== undefined && at.items < size)) return undefined
  return { kind: 'field', place: 'query', name: query, value: String(from + at.page + 1) }
}

export function refuseMore(pages: number, items: number, paging: Paging): void {
  if (pages >= paging.maxPages) throw new VouchsafeError('too-large', `There are more than ${paging.maxPages} pages.`, { mend: 'Raise paging.maxPages, or ask for larger pages.' })
  if (items > MAX_ITEMS) throw new VouchsafeError('too-large', `There are more than ${MAX_ITEMS} items.`, { mend: 'Ask for less: a filter in the query, or a narrower list.' })
}

/** The target of `rel="next"` in a Link header (RFC 8288 §3), or `undefined`. */
export function nextLink(header: string): string | undefined {
  for (const match of header.matchAll(/<([^>]{1,4000})>((?:\s*;\s*[\w!#$&+.^`|~-]+\*?(?:\s*=\s*(?:"[^"]*"|[^\s",;]+))?)*)/g)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))/i.exec(match[2] ?? '')
    if ((rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/).includes('next')) return match[1]
  }
  return undefined
}
