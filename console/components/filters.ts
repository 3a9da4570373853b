import { useNavigate, useRouterState } from '@tanstack/react-router'

export type Filters = Readonly<Record<string, string>>

/** The address after `?`, as plain text: `q=ada&state=active`, nothing encoded that a person could not read and share. */
export const parseFilters = (search: string): Record<string, string> => Object.fromEntries(new URLSearchParams(search))

export function writeFilters(filters: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(filters).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

/** What is filtered by, kept in the address; each change replaces it, so that Back leaves the list. */
export function useFilters(): [Filters, (change: Record<string, string | undefined>) => void] {
  const filters = useRouterState({ select: (state) => state.location.search as Filters })
  const navigate = useNavigate()
  const set = (change: Record<string, string | undefined>): void => {
    void navigate({ to: '.', search: (before: Filters) => ({ ...before, ...change }), replace: true, resetScroll: false })
  }
  return [filters, set]
}
