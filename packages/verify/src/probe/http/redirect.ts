import { ProbeError } from '../failure.ts'
import { fails, holds, quoted, unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import { get, redirectOf, siteUrl } from './request.ts'
import type { Visit } from '../visit.ts'
import type { HttpAnswer } from './request.ts'

const MAX_HOPS = 10

/**
 * Someone who types the bare name must reach https before anything else is said: each hop in the clear is one that
 * an attacker can answer, and one over another host cannot even be covered by this host's HSTS.
 */
export async function checkRedirect(visit: Visit): Promise<Finding> {
  const port = visit.options.http?.port ?? (visit.site.port === 443 ? 80 : undefined)
  if (port === undefined) return unknown(`which plain port belongs to port ${visit.site.port} is not known; name it`, {})
  const start = siteUrl(visit, '/')
  start.protocol = 'http:'
  start.port = String(port)
  const hops: { url: string; status: number }[] = []
  let url = start
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const answer = await getPlain(visit, url, hop)
    if (answer === 'closed') return await withoutPlainHttp(visit, port)
    hops.push({ url: shown(url), status: answer.status })
    const next = redirectOf(answer)
    if (next === undefined) return answered(answer.status, hops)
    if (next.protocol === 'https:') {
      const sameHost = next.hostname === start.hostname
      const observation = { hops, to: shown(next), sameHost }
      if (hops.length > 1) return holds(`http leads to https after ${hops.length} redirects`, observation)
      return holds(`http leads to https at once${sameHost ? '' : `, at ${quoted(next.hostname, 100)}`}`, observation)
    }
    if (next.protocol !== 'http:') return fails('http redirects to something that is neither http nor https', { hops, to: shown(next) })
    // The target's own host only: a chain through another host in the clear is the detour to find.
    if (next.hostname !== start.hostname) {
      return fails(`http redirects to another host in the clear (${quoted(next.hostname, 100)}); redirect to https on the same host first`, { hops, to: shown(next) })
    }
    if (hops.some((seen) => seen.url === shown(next))) return fails('http redirects in a circle and never reaches https', { hops })
    url = next
  }
  return fails(`no https after ${MAX_HOPS} redirects`, { hops })
}

async function getPlain(visit: Visit, url: URL, hop: number): Promise<HttpAnswer | 'closed'> {
  try {
    return await get(visit, url, 1024)
  } catch (error) {
    if (hop === 0 && error instanceof ProbeError && error.code === 'refused' && isConnectionRefused(error)) return 'closed'
    throw error
  }
}

function isConnectionRefused(error: ProbeError): boolean {
  const { cause } = error
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ECONNREFUSED'
}

/** A closed plain port is as good as a redirect, provided that the host itself is up. */
async function withoutPlainHttp(visit: Visit, port: number): Promise<Finding> {
  await get(visit, siteUrl(visit, '/'), 1024)
  return holds(`nothing is offered over plain http (port ${port} is closed)`, { port, closed: true })
}

function answered(status: number, hops: { url: string; status: number }[]): Finding {
  if (status >= 500) return unknown(`plain http answers with an error (${status}), so its redirect cannot be seen; mend the server`, { hops })
  if (status >= 400) return holds(`nothing is served over plain http (status ${status}), though it does not redirect`, { hops })
  return fails(`plain http answers ${status} instead of redirecting to https; redirect every request`, { hops })
}

// Without the query: a redirect may carry tokens.
const shown = (url: URL): string => quoted(`${url.origin}${url.pathname}`)
