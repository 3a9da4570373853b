import { useQuery } from '@tanstack/react-query'
import { useMay } from '../api/access.ts'
import { all } from '../api/client.ts'
import type { GroupRecord } from '../identity/person-record.ts'

/** Groups to choose from, by id; empty for whoever may not see them. */
export function useGroups(): ReadonlyMap<string, string> {
  const may = useMay()
  const { data } = useQuery({ queryKey: ['/groups', 'names'], queryFn: () => all<GroupRecord>('/groups', {}, 2000), enabled: may({ verb: 'act', record: 'group', name: 'read' }), staleTime: 60_000 })
  return new Map((data ?? []).map((group) => [group.id, group.name ?? group.id]))
}
