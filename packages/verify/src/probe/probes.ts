import { checkChain, checkKey, checkName, checkSignature, checkValidity } from './certificate/checks.ts'
import { ProbeError } from './failure.ts'
import { checkCookies } from './http/cookies.ts'
import { checkStrictTransport } from './http/hsts.ts'
import { checkHeaderPolicy } from './http/policy.ts'
import { checkRedirect } from './http/redirect.ts'
import { unknown } from './report.ts'
import type { CheckReport, Finding } from './report.ts'
import type { ProbeOptions, ProbeTarget } from './target.ts'
import { checkCiphers, checkCompression, checkRenegotiation } from './tls/strength.ts'
import { checkDmarc } from './mail/dmarc.ts'
import { checkStrictMail } from './mail/mta-sts.ts'
import { checkSpf } from './mail/spf.ts'
import { checkDisclosureContact, checkSecurityText, checkSecurityTextSignature } from './security-txt/checks.ts'
import { checkVersions } from './tls/versions.ts'
import { Visit } from './visit.ts'
import { checkCaa } from './zone/caa.ts'
import { checkDnssec } from './zone/dnssec.ts'

export interface Probe {
  id: string
  /** The one control of the catalogue that this check speaks for. */
  control: string
  /** What must be true, in words. */
  title: string
  cadenceSeconds: number
  /**
   * True for good practice that the control does not depend on: its failure is worth mending,
   * but does not by itself make a claim about the control untrue.
   */
  advisory: boolean
  /** Runs this check alone. Never throws for what the host does: that is `unknown`. @throws ProbeError `bad-target` */
  run(target: ProbeTarget, options: ProbeOptions): Promise<CheckReport>
}

const HOUR_SECONDS = 3600
const DAY_SECONDS = 24 * HOUR_SECONDS

type Check = (visit: Visit) => Promise<Finding>
const checks = new Map<string, Check>()

function probe(id: string, control: string, title: string, cadenceSeconds: number, check: Check, { advisory = false } = {}): Probe {
  checks.set(id, check)
  return { id, control, title, cadenceSeconds, advisory, run: async (target, options) => await observe({ id, control }, check, new Visit(target, options)) }
}

/** Every check of a host, in the order of the report. */
export const PROBES: readonly Probe[] = [
  probe('tls-versions', 'encryption-in-transit', 'Only TLS 1.2 and 1.3 are accepted', DAY_SECONDS, checkVersions),
  probe('tls-ciphers', 'encryption-in-transit', 'No weak cipher is accepted', DAY_SECONDS, checkCiphers),
  probe('tls-compression', 'encryption-in-transit', 'TLS compression is off', DAY_SECONDS, checkCompression),
  probe('tls-renegotiation', 'encryption-in-transit', 'Renegotiation is secure', DAY_SECONDS, checkRenegotiation),
  probe('certificate-chain', 'encryption-in-transit', 'The certificate leads to a trusted root', HOUR_SECONDS, checkChain),
  probe('certificate-name', 'encryption-in-transit', 'The certificate names the host', HOUR_SECONDS, checkName),
  probe('certificate-validity', 'encryption-in-transit', 'The certificate is within its dates', HOUR_SECONDS, checkValidity),
  probe('certificate-key', 'encryption-in-transit', 'The keys are long enough', DAY_SECONDS, checkKey),
  probe('certificate-signature', 'encryption-in-transit', 'No certificate is signed with a broken hash', DAY_SECONDS, checkSignature),
  probe('https-redirect', 'encryption-in-transit', 'Plain http leads straight to https', HOUR_SECONDS, checkRedirect),
  probe('hsts', 'encryption-in-transit', 'Browsers are told to use https only', HOUR_SECONDS, checkStrictTransport),
  probe('header-policy', 'secure-defaults', 'Headers restrict scripts, framing and sniffing', HOUR_SECONDS, checkHeaderPolicy, { advisory: true }),
  probe('cookies', 'secure-defaults', 'Cookies are set with the attributes they need', HOUR_SECONDS, checkCookies, { advisory: true }),
  probe('caa', 'network-protection', 'Only named authorities may issue certificates', DAY_SECONDS, checkCaa, { advisory: true }),
  probe('dnssec', 'network-protection', 'DNS answers are signed and validate', DAY_SECONDS, checkDnssec, { advisory: true }),
  probe('spf', 'email-authentication', 'SPF turns other senders away', DAY_SECONDS, checkSpf),
  probe('dmarc', 'email-authentication', 'DMARC quarantines or rejects forged mail', DAY_SECONDS, checkDmarc),
  probe('mta-sts', 'email-authentication', 'Mail servers are reached by TLS only', DAY_SECONDS, checkStrictMail, { advisory: true }),
  probe('security-txt', 'security-txt', 'security.txt is valid and unexpired', DAY_SECONDS, checkSecurityText),
  probe('security-txt-signature', 'security-txt', 'security.txt is signed', DAY_SECONDS, checkSecurityTextSignature),
  probe('disclosure-contact', 'disclosure-channel', 'The contacts in security.txt take reports', DAY_SECONDS, checkDisclosureContact),
]

/**
 * Runs every check of a host, sharing connections and answers where they are the same.
 * @throws ProbeError `bad-target` when what was asked for is no host
 */
export async function probeHost(target: ProbeTarget, options: ProbeOptions): Promise<CheckReport[]> {
  const visit = new Visit(target, options)
  return await Promise.all(PROBES.map((entry) => observe(entry, checks.get(entry.id)!, visit)))
}

// INVARIANT: a failure to observe is `unknown`, whatever its kind; only an observation can be `holds` or `fails`.
async function observe({ id, control }: Pick<Probe, 'id' | 'control'>, check: Check, visit: Visit): Promise<CheckReport> {
  try {
    return { id, control, ...(await check(visit)) }
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error
    return { id, control, ...unknown(`could not tell: ${error.message}; ${error.mend}`, { error: error.code }) }
  }
}
