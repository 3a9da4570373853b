import type { QueryClient } from '@tanstack/react-query'
import { send } from '../api/client.ts'
import { SESSION_KEY } from '../api/session.ts'

/** Ends this session, at the identity provider as well where it came by one, and forgets everything that was read in it. */
export async function signOut(queries: QueryClient): Promise<void> {
  // A session that is over already is what was wanted.
  const location = await send<{ location?: string }>('POST', '/federation/sign-out', { body: {}, quiet: true }).then(({ body }) => body.location, () => undefined)
  // By a new page: whatever the old one held in memory is gone with it.
  queries.clear()
  queries.setQueryData(SESSION_KEY, null)
  window.location.assign(location ?? '/console/')
}
