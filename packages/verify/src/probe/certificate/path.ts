import { rootCertificates } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { ProbeError } from '../failure.ts'
import { readCertificate } from './certificate.ts'
import type { Certificate } from './certificate.ts'

export type Path =
  | { kind: 'trusted'; chain: readonly Certificate[]; /** each certificate sent is certified by the next one sent */ ordered: boolean; /** sent, yet of no use to the chain */ surplus: number }
  | { kind: 'untrusted'; reason: 'self-signed' | 'unknown-root' | 'missing-intermediate' | 'not-an-authority'; chain: readonly Certificate[] }

// RFC 5280 sets no limit; public chains have 2 to 5. Each step costs a signature check.
const MAX_DEPTH = 8
const MAX_SENT = 16

let publicRoots: readonly X509Certificate[] | undefined

/** The runtime's own roots and those of the caller. @throws ProbeError `bad-target` for a PEM that is none */
export function trustedRoots(extra: readonly string[]): X509Certificate[] {
  publicRoots ??= rootCertificates.map((pem) => new X509Certificate(pem))
  try {
    return [...publicRoots, ...extra.map((pem) => new X509Certificate(pem))]
  } catch (cause) {
    throw new ProbeError('bad-target', 'a certificate given as a root cannot be read; give PEM', { cause })
  }
}

/**
 * Builds a path from the first certificate sent to a trusted root (RFC 5280 §6, RFC 4158): by issuer name and key
 * identifiers, proven by signature. Dates are judged apart, so that an expired chain is told from an unknown one.
 * What this leaves out (name constraints, policies, revocation) the TLS library of the handshake judges besides.
 */
export function buildPath(sent: readonly Certificate[], roots: readonly X509Certificate[]): Path {
  const leaf = sent[0]
  if (leaf === undefined) return { kind: 'untrusted', reason: 'missing-intermediate', chain: [] }
  const pool = sent.slice(1, MAX_SENT)
  let reason: 'self-signed' | 'unknown-root' | 'missing-intermediate' | 'not-an-authority' = leaf.selfIssued ? 'self-signed' : 'missing-intermediate'
  let longest: readonly Certificate[] = [leaf]

  const climb = (chain: readonly Certificate[]): readonly Certificate[] | undefined => {
    const last = chain[chain.length - 1]!
    if (roots.some((root) => root.raw.equals(last.x509.raw))) return chain
    const anchor = roots.find((root) => certifies(root, last.x509))
    if (anchor !== undefined) return [...chain, readCertificate(anchor.raw)]
    if (chain.length >= MAX_DEPTH) return undefined
    for (const candidate of pool) {
      if (chain.includes(candidate) || candidate.x509.raw.equals(last.x509.raw) || !signed(candidate, last)) continue
      const authoritiesBelow = chain.slice(1).filter((link) => !link.selfIssued).length
      if (!candidate.isAuthority || (candidate.pathLength !== undefined && authoritiesBelow > candidate.pathLength)) {
        reason = 'not-an-authority'
        continue
      }
      const longer = [...chain, candidate]
      if (longer.length > longest.length) longest = longer
      if (candidate.selfIssued && chain.length > 0 && reason !== 'not-an-authority') reason = 'unknown-root'
      const found = climb(longer)
      if (found !== undefined) return found
    }
    return undefined
  }

  const chain = climb([leaf])
  if (chain === undefined) return { kind: 'untrusted', reason, chain: longest }
  const used = sent.filter((certificate) => chain.some((link) => link.x509.raw.equals(certificate.x509.raw)))
  const ordered = sent.every((certificate, index) => index === 0 || signed(certificate, sent[index - 1]!))
  return { kind: 'trusted', chain, ordered, surplus: sent.length - used.length }
}

/** Without regard to whether the signer may: a leaf that plays authority is to be found out, not overlooked. */
function signed(issuer: Certificate, subject: Certificate): boolean {
  try {
    return issuer.subjectBytes.equals(subject.issuerBytes) && subject.x509.verify(issuer.x509.publicKey)
  } catch {
    return false
  }
}

function certifies(issuer: X509Certificate, subject: X509Certificate): boolean {
  try {
    return subject.checkIssued(issuer) && subject.verify(issuer.publicKey)
  } catch {
    return false // a key of a kind unknown here certifies nothing
  }
}
