import { randomUUID } from 'node:crypto'
import type { Check } from '#core/check'
import { ask } from './own-listener.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, MINUTE, selfCheck, unknown, type Sight } from './self-check.ts'

/** What a stranger might claim to be. None of them is a real token: should a route be open, it must still not be used. */
const STRANGERS: readonly { what: string; headers: Record<string, string> }[] = [
  { what: 'nothing', headers: {} },
  { what: 'a made-up token', headers: { authorization: 'Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'vouchsafe-as': 'operator' } },
  { what: 'headers of a proxy', headers: { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', 'x-forwarded-user': 'operator', forwarded: 'for=127.0.0.1' } },
]

export function writeProtectionCheck({ localUrl, routes }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'write-protection',
      title: 'Over the network nobody can write, and nobody can read what is not public',
      controls: ['access-least-privilege', 'secure-defaults'],
      method: "Calls every route of the API that asks for a permission over our own TCP listener, as a stranger with nothing, with a made-up token and with a proxy's headers: each must be refused before anything is read. Bodies are ones that no route accepts, and ids ones that name nothing.",
      cadenceSeconds: HOUR,
      timeLimitSeconds: 5 * MINUTE,
      revision: 1,
      allHold: (guarded) => `${guarded} guarded routes refused a stranger in ${STRANGERS.length} guises each`,
    },
    {
      targets: () => routes().filter(({ permit }) => permit !== 'anyone').map(({ method, path }) => `${method} ${path}`).sort(),
      look: async (route, { signal }): Promise<Sight> => {
        const [method = 'GET', path = '/'] = route.split(' ')
        const address = path.replaceAll(/\{[^}]+\}|:[A-Za-z]+/g, randomUUID())
        for (const { what, headers } of STRANGERS) {
          // An array is no body of any route: where the guard is gone, the reader of the body refuses instead.
          const body = method === 'GET' || method === 'HEAD' ? {} : { body: '[]' }
          const { status } = await ask(localUrl(), address, { method, headers: { 'content-type': 'application/json', ...headers }, signal, ...body })
          if (status === 401 || status === 403) continue
          if (status === 429 || status >= 500) return unknown(`answered ${status} to a stranger with ${what}`, { status })
          return fails(`answered ${status} to a stranger with ${what}; it must refuse first`, { status, guise: what })
        }
        return holds('refused')
      },
    },
  )
}
