import { useQuery } from '@tanstack/react-query'
import { send } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { Failure } from '../components/failure.tsx'

/** Why somebody who comes back from a provider was not let in: the address names a reason, the server has the words. */
export function Refused({ reason }: { reason: string }) {
  const words = useQuery({ queryKey: ['/federation/problems', reason], queryFn: async () => (await send<{ message: string; mend: string }>('GET', `/federation/problems/${encodeURIComponent(reason)}`, { quiet: true })).body, retry: false, staleTime: Number.POSITIVE_INFINITY })
  // A reason that the server does not know was made up by whoever made the link: nothing of it is repeated.
  const told = words.data ?? (words.isError ? { message: 'This sign-in did not work.', mend: 'Begin again.' } : undefined)
  return told === undefined ? null : <Failure error={new Problem({ status: 0, code: 'refused', ...told })} />
}
