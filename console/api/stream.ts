import type { QueryClient } from '@tanstack/react-query'
import { ACCESS_KEY } from './access.ts'

/**
 * Which lists and records of the API a happening touches, by the first word of its name: `person.deactivated` → whatever
 * was read below `/people`. What is not named here touches everything that is shown, and so do roles: they decide what of it
 * may be seen.
 */
const TOUCHES: Readonly<Record<string, readonly string[]>> = {
  person: ['/people', '/me', '/groups'],
  service: ['/people', '/service-accounts'],
  invitation: ['/invitations', '/people'],
  group: ['/groups', '/people'],
  membership: ['/groups', '/people'],
  session: ['/sessions', '/people'],
  token: ['/tokens', '/people'],
  passkey: ['/credentials', '/people'],
  password: ['/credentials', '/people'],
  totp: ['/credentials', '/people'],
  'recovery-codes': ['/credentials', '/people'],
  'recovery-code': ['/credentials', '/people'],
  credentials: ['/credentials', '/people'],
  'security-setting': ['/security-settings'],
  provider: ['/federation', '/sign-in'],
  account: ['/federation', '/people', '/directories'],
  directory: ['/directories'],
  circle: ['/directories', '/groups'],
  webhook: ['/webhooks'],
  letter: ['/letters', '/mail'],
  mail: ['/mail', '/letters'],
  // Runs come by the dozen in a dry run: they concern what shows runs, and nothing else.
  run: ['/runs', '/slots', '/tasks', '/bindings'],
  claim: ['/overview', '/claims', '/policies', '/runs', '/slots', '/log', '/obligations'],
  check: ['/checks', '/runs', '/slots', '/overview'],
  policy: ['/policies', '/overview', '/claims'],
  evidence: ['/runs'],
  attestation: ['/attestations', '/overview', '/claims'],
  'sign-in': [],
  'password-reset': [],
}

/** Whether what was read at `path` may have changed by `event`. */
export function touches(event: string, path: string): boolean {
  const prefixes = TOUCHES[event.split('.')[0] ?? '']
  return prefixes === undefined || prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))
}

const GATHER_MS = 300 // a burst of changes is one reading again
const AGAIN_MS = 10_000 // after a refusal; a line that was merely cut is mended by the browser itself

/**
 * Reads again what changed, as the server tells of it. A stream that is refused asks who is signed in: whose session has
 * ended hears of it there and then, not with the next click.
 */
export function listenForChanges(queries: QueryClient): () => void {
  let source: EventSource
  let waiting = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let over = false
  let opened = false
  const flush = (): void => {
    timer = undefined
    const names = [...waiting]
    waiting = new Set()
    void queries.invalidateQueries({ predicate: ({ queryKey: [path] }) => typeof path === 'string' && path !== '/session' && names.some((name) => touches(name, path)) })
    if (names.some((name) => touches(name, ACCESS_KEY[0]))) void queries.invalidateQueries({ queryKey: ACCESS_KEY })
  }
  const hear = (name: string): void => {
    waiting.add(name)
    timer ??= setTimeout(flush, GATHER_MS)
  }
  const connect = (): void => {
    source = new EventSource('/api/v1/events')
    source.onmessage = (event: MessageEvent<string>) => {
      const name = nameIn(event.data)
      if (name !== undefined) hear(name)
    }
    source.onopen = () => {
      if (opened) hear('everything.changed') // nobody knows what was missed meanwhile
      opened = true
    }
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return
      // It settles once they have signed in again, or have left.
      void queries.refetchQueries({ queryKey: ACCESS_KEY }).finally(() => {
        if (!over) again = setTimeout(connect, AGAIN_MS)
      })
    }
  }
  connect()
  return () => {
    over = true
    source.close()
    clearTimeout(timer)
    clearTimeout(again)
  }
}

/** The name of what happened, whether it comes alone or as a member of JSON. */
function nameIn(data: string): string | undefined {
  try {
    const given: unknown = JSON.parse(data)
    const name = typeof given === 'object' && given !== null ? (given as { name?: unknown }).name : given
    return typeof name === 'string' ? name : undefined
  } catch {
    return /^[a-z-]+\.[a-z-]+$/.test(data) ? data : undefined
  }
}
