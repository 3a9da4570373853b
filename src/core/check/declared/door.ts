import { outboundFetch } from '#core/outbound'
import type { OutboundOptions } from '#core/outbound'
import type { Fetch } from './fetch.ts'

/** The program's one outbound door, as declared checks use it. */
export const outboundDoor: Fetch = async (url, request) => {
  const { method, headers, body, ...limits } = request
  const answer = await outboundFetch(url, { ...limits, method: method as NonNullable<OutboundOptions['method']>, headers: { ...headers }, ...(body && { body }) })
  const joined: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) if (value !== undefined) joined[name] = Array.isArray(value) ? value.join(', ') : value
  return { status: answer.status, headers: joined, setCookies: answer.headers['set-cookie'] ?? [], body: answer.body }
}
