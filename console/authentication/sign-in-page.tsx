import { Navigate } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { send } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { useSession } from '../api/session.ts'
import { Failure } from '../components/failure.tsx'
import { useFilters } from '../components/filters.ts'
import { SignIn } from './sign-in.tsx'

/** The sign-in at its own address: where providers send people back to, with the reason when one was refused. */
export default function SignInPage() {
  const session = useSession()
  const [{ problem }] = useFilters()
  const why = useQuery({ queryKey: ['/federation/problems', problem], queryFn: async () => (await send<{ message: string; mend: string }>('GET', `/federation/problems/${encodeURIComponent(problem ?? '')}`, { quiet: true })).body, enabled: problem !== undefined, retry: false })
  if (session.data) return <Navigate to="/" replace />
  return <SignIn notice={why.data && <Failure error={new Problem({ status: 0, code: problem ?? 'unknown', ...why.data })} />} />
}
