import { Hono } from 'hono'
import type { ProvisioningStand } from '../../modules/provisioning/provisioning.fixture.ts'
import { mountScim } from './mount.ts'

export const BASE = 'https://security.example.com/scim/v2'

export interface Answer {
  status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read whatever an answer holds
  body: any
  headers: Headers
}

export type Caller = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>

/** The surface on a server of its own; the clock goes on a little with each request. */
export function surfaceOf(stand: ProvisioningStand): { app: Hono; reported: unknown[]; as(token: string | undefined): Caller } {
  const app = new Hono()
  const reported: unknown[] = []
  mountScim(app, {
    clock: stand.clock,
    services: stand,
    recognition: stand.recognition,
    clientOf: async (context) => ({ address: context.req.header('x-test-address') ?? '203.0.113.9', cookies: Object.fromEntries((context.req.header('cookie') ?? '').split('; ').map((pair) => pair.split('=') as [string, string])), origin: 'https://security.example.com' }),
    report: (error) => void reported.push(error),
  })
  return {
    app,
    reported,
    as: (token) => async (method, path, body, headers = {}) => {
      stand.clock.advance(100)
      const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
      const response = await app.request(`${BASE}${path}`, {
        method,
        headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(text === undefined ? {} : { 'content-type': 'application/scim+json' }), ...headers },
        ...(text === undefined ? {} : { body: text }),
      })
      const answer = await response.text()
      return { status: response.status, body: answer === '' ? undefined : (JSON.parse(answer) as unknown), headers: response.headers }
    },
  }
}
