import type { QueryClient } from '@tanstack/react-query'
import { send } from '../api/client.ts'
import { SESSION_KEY } from '../api/session.ts'

/** Ends this session and forgets everything that was read in it. */
export async function signOut(queries: QueryClient): Promise<void> {
  await send('POST', '/sign-out', { body: {}, quiet: true }).catch(() => {}) // a session that is over already is what was wanted
  // By a new page: whatever the old one held in memory is gone with it.
  queries.clear()
  queries.setQueryData(SESSION_KEY, null)
  window.location.assign('/console/')
}
