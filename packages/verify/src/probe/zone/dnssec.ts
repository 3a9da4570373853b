import { ServerFailure } from '../dns/lookup.ts'
import { fails, holds, unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import { withoutZone } from './apex.ts'

const SERVFAIL = 2

/**
 * DNSSEC as the resolver shows it: its AD flag says that it validated (RFC 4035 §3.2.3). That is worth what the
 * resolver and the way to it are worth, so the observation names the resolver.
 */
export async function checkDnssec(visit: Visit): Promise<Finding> {
  const nowhere = withoutZone(visit)
  if (nowhere !== undefined) return nowhere
  const { host } = visit.site
  const resolvers = visit.lookup.servers.map((server) => server.address)
  try {
    const answer = await visit.lookup.find(host, 'A')
    if (answer.authentic) return holds(`the resolver validated the records of ${host}`, { resolvers, authentic: true })
  } catch (error) {
    if (!(error instanceof ServerFailure) || error.rcode !== SERVFAIL) throw error
    return await brokenOrDown(visit, resolvers)
  }
  // Silence about validation means "unsigned" only from a resolver that is seen to validate: the root is signed.
  const root = await visit.lookup.message('', 'SOA').catch(() => undefined)
  if (root?.authentic !== true) return unknown('the resolver does not validate, so nothing can be told; use a validating resolver', { resolvers, authentic: false })
  return fails(`the records of ${host} are not signed; sign the zone and publish its DS record`, { resolvers, authentic: false })
}

/** RFC 4035 §5.5: what fails validation is SERVFAIL, and comes through when checking is disabled. */
async function brokenOrDown(visit: Visit, resolvers: readonly string[]): Promise<Finding> {
  const { host } = visit.site
  const unchecked = await visit.lookup.message(host, 'A', true).catch(() => undefined)
  if (unchecked === undefined) return unknown(`DNS does not answer for ${host}; check its name servers`, { resolvers })
  return fails(`the signatures of ${host} do not validate; mend or withdraw its DS record`, { resolvers, authentic: false, bogus: true })
}
