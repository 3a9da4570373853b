import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { type ReactNode } from 'react'
import { type Reply, send } from '../api/client.ts'
import { Failure } from './failure.tsx'
import { Skeleton } from './skeleton.tsx'

/** One record with its entity tag, read again when something of it changes. */
export const useRecord = <T,>(path: string): UseQueryResult<Reply<T>> => useQuery({ queryKey: [path], queryFn: ({ signal }) => send<T>('GET', path, { signal }) })

/** What was read, once it is there; until then its lines, or why it is not. */
export function Loaded<T>({ query, lines = 6, children }: { query: UseQueryResult<T>; lines?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data)
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />
  return <Skeleton lines={lines} />
}
