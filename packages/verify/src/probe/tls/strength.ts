import { ProbeError } from '../failure.ts'
import { fails, holds, listed, unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import { SUITES, TLS13_NULL_SUITES, TLS13_SUITES, WEAKNESSES, isAead, isForwardSecret, suiteName, weaknessesOf } from './ciphers.ts'
import type { Suite, Weakness } from './ciphers.ts'
import { makeOffer } from './exchange.ts'
import { offeredVersions } from './versions.ts'
import type { TlsVersion } from './hello.ts'

// NIST SP 800-57 part 1, table 2: 2048 bits for 112 bits of security; 1024 has been within reach since Logjam.
const MIN_DH_BITS = 2048

/** What the site accepts beyond its best: one example each, found by offering nothing else. */
interface Strength {
  weak: { weakness: Weakness; version: string; suite: string }[]
  forwardSecret: boolean
  authenticated: boolean
  /** Suites still good enough that are accepted but without forward secrecy, or in CBC mode. */
  dated: string[]
  dhBits: number | undefined
}

/** Offers each class of weak suite alone, in every version that has it, and each good class alone. */
export async function checkCiphers(visit: Visit): Promise<Finding> {
  const versions = await offeredVersions(visit)
  const classic = (['TLS 1.2', 'TLS 1.1', 'TLS 1.0', 'SSL 3.0'] as const).filter((version) => versions[version] === 'accepted')
  const modern = versions['TLS 1.3'] === 'accepted'
  if (classic.length === 0 && !modern) return unknown('no version of TLS was accepted; check that this port speaks TLS', {})
  const strength = await measure(visit, classic, modern)
  const observation = {
    weak: strength.weak,
    forwardSecret: strength.forwardSecret,
    authenticatedEncryption: strength.authenticated,
    dated: strength.dated,
    ...(strength.dhBits === undefined ? {} : { dhBits: strength.dhBits }),
  }
  const faults: string[] = []
  const kinds = [...new Set(strength.weak.map((found) => found.weakness))]
  if (kinds.length > 0) faults.push(`weak suites are accepted: ${listed(kinds)} (${strength.weak[0]!.suite})`)
  if (!strength.forwardSecret) faults.push('no suite with forward secrecy is accepted')
  if (!strength.authenticated) faults.push('only CBC suites are accepted')
  if (strength.dhBits !== undefined && strength.dhBits < MIN_DH_BITS) faults.push(`the Diffie-Hellman group has only ${strength.dhBits} bits`)
  if (faults.length > 0) return fails(`${faults.join('; ')}; offer only ECDHE suites with AES-GCM or ChaCha20`, observation)
  const undecided = Object.values(versions).includes('unknown')
  if (undecided) return unknown('some versions could not be tried, so their suites are not known; try again with more time', observation)
  const note = strength.dated.length > 0 ? `; dated suites are accepted too (${strength.dated[0]})` : ''
  return holds(`every class of weak cipher was refused; forward secrecy and authenticated encryption are offered${note}`, observation)
}

async function measure(visit: Visit, classic: readonly TlsVersion[], modern: boolean): Promise<Strength> {
  const strength: Strength = { weak: [], forwardSecret: modern, authenticated: modern, dated: [], dhBits: undefined }
  const best = classic[0]
  const accepted = async (version: TlsVersion, suites: readonly Suite[]): Promise<string | undefined> => {
    const answer = await makeOffer(visit, { version, suites: suites.map((suite) => suite.id) })
    if (answer.kind === 'refused') return undefined
    // A server that answers with a suite it was not offered lies; what it names still counts against it.
    return suiteName(answer.flight.hello.suite)
  }
  // INVARIANT: one class an offer; a mixed offer would show only the one that the server likes best.
  const trials: Promise<void>[] = []
  for (const version of classic) {
    for (const weakness of WEAKNESSES) {
      const suites = SUITES.filter((suite) => weaknessesOf(suite.name).includes(weakness) && usableIn(version, suite))
      trials.push(
        accepted(version, suites).then((suite) => {
          if (suite !== undefined) strength.weak.push({ weakness, version, suite })
        }),
      )
    }
  }
  if (modern) {
    trials.push(
      accepted('TLS 1.3', TLS13_NULL_SUITES).then((suite) => {
        if (suite !== undefined) strength.weak.push({ weakness: 'no encryption', version: 'TLS 1.3', suite })
      }),
    )
  }
  if (best !== undefined) {
    const sound = SUITES.filter((suite) => weaknessesOf(suite.name).length === 0 && usableIn(best, suite))
    const classOf = (secret: boolean, aead: boolean): readonly Suite[] => sound.filter((suite) => isForwardSecret(suite.name) === secret && isAead(suite.name) === aead)
    const note = (secret: boolean, aead: boolean): Promise<void> => {
      const suites = classOf(secret, aead)
      if (suites.length === 0) return Promise.resolve()
      return accepted(best, suites).then((suite) => {
        if (suite === undefined) return
        strength.forwardSecret ||= secret
        strength.authenticated ||= aead
        if (!secret || !aead) strength.dated.push(suite)
      })
    }
    trials.push(note(true, true), note(true, false), note(false, true), note(false, false))
    trials.push(
      dhBits(visit, best).then((bits) => {
        strength.dhBits = bits
      }),
    )
  }
  await Promise.all(trials)
  await confirmStillAnswering(visit, best ?? 'TLS 1.3')
  strength.weak.sort((a, b) => WEAKNESSES.indexOf(a.weakness) - WEAKNESSES.indexOf(b.weakness))
  strength.dated.sort()
  return strength
}

/**
 * A host that begins to turn every connection away (a rate limit, a firewall that took offence) would look as if
 * it refused each weak suite; so an offer that it took at first must be taken at last.
 * @throws ProbeError `refused`
 */
async function confirmStillAnswering(visit: Visit, version: TlsVersion): Promise<void> {
  const suites = version === 'TLS 1.3' ? TLS13_SUITES : SUITES.filter((suite) => usableIn(version, suite))
  const answer = await makeOffer(visit, { version, suites: suites.map((suite) => suite.id) })
  if (answer.kind === 'refused') throw new ProbeError('refused', 'the host stopped answering during the trials')
}

async function dhBits(visit: Visit, version: TlsVersion): Promise<number | undefined> {
  const suites = SUITES.filter((suite) => suite.name.startsWith('TLS_DHE_') && !suite.name.includes('EXPORT') && usableIn(version, suite))
  const answer = await makeOffer(visit, { version, suites: suites.map((suite) => suite.id) }, true)
  return answer.kind === 'accepted' ? answer.flight.dhBits : undefined
}

/** AEAD and the SHA-2 suites exist from TLS 1.2 on; export and DES suites ended with TLS 1.0, yet servers are asked anyway. */
function usableIn(version: TlsVersion, suite: Suite): boolean {
  return version === 'TLS 1.2' || (!isAead(suite.name) && !/_SHA256$|_SHA384$/.test(suite.name))
}

/** RFC 9325 §3.3: compression under encryption gives secrets away (CRIME). */
export async function checkCompression(visit: Visit): Promise<Finding> {
  const versions = await offeredVersions(visit)
  const version = (['TLS 1.2', 'TLS 1.1', 'TLS 1.0'] as const).find((candidate) => versions[candidate] === 'accepted')
  if (version === undefined) {
    if (versions['TLS 1.3'] !== 'accepted') return unknown('no version of TLS was accepted; check that this port speaks TLS', {})
    return holds('only TLS 1.3 is accepted, which has no compression', { method: 0 })
  }
  const answer = await makeOffer(visit, { version, suites: SUITES.map((suite) => suite.id).slice(-110), compression: [1, 0] })
  if (answer.kind === 'refused') return unknown(`an offer of compression with ${version} was refused outright; nothing can be told`, { version })
  const method = answer.flight.hello.compression
  if (method !== 0) return fails('TLS compression is accepted; switch it off', { version, method })
  return holds(`compression was offered and not taken (${version})`, { version, method })
}

/** RFC 5746 §3.6: without renegotiation_info an attacker may put his own words before a user's. */
export async function checkRenegotiation(visit: Visit): Promise<Finding> {
  const versions = await offeredVersions(visit)
  const version = (['TLS 1.2', 'TLS 1.1', 'TLS 1.0'] as const).find((candidate) => versions[candidate] === 'accepted')
  if (version === undefined) {
    if (versions['TLS 1.3'] !== 'accepted') return unknown('no version of TLS was accepted; check that this port speaks TLS', {})
    return holds('only TLS 1.3 is accepted, which has no renegotiation', { secure: true })
  }
  const answer = await makeOffer(visit, { version, suites: SUITES.map((suite) => suite.id).slice(-110) })
  if (answer.kind === 'refused') return unknown(`${version} was refused this time; try again`, { version })
  const secure = answer.flight.hello.secureRenegotiation
  if (!secure) return fails('secure renegotiation (RFC 5746) is not supported; update the TLS library', { version, secure })
  return holds(`secure renegotiation is supported (${version})`, { version, secure })
}
