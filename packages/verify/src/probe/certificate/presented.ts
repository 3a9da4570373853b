import { ProbeError } from '../failure.ts'
import type { Visit } from '../visit.ts'
import { SUITES } from '../tls/ciphers.ts'
import { sentChain13 } from '../tls/chain13.ts'
import { makeOffer } from '../tls/exchange.ts'
import { complaintOf, handshake, presentedChain } from '../tls/session.ts'
import { readCertificate } from './certificate.ts'
import { buildPath, trustedRoots } from './path.ts'
import { speaksFor } from './name.ts'
import type { Certificate } from './certificate.ts'
import type { Path } from './path.ts'

/** What the site showed of itself, in a handshake that proved it holds the key of the first certificate. */
export interface Presented {
  leaf: Certificate
  sent: readonly Certificate[]
  /** False when the order sent could not be seen; `sent` is then what the TLS library made of it. */
  orderSeen: boolean
  path: Path
  /** What the TLS library holds against the chain, dates apart. */
  complaint: string | undefined
}

/** Shared by the certificate checks of a visit. @throws ProbeError */
export function presentedBySite(visit: Visit): Promise<Presented> {
  return visit.once('certificates', async () => {
    const { site } = visit
    const proven = await visit.connected(site.host, site.port, async (socket, limitMs) => {
      const secure = await handshake(visit, socket, site.host, limitMs)
      const seen = { chain: presentedChain(secure), complaint: complaintOf(secure), protocol: secure.getProtocol(), suite: secure.getCipher().standardName }
      secure.destroy()
      return seen
    })
    const first = proven.chain[0]
    if (first === undefined) throw new ProbeError('malformed', 'the host showed no certificate')
    const raw = await sentInOrder(visit, proven.protocol, proven.suite).catch(() => undefined)
    // A list that begins with another certificate than the one proven may be anybody's: it is not used.
    const trustworthy = raw?.[0]?.equals(first) === true ? raw : undefined
    const sent = (trustworthy ?? proven.chain).map(readCertificate)
    return { leaf: sent[0]!, sent, orderSeen: trustworthy !== undefined, path: buildPath(sent, trustedRoots(visit.options.trust ?? [])), complaint: proven.complaint }
  })
}

/** Offers the very suite that was agreed before: a host may have one certificate for RSA and one for ECDSA. */
async function sentInOrder(visit: Visit, protocol: string | null, suite: string): Promise<readonly Buffer[] | undefined> {
  if (protocol === 'TLSv1.3') return await sentChain13(visit)
  const version = ({ 'TLSv1.2': 'TLS 1.2', 'TLSv1.1': 'TLS 1.1', TLSv1: 'TLS 1.0' } as const)[protocol ?? '']
  if (version === undefined) return undefined
  const agreed = SUITES.filter((known) => known.name === suite).map((known) => known.id)
  const answer = await makeOffer(visit, { version, suites: agreed })
  return answer.kind === 'accepted' ? answer.flight.certificates : undefined
}

/** Is a certificate chain good for a host at a moment: the sum of chain, name and dates, in words. Empty when it is. */
export function faultsOf(chain: readonly Certificate[], path: Path, complaint: string | undefined, host: string, at: Date): string[] {
  const faults: string[] = []
  const leaf = chain[0]
  if (leaf === undefined) return ['no certificate was shown']
  if (path.kind === 'untrusted') faults.push(`the certificate does not lead to a trusted root (${path.reason})`)
  else if (complaint !== undefined) faults.push(`the TLS library refuses the chain (${complaint})`)
  if (!speaksFor(leaf, host)) faults.push(`the certificate is not for ${host}`)
  for (const certificate of path.chain) {
    if (at < certificate.notBefore) faults.push('a certificate is not yet valid')
    if (at > certificate.notAfter) faults.push('a certificate has expired')
  }
  return [...new Set(faults)]
}
