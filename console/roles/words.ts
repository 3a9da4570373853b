import { useQuery } from '@tanstack/react-query'
import { get } from '../api/client.ts'

/** What rules may speak about: record types, their fields and what can be done with them. */
export interface Words {
  records: Readonly<Record<string, { title: string; fields: Readonly<Record<string, { title: string; kind: string }>>; acts: Readonly<Record<string, string>> }>>
}

export const NO_WORDS: Words = { records: {} }

export function useWords(): Words {
  const { data } = useQuery({ queryKey: ['/access/words'], queryFn: ({ signal }) => get<Words>('/access/words', undefined, signal), staleTime: Number.POSITIVE_INFINITY })
  return data ?? NO_WORDS
}
