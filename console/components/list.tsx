import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useEffectEvent, useRef, useState } from 'react'
import { all, get, type Page, type Query } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { Button } from './button.tsx'
import { csv } from './csv.ts'
import { Empty } from './empty.tsx'
import { Failure } from './failure.tsx'
import { useFilters } from './filters.ts'
import { Go } from './go.tsx'
import { saveFile } from './secret.tsx'
import { useShortcuts } from './shortcut.ts'
import { say } from './toast.tsx'

export interface Column<T> {
  title: string
  cell: (row: T) => ReactNode
  /** For the export; left out, the column is not exported. */
  text?: (row: T) => string | undefined
  /** What the API sorts by. */
  sort?: string
  look?: 'number' | 'end'
}

export interface Filter {
  name: string
  title: string
  choices: readonly (readonly [value: string, title: string])[]
}

export interface ListProps<T> {
  /** What is listed, in the plural: the caption, and the name of an export. */
  name: string
  /** Address of the list in the API, and what it is always asked. */
  path: string
  query?: Query
  /** The first column names the row. */
  columns: readonly Column<T>[]
  keyOf: (row: T) => string
  /** Where a row leads. */
  to?: (row: T) => string
  /** The placeholder of the search field; left out where the API does not search this list. */
  search?: string
  filters?: readonly Filter[]
  /** Whether something is under way that nobody is told of: then the list is read again every few seconds while it is seen. */
  unsettled?: (row: T) => boolean
  empty: ReactNode
  acts?: ReactNode
}

const UNSETTLED_MS = 3_000
const BONES = 6

/** A dense list: filters in the address, pages by cursor, j and k from row to row, CSV and JSON of everything it holds. */
export function List<T>({ name, path, query = {}, columns, keyOf, to, search, filters = [], unsettled, empty, acts }: ListProps<T>) {
  const [given, setFilters] = useFilters()
  const asked: Query = { ...query, ...(search === undefined ? {} : { q: given['q'] }), ...Object.fromEntries(filters.map((filter) => [filter.name, given[filter.name]])), sort: given['sort'] }
  const isFiltered = Object.entries(asked).some(([key, value]) => !(key in query) && key !== 'sort' && value !== undefined && value !== '')
  const pages = useInfiniteQuery({
    queryKey: [path, asked],
    queryFn: ({ pageParam, signal }) => get<Page<T>>(path, { ...asked, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => unsettled !== undefined && state.data?.pages.some((page) => page.items.some(unsettled)) === true && UNSETTLED_MS,
  })
  const rows = pages.data?.pages.flatMap((page) => page.items)
  const body = useRef<HTMLTableSectionElement>(null)
  const step = (by: 1 | -1): void => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>('.main-cell a, .main-cell button') ?? [])]
    const at = links.indexOf(document.activeElement as HTMLElement)
    links[at === -1 ? (by === 1 ? 0 : links.length - 1) : at + by]?.focus()
  }
  useShortcuts([
    { keys: 'j', title: `Next of the ${name}`, run: () => step(1) },
    { keys: 'k', title: `The one before of the ${name}`, run: () => step(-1) },
  ])

  const exportAs = async (form: 'csv' | 'json'): Promise<void> => {
    try {
      const every = await all<T>(path, asked)
      const told = columns.filter((column) => column.text !== undefined)
      if (form === 'json') saveFile(`${name}.json`, 'application/json', `${JSON.stringify(every, null, 2)}\n`)
      else saveFile(`${name}.csv`, 'text/csv', csv(told.map((column) => column.title), every.map((row) => told.map((column) => column.text?.(row) ?? ''))))
      say(`${every.length} ${name} exported.`)
    } catch (thrown) {
      say(problemOf(thrown).message)
    }
  }

  const sorted = given['sort'] ?? ''
  return (
    <>
      <div className="bar">
        {(search !== undefined || filters.length > 0) && (
          <search className="filters">
            {search !== undefined && <SearchField label={search} value={given['q'] ?? ''} onChange={(q) => setFilters({ q })} />}
            {filters.map((filter) => (
              <select key={filter.name} aria-label={filter.title} value={given[filter.name] ?? ''} onChange={(event) => setFilters({ [filter.name]: event.target.value })}>
                <option value="">{filter.title}: all</option>
                {filter.choices.map(([value, title]) => <option key={value} value={value}>{title}</option>)}
              </select>
            ))}
          </search>
        )}
        <span className="gap" />
        {rows !== undefined && rows.length > 0 && (
          <>
            <Button look="plain" onClick={() => exportAs('csv')}>CSV</Button>
            <Button look="plain" onClick={() => exportAs('json')}>JSON</Button>
          </>
        )}
        {acts}
      </div>
      {pages.isError && rows === undefined ? <Failure error={pages.error} retry={() => void pages.refetch()} /> : rows?.length === 0 ? (
        isFiltered ? <Empty title={`None of the ${name} fit.`} acts={<Button onClick={() => setFilters(Object.fromEntries(['q', ...filters.map((filter) => filter.name)].map((key) => [key, undefined])))}>Show all</Button>}>What is filtered by stands above.</Empty> : empty
      ) : (
        <table className="list" aria-busy={pages.isFetching}>
          <caption className="hidden">{name}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.title} scope="col" className={column.look} aria-sort={column.sort === undefined || !sorted.endsWith(column.sort) ? undefined : sorted.startsWith('-') ? 'descending' : 'ascending'}>
                  {column.sort === undefined ? column.title || <span className="hidden">Acts</span> : (
                    <button type="button" onClick={() => setFilters({ sort: sorted === column.sort ? `-${column.sort}` : column.sort })}>{column.title}{sorted === column.sort ? ' ↑' : sorted === `-${column.sort}` ? ' ↓' : ''}</button>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {rows === undefined
              ? Array.from({ length: BONES }, (_, row) => <tr key={row} aria-hidden="true">{columns.map((column) => <td key={column.title}><span className="bone" />&#8203;</td>)}</tr>)
              : rows.map((row) => (
                <tr key={keyOf(row)}>
                  {columns.map((column, at) => (
                    <td key={column.title} className={[at === 0 && 'main-cell', column.look].filter(Boolean).join(' ') || undefined} data-label={column.title || undefined}>
                      {at === 0 && to ? <Go to={to(row)}>{column.cell(row)}</Go> : column.cell(row)}
                    </td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      )}
      {rows !== undefined && rows.length > 0 && (
        <div className="more">
          {pages.hasNextPage && <Button busy={pages.isFetchingNextPage} onClick={() => pages.fetchNextPage()}>Show more</Button>}
          <span role="status">{pages.hasNextPage ? `${rows.length} shown` : `${rows.length} in all`}</span>
        </div>
      )}
    </>
  )
}

const PAUSE_MS = 250 // between two keys of somebody who types

function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [{ typed, from }, setTyped] = useState({ typed: value, from: value })
  if (from !== value) setTyped({ typed: value, from: value }) // the address changed by other means
  const tell = useEffectEvent(onChange)
  useEffect(() => {
    if (typed === from) return
    const timer = setTimeout(() => tell(typed), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed, from])
  const field = useRef<HTMLInputElement>(null)
  useShortcuts([{ keys: '/', title: 'Search this list', run: () => field.current?.focus() }])
  return <input ref={field} type="search" aria-label={label} placeholder={label} maxLength={200} value={typed} onChange={(event) => setTyped({ typed: event.target.value, from })} />
}
