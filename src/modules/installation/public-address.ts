import { PROBES, readTarget } from '@vouchsafe/verify/probe'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { fails, HOUR, MINUTE, selfCheck, unknown } from './self-check.ts'

/** The probes without which nobody could trust what the page says. */
const NEEDED = ['tls-versions', 'certificate-chain', 'certificate-name', 'certificate-validity', 'https-redirect']

export function publicAddressCheck({ settings, allowPrivate = false }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'public-address',
      title: 'The public address is reached by current TLS alone',
      controls: ['encryption-in-transit'],
      method: `Runs ${NEEDED.length} probes against the configured public address: versions of TLS that are accepted, chain, name and dates of the certificate, redirect of plain http. Unknown until there is a public address.`,
      cadenceSeconds: HOUR,
      confirmations: 2, // a server that restarts, a packet that is lost
      timeLimitSeconds: 5 * MINUTE,
      revision: 1,
    },
    {
      targets: () => NEEDED,
      look: async (id, { at }) => {
        const { publicUrl } = await settings()
        if (publicUrl === undefined) return unknown('waiting for a public address')
        if (!publicUrl.startsWith('https://')) return fails('the public address is plain http; put it behind TLS')
        const probe = PROBES.find((candidate) => candidate.id === id)
        if (!probe) return unknown(`there is no probe ${id}`)
        const { verdict, summary, observation } = await probe.run(readTarget(new URL(publicUrl).host), { at, timeoutMs: 10_000, totalMs: 50_000, allowPrivate })
        return { verdict, summary, seen: observation }
      },
    },
  )
}
