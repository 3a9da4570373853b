/** Why an observation could not be made. None of them is ever a good verdict. */
export type ProbeErrorCode =
  | 'bad-target' // what was asked for is no host, port or address
  | 'no-address' // DNS answers that there is none
  | 'dns' // DNS did not answer, or not in its own format
  | 'private-address' // an address that the probe does not call without leave
  | 'refused' // the connection was refused or reset
  | 'timeout'
  | 'malformed' // an answer that is not the protocol it should be
  | 'too-large'

/** The one error that the probe's own rooms throw. `mend` says what the reader can do. */
export class ProbeError extends Error {
  readonly code: ProbeErrorCode
  constructor(code: ProbeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ProbeError'
    this.code = code
  }
  get mend(): string {
    return MENDS[this.code]
  }
}

const MENDS: Record<ProbeErrorCode, string> = {
  'bad-target': 'give a host name or an IP address, and a port from 1 to 65535',
  'no-address': 'check the spelling of the name, and that its A or AAAA record is published',
  dns: 'check that the DNS server named in /etc/resolv.conf or in the options answers',
  'private-address': 'allow private addresses if this host is your own',
  refused: 'check that the service runs and that no firewall on the way turns the connection away',
  timeout: 'check that the service answers from here, or allow more time',
  malformed: 'check that this port speaks the protocol expected of it',
  'too-large': 'check what the service sends; it is far more than such an answer needs',
}

/** Any failure of a socket or of Node's own clients, told as one of ours. */
export function asProbeError(error: unknown, what: string): ProbeError {
  if (error instanceof ProbeError) return error
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (/^(ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EACCES|EPERM|ECONNABORTED)$/.test(code)) {
    return new ProbeError('refused', `${what}: ${code}`, { cause: error })
  }
  if (/^(ETIMEDOUT|ABORT_ERR|ERR_SOCKET_CONNECTION_TIMEOUT)$/.test(code)) return new ProbeError('timeout', `${what}: no answer in time`, { cause: error })
  if (code === 'HPE_HEADER_OVERFLOW') return new ProbeError('too-large', `${what}: headers larger than 32 KiB`, { cause: error })
  if (/^(ENOTFOUND|ENODATA)$/.test(code)) return new ProbeError('no-address', `${what}: no address`, { cause: error })
  if (code.startsWith('EAI_')) return new ProbeError('dns', `${what}: DNS did not answer`, { cause: error })
  return new ProbeError('malformed', `${what}: ${code === '' ? 'unexpected answer' : code.slice(0, 60)}`, { cause: error })
}
