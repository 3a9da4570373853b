import { ProbeError } from '../failure.ts'
import { fails, holds, listed, unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import { SUITES, TLS13_SUITES } from './ciphers.ts'
import { makeOffer, offerSsl2 } from './exchange.ts'
import { VERSIONS } from './hello.ts'
import type { TlsVersion } from './hello.ts'

export type Protocol = 'SSL 2.0' | TlsVersion
export type Offered = 'accepted' | 'refused' | 'unknown'
export type OfferedVersions = Record<Protocol, Offered>

const OLD: readonly Protocol[] = ['SSL 2.0', 'SSL 3.0', 'TLS 1.0', 'TLS 1.1']

/** Tries each version by an offer of it alone; shared by the checks of a visit. @throws ProbeError when none could be tried */
export function offeredVersions(visit: Visit): Promise<OfferedVersions> {
  return visit.once('tls versions', async () => {
    let failure: ProbeError | undefined
    // The newest first: if even that hangs, the host is down and the rest would only cost time.
    const outcome = async (protocol: Protocol): Promise<Offered> => {
      try {
        return (await accepts(visit, protocol)) ? 'accepted' : 'refused'
      } catch (error) {
        if (!(error instanceof ProbeError)) throw error
        failure ??= error
        return 'unknown'
      }
    }
    const modern = await outcome('TLS 1.3')
    const second = await outcome('TLS 1.2')
    if (modern === 'unknown' && second === 'unknown' && failure !== undefined) throw failure
    // Four more connections at once may be what a rate limit cuts off; closing is a refusal only if offers are still taken after it.
    const [ssl2, ssl3, tls10, tls11] = await Promise.all([outcome('SSL 2.0'), outcome('SSL 3.0'), outcome('TLS 1.0'), outcome('TLS 1.1')])
    if (modern === 'accepted' || second === 'accepted') {
      const again = await outcome(modern === 'accepted' ? 'TLS 1.3' : 'TLS 1.2')
      if (again !== 'accepted') throw failure ?? new ProbeError('refused', 'the host stopped answering during the trials')
    }
    return { 'SSL 2.0': ssl2, 'SSL 3.0': ssl3, 'TLS 1.0': tls10, 'TLS 1.1': tls11, 'TLS 1.2': second, 'TLS 1.3': modern }
  })
}

async function accepts(visit: Visit, protocol: Protocol): Promise<boolean> {
  if (protocol === 'SSL 2.0') return await offerSsl2(visit)
  for (const suites of suiteLists(protocol)) {
    const answer = await makeOffer(visit, { version: protocol, suites })
    if (answer.kind === 'accepted') return answer.flight.hello.version === VERSIONS[protocol]
  }
  return false
}

/**
 * All suites in one hello make it large, and some old servers refuse more than 128 suites; so the likely ones go
 * first, and the dangerous rest only when those were refused.
 */
function suiteLists(version: TlsVersion): number[][] {
  if (version === 'TLS 1.3') return [TLS13_SUITES.map((suite) => suite.id)]
  const usable = SUITES.filter((suite) => version === 'TLS 1.2' || !/_SHA256$|_SHA384$|_CCM/.test(suite.name))
  const likely = usable.filter((suite) => /AES|CHACHA20|3DES/.test(suite.name) && !/anon|EXPORT|DSS/.test(suite.name))
  const rest = usable.filter((suite) => !likely.includes(suite))
  return [likely.map((suite) => suite.id), rest.map((suite) => suite.id)]
}

/** RFC 9325 §3.1.1: TLS 1.2 or 1.3, and nothing older (RFC 8996, RFC 7568, RFC 6176). */
export async function checkVersions(visit: Visit): Promise<Finding> {
  const versions = await offeredVersions(visit)
  const all = Object.keys(versions) as Protocol[]
  const accepted = all.filter((protocol) => versions[protocol] === 'accepted')
  const untold = all.filter((protocol) => versions[protocol] === 'unknown')
  const old = accepted.filter((protocol) => OLD.includes(protocol))
  const addresses = await visit.addressesOf(visit.site.host)
  const observation = { versions, address: visit.address ?? null, addresses: addresses.length }
  if (old.length > 0) return fails(`${listed(old)} ${old.length === 1 ? 'is' : 'are'} accepted; switch ${old.length === 1 ? 'it' : 'them'} off`, observation)
  if (accepted.length === 0 && untold.length === 0) return unknown('no version of TLS was accepted; check that this port speaks TLS', observation)
  if (untold.length > 0) return unknown(`could not tell whether ${listed(untold)} ${untold.length === 1 ? 'is' : 'are'} offered; try again with more time`, observation)
  const partial = addresses.length > 1 ? ` (seen at one of ${addresses.length} addresses)` : ''
  return holds(`${listed(accepted)} accepted; ${listed(OLD)} refused${partial}`, observation)
}
