import { type ReactNode, useRef } from 'react'
import { Button } from './button.tsx'
import { csv } from './csv.ts'
import { Empty } from './empty.tsx'
import { Failure } from './failure.tsx'
import { useFilters } from './filters.ts'
import { Go } from './go.tsx'
import type { Column, Filter } from './list.tsx'
import { SearchField } from './search-field.tsx'
import { saveFile } from './secret.tsx'
import { useShortcuts } from './shortcut.ts'
import { say } from './toast.tsx'
import { Views } from './views.tsx'

export interface TableColumn<T> extends Column<T> {
  /** What it is sorted by, under the name in `sort`. */
  by?: (row: T) => string | number | undefined
}

export interface TableFilter<T> extends Filter {
  /** What of a row has to be equal to the choice, or to hold it. */
  of: (row: T) => string | readonly string[] | undefined
}

export interface TableProps<T> {
  /** What is listed, in the plural. */
  name: string
  /** Everything there is; undefined until it is there. */
  rows: readonly T[] | undefined
  error?: unknown
  retry?: () => void
  columns: readonly TableColumn<T>[]
  keyOf: (row: T) => string
  to?: (row: T) => string
  /** The placeholder of the search field, and the text that is searched. */
  search?: { title: string; of: (row: T) => string }
  filters?: readonly TableFilter<T>[]
  empty: ReactNode
  acts?: ReactNode
}

const BONES = 6

/** A dense list of what has been read whole: searched, filtered and sorted here, with all of it in the address. */
export function Table<T>({ name, rows, error, retry, columns, keyOf, to, search, filters = [], empty, acts }: TableProps<T>) {
  const [given, setFilters] = useFilters()
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
  const sorted = given['sort'] ?? ''
  const fitting = rows?.filter((row) => fits(row, given, search, filters))
  const shown = fitting && inOrder(fitting, columns, sorted)
  const exportAs = (form: 'csv' | 'json'): void => {
    const told = columns.filter((column) => column.text !== undefined)
    if (form === 'json') saveFile(`${name}.json`, 'application/json', `${JSON.stringify(shown, null, 2)}\n`)
    else saveFile(`${name}.csv`, 'text/csv', csv(told.map((column) => column.title), (shown ?? []).map((row) => told.map((column) => column.text?.(row) ?? ''))))
    say(`${shown?.length ?? 0} ${name} exported.`)
  }
  return (
    <>
      <div className="bar">
        {(search !== undefined || filters.length > 0) && (
          <search className="filters">
            {search !== undefined && <SearchField label={search.title} value={given['q'] ?? ''} onChange={(q) => setFilters({ q })} />}
            {filters.map((filter) => (
              <select key={filter.name} aria-label={filter.title} value={given[filter.name] ?? ''} onChange={(event) => setFilters({ [filter.name]: event.target.value })}>
                <option value="">{filter.title}: all</option>
                {filter.choices.map(([value, title]) => <option key={value} value={value}>{title}</option>)}
              </select>
            ))}
          </search>
        )}
        <Views place={name} />
        <span className="gap" />
        {shown !== undefined && shown.length > 0 && (
          <>
            <Button look="plain" onClick={() => exportAs('csv')}>CSV</Button>
            <Button look="plain" onClick={() => exportAs('json')}>JSON</Button>
          </>
        )}
        {acts}
      </div>
      {error !== undefined && error !== null && rows === undefined ? <Failure error={error} retry={retry} /> : rows?.length === 0 ? empty : shown?.length === 0 ? (
        <Empty title={`None of the ${name} fit.`} acts={<Button onClick={() => setFilters(Object.fromEntries(['q', ...filters.map((filter) => filter.name)].map((key) => [key, undefined])))}>Show all</Button>}>What is filtered by stands above.</Empty>
      ) : (
        <table className="list" aria-busy={rows === undefined}>
          <caption className="hidden">{name}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.title} scope="col" className={column.look} aria-sort={column.sort === undefined || sorted.replace('-', '') !== column.sort ? undefined : sorted.startsWith('-') ? 'descending' : 'ascending'}>
                  {column.sort === undefined ? column.title || <span className="hidden">Acts</span> : (
                    <button type="button" onClick={() => setFilters({ sort: sorted === column.sort ? `-${column.sort}` : column.sort })}>{column.title}{sorted === column.sort ? ' ↑' : sorted === `-${column.sort}` ? ' ↓' : ''}</button>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {shown === undefined
              ? Array.from({ length: BONES }, (_, row) => <tr key={row} aria-hidden="true">{columns.map((column) => <td key={column.title}><span className="bone" />&#8203;</td>)}</tr>)
              : shown.map((row) => (
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
      {shown !== undefined && shown.length > 0 && <div className="more"><span role="status">{shown.length === rows?.length ? `${shown.length} in all` : `${shown.length} of ${rows?.length}`}</span></div>}
    </>
  )
}

function fits<T>(row: T, given: Readonly<Record<string, string>>, search: TableProps<T>['search'], filters: readonly TableFilter<T>[]): boolean {
  const wanted = given['q']?.toLocaleLowerCase('en').split(/\s+/).filter(Boolean) ?? []
  const text = search?.of(row).toLocaleLowerCase('en') ?? ''
  if (search !== undefined && !wanted.every((word) => text.includes(word))) return false
  return filters.every((filter) => {
    const value = given[filter.name]
    if (value === undefined || value === '') return true
    const has = filter.of(row)
    return typeof has === 'string' ? has === value : (has?.includes(value) ?? false)
  })
}

/** What has no value comes last, whichever way it is sorted; ties keep their order. */
function inOrder<T>(rows: readonly T[], columns: readonly TableColumn<T>[], sorted: string): readonly T[] {
  const by = columns.find((column) => column.sort === sorted.replace('-', ''))?.by
  if (by === undefined) return rows
  const way = sorted.startsWith('-') ? -1 : 1
  return rows.toSorted((a, b) => {
    const [x, y] = [by(a), by(b)]
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? 1 : -1
    return (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'en', { numeric: true })) * way
  })
}
