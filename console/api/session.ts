import { useQuery } from '@tanstack/react-query'
import { send, setCsrf } from './client.ts'
import { Problem } from './problem.ts'

/** Who has signed in here. */
export interface Session {
  person: { id: string; displayName: string; email?: string }
  csrf: string
  organisation?: string
}

export const SESSION_KEY = ['/session'] as const

/** null: nobody has signed in. */
export function useSession() {
  return useQuery({
    queryKey: SESSION_KEY,
    queryFn: async ({ signal }): Promise<Session | null> => {
      try {
        const { body } = await send<Session>('GET', '/session', { quiet: true, signal })
        setCsrf(body.csrf)
        return body
      } catch (thrown) {
        if (!(thrown instanceof Problem) || thrown.status !== 401) throw thrown
        setCsrf(undefined)
        return null
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: 1,
  })
}
