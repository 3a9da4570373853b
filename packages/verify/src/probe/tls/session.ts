import { connect as connectTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { rootCertificates } from 'node:tls'
import { ProbeError, asProbeError } from '../failure.ts'
import type { Visit } from '../visit.ts'

/**
 * Completes a handshake over an open connection, with whatever version and suite the far end has: so the far end
 * has proven that it holds the key of its certificate. Whether that certificate is any good is judged apart.
 */
export function handshake(visit: Visit, socket: Socket, host: string, limitMs: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secure = connectTls({
      socket,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ca: [...rootCertificates, ...(visit.options.trust ?? [])],
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      minVersion: 'TLSv1',
      // Old and weak is welcome here: a host must be reachable to be told what is wrong with it.
      ciphers: 'ALL:@SECLEVEL=0',
      ALPNProtocols: ['http/1.1'],
    })
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      secure.removeAllListeners('error')
      secure.removeAllListeners('close')
      secure.on('error', () => {})
      settle()
    }
    const timer = setTimeout(() => end(() => reject(new ProbeError('timeout', `no TLS handshake with ${host} in time`))), Math.max(1, limitMs))
    secure.once('error', (error) => end(() => reject(asTlsError(error, host))))
    secure.once('close', () => end(() => reject(new ProbeError('refused', `${host} closed the connection during the TLS handshake`))))
    secure.once('secureConnect', () => end(() => resolve(secure)))
  })
}

function asTlsError(error: Error, host: string): ProbeError {
  const code = 'code' in error ? String(error.code) : ''
  if (/^ERR_SSL_|^EPROTO$/.test(code)) return new ProbeError('malformed', `no TLS handshake with ${host} (${code})`, { cause: error })
  return asProbeError(error, `TLS handshake with ${host}`)
}

/** Certificates of a finished handshake (DER), the host's own first, as the TLS library puts them in order. */
export function presentedChain(secure: TLSSocket): Buffer[] {
  const chain: Buffer[] = []
  const seen = new Set<string>()
  let current = secure.getPeerCertificate(true)
  while (current !== undefined && current !== null && current.raw !== undefined && chain.length < 16) {
    if (seen.has(current.fingerprint256)) break
    seen.add(current.fingerprint256)
    chain.push(current.raw)
    current = current.issuerCertificate
  }
  return chain
}

/** The library's own complaint about the chain, without those about dates, which are judged at a given time. */
export function complaintOf(secure: TLSSocket): string | undefined {
  if (secure.authorized) return undefined
  const error = secure.authorizationError as unknown
  const code = error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error)
  return code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID' ? undefined : code
}
