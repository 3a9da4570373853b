import type { Hono } from 'hono'
import type { Problem } from './problem.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The methods that an address takes, as `Allow` lists them; empty for an address that is none. What runs for every method does not count. */
export function methodsAt(app: Hono, path: string): string[] {
  const taken = METHODS.filter((method) => app.router.match(method, path)[0].some(([[, route]]) => route.method === method))
  return taken.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
}

/** RFC 9110 §15.5.6. */
export const methodNotAllowed = (method: string, allowed: readonly string[]): Problem => ({
  type: 'urn:vouchsafe:problem:method-not-allowed',
  title: 'Not done here',
  status: 405,
  // A method is whatever the client wrote; only one that looks like one is repeated.
  detail: /^[A-Z]{1,20}$/.test(method) ? `This address takes no ${method}.` : 'This address does not take this method.',
  mend: `It takes ${allowed.join(', ')}.`,
})
